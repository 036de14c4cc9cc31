//! Gradient check, closeness, golden files, faulty disks; for tests only.
//!
//! Everything here panics with a message that names the place: what a test wants, and nothing else does.
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "every function here is an assertion")]

mod assert_close;
mod fault;
mod formula;
mod golden;
mod gradcheck;

pub use assert_close::{Tolerance, assert_close, assert_close_to_largest, ulp_distance};
pub use fault::{Fault, FaultPlan, Lasting};
pub use formula::formula;
pub use golden::Golden;
pub use gradcheck::{GradCheck, Outcome};
