//! Images a second, for each model, mode, batch size and number of threads.

use super::{
    Effort, batches,
    clock::{Repetition, Spread, repeat},
    subject::{Feed, Subject},
    word,
};
use crate::{
    args::{BenchArgs, ModeWord},
    exit::Failure,
    out,
    progress::{percent, thousands},
};
use nn::{Mode, StepId};
use rayon::ThreadPool;
use serde_json::{Value, json};
use train::{ErrorKind, Stepper};

/// So small that nothing runs away while random classes are learned.
pub(super) const LR: f64 = 1e-4;

/// Measures, prints each line as it is known unless JSON is asked for, and gives all as JSON.
pub(super) fn measure(
    subjects: &[Subject],
    args: &BenchArgs,
    pools: &[ThreadPool],
    effort: Effort,
) -> Result<Vec<Value>, Failure> {
    let widest = subjects.iter().map(|subject| subject.spec.name.chars().count()).max().unwrap_or(0).max(5);
    let tell = |line: String| if args.json { Ok(()) } else { out::print(&line) };
    tell(heading(widest))?;
    let mut rows = Vec::new();
    for subject in subjects {
        for (mode, batch) in batches(args) {
            for pool in pools {
                let row = Row::measure(subject, mode, batch, pool, effort)?;
                tell(row.line(widest))?;
                rows.push(row);
            }
        }
    }
    tell(peaks(&rows, pools))?;
    Ok(rows.iter().map(Row::json).collect())
}

/// What 100% is, in one line.
fn peaks(rows: &[Row<'_>], pools: &[ThreadPool]) -> String {
    let of = |pool: &ThreadPool| {
        let threads = pool.current_num_threads();
        let own = rows.iter().filter(|row| row.threads == threads);
        let peak = Spread::of(own.map(|row| row.peak_gflops)).median;
        format!("{peak:.0} GFLOP/s on {threads} thread{}", if threads == 1 { "" } else { "s" })
    };
    let all: Vec<String> = pools.iter().map(of).collect();
    format!("\nPeak, measured between the lines: {}.\n", all.join(", "))
}

/// What was found for one combination.
#[derive(Debug)]
struct Row<'a> {
    model: &'a str,
    mode: ModeWord,
    batch: usize,
    threads: usize,
    /// How the largest are held.
    weights: &'static str,
    images_per_sec: Spread,
    /// Share of the peak.
    fma_fraction: f64,
    peak_gflops: f64,
    multiply_adds: u64,
}

impl<'a> Row<'a> {
    fn measure(
        subject: &'a Subject,
        mode: ModeWord,
        batch: usize,
        pool: &ThreadPool,
        effort: Effort,
    ) -> Result<Self, Failure> {
        let (multiply_adds, (weights, repetitions)) = match mode {
            ModeWord::Train => {
                let work = subject.work.forward + subject.work.backward;
                (work, pool.install(|| train(subject, batch, effort))?)
            }
            ModeWord::Infer => (subject.work.forward, pool.install(|| infer(subject, batch, effort))?),
        };
        let each = |number: fn(&Repetition) -> f64| Spread::of(repetitions.iter().map(number));
        Ok(Self {
            model: &subject.spec.name,
            mode,
            batch,
            threads: pool.current_num_threads(),
            weights,
            images_per_sec: each(|one| one.rate),
            fma_fraction: multiply_adds as f64 * each(|one| one.rate / one.peak).median,
            peak_gflops: 2e-9 * each(|one| one.peak).median,
            multiply_adds,
        })
    }

    fn line(&self, widest: usize) -> String {
        let Spread { median, min, max } = self.images_per_sec;
        let whole = |rate: f64| thousands(rate.round() as usize);
        format!(
            "{:<widest$}  {:<5} {:>5} {:>7} {:>10}  {:>19} {:>7}\n",
            self.model,
            word(self.mode),
            self.batch,
            self.threads,
            whole(median),
            format!("{}–{}", whole(min), whole(max)),
            percent(self.fma_fraction),
        )
    }

    fn json(&self) -> Value {
        json!({
            "model": self.model,
            "mode": word(self.mode),
            "batch": self.batch,
            "threads": self.threads,
            "images_per_sec": self.images_per_sec.median,
            "min": self.images_per_sec.min,
            "max": self.images_per_sec.max,
            "fma_fraction": self.fma_fraction,
            "peak_gflops": self.peak_gflops,
            "multiply_adds_per_image": self.multiply_adds,
            "weights": self.weights,
            "isa": kernels::Isa::current().name(),
        })
    }
}

/// Two lines, as wide as the rows.
fn heading(widest: usize) -> String {
    let names = format!(
        "{:<widest$}  {:<5} {:>5} {:>7} {:>10}  {:>19} {:>7}",
        "model", "mode", "batch", "threads", "images/s", "lowest–highest", "of peak"
    );
    format!("{names}\n{}\n", "─".repeat(names.chars().count()))
}

/// How the largest weights are held, and what was measured.
type Measured = (&'static str, Vec<Repetition>);

/// Whole training steps.
fn train(subject: &Subject, batch: usize, effort: Effort) -> Result<Measured, Failure> {
    let net = subject.net(ModeWord::Train)?;
    let mut stepper = Stepper::new(&net, &subject.recipe, subject.params(&net), batch);
    let mut feed = Feed::new(subject, batch);
    let mut loss = 0.0;
    let repetitions = repeat(effort, batch, || {
        let (input, targets) = feed.next();
        loss = stepper.score(input, targets).own;
        if stepper.learn(input, LR).is_err() {
            loss = f64::NAN;
        }
    });
    // Numbers that are none may take another time.
    if !loss.is_finite() {
        let what = format!("{}: the loss became {loss}, so the time means nothing", subject.spec.name);
        return Err(Failure::new(ErrorKind::Runtime, what));
    }
    Ok(("f32", repetitions))
}

/// Forward passes.
fn infer(subject: &Subject, batch: usize, effort: Effort) -> Result<Measured, Failure> {
    let net = subject.net(ModeWord::Infer)?;
    let params = subject.params(&net);
    let rounded = net.nodes().iter().any(|node| node.layer.kind() == nn::layers::LINEAR_BF16);
    let mut memory = net.workspace(batch, Mode::Eval);
    let mut feed = Feed::new(subject, batch);
    let pass = || net.forward(&params, feed.next().0, StepId::default(), &mut memory);
    Ok((if rounded { "bf16" } else { "f32" }, repeat(effort, batch, pass)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_under_their_heading_and_fit_a_screen() {
        let row = Row {
            model: "lenet5-modified",
            mode: ModeWord::Train,
            batch: 128,
            threads: 2,
            weights: "f32",
            images_per_sec: Spread { median: 3456.4, min: 3333.3, max: 3500.0 },
            fma_fraction: 0.756,
            peak_gflops: 230.0,
            multiply_adds: 1,
        };
        let heading = heading(15);
        let width = heading.lines().next().unwrap().chars().count();
        assert!(width <= 80, "{width}");
        let line = row.line(15);
        assert_eq!(line.trim_end().chars().count(), width);
        assert!(line.contains(" 3,456 ") && line.contains("3,333–3,500") && line.contains("75.6%"), "{line}");
    }
}
