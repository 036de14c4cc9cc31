//! `lenet evaluate`.

use super::{OnBadWord, ReadArgs};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Classes are matched by name, so the order or number of folders does not matter.
Weights that PyTorch saved do not say their model: name it with --model.

Examples:
  lenet evaluate --weights runs/train/weights/best.safetensors --data photos
  lenet evaluate --weights best.safetensors --data photos --split holdout --json
  lenet evaluate --weights torch.safetensors --model lenet5 --data photos";

/// Scores a split.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct EvaluateArgs {
    /// Weights (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) weights: PathBuf,

    /// Photos: a folder, or 'synthetic'
    #[arg(long, value_name = "DATA")]
    pub(crate) data: String,

    /// Which split: train, val, test, or the name of a list file such as holdout
    #[arg(long, value_name = "NAME", default_value = "test")]
    pub(crate) split: String,

    /// Built-in model of weights that do not say it themselves
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Leave out pictures that cannot be read and name them, or stop at the first
    #[arg(long, value_name = "skip|fail", hide_possible_values = true, default_value = "fail")]
    pub(crate) on_bad: OnBadWord,

    /// Round large fully connected layers' weights to bf16, to see what that does to the scores
    #[arg(long)]
    pub(crate) bf16: bool,

    /// Print one JSON object: loss, top1, top5, samples, ...
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
