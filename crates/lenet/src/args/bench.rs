//! `lenet bench`.

use super::{
    OptimizerWord,
    number::{count, positive},
};
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
A training step is forward pass, loss, backward pass and update, with the data in
memory. Each figure is the median of some repetitions, after a warm-up.

'of peak' is the share of the fused multiply-adds that the same threads did from
registers in the same moments. What counts as work is what the definition of the
model asks for: the multiply-adds of its convolutions and linear layers; three
times those in training, less the gradient of the first layer's input. A program
that finds ways to do fewer can so come to more than it did, even over 100%.

Examples:
  lenet bench                                the three models, in a minute
  lenet bench --models lenet5 --profile      which layer takes how long
  lenet bench --models mine.toml -b 64 -j 1,2,4 --modes train
  lenet bench --json > here.json";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeWord {
    Train,
    Infer,
}

/// How quick this machine is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// Models, with commas between: built-in names (128 pixels a side, 50 classes) or model files (.toml)
    #[arg(short, long, alias = "model", value_name = "A,B", value_delimiter = ',', default_values = nn::zoo::NAMES)]
    pub(crate) models: Vec<String>,

    /// What to measure, with commas between
    #[arg(
        long,
        alias = "mode",
        value_name = "train,infer",
        hide_possible_values = true,
        value_delimiter = ','
    )]
    #[arg(default_values = ["train", "infer"], hide_default_value = true)]
    pub(crate) modes: Vec<ModeWord>,

    /// Images at once, with commas between [default: 32,128 in training, 1,32,128 in inference; 32 with --profile]
    #[arg(short, long, value_name = "N,N", value_delimiter = ',', value_parser = count)]
    pub(crate) batch_size: Vec<usize>,

    /// The update of a training step
    #[arg(long, value_name = "sgd|adam|adamw", hide_possible_values = true, default_value = "sgd")]
    pub(crate) opt: OptimizerWord,

    /// Seconds a repetition
    #[arg(long, value_name = "X", value_parser = positive, default_value = "0.25", allow_negative_numbers = true)]
    pub(crate) secs: f64,

    /// Repetitions, of which the median counts
    #[arg(long, value_name = "N", value_parser = count, default_value = "5")]
    pub(crate) reps: usize,

    /// In inference, round large fully connected layers' weights to bf16
    #[arg(long)]
    pub(crate) bf16: bool,

    /// Tell the time of each layer instead, forward and backward, on one thread
    #[arg(long)]
    pub(crate) profile: bool,

    /// Print one JSON list of objects: model, mode, batch, threads, images_per_sec, min, max, fma_fraction, ...
    #[arg(long)]
    pub(crate) json: bool,
}
