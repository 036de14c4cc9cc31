//! Recipes, the training loop, metrics, run folders.
//!
//! A [`Recipe`] is a run as data. With [`Splits`], the decoded pictures, it makes a [`Job`], in which everything has been
//! checked; [`Job::run_in`] trains and leaves a run folder, [`Job::train`] trains and leaves nothing, [`Job::range_test`] looks
//! for a learning rate. Whoever wants to know how it goes is an [`Observer`] of [`Event`]s. [`run_compare`] does several models
//! and seeds at once, [`sweep`] searches for better settings.
//!
//! All work is done on the current rayon pool, and no result depends on its size.
//!
//! Command lines, tables and figures are left to other crates.
#![forbid(unsafe_code)]

mod awake;
pub mod checkpoint;
mod compare;
pub mod doctor;
mod epoch;
mod error;
mod evaluate;
mod event;
mod frozen;
pub mod history;
mod job;
mod keeper;
pub mod metrics;
pub mod model;
mod objective;
mod position;
mod range_test;
pub mod recipe;
mod replay;
mod run;
mod session;
mod sitting;
mod splits;
mod start;
mod state;
mod step_log;
mod stepper;
pub mod store;
pub mod sweep;
mod trainer;

pub use compare::{ComparedRun, run_compare, sit_compare};
pub use error::{ErrorKind, FileList, TrainError};
pub use evaluate::{Evaluator, Scoring, evaluate};
pub use event::{Event, Flow, Observer, RunInfo, StepRecord, StopReason};
pub use job::{Job, RECIPE_KEY};
pub use position::{BestEpoch, Position};
pub use range_test::{Landmark, LrRange, RangeEnd, RangePoint, RangeTest, Reason, Suggestion};
pub use recipe::{Preset, Recipe};
pub use session::{Interrupt, Session};
pub use sitting::Sitting;
pub use splits::{Pictures, Progress, Splits, prepare_split};
pub use step_log::StepLog;
pub use stepper::{BadGradient, StepLoss, Stepper};
pub use trainer::{Best, Trained};
