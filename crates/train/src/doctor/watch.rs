//! An observer that takes readings, hands every event on, and speaks up when something severe appears.

use super::{
    Cause, Facts, Failure, Health, Moment, Reading, Severity, diagnose, leak::in_train, probe::Probe,
};
use crate::{Event, Flow, Job, Observer, TrainError, store::RunDir};

/// Steps of the first epoch after which there is a reading.
const EARLY: [u64; 4] = [0, 1, 8, 64];

/// So many readings are free.
const FREE: usize = 8;

/// Pictures learned from between two of the others, at least: a reading costs about as much as 100 of them.
const BETWEEN: u64 = 30_000;

/// Watches one run for someone else.
pub(crate) struct Watch<'a> {
    job: &'a Job,
    dir: &'a RunDir,
    outer: &'a mut dyn Observer,
    probe: Option<Probe<'a>>,
    health: Health,
    /// Weights before the step that will be read.
    before: Option<Vec<f32>>,
    losses: Losses,
    told: Vec<Cause>,
    at: Moment,
    lr: f64,
}

/// Of the steps since the last reading.
#[derive(Default)]
struct Losses {
    sum: f64,
    count: u64,
    largest: f64,
}

impl<'a> Watch<'a> {
    /// Hands on to `outer`, and keeps `health.jsonl` in `dir`.
    pub(crate) fn new(job: &'a Job, dir: &'a RunDir, outer: &'a mut dyn Observer) -> Self {
        Self {
            job,
            dir,
            outer,
            probe: None,
            health: Health::default(),
            before: None,
            losses: Losses::default(),
            told: Vec::new(),
            at: Moment::default(),
            lr: 0.0,
        }
    }

    /// Notes how the run broke off, so that the doctor can say why.
    pub(crate) fn failed(&mut self, error: &TrainError) -> Result<(), TrainError> {
        let at = match *error {
            TrainError::NotFinite { step, epoch, .. } => Moment { step, epoch },
            TrainError::BadEpoch { epoch, .. } => Moment { step: self.at.step, epoch },
            _ => return Ok(()),
        };
        self.health.failure = Some(Failure { at, message: error.to_string() });
        self.write()?;
        self.tell().map(|_| ())
    }

    fn write(&self) -> Result<(), TrainError> {
        self.dir.write(&self.dir.health(), self.health.text().as_bytes())
    }

    fn weights(&mut self, step: u64, params: &[f32]) -> Result<Flow, TrainError> {
        if self.probe.is_none() {
            self.begin(step);
        }
        let mut flow = Flow::Continue;
        if self.is_due(step) {
            flow = self.read(params)?;
        }
        if self.is_due(step + 1) {
            let before = self.before.get_or_insert_with(|| vec![0.0; params.len()]);
            before.copy_from_slice(params);
        }
        Ok(flow)
    }

    /// Before the first step of this process.
    fn begin(&mut self, step: u64) {
        let probe = Probe::new(self.job);
        self.at = Moment { step, epoch: 1 + (step / self.job.info().steps_per_epoch.max(1)) as usize };
        if step > 0
            && let Ok(health) = Health::read(&self.dir.health())
        {
            self.health = health;
            self.health.back_to(step);
        }
        self.health.facts = facts(self.job, &probe);
        self.probe = Some(probe);
    }

    fn is_due(&self, step: u64) -> bool {
        let Facts { steps_per_epoch, total_steps, .. } = self.health.facts;
        if step == total_steps || (step < steps_per_epoch && EARLY.contains(&step)) {
            return true;
        }
        let since = self.health.readings.last().map_or(0, |reading| reading.at.step);
        let learned = step.saturating_sub(since) * self.job.recipe().batch_size as u64;
        step.is_multiple_of(steps_per_epoch.max(1))
            && (self.health.readings.len() < FREE || learned >= BETWEEN)
    }

    fn read(&mut self, params: &[f32]) -> Result<Flow, TrainError> {
        let Some(probe) = &mut self.probe else { return Ok(Flow::Continue) };
        let before = self.before.as_deref().filter(|_| self.at.step > 0);
        let losses = std::mem::take(&mut self.losses);
        let some = |x: f64| (losses.count > 0).then_some(x);
        self.health.readings.push(Reading {
            lr: self.lr,
            step_loss: some(losses.sum / losses.count.max(1) as f64),
            largest_step_loss: some(losses.largest),
            ..probe.read(self.at, params, before)
        });
        self.tell()
    }

    /// Says what is severe and was not said yet.
    fn tell(&mut self) -> Result<Flow, TrainError> {
        let mut flow = Flow::Continue;
        for finding in diagnose(self.job.recipe(), &self.health) {
            if finding.severity == Severity::Severe && !self.told.contains(&finding.cause) {
                self.told.push(finding.cause);
                flow = flow.and(self.outer.on(&Event::Found(&finding))?);
            }
        }
        Ok(flow)
    }
}

impl Observer for Watch<'_> {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        let mut flow = self.outer.on(event)?;
        match *event {
            Event::StepDone(step) => {
                self.at = Moment { step: step.step, epoch: step.epoch };
                self.lr = step.lr;
                self.losses.sum += step.loss;
                self.losses.count += 1;
                self.losses.largest = self.losses.largest.max(step.loss);
            }
            Event::Weights { step, params } => flow = flow.and(self.weights(step, params)?),
            Event::EpochDone { record, .. } => {
                self.health.epochs.push(record.clone());
                self.write()?;
                flow = flow.and(self.tell()?);
            }
            Event::Saving(_) | Event::Finished { .. } => self.write()?,
            _ => {}
        }
        Ok(flow)
    }
}

fn facts(job: &Job, probe: &Probe<'_>) -> Facts {
    let (info, splits) = (job.info(), job.splits());
    let counts = |set: &data::PreparedSet| {
        let mut counts = vec![0; splits.num_classes()];
        set.labels.iter().for_each(|&label| counts[label as usize] += 1);
        counts
    };
    let train_counts = counts(&splits.train);
    let largest = (0..train_counts.len()).max_by_key(|&class| train_counts[class]).unwrap_or(0);
    let leaked = |set: Option<&data::PreparedSet>| set.map_or(0, |set| in_train(&splits.train, set));
    let norms = job.plain().nodes().iter().filter(|node| node.layer.kind() == "batch_norm2d");
    Facts {
        steps_per_epoch: info.steps_per_epoch,
        total_steps: info.total_steps,
        val_counts: splits.val.as_deref().map(counts).unwrap_or_default(),
        largest_class: splits.class_names.get(largest).cloned().unwrap_or_default(),
        train_counts,
        val_in_train: leaked(splits.val.as_deref()),
        test_in_train: leaked(splits.test.as_deref()),
        test: splits.test.as_ref().map_or(0, |set| set.len()),
        input: probe.input(),
        batch_norms: norms.map(|node| node.name.clone()).collect(),
    }
}
