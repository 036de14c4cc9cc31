//! What the doctor's readings cost a run on the synthetic set, in processor time of the one thread that does it all:
//! `cargo run --release -p lenet-train --example doctor_cost -- lenet5 10000 2` (model, pictures, epochs; Linux).
//!
//! A gap is the time from one step's weights to the end of the next step. One with a reading in it is longer than the others; by
//! how much is the reading's cost. After an epoch there is more in it, so those do not count.

#![allow(clippy::print_stdout, reason = "its line is its result")]

use data::{OnBad, Synthetic};
use std::{error::Error, fs};
use train::{
    Event, Flow, Job, Observer, Preset, Recipe, Splits, TrainError,
    doctor::Health,
    store::{Place, RunDir},
};

/// Milliseconds that this thread has computed.
fn now() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}

#[derive(Default)]
struct Gaps {
    begin: f64,
    end: f64,
    since: f64,
    /// By the number of the step before.
    gaps: Vec<f64>,
}

impl Observer for Gaps {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        match event {
            Event::Started(_) => self.begin = now(),
            Event::Weights { .. } => self.since = now(),
            Event::StepDone(_) => self.gaps.push(now() - self.since),
            Event::Finished { .. } => self.end = now(),
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, pictures, epochs] = args.as_slice() else {
        return Err("usage: doctor_cost MODEL PICTURES EPOCHS".into());
    };
    let recipe = Recipe { epochs: epochs.parse()?, ..Recipe::builtin(model, Preset::Tuned)? };
    let some = Synthetic { train: pictures.parse()?, val: 450, test: 0, ..Synthetic::default() };
    let photos = data::open("synthetic".as_ref(), &some)?;
    let splits = Splits::prepare(&photos, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ())?;
    let job = Job::new(recipe, &splits)?;
    let folder = std::env::temp_dir().join(format!("doctor-cost-{}", std::process::id()));
    let dir = RunDir::create(&Place::New(folder.clone()))?;
    let mut told = Gaps::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| job.run_in(&dir, &mut told))?;
    let read: Vec<u64> =
        Health::read(&dir.health())?.readings.iter().map(|reading| reading.at.step).collect();
    fs::remove_dir_all(folder)?;

    let mut plain: Vec<f64> =
        (0..told.gaps.len()).filter(|&i| !read.contains(&(i as u64))).map(|i| told.gaps[i]).collect();
    plain.sort_by(f64::total_cmp);
    let usual = plain[plain.len() / 2];
    let whole_epochs = job.info().steps_per_epoch;
    let inside = read.iter().filter(|step| **step == 0 || !step.is_multiple_of(whole_epochs));
    let extra = |step: &u64| Some(told.gaps.get(usize::try_from(*step).ok()?)? - usual);
    let mut costs: Vec<f64> = inside.filter_map(extra).collect();
    let first = costs.remove(0);
    costs.sort_by(f64::total_cmp);
    let one = costs[costs.len() / 2];
    let all = first + one * (read.len() - 1) as f64;
    let whole = told.end - told.begin;
    println!(
        "{model}: a step {usual:.1} ms, a reading {one:.1} ms, the first with all that is counted once {first:.0} ms; \
         {} readings are {:.2} s of {:.1} s, {:.2} %",
        read.len(),
        all / 1e3,
        whole / 1e3,
        100.0 * all / (whole - all)
    );
    Ok(())
}
