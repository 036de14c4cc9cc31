//! `lenet train`.

use super::{
    ChangeArgs, ClassOrderArgs, FindLrArgs, OnBadWord, PlaceArgs, ReadArgs, RecipeWord, SessionArgs,
};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Data is a folder with train.txt, val.txt and test.txt ('path label' a line), one
with train/ val/ test/ of class folders, a single tree of class folders (split
80/10/10), a CSV file, IDX files (MNIST), CIFAR's binary files, WebDataset
shards (.tar), or 'synthetic' ('synthetic:2000,450,450' for other sizes).

Examples:
  lenet train --data photos --model lenet5
  lenet train --data photos --model lenet5-modified --epochs 30 --out runs/long
  lenet train --data photos --model mine.toml --opt sgd --lr 0.05 --sched cosine
  lenet train --config runs/train/config.toml    the same run again, to the bit
  lenet train --resume                           the newest run that was stopped
  lenet train --data photos --model mine.toml --find-lr   which learning rate?

The run folder holds config.toml, results.csv, summary.json, predictions.csv,
checkpoint and weights/best.safetensors, weights/last.safetensors.";

/// One run.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct TrainArgs {
    /// Photos: a folder, or 'synthetic'
    #[arg(long, value_name = "DATA", required_unless_present_any = ["config", "resume"])]
    pub(crate) data: Option<String>,

    /// perceptron, lenet5, lenet5-modified, residual, depthwise, or a model file (.toml)
    #[arg(short, long, value_name = "MODEL", required_unless_present_any = ["config", "resume"])]
    pub(crate) model: Option<String>,

    /// Recipe to start from: tuned learns, published stays at chance as in the report [default: tuned]
    #[arg(long, value_name = "tuned|published", hide_possible_values = true, conflicts_with = "config")]
    pub(crate) recipe: Option<RecipeWord>,

    /// Recipe file, such as a run's config.toml; flags win over it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Fixes every random number of the run
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Leave out pictures that cannot be read and name them, or stop at the first [default: fail]
    #[arg(long, value_name = "skip|fail", hide_possible_values = true)]
    pub(crate) on_bad: Option<OnBadWord>,

    /// Write 'step,loss' of every step to this file, the loss before the step
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) log_steps: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) classes: ClassOrderArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) changes: ChangeArgs,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) session: SessionArgs,

    #[command(flatten)]
    pub(crate) find: FindLrArgs,
}
