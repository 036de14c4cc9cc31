//! The learning rate, and gradients that it cannot be right for.

use super::{Case, finding, number, percent};
use crate::doctor::{Cause, Finding, Moment, Severity};
use nn::schedule::Curve;

/// Before any step: a loss so far over guessing, or a gradient so large, that no usual learning rate fits.
const ABSURD_LOSS: f64 = 5.0;
const ABSURD_GRADIENT: f64 = 1e3;

/// Gradients that are absurd from the start, or grow beyond measure.
pub(super) fn exploding(case: &Case<'_>) -> Option<Finding> {
    let first = case.health.readings.first()?;
    let from_start = first.at.step == 0
        && (first.grad_norm > ABSURD_GRADIENT || !first.grad_norm.is_finite())
        && first.loss > ABSURD_LOSS * case.chance_loss();
    if !from_start {
        return None;
    }
    let norms = || first.layers.iter().filter_map(|layer| Some((&layer.name, layer.grad_norm?)));
    let worst = norms().max_by(|a, b| a.1.total_cmp(&b.1))?;
    finding(
        Cause::ExplodingGradients,
        Severity::Severe,
        first.at,
        format!(
            "before the first step the gradient is {} long ({} in {}), the loss {} where guessing has {}",
            number(first.grad_norm),
            number(worst.1),
            worst.0,
            number(first.loss),
            number(case.chance_loss())
        ),
        "every layer makes its input larger, so that steps throw the weights about",
        "start smaller (init = { kind = \"from-data\", … } or he-normal), normalise, or clip gradients",
    )
}

/// Steps that are long against the weights, and a loss that does not like it.
pub(super) fn too_high(case: &Case<'_>) -> Option<Finding> {
    if exploding(case).is_some() {
        return None;
    }
    let readings = &case.health.readings;
    let first = readings.first()?;
    let guess = case.chance_loss();
    let long = readings.iter().find(|r| Case::largest_update(r).is_some_and(|ratio| ratio > 0.03));
    let broke = case.health.failure.as_ref().map(|failure| failure.at);
    let jumped = readings.iter().find(|r| r.loss > 1.5 * first.loss.max(guess)).map(|r| r.at);
    let enough = readings.last().is_some_and(|last| last.at.step >= super::prediction::LEAST_STEPS);
    let since = match (long, broke.or(jumped)) {
        (_, Some(at)) => at,
        (Some(long), None) if enough && case.chance_since().is_some() && !decays_hard(case) => long.at,
        _ => return None,
    };
    if jumped.is_none() && broke.is_some() && long.is_none() && readings.len() > 2 {
        return None;
    }
    let ratio = readings.iter().filter_map(Case::largest_update).fold(0.0, f64::max);
    let worst = readings.iter().map(|r| r.loss).fold(first.loss, f64::max);
    let most = case.recipe.schedule.lr;
    finding(
        Cause::LrTooHigh,
        Severity::Severe,
        since,
        format!(
            "single steps changed weights by up to {} of their size, and the loss {} ({} at its worst, guessing has {})",
            percent(ratio),
            if broke.is_some() { "became no number" } else { "went up, not down" },
            number(worst),
            number(guess)
        ),
        "the steps jump over every valley; a healthy one changes weights by about 0.1%",
        format!("lower the learning rate from {} to {} or less", number(most), number(most / 10.0)),
    )
}

/// Whether the changes of the weights may be decay alone.
fn decays_hard(case: &Case<'_>) -> bool {
    super::weights::decay_collapse(case).is_some()
}

/// Steps that change nothing.
pub(super) fn too_low(case: &Case<'_>) -> Option<Finding> {
    let readings = &case.health.readings;
    let (first, last) = (readings.first()?, readings.last()?);
    let most = readings.iter().filter_map(Case::largest_update).reduce(f64::max)?;
    let learned = (first.loss - last.loss) / case.chance_loss().max(f64::MIN_POSITIVE);
    let enough = last.at.step >= super::prediction::LEAST_STEPS;
    if !enough || most > 3e-5 || learned > 0.05 {
        return None;
    }
    let lr = case.recipe.schedule.lr;
    finding(
        Cause::LrTooLow,
        Severity::Severe,
        first.at,
        format!(
            "no step changed any layer's weights by more than {} of their size, and the loss went from {} to {}",
            number(most),
            number(first.loss),
            number(last.loss)
        ),
        "at this pace the run ends long before the weights have moved",
        format!("raise the learning rate from {} to {} or more", number(lr), number(100.0 * lr)),
    )
}

/// A factor a batch: how soon it kills the rate depends on the number of pictures.
pub(super) fn dies(case: &Case<'_>) -> Option<Finding> {
    let Curve::PerBatchDecay { factor } = case.recipe.schedule.curve else { return None };
    let facts = &case.health.facts;
    let share = |epochs: u64| factor.powf((facts.steps_per_epoch * epochs) as f64);
    let end = factor.powf(facts.total_steps as f64);
    if share(2).min(end) > 0.5 {
        return None;
    }
    let severity = if share(2) < 0.3 || end < 0.05 { Severity::Severe } else { Severity::Warning };
    let halves = (0.5_f64.ln() / factor.ln()).ceil().max(1.0);
    finding(
        Cause::LrDies,
        severity,
        Moment { step: halves as u64, epoch: 1 + (halves as u64 / facts.steps_per_epoch.max(1)) as usize },
        format!(
            "the learning rate is multiplied by {factor} after every batch: {} of it is left after an epoch, {} after two, {} at the end",
            percent(share(1)),
            percent(share(2)),
            percent(end)
        ),
        "what is not learned by then is never learned, and more pictures make it worse",
        "let it fall over the run as a whole: --sched one-cycle or cosine",
    )
}
