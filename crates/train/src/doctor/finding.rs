//! What a rule says.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that is wrong with a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its name, for programs.
    pub cause: Cause,
    /// How bad it is.
    pub severity: Severity,
    /// Since when.
    pub since: Moment,
    /// What is wrong, in words, with the numbers that show it.
    pub what: String,
    /// Why that hurts.
    pub why: String,
    /// What to change.
    pub advice: String,
}

/// How bad a finding is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The run learns, but less than it could.
    Warning,
    /// The run cannot work, or its figures cannot be trusted.
    Severe,
}

/// A place in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// Optimizer steps made; 0: before the first.
    pub step: u64,
    /// Counted from 1.
    pub epoch: usize,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is explained by the findings of its rule")]
pub enum Cause {
    OneClass,
    LeakingSplit,
    UnscaledInputs,
    WrongNormalisation,
    BatchOfOne,
    ExplodingGradients,
    LrTooHigh,
    LrTooLow,
    LrDies,
    LrOverRange,
    LrUnderRange,
    DecayNotScaled,
    DecayCollapse,
    Saturation,
    DeadUnits,
    BlindLayers,
    ConstantPrediction,
    ShuffledLabels,
    Overfitting,
    NotLearning,
}

impl Cause {
    /// The name, as in `health.jsonl` and `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OneClass => "one-class",
            Self::LeakingSplit => "leaking-split",
            Self::UnscaledInputs => "unscaled-inputs",
            Self::WrongNormalisation => "wrong-normalisation",
            Self::BatchOfOne => "batch-of-one",
            Self::ExplodingGradients => "exploding-gradients",
            Self::LrTooHigh => "lr-too-high",
            Self::LrTooLow => "lr-too-low",
            Self::LrDies => "lr-dies",
            Self::LrOverRange => "lr-over-range",
            Self::LrUnderRange => "lr-under-range",
            Self::DecayNotScaled => "decay-not-scaled",
            Self::DecayCollapse => "decay-collapse",
            Self::Saturation => "saturation",
            Self::DeadUnits => "dead-units",
            Self::BlindLayers => "blind-layers",
            Self::ConstantPrediction => "constant-prediction",
            Self::ShuffledLabels => "shuffled-labels",
            Self::Overfitting => "overfitting",
            Self::NotLearning => "not-learning",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => f.write_str("from the start"),
            step => write!(f, "since step {step}, epoch {}", self.epoch),
        }
    }
}

impl fmt::Display for Finding {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.cause.name(), self.what, self.since)
    }
}
