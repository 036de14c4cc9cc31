//! The rules: each a function of recipe and readings that names one cause, or nothing.

mod batch_norm;
mod data;
mod gap;
mod input;
mod lr;
mod prediction;
mod range;
mod units;
mod weights;

use super::{Cause, Finding, Health, Moment, Reading, Severity};
use crate::{
    history::EpochRecord,
    recipe::{Recipe, Reported},
};

/// What a rule looks at.
#[derive(Clone, Copy)]
struct Case<'a> {
    recipe: &'a Recipe,
    health: &'a Health,
}

type Rule = fn(&Case<'_>) -> Option<Finding>;

/// Causes before their consequences.
const RULES: [Rule; 19] = [
    data::one_class,
    data::leak,
    input::unscaled,
    input::wrong_normalisation,
    batch_norm::of_one,
    weights::decay_not_scaled,
    weights::decay_collapse,
    lr::exploding,
    lr::too_high,
    lr::too_low,
    lr::dies,
    range::over,
    range::under,
    units::saturation,
    units::dead,
    units::blind,
    prediction::constant,
    data::shuffled,
    gap::overfitting,
];

/// What is wrong with a run: the severe first, and causes before their consequences. Nothing, if it is healthy.
///
/// # Examples
/// ```
/// use train::{Preset, Recipe, doctor::{Cause, Health, diagnose}};
///
/// let recipe = Recipe::builtin("lenet5", Preset::Published)?;
/// let mut health = Health::default();
/// health.facts.train_counts = vec![100, 0];
/// assert_eq!(diagnose(&recipe, &health)[0].cause, Cause::OneClass);
/// # Ok::<(), train::TrainError>(())
/// ```
#[must_use]
pub fn diagnose(recipe: &Recipe, health: &Health) -> Vec<Finding> {
    let case = Case { recipe, health };
    let mut findings: Vec<Finding> = RULES.iter().filter_map(|rule| rule(&case)).collect();
    if findings.iter().all(|finding| finding.severity < Severity::Severe) {
        findings.extend(prediction::not_learning(&case));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

impl Case<'_> {
    fn classes(&self) -> usize {
        self.health.facts.train_counts.len().max(1)
    }

    /// The cross-entropy of guessing.
    fn chance_loss(&self) -> f64 {
        (self.classes() as f64).ln()
    }

    /// Guessing as the recipe reports it.
    fn reported_chance(&self) -> f64 {
        let classes = self.classes() as f64;
        match self.recipe.loss.reported {
            Reported::Loss => self.chance_loss(),
            Reported::BothTerms if classes > 1.0 => {
                classes.ln() + (classes - 1.0) * (classes / (classes - 1.0)).ln()
            }
            Reported::BothTerms => 0.0,
        }
    }

    /// The top-1 of always naming the class with the most pictures, or of guessing, whatever is more.
    fn chance_top1(&self) -> f64 {
        let counts = match self.health.facts.val_counts.is_empty() {
            true => &self.health.facts.train_counts,
            false => &self.health.facts.val_counts,
        };
        let all: usize = counts.iter().sum();
        let most = counts.iter().max().copied().unwrap_or(0);
        (most as f64 / all.max(1) as f64).max(1.0 / self.classes() as f64)
    }

    /// Whether the epoch's weights are no better than guessing, as far as its pictures can tell.
    fn at_chance(&self, record: &EpochRecord) -> bool {
        let scored = if record.val.samples > 0 { &record.val } else { &record.train };
        let p = self.chance_top1();
        let error = (p * (1.0 - p) / scored.samples.max(1) as f64).sqrt();
        scored.top1 <= p + 3.0 * error && scored.loss > 0.97 * self.reported_chance()
    }

    /// Since when to the end every epoch was at chance, if the last was.
    fn chance_since(&self) -> Option<Moment> {
        let epochs = self.health.epochs.iter().rev().take_while(|record| self.at_chance(record));
        epochs.last().map(|record| self.end_of(record.epoch))
    }

    fn end_of(&self, epoch: usize) -> Moment {
        Moment { step: epoch as u64 * self.health.facts.steps_per_epoch, epoch }
    }

    fn last(&self) -> Option<&Reading> {
        self.health.readings.last()
    }

    /// Largest ratio of update to weights over the layers of a reading.
    fn largest_update(reading: &Reading) -> Option<f64> {
        reading.layers.iter().filter_map(|layer| layer.update_ratio).reduce(f64::max)
    }
}

/// Makes a finding.
fn finding(
    cause: Cause,
    severity: Severity,
    since: Moment,
    what: impl Into<String>,
    why: &str,
    advice: impl Into<String>,
) -> Option<Finding> {
    Some(Finding { cause, severity, since, what: what.into(), why: why.into(), advice: advice.into() })
}

/// A share as people read it.
fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// A number of any size as people read it.
fn number(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        a if (0.01..1000.0).contains(&a) => format!("{x:.3}"),
        _ => format!("{x:.1e}"),
    }
}
