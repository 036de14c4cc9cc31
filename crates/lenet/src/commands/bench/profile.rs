//! The time of each layer, forward and backward, on one thread.

use super::{
    Effort, batches,
    clock::{Spread, repeat},
    rates::LR,
    subject::{Feed, Subject},
    word,
};
use crate::{
    args::{BenchArgs, ModeWord},
    commands::grid::{Side, grid},
    exit::Failure,
    out,
    progress::{percent, thousands},
};
use nn::{LayerClock, Mode, Sequential, StepId};
use rayon::ThreadPool;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use train::Stepper;

/// Measures, prints a table a model, mode and batch size unless JSON is asked for, and gives all as JSON.
pub(super) fn measure(
    subjects: &[Subject],
    args: &BenchArgs,
    pool: &ThreadPool,
    effort: Effort,
) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for subject in subjects {
        for (mode, batch) in batches(args) {
            let profile = pool.install(|| Profile::measure(subject, mode, batch, effort))?;
            if !args.json {
                out::print(&profile.table())?;
            }
            found.extend(profile.rows.iter().map(|row| profile.json(row)));
        }
    }
    Ok(found)
}

/// One model, mode and batch size.
#[derive(Debug)]
struct Profile<'a> {
    model: &'a str,
    mode: ModeWord,
    batch: usize,
    images_per_sec: f64,
    /// Multiply-adds a second.
    peak: f64,
    rows: Vec<Row>,
}

/// One layer and pass.
#[derive(Debug)]
struct Row {
    layer: String,
    kind: String,
    /// None: what belongs to no layer.
    pass: Option<Pass>,
    /// Seconds an image.
    time: f64,
    /// Multiply-adds an image, by the definition.
    work: u64,
}

impl<'a> Profile<'a> {
    fn measure(subject: &'a Subject, mode: ModeWord, batch: usize, effort: Effort) -> Result<Self, Failure> {
        let (net, clocks) = nn::timed(subject.net(mode)?);
        let mut feed = Feed::new(subject, batch);
        let mut calls = 0_usize;
        // Clocks and calls both count the warm-up.
        let repetitions = match mode {
            ModeWord::Train => {
                let mut stepper = Stepper::new(&net, &subject.recipe, subject.params(&net), batch);
                repeat(effort, batch, || {
                    let (input, targets) = feed.next();
                    stepper.score(input, targets);
                    // Numbers that are none take the same time to compute.
                    let _ = stepper.learn(input, LR);
                    calls += 1;
                })
            }
            ModeWord::Infer => {
                let params = subject.params(&net);
                let mut memory = net.workspace(batch, Mode::Eval);
                repeat(effort, batch, || {
                    net.forward(&params, feed.next().0, StepId::default(), &mut memory);
                    calls += 1;
                })
            }
        };
        let images_per_sec = Spread::of(repetitions.iter().map(|one| one.rate)).median;
        let images = (calls * batch) as f64;
        let rows = rows(&net, &clocks, mode, images, 1.0 / images_per_sec);
        let peak = Spread::of(repetitions.iter().map(|one| one.peak)).median;
        Ok(Self { model: &subject.spec.name, mode, batch, images_per_sec, peak, rows })
    }

    fn table(&self) -> String {
        let columns = [
            ("layer", Side::Left),
            ("kind", Side::Left),
            ("pass", Side::Left),
            ("µs/image", Side::Right),
            ("mult-adds", Side::Right),
            ("GFLOP/s", Side::Right),
            ("of peak", Side::Right),
        ];
        let cells = |row: &Row| {
            let blank = |text: String| if row.work == 0 { String::new() } else { text };
            vec![
                row.layer.clone(),
                row.kind.clone(),
                row.pass.map_or("", Pass::short).to_owned(),
                format!("{:.2}", 1e6 * row.time),
                blank(thousands(row.work as usize)),
                blank(format!("{:.1}", 1e-9 * row.flops())),
                blank(percent(row.flops() / (2.0 * self.peak))),
            ]
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(cells).collect();
        format!(
            "{}, {}, batch {}, 1 thread: {} images/s, peak {:.0} GFLOP/s\n\n{}\n",
            self.model,
            word(self.mode),
            self.batch,
            thousands(self.images_per_sec.round() as usize),
            2e-9 * self.peak,
            grid(&columns, &rows)
        )
    }

    fn json(&self, row: &Row) -> Value {
        json!({
            "model": self.model,
            "mode": word(self.mode),
            "batch": self.batch,
            "threads": 1,
            "layer": row.layer,
            "kind": row.kind,
            "pass": row.pass.map_or("step", Pass::word),
            "us_per_image": 1e6 * row.time,
            "multiply_adds_per_image": row.work,
            "gflops": 1e-9 * row.flops(),
            "fma_fraction": row.flops() / (2.0 * self.peak),
        })
    }
}

/// A direction through the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Forward,
    Backward,
}

impl Pass {
    fn word(self) -> &'static str {
        match self {
            Pass::Forward => "forward",
            Pass::Backward => "backward",
        }
    }

    fn short(self) -> &'static str {
        match self {
            Pass::Forward => "fwd",
            Pass::Backward => "bwd",
        }
    }
}

impl Row {
    fn flops(&self) -> f64 {
        if self.time > 0.0 { 2.0 * self.work as f64 / self.time } else { 0.0 }
    }
}

/// Every layer's passes, and what the step took besides, so that the times add up to the whole.
fn rows(net: &Sequential, clocks: &[Arc<LayerClock>], mode: ModeWord, images: f64, whole: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    // The optimizer multiplies out the gradients of large weights itself.
    let (mut first, mut update_work) = (true, 0);
    for (node, clock) in net.nodes().iter().zip(clocks) {
        let row = |pass, time: Duration, work| Row {
            layer: node.name.clone(),
            kind: short(node.layer.kind()),
            pass: Some(pass),
            time: time.as_secs_f64() / images,
            work,
        };
        let work = node.layer.macs();
        rows.push(row(Pass::Forward, clock.forward(), work));
        if mode == ModeWord::Train {
            // Nobody asks for the gradient of the first layer's input.
            let mut own = if first { work } else { 2 * work };
            if net.product_ranges().any(|weight| weight.start == node.params.start) {
                (own, update_work) = (own - work, update_work + work);
            }
            rows.push(row(Pass::Backward, clock.backward(), own));
        }
        first &= work == 0;
    }
    let rest = (whole - rows.iter().map(|row| row.time).sum::<f64>()).max(0.0);
    let layer = match mode {
        ModeWord::Train => "loss, update",
        ModeWord::Infer => "the rest",
    };
    rows.push(Row {
        layer: layer.to_owned(),
        kind: String::new(),
        pass: None,
        time: rest,
        work: update_work,
    });
    rows
}

/// Kinds of fused layers are long: `conv2d+max_pool2d+sigmoid` as `conv+pool+sigmoid`.
fn short(kind: &str) -> String {
    kind.replace("2d", "").replace("max_", "").replace("batch_norm", "norm")
}
