//! Flags about one sitting of a run, no matter for what it computes.

use super::number::{duration, positive};
use clap::Args;
use std::time::Duration;
use train::{Interrupt, Session};

/// `--resume` and its like.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Stopping and going on")]
pub(crate) struct SessionArgs {
    /// Go on with the run in --out, or else with the newest unfinished one, to the same bits as if it had never
    /// stopped; other flags may only repeat what the run was begun with
    #[arg(long)]
    pub(crate) resume: bool,

    /// Rest after so long, such as 90s, 30m or 2h, with the state saved
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_time: Option<Duration>,

    /// Save the state after every epoch and at least every so many minutes
    #[arg(long, value_name = "X", value_parser = positive, default_value = "5", allow_negative_numbers = true)]
    pub(crate) checkpoint_minutes: f64,

    /// Save the state also every so many steps
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) checkpoint_steps: Option<u64>,
}

impl SessionArgs {
    /// What was asked for.
    pub(crate) fn session(&self) -> Session {
        Session {
            // More than a Duration holds is never.
            save_every: Duration::try_from_secs_f64(60.0 * self.checkpoint_minutes).unwrap_or(Duration::MAX),
            save_every_steps: self.checkpoint_steps,
            max_time: self.max_time,
            interrupt: Interrupt::default(),
        }
    }
}
