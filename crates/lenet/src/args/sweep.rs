//! `lenet sweep`.

use super::{BaseArgs, PlaceArgs, ReadArgs, SessionArgs, number::count};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Keys are those of a run's config.toml, such as optimizer.weight_decay; the last
word is enough where it is clear. A list is tried value by value; a range needs
a random search: 0.1..0.5, 1e-4..1e-1:log, 8..64:int. All trials are checked
before the first one begins. They are judged by the validation split.

Examples:
  lenet sweep --data photos --model lenet5 --set lr=0.001,0.003,0.01 --set batch_size=16,32
  lenet sweep --data photos --model lenet5 --epochs 3 --trials 20 --set lr=1e-4..1e-1:log \\
      --set weight_decay=0.01..0.3 --set optimizer.kind=sgd,adamw
  lenet sweep --space runs/sweep/sweep.toml    the same sweep again
  lenet sweep --resume                         the newest sweep that was stopped

The folder holds sweep.toml, trials.csv, summary.json, figures/parallel.svg and
figures/scatter.svg (also .png), and a run folder for each trial.";

/// How a space is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchArg {
    Grid,
    Random,
}

/// What trials are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricArg {
    #[value(name = "val/top1", alias = "top1")]
    Top1,
    #[value(name = "val/loss", alias = "loss")]
    Loss,
}

/// Many runs that differ in a few settings.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct SweepArgs {
    /// Try these values of a key of the recipe: KEY=A,B,C, or numbers from a range, KEY=LO..HI, with :log or :int after
    /// it; once for each key
    #[arg(long, value_name = "KEY=VALUES", help_heading = "The search", allow_hyphen_values = true)]
    pub(crate) set: Vec<String>,

    /// Search file (.toml), such as a sweep's sweep.toml, with [space] and perhaps [recipe]; flags win over it
    #[arg(long, value_name = "FILE", help_heading = "The search")]
    pub(crate) space: Option<PathBuf>,

    /// Every combination of the values, or trials drawn at random [default: random if there is a range or --trials]
    #[arg(long, value_name = "grid|random", hide_possible_values = true, help_heading = "The search")]
    pub(crate) search: Option<SearchArg>,

    /// Trials of a random search [default: 16]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "The search")]
    pub(crate) trials: Option<usize>,

    /// What trials are judged by, at their best epoch: val/top1 or val/loss [default: val/top1]
    #[arg(long, value_name = "METRIC", hide_possible_values = true, help_heading = "The search")]
    pub(crate) metric: Option<MetricArg>,

    /// Print summary.json instead of the table
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) base: BaseArgs,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) session: SessionArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
