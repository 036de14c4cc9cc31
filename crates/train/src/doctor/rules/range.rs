//! The learning rate against what a range test found.

use super::{Case, finding, number};
use crate::doctor::{Cause, Finding, Moment, Severity};

/// So far below the rate at which the loss began to fall a run takes very long.
const FAR_BELOW: f64 = 20.0;

/// At least the rate at which nothing is learned any more.
pub(super) fn over(case: &Case<'_>) -> Option<Finding> {
    let range = case.health.range.as_ref()?;
    let (lr, limit) = (case.recipe.schedule.lr, range.diverges?);
    if lr < limit || learned_well(case) {
        return None;
    }
    let stuck = case.health.failure.is_some() || case.chance_since().is_some();
    finding(
        Cause::LrOverRange,
        if stuck { Severity::Severe } else { Severity::Warning },
        Moment::default(),
        format!(
            "the largest learning rate, {}, is {} times the {} from which on the range test lost all that it had learned",
            number(lr),
            times(lr / limit),
            number(limit)
        ),
        "steps of that size undo what the steps before them learned",
        format!("lower it to about {}", number(range.suggestion.as_ref().map_or(limit / 10.0, |s| s.lr))),
    )
}

/// Far below the rate at which the loss begins to fall.
pub(super) fn under(case: &Case<'_>) -> Option<Finding> {
    let range = case.health.range.as_ref()?;
    let (lr, begins, suggestion) = (case.recipe.schedule.lr, range.begins?.lr, range.suggestion.as_ref()?);
    if lr * FAR_BELOW > begins || learned_well(case) {
        return None;
    }
    finding(
        Cause::LrUnderRange,
        Severity::Warning,
        Moment::default(),
        format!(
            "the largest learning rate, {}, is {} times below the {} at which the range test's loss began to fall",
            number(lr),
            times(begins / lr),
            number(begins)
        ),
        "steps so short need very many epochs to come anywhere",
        format!("raise it to about {}", number(suggestion.lr)),
    )
}

/// Whether the run is well under way: then its rate is none of the range test's business.
fn learned_well(case: &Case<'_>) -> bool {
    case.last().is_some_and(|last| last.loss < 0.5 * case.chance_loss())
}

/// A factor as people say it.
fn times(factor: f64) -> String {
    if factor < 10.0 { format!("{factor:.1}") } else { format!("{factor:.0}") }
}

#[cfg(test)]
mod tests {
    use crate::{
        LrRange, Preset, RangeEnd, Reason, Recipe, Suggestion,
        doctor::{Failure, Finding, Health, Moment, Reading, Severity, diagnose},
        range_test::Landmark,
    };

    /// Falls from 1e-3, lowest at 1e-2, lost at 0.1.
    fn health() -> Health {
        let place = |lr| Some(Landmark { lr, loss: 3.0 });
        let range = LrRange {
            model: "lenet5".into(),
            recipe: "tuned".into(),
            seed: 0,
            batch_size: 32,
            recipe_lr: 0.01,
            from: 1e-6,
            to: 10.0,
            steps: 200,
            end: RangeEnd::Highest,
            first_loss: Some(3.9),
            begins: place(1e-3),
            steepest: place(4e-3),
            lowest: place(1e-2),
            diverges: Some(0.1),
            suggestion: Some(Suggestion { lr: 4e-3, reason: Reason::Steepest, why: String::new() }),
            points: Vec::new(),
            smoothed: Vec::new(),
        };
        let mut health = Health { range: Some(range), ..Health::default() };
        health.facts.train_counts = vec![20; 50];
        health
    }

    fn told(lr: f64, health: &Health) -> Vec<Finding> {
        let mut recipe = Recipe::builtin("lenet5", Preset::Tuned).unwrap();
        recipe.schedule.lr = lr;
        diagnose(&recipe, health)
    }

    #[test]
    fn a_rate_over_the_range_is_told_with_how_far_and_what_to_take() {
        let found = told(0.46, &health());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("0.460, is 4.6 times the 0.100"), "{}", found[0].what);
        assert_eq!(
            (found[0].advice.as_str(), found[0].severity),
            ("lower it to about 4.0e-3", Severity::Warning)
        );
    }

    #[test]
    fn over_the_range_and_broken_off_is_severe() {
        let mut health = health();
        health.failure =
            Some(Failure { at: Moment { step: 3, epoch: 1 }, message: "the loss became NaN".into() });
        assert!(
            told(0.46, &health)
                .iter()
                .any(|f| f.cause.name() == "lr-over-range" && f.severity == Severity::Severe)
        );
    }

    #[test]
    fn a_rate_far_below_the_range_is_told() {
        let found = told(1e-5, &health());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("1.0e-5, is 100 times below the 1.0e-3"), "{}", found[0].what);
    }

    #[test]
    fn between_the_two_and_without_a_range_nothing_is_said() {
        for lr in [1e-4, 1e-3, 1e-2, 0.09] {
            assert_eq!(told(lr, &health()), [], "{lr}");
        }
        assert_eq!(told(50.0, &Health { range: None, ..health() }), []);
    }

    #[test]
    fn a_run_that_learns_well_needs_no_range() {
        let mut health = health();
        health.readings.push(Reading { loss: 1.0, ..Reading::default() });
        assert_eq!(told(0.46, &health), []);
    }
}
