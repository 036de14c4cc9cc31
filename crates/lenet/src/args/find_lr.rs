//! Flags of the learning-rate range test.

use super::number::{count, positive};
use clap::Args;

/// `--find-lr` and what goes with it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Looking for a learning rate")]
pub(crate) struct FindLrArgs {
    /// Do not train but try rates: short steps first, each longer than the one before, until the loss is out of hand;
    /// then suggest one and draw the curve
    #[arg(long, conflicts_with_all = ["resume", "max_time", "checkpoint_minutes", "checkpoint_steps", "log_steps"])]
    pub(crate) find_lr: bool,

    /// Rates to try, from the first step to the last [default: 1e-6 10]
    #[arg(long, num_args = 2, value_names = ["LOW", "HIGH"], value_parser = positive, requires = "find_lr")]
    #[arg(allow_negative_numbers = true)]
    pub(crate) lr_range: Option<Vec<f64>>,

    /// Steps to try them in [default: 200]
    #[arg(long, value_name = "N", value_parser = count, requires = "find_lr")]
    pub(crate) lr_steps: Option<usize>,

    /// Print what was found as one JSON object
    #[arg(long, requires = "find_lr")]
    pub(crate) json: bool,
}
