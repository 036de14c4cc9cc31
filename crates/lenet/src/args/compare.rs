//! `lenet compare`.

use super::{ClassOrderArgs, OnBadWord, PlaceArgs, ReadArgs, RecipeWord, Seeds, number::count};
use clap::Args;

const EXAMPLES: &str = "\
Prints Tables I to V and writes report.html, tables.md, tables.csv, tables.tex,
the figures, and a folder for each run.

Examples:
  lenet compare                              built-in photos, three models
  lenet compare --recipe published           as it was published: at chance
  lenet compare --data photos --seeds 0..3   your photos, three seeds
  lenet compare --data photos --models lenet5,mine.toml --epochs 20";

/// The whole experiment.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompareArgs {
    /// Photos: a folder, or 'synthetic'
    #[arg(long, value_name = "DATA", default_value = "synthetic")]
    pub(crate) data: String,

    /// Models, with commas between: built-in names or model files (.toml)
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_values = nn::zoo::NAMES)]
    pub(crate) models: Vec<String>,

    /// Recipe: tuned learns, published stays at chance as in the report
    #[arg(long, value_name = "tuned|published", hide_possible_values = true, default_value = "tuned")]
    pub(crate) recipe: RecipeWord,

    /// Seeds: 0..3 (which are 0, 1, 2), 0,5,7 or 4
    #[arg(long, alias = "seed", value_name = "SEEDS", default_value = "0")]
    pub(crate) seeds: Seeds,

    /// Passes over the training split [default: perceptron 50, others 10, as published]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) epochs: Option<usize>,

    /// The synthetic set as large as the published one: 63,325 training photos instead of 10,000
    #[arg(long)]
    pub(crate) full: bool,

    /// Leave out pictures that cannot be read and name them, or stop at the first
    #[arg(long, value_name = "skip|fail", hide_possible_values = true, default_value = "fail")]
    pub(crate) on_bad: OnBadWord,

    /// Go on with the comparison in --out, or else with the newest that has no report: finished runs are kept, the one
    /// under way ends in the same bits as if it had never stopped; other flags must be those it was begun with
    #[arg(long)]
    pub(crate) resume: bool,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) classes: ClassOrderArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
