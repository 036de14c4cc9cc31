//! What the network answers.

use super::{Case, finding, number, percent};
use crate::doctor::{Cause, Finding, Severity};

/// Before so many steps a run has had no chance.
pub(super) const LEAST_STEPS: u64 = 20;

/// The same answer for every picture.
pub(super) fn constant(case: &Case<'_>) -> Option<Finding> {
    // At the beginning nets often do that; an epoch later it is a collapse.
    let early = case.health.facts.steps_per_epoch.max(LEAST_STEPS);
    let later = case.health.readings.iter().filter(|r| r.at.step >= early);
    let last = later.clone().next_back()?;
    if last.top_class < 0.95 || case.chance_top1() > 0.8 || case.classes() < 2 {
        return None;
    }
    let since = later.rev().take_while(|reading| reading.top_class >= 0.95).last()?;
    finding(
        Cause::ConstantPrediction,
        Severity::Severe,
        since.at,
        format!("the net gives one answer for {} of the validation pictures", percent(last.top_class)),
        "its output no longer depends on the picture: all it has learned is how frequent the classes are",
        "look at the other findings for the cause; if there is none, at the start values and the learning rate",
    )
}

/// As good as guessing, whatever the reason.
pub(super) fn not_learning(case: &Case<'_>) -> Option<Finding> {
    let since = case.chance_since()?;
    let last = case.health.epochs.last()?;
    if last.epoch < since.epoch + 2 {
        return None;
    }
    finding(
        Cause::NotLearning,
        Severity::Severe,
        since,
        format!(
            "the scores are those of guessing (top-1 {}, loss {})",
            percent(last.val.top1),
            number(last.val.loss)
        ),
        "nothing has been learned that holds for other pictures",
        "see that labels belong to their pictures ('lenet check'), and try learning rates ten times higher and lower",
    )
}
