//! Weight decay.

use super::{Case, finding, number, percent};
use crate::doctor::{Cause, Finding, Severity};
use nn::optim::OptimizerConfig;

/// Decay that goes on when the learning rate is all but 0.
pub(super) fn decay_not_scaled(case: &Case<'_>) -> Option<Finding> {
    let OptimizerConfig::Sgd(sgd) = case.recipe.optimizer else { return None };
    let first = case.health.readings.first()?;
    let steps = case.health.facts.total_steps;
    let left = |steps: f64| (1.0 - sgd.decoupled_decay).powf(steps);
    if sgd.decoupled_decay <= 0.0 || left(steps as f64) > 0.7 {
        return None;
    }
    let epoch = case.health.facts.steps_per_epoch as f64;
    finding(
        Cause::DecayNotScaled,
        Severity::Severe,
        first.at,
        format!(
            "every step takes {} of the weights away, whatever the learning rate: alone it leaves {} of them after an epoch, {} at the end",
            number(sgd.decoupled_decay),
            percent(left(epoch)),
            percent(left(steps as f64))
        ),
        "when the learning rate has fallen, the gradient can no longer rebuild what the decay eats",
        "set decoupled_decay = 0 and take weight_decay, which is scaled by the learning rate (--opt adamw --weight-decay 0.05)",
    )
}

/// Decay that is stronger than what is learned.
pub(super) fn decay_collapse(case: &Case<'_>) -> Option<Finding> {
    let decay = match case.recipe.optimizer {
        OptimizerConfig::Sgd(c) => c.weight_decay.max(c.decoupled_decay),
        OptimizerConfig::Adam(c) => c.weight_decay,
        OptimizerConfig::AdamW(c) => c.weight_decay,
    };
    let (first, last) = (case.health.readings.first()?, case.last()?);
    let learning = last.loss < 0.9 * case.chance_loss();
    if decay <= 0.0 || learning {
        return None;
    }
    // The whole net's: one layer may well get by with less.
    let all = |reading: &crate::doctor::Reading| {
        reading.layers.iter().filter_map(|layer| layer.weight_norm).map(|n| n * n).sum::<f64>().sqrt()
    };
    let left = |reading| all(reading) / all(first).max(f64::MIN_POSITIVE);
    let since = case.health.readings.iter().find(|reading| left(reading) < 0.3)?;
    if left(last) >= 0.3 {
        return None;
    }
    finding(
        Cause::DecayCollapse,
        Severity::Severe,
        since.at,
        format!(
            "the weights have shrunk to {} of what they began with, under a weight decay of {}",
            percent(left(last)),
            number(decay)
        ),
        "small weights make every picture look the same: the output becomes a constant, and gradients vanish",
        "lower the weight decay by a factor of 10 to 100",
    )
}
