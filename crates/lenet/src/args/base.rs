//! What a run is made from: photos, model, recipe and the flags that change it.

use super::{ChangeArgs, ClassOrderArgs, OnBadWord, RecipeWord};
use clap::Args;
use std::path::PathBuf;

/// A recipe, for one run or for the trials of a sweep.
#[derive(Debug, Default, Args)]
pub(crate) struct BaseArgs {
    /// Photos: a folder, or 'synthetic'
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,

    /// perceptron, lenet5, lenet5-modified, residual, depthwise, or a model file (.toml)
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Recipe to start from: tuned learns, published stays at chance as in the report [default: tuned]
    #[arg(long, value_name = "tuned|published", hide_possible_values = true, conflicts_with = "config")]
    pub(crate) recipe: Option<RecipeWord>,

    /// Recipe file, such as a run's config.toml; flags win over it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Fixes every random number
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Leave out pictures that cannot be read and name them, or stop at the first [default: fail]
    #[arg(long, value_name = "skip|fail", hide_possible_values = true)]
    pub(crate) on_bad: Option<OnBadWord>,

    #[command(flatten)]
    pub(crate) classes: ClassOrderArgs,

    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
}
