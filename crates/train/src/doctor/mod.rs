//! Is the run healthy? Readings taken while it runs, and rules over them that say what is wrong.
//!
//! `Watch` takes the readings and keeps them in the run folder (`health.jsonl`); [`diagnose`] looks at them and at the
//! recipe, during the run or long after it. A rule is a small function in `rules/`; none of them computes a network.

mod any_number;
mod finding;
mod health;
mod leak;
mod probe;
mod rules;
mod watch;

pub use finding::{Cause, Finding, Moment, Severity};
pub use health::{Facts, Failure, Health, InputFacts, LayerReading, Reading};
pub use rules::diagnose;
pub(crate) use watch::Watch;

#[cfg(test)]
mod tests;
