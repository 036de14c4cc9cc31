//! Units that have nothing to say.

use super::{Case, finding, percent};
use crate::doctor::{Cause, Finding, LayerReading, Moment, Severity};

/// The worst layer of the last reading, and since when it has been over `limit`.
fn worst<'a>(
    case: &'a Case<'_>,
    limit: f64,
    of: impl Fn(&LayerReading) -> Option<f64>,
) -> Option<(&'a str, f64, Moment)> {
    let last = case.last()?;
    let shares = last.layers.iter().filter_map(|layer| Some((layer.name.as_str(), of(layer)?)));
    let (name, share) = shares.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|&(_, share)| share >= limit)?;
    let over = |layers: &[LayerReading]| layers.iter().any(|l| l.name == name && of(l) >= Some(limit));
    let since = case.health.readings.iter().rev().take_while(|reading| over(&reading.layers)).last()?;
    Some((name, share, since.at))
}

/// Sigmoids and tanhs at their ends, in a net that does not learn: trained ones that do well sit there too.
pub(super) fn saturation(case: &Case<'_>) -> Option<Finding> {
    case.chance_since()?;
    let (name, share, since) = worst(case, 0.6, |layer| layer.saturated)?;
    finding(
        Cause::Saturation,
        if share >= 0.8 { Severity::Severe } else { Severity::Warning },
        since,
        format!("{} of the outputs of {name} are at the ends of its range", percent(share)),
        "there the curve is flat: next to no gradient comes through to the layers before",
        "start with weights fitted to the data (init = { kind = \"from-data\", … }), standardize the input, or use ReLU or SiLU",
    )
}

/// ReLUs that are always 0.
pub(super) fn dead(case: &Case<'_>) -> Option<Finding> {
    let (name, share, since) = worst(case, 0.8, |layer| layer.dead)?;
    finding(
        Cause::DeadUnits,
        if share >= 0.95 { Severity::Severe } else { Severity::Warning },
        since,
        format!("{} of the units of {name} are 0 for every picture", percent(share)),
        "a dead unit gets no gradient, so it stays dead; what is left of the layer is too narrow",
        "lower the learning rate, start the biases at 0, or use leaky ReLU or SiLU",
    )
}

/// Sigmoids whose output hardly depends on the picture, in a net that does not learn.
pub(super) fn blind(case: &Case<'_>) -> Option<Finding> {
    case.chance_since()?;
    let (name, share, since) = worst(case, 0.98, |layer| {
        matches!(layer.kind.as_str(), "sigmoid" | "tanh" | "relu" | "linear" | "conv2d")
            .then(|| 1.0 - layer.varies)
    })?;
    finding(
        Cause::BlindLayers,
        Severity::Severe,
        since,
        format!("only {:.2}% of what {name} gives differs from picture to picture", 100.0 * (1.0 - share)),
        "the layers behind it see (almost) the same for every picture, and there is no slope to follow",
        "start with weights fitted to the data (init = { kind = \"from-data\", … }), standardize the input by picture",
    )
}
