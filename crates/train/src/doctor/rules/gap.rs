//! Between training and validation.

use super::{Case, finding, number, percent};
use crate::doctor::{Cause, Finding, Severity};

/// The validation loss has been rising for long while the training loss falls.
pub(super) fn overfitting(case: &Case<'_>) -> Option<Finding> {
    let epochs = &case.health.epochs;
    let last = epochs.last()?;
    let best = epochs.iter().min_by(|a, b| a.val.loss.total_cmp(&b.val.loss))?;
    let worse = last.val.samples > 0 && last.val.loss > 1.3 * best.val.loss;
    let falls = last.train.loss < best.train.loss && last.train.top1 > 1.5 * last.val.top1;
    if !(worse && falls && last.epoch >= best.epoch + 3) {
        return None;
    }
    finding(
        Cause::Overfitting,
        Severity::Warning,
        case.end_of(best.epoch),
        format!(
            "the validation loss rose from {} to {} while training top-1 went to {} (validation {})",
            number(best.val.loss),
            number(last.val.loss),
            percent(last.train.top1),
            percent(last.val.top1)
        ),
        "the net learns its training pictures by heart, and grows sure of wrong answers",
        format!("stop at epoch {}, take more pictures, augmentation, dropout or weight decay", best.epoch),
    )
}
