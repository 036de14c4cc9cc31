//! Labels and splits.

use super::{Case, finding, percent};
use crate::doctor::{Cause, Finding, Moment, Severity};

/// (Almost) all training pictures are of one class.
pub(super) fn one_class(case: &Case<'_>) -> Option<Finding> {
    let facts = &case.health.facts;
    let all: usize = facts.train_counts.iter().sum();
    let most = facts.train_counts.iter().max().copied().unwrap_or(0);
    let share = most as f64 / all.max(1) as f64;
    if all == 0 || share < 0.95 {
        return None;
    }
    finding(
        Cause::OneClass,
        Severity::Severe,
        Moment::default(),
        format!("{} of the training pictures are of class '{}'", percent(share), facts.largest_class),
        "always naming that class is the best answer to such data, and the net will learn no other",
        "add pictures of the other classes, or look at the labels with 'lenet check'",
    )
}

/// Pictures that were learned from are scored.
pub(super) fn leak(case: &Case<'_>) -> Option<Finding> {
    let facts = &case.health.facts;
    let val: usize = facts.val_counts.iter().sum();
    let splits = [("validation", facts.val_in_train, val), ("test", facts.test_in_train, facts.test)];
    let share = |(_, leaked, all): (&str, usize, usize)| leaked as f64 / all.max(1) as f64;
    let worst = splits.into_iter().max_by(|&a, &b| share(a).total_cmp(&share(b)))?;
    if share(worst) < 0.01 || worst.1 < 2 {
        return None;
    }
    let (name, leaked, all) = worst;
    let severity = if share(worst) >= 0.1 { Severity::Severe } else { Severity::Warning };
    finding(
        Cause::LeakingSplit,
        severity,
        Moment::default(),
        format!("{leaked} of {all} {name} pictures are also among the training pictures"),
        "the scores tell how well the net remembers, not how well it does on pictures it never saw",
        "'lenet check' names the pairs; take them out of one of the splits",
    )
}

/// The training pictures are learned, the validation pictures stay at chance.
pub(super) fn shuffled(case: &Case<'_>) -> Option<Finding> {
    let last = case.health.epochs.last()?;
    let p = case.chance_top1();
    let error = |samples: usize| (p * (1.0 - p) / samples.max(1) as f64).sqrt();
    let learned = last.train.top1 > (p + 6.0 * error(last.train.samples)).max(2.0 * p);
    let nothing = last.val.samples > 0 && last.val.top1 <= p + 3.0 * error(last.val.samples);
    if !(learned && nothing) {
        return None;
    }
    finding(
        Cause::ShuffledLabels,
        Severity::Severe,
        case.end_of(last.epoch),
        format!(
            "{} of the training pictures are known by now, but of the validation pictures only {}, as by guessing",
            percent(last.train.top1),
            percent(last.val.top1)
        ),
        "the net learns the training pictures by heart: their labels tell nothing about other pictures",
        "the labels of one of the splits are likely mixed up (a list sorted alone, another order of classes): look at \
         some with 'lenet check --weights'",
    )
}
