//! What the network is fed with.

use super::{Case, finding, number};
use crate::{
    doctor::{Cause, Finding, InputFacts, Moment, Severity},
    recipe::FeatureChoice,
};

/// Inputs far over this are pixels from 0 to 255, or the like.
const UNSCALED: f64 = 20.0;

/// Pixels as they come.
pub(super) fn unscaled(case: &Case<'_>) -> Option<Finding> {
    let InputFacts { mean, std, largest } = case.health.facts.input;
    if largest < UNSCALED || mean.abs().max(std) < 5.0 {
        return None;
    }
    finding(
        Cause::UnscaledInputs,
        Severity::Severe,
        Moment::default(),
        format!(
            "the inputs reach {}, mean {}, standard deviation {}",
            number(largest),
            number(mean),
            number(std)
        ),
        "start values and learning rates are made for inputs around 1: larger ones saturate or blow up the first layer",
        "set input.standardize = \"dataset\" (or \"picture\")",
    )
}

/// A shift and scale that are not those of the data.
pub(super) fn wrong_normalisation(case: &Case<'_>) -> Option<Finding> {
    // The shares of a histogram are small by their nature.
    if let FeatureChoice::Histogram { .. } = case.recipe.input.feature {
        return None;
    }
    let InputFacts { mean, std, .. } = case.health.facts.input;
    let off = mean.abs() > 1.0 || std > 3.0 || (std > 0.0 && std < 0.1);
    if !off || unscaled(case).is_some() {
        return None;
    }
    // So far from 0 that all pictures look alike to the first layer.
    let severity = if mean.abs() > 3.0 * std.max(1.0) { Severity::Severe } else { Severity::Warning };
    finding(
        Cause::WrongNormalisation,
        severity,
        Moment::default(),
        format!(
            "the inputs have mean {} and standard deviation {}, expected about 0 and 1",
            number(mean),
            number(std)
        ),
        "the part that all pictures share drowns what tells them apart, and the first layer learns slowly",
        "set input.standardize = \"dataset\", or the mean and std of your pictures (as shares of 255)",
    )
}
