//! What became of each trial: `summary.json` and `trials.csv` of a sweep.

use super::{Metric, Sweep, Trial, Value, words};
use crate::{
    TrainError,
    history::Metrics,
    store::{RunDir, SummaryFile, quoted},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write, fs};

/// The content of a sweep's `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// What trials are compared by.
    pub metric: Metric,
    /// Number of the best trial; none while no trial is done.
    pub best: Option<usize>,
    /// Every trial, in the order of their numbers.
    pub trials: Vec<TrialRecord>,
    /// Version of this program.
    pub version: String,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Counted from 1.
    pub trial: usize,
    /// Its run folder, below the sweep's.
    pub folder: String,
    /// Dotted keys and what was tried of them.
    pub values: BTreeMap<String, Value>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Outcome {
    /// It did not come to its end yet.
    Waiting,
    /// It came to its end.
    Done {
        /// Its best epoch, from 1; none if no epoch ended.
        epoch: Option<usize>,
        /// That epoch's figures on the validation split.
        val: Option<Metrics>,
        /// Wall seconds, all included.
        time_secs: f64,
    },
    /// It broke off; the sweep went on.
    Failed {
        /// Why, in one line.
        reason: String,
        /// Wall seconds of its last sitting.
        time_secs: f64,
    },
}

impl TrialRecord {
    pub(super) fn waiting(trial: &Trial) -> Self {
        let values = trial.values.iter().cloned().collect();
        Self { trial: trial.number, folder: trial.folder(), values, outcome: Outcome::Waiting }
    }

    /// Figures of its best epoch on the validation split.
    #[must_use]
    pub fn val(&self) -> Option<&Metrics> {
        match &self.outcome {
            Outcome::Done { val, .. } => val.as_ref(),
            Outcome::Waiting | Outcome::Failed { .. } => None,
        }
    }

    /// Why it broke off, if it did.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed { reason, .. } => Some(reason),
            Outcome::Waiting | Outcome::Done { .. } => None,
        }
    }
}

impl Outcome {
    pub(super) fn done(summary: &SummaryFile) -> Self {
        let run = &summary.run;
        let best = run.best_epoch.and_then(|best| run.epochs.iter().find(|record| record.epoch == best));
        Self::Done { epoch: run.best_epoch, val: best.map(|record| record.val), time_secs: run.wall_secs }
    }

    /// `waiting`, `done` or `failed`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
        }
    }
}

impl SweepSummary {
    pub(super) fn new(sweep: &Sweep, trials: &[Trial]) -> Self {
        Self {
            metric: sweep.metric,
            best: None,
            trials: trials.iter().map(TrialRecord::waiting).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The trials, best first: those that were scored, then the others, by their number where they are equal.
    #[must_use]
    pub fn ranked(&self) -> Vec<&TrialRecord> {
        let mut ranked: Vec<&TrialRecord> = self.trials.iter().collect();
        // A stable sort.
        ranked.sort_by(|a, b| match (a.val(), b.val()) {
            (Some(a), Some(b)) => self.metric.order(a, b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        ranked
    }

    /// The best trial; none while none was scored.
    #[must_use]
    pub fn winner(&self) -> Option<&TrialRecord> {
        self.ranked().first().copied().filter(|record| record.val().is_some())
    }

    /// Whether every trial is done or failed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.trials.iter().all(|record| record.outcome != Outcome::Waiting)
    }

    /// What is known of the sweep in this folder; nothing where the file is missing or damaged, which costs a look at each trial.
    #[must_use]
    pub fn read(dir: &RunDir) -> Option<Self> {
        serde_json::from_slice(&fs::read(dir.summary()).ok()?).ok()
    }

    /// Takes over from a former sitting which trials failed: they would fail again.
    pub(super) fn recall(&mut self, dir: &RunDir) {
        let former = Self::read(dir);
        for record in former.into_iter().flat_map(|former| former.trials) {
            let same = |own: &&mut TrialRecord| own.trial == record.trial && own.values == record.values;
            if let (Some(_), Some(own)) = (record.reason(), self.trials.iter_mut().find(same)) {
                own.outcome = record.outcome;
            }
        }
    }

    /// Writes `summary.json` and `trials.csv`.
    pub(super) fn write(&mut self, dir: &RunDir) -> Result<(), TrainError> {
        self.best = self.winner().map(|record| record.trial);
        let path = dir.summary();
        let mut json = serde_json::to_vec_pretty(self).map_err(|e| TrainError::write(&path)(e.into()))?;
        json.push(b'\n');
        dir.write(&path, &json)?;
        dir.write(&dir.path().join("trials.csv"), trials_csv(self).as_bytes())
    }
}

/// The text of `trials.csv`: a row for each trial, keys as columns after its number; empty cells where nothing is known.
///
/// # Units and ranges
/// `epoch` is the best one, from 1; loss in nats, accuracies as fractions in [0, 1]; `time` in seconds.
#[must_use]
pub fn trials_csv(summary: &SweepSummary) -> String {
    let keys: Vec<&String> =
        summary.trials.first().map(|trial| trial.values.keys().collect()).unwrap_or_default();
    let mut text = String::from("trial,");
    keys.iter().for_each(|key| text.push_str(&format!("{},", quoted(key))));
    text.push_str("epoch,val/loss,val/top1,val/top5,time,status,reason\n");
    for record in &summary.trials {
        let values =
            keys.iter().map(|key| record.values.get(*key).map(|v| quoted(&words(v))).unwrap_or_default());
        let values: Vec<String> = values.collect();
        let (epoch, time) = match &record.outcome {
            Outcome::Waiting => (None, None),
            Outcome::Done { epoch, time_secs, .. } => (*epoch, Some(time_secs)),
            Outcome::Failed { time_secs, .. } => (None, Some(time_secs)),
        };
        let epoch = epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
        let val = record.val().map_or(",,".into(), |val| format!("{},{},{}", val.loss, val.top1, val.top5));
        let time = time.map(|secs| format!("{secs:.3}")).unwrap_or_default();
        let reason = quoted(record.reason().unwrap_or_default());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{},{},{epoch},{val},{time},{},{reason}",
            record.trial,
            values.join(","),
            record.outcome.word()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(trial: usize, outcome: Outcome) -> TrialRecord {
        let values = [("schedule.lr".to_owned(), Value::Float(0.1)), ("curve".to_owned(), "a, b".into())];
        TrialRecord { trial, folder: format!("trial-{trial:03}"), values: values.into(), outcome }
    }

    fn done(loss: f64, top1: f64) -> Outcome {
        let val = Metrics { loss, top1, top5: 1.0, samples: 4 };
        Outcome::Done { epoch: Some(2), val: Some(val), time_secs: 1.5 }
    }

    fn summary() -> SweepSummary {
        let failed = Outcome::Failed { reason: "the loss became NaN, at step 3".into(), time_secs: 0.25 };
        let outcomes = [failed, done(2.0, 0.25), Outcome::Waiting, done(1.5, 0.25)];
        let trials = outcomes.into_iter().enumerate().map(|(i, outcome)| record(i + 1, outcome)).collect();
        SweepSummary { metric: Metric::Top1, best: Some(4), trials, version: "0".into() }
    }

    #[test]
    fn the_best_come_first_and_the_unscored_last() {
        let order: Vec<usize> = summary().ranked().iter().map(|record| record.trial).collect();
        assert_eq!(order, [4, 2, 1, 3]);
        assert_eq!(summary().winner().map(|record| record.trial), Some(4));
        let none = SweepSummary { trials: summary().trials[..1].to_vec(), ..summary() };
        assert_eq!(none.winner(), None);
        assert!(none.is_finished() && !summary().is_finished());
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let text = trials_csv(&summary());
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[0], "trial,curve,schedule.lr,epoch,val/loss,val/top1,val/top5,time,status,reason");
        assert_eq!(rows[1], "1,\"a, b\",0.1,,,,,0.250,failed,\"the loss became NaN, at step 3\"");
        assert_eq!(rows[2], "2,\"a, b\",0.1,2,2,0.25,1,1.500,done,");
        assert_eq!(rows[3], "3,\"a, b\",0.1,,,,,,waiting,");
    }

    #[test]
    fn failures_are_recalled_and_a_summary_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::open(folder.path());
        let mut told = summary();
        told.write(&dir).unwrap();
        assert_eq!(SweepSummary::read(&dir), Some(told));
        let waiting = summary().trials.into_iter().map(|t| TrialRecord { outcome: Outcome::Waiting, ..t });
        let mut fresh = SweepSummary { trials: waiting.collect(), ..summary() };
        fresh.recall(&dir);
        let words: Vec<_> = fresh.trials.iter().map(|record| record.outcome.word()).collect();
        assert_eq!(words, ["failed", "waiting", "waiting", "waiting"]);
    }
}
