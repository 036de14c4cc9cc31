//! A run going on: a bar for its epoch, a line for each epoch done.

use super::{
    Console,
    words::{clock, percent, thousands},
};
use indicatif::ProgressBar;
use std::time::{Duration, Instant};
use train::{
    Event, Flow, Observer, RunInfo, StepRecord, StopReason, TrainError,
    history::{EpochRecord, Metrics},
};

pub(super) const TEMPLATE: &str = "{prefix} {bar} {wide_msg}";

/// Over the rows of a run's epochs; all fit on 80 columns.
const HEADING: &str = "  epoch      loss   top-1   top-5  val loss   top-1   top-5  images/s    ETA";

/// Shortest time between two looks at a bar: most steps are shorter than a glance.
const GLANCE: Duration = Duration::from_millis(80);

/// An observer that tells people how runs go, one after the other.
#[derive(Debug)]
pub(crate) struct RunProgress {
    console: Console,
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    info: RunInfo,
    begin: Instant,
    bar: Option<ProgressBar>,
    drawn: Instant,
    steps: u64,
    /// Steps of former sittings.
    before: u64,
    epoch: Epoch,
}

/// What is counted anew each epoch.
#[derive(Debug)]
struct Epoch {
    number: usize,
    begin: Instant,
    samples: usize,
    waited: Duration,
}

impl Epoch {
    fn new(number: usize) -> Self {
        Self { number, begin: Instant::now(), samples: 0, waited: Duration::ZERO }
    }
}

impl RunProgress {
    /// An observer for any number of runs.
    pub(crate) fn new(console: Console) -> Self {
        Self { console, run: None }
    }

    fn start(&mut self, info: &RunInfo) {
        let RunInfo { model, recipe, seed, epochs, .. } = info;
        let (params, samples) = (thousands(info.num_params), thousands(info.samples_per_epoch));
        self.console.line(&format!(
            "{model} ({recipe}, seed {seed}): {params} parameters, {epochs} × {samples} pictures"
        ));
        self.console.line(HEADING);
        let bar = self.console.bar(info.samples_per_epoch as u64, TEMPLATE);
        let now = Instant::now();
        self.run = Some(Run {
            info: info.clone(),
            begin: now,
            bar,
            drawn: now,
            steps: 0,
            before: 0,
            epoch: Epoch::new(1),
        });
    }

    fn finish(&mut self, reason: StopReason, steps: u64) {
        let Some(run) = self.run.take() else { return };
        if let Some(bar) = &run.bar {
            bar.finish_and_clear();
        }
        let time = clock(run.begin.elapsed());
        match reason {
            StopReason::AllEpochs => {}
            StopReason::MaxSteps => self.console.line(&format!("stopped after {steps} steps, {time}")),
            StopReason::Patience => {
                let line = format!("stopped after {steps} steps, {time}: no better epoch for a while");
                self.console.line(&line);
            }
            StopReason::MaxTime => {
                let line = format!("rests after {steps} steps, {time}: the time is over; --resume goes on");
                self.console.line(&line);
            }
            StopReason::Asked => self.console.line(&format!("stopped as asked after {steps} steps, {time}")),
        }
    }
}

impl Run {
    fn step(&mut self, step: &StepRecord) {
        if step.epoch != self.epoch.number {
            self.epoch = Epoch::new(step.epoch);
        }
        self.steps = step.step;
        self.epoch.samples += step.samples;
        self.epoch.waited += step.loading;
        let Some(bar) = &self.bar else { return };
        if self.drawn.elapsed() < GLANCE {
            return;
        }
        self.drawn = Instant::now();
        bar.set_prefix(format!("epoch {}/{}", step.epoch, self.info.epochs));
        bar.set_position(self.epoch.samples as u64);
        bar.set_message(self.message(step));
    }

    fn message(&self, step: &StepRecord) -> String {
        let secs = self.epoch.begin.elapsed().as_secs_f64().max(1e-9);
        let speed = thousands((self.epoch.samples as f64 / secs) as usize);
        let waited = percent(self.epoch.waited.as_secs_f64() / secs);
        format!(
            "{speed} images/s  loss {:.3}  top-1 {}  ETA {}  lr {:.1e}  loading {}",
            step.so_far.loss,
            percent(step.so_far.top1),
            clock(self.left()),
            step.lr,
            waited.trim_start(),
        )
    }

    /// Time that the rest of the run takes at the pace so far, validation included.
    fn left(&self) -> Duration {
        let rest = self.info.total_steps.saturating_sub(self.steps) as f64;
        self.begin.elapsed().mul_f64(rest / self.steps.saturating_sub(self.before).max(1) as f64)
    }

    /// A row under [`HEADING`].
    fn row(&self, record: &EpochRecord) -> String {
        let val = match record.val.samples {
            0 => format!("{:>24}", "–"),
            _ => scores(&record.val),
        };
        format!(
            "{:>7}  {}  {val}  {:>8}  {:>5}",
            format!("{}/{}", record.epoch, self.info.epochs),
            scores(&record.train),
            thousands(record.images_per_sec as usize),
            clock(self.left()),
        )
    }

    fn tell(&self, console: Console, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| console.line(line)),
            None => console.line(line),
        }
    }
}

/// Loss, top-1 and top-5, 24 characters wide.
fn scores(metrics: &Metrics) -> String {
    let Metrics { loss, top1, top5, .. } = metrics;
    format!("{loss:>8.3}  {:>6}  {:>6}", percent(*top1), percent(*top5))
}

impl Observer for RunProgress {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        match (event, &mut self.run) {
            (Event::Started(info), _) => self.start(info),
            (Event::Resumed { position, note }, Some(run)) => {
                for line in note
                    .map(|note| format!("warning: {note}"))
                    .into_iter()
                    .chain([format!("resumed at {}", position.words())])
                {
                    run.tell(self.console, &line);
                }
                (run.steps, run.before) = (position.step, position.step);
                run.epoch = Epoch::new(position.epoch + 1);
            }
            (Event::StepDone(step), Some(run)) => run.step(step),
            (Event::EpochDone { record, .. }, Some(run)) => {
                run.tell(self.console, &run.row(record));
                run.epoch = Epoch::new(record.epoch + 1);
            }
            (Event::Found(finding), Some(run)) => run.tell(self.console, &format!("doctor: {finding}")),
            (Event::Finished { reason, steps, .. }, _) => self.finish(*reason, *steps),
            (Event::Tested(metrics), _) => self.console.line(&format!("{:>33}  {}", "test", scores(metrics))),
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_under_their_heading() {
        let info = RunInfo {
            model: "lenet5".into(),
            recipe: "tuned".into(),
            seed: 0,
            num_classes: 50,
            num_params: 1,
            epochs: 10,
            steps_per_epoch: 4,
            total_steps: 40,
            samples_per_epoch: 128,
            val_samples: 450,
        };
        let mut progress = RunProgress::new(Console::Quiet);
        progress.start(&info);
        let run = progress.run.unwrap();
        let metrics = Metrics { loss: 3.9125, top1: 0.3, top5: 1.0, samples: 450 };
        let record = EpochRecord {
            epoch: 10,
            time_secs: 1.0,
            train: metrics,
            val: metrics,
            lr: 0.1,
            images_per_sec: 12_345.6,
        };
        let row = run.row(&record);
        assert_eq!(row, "  10/10     3.913   30.0%  100.0%     3.913   30.0%  100.0%    12,345   0:00");
        assert_eq!(row.chars().count(), HEADING.chars().count());
        let alone = run.row(&EpochRecord { val: Metrics::default(), ..record });
        assert_eq!(alone.chars().count(), HEADING.chars().count(), "{alone}");
    }
}
