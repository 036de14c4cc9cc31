//! Batch normalisation.

use super::{Case, finding};
use crate::doctor::{Cause, Finding, Moment, Severity};

/// Statistics over a batch that is none.
pub(super) fn of_one(case: &Case<'_>) -> Option<Finding> {
    let (norms, size) = (&case.health.facts.batch_norms, case.recipe.batch_size);
    let first = norms.first()?;
    if size > 2 {
        return None;
    }
    finding(
        Cause::BatchOfOne,
        Severity::Severe,
        Moment::default(),
        format!("batches of {size} with batch normalisation ({first} and {} more)", norms.len() - 1),
        "mean and variance of a single picture erase what tells it from others, and are not what evaluation uses",
        "take batches of 16 or more, or LayerNorm in place of BatchNorm2d",
    )
}
