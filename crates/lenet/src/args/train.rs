//! `lenet train`.

use super::{BaseArgs, FindLrArgs, PlaceArgs, ReadArgs, SessionArgs};
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
    #[command(flatten)]
    pub(crate) base: BaseArgs,

    /// Write 'step,loss' of every step to this file, the loss before the step
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) log_steps: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) session: SessionArgs,

    #[command(flatten)]
    pub(crate) find: FindLrArgs,
}
