//! `lenet predict`.

use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Prints the five likeliest classes of each picture: on a screen a line to read,
with --json or into a pipe or file one JSON object a line,
  {\"path\":...,\"top\":[{\"label\":...,\"index\":...,\"prob\":...},...]}
A file that is no picture is named on stderr, the others go on, and the exit
code is 65 in the end.

Examples:
  lenet predict --weights best.safetensors cat.jpg dog.jpg
  lenet predict --weights best.safetensors --json photos/ > said.jsonl
  curl -s https://example.org/cat.jpg | lenet predict --weights best.safetensors -";

/// Says what is on pictures.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct PredictArgs {
    /// Weights (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) weights: PathBuf,

    /// Pictures, folders of pictures, or - for one picture from stdin
    #[arg(required = true, value_name = "FILES|DIR|-")]
    pub(crate) pictures: Vec<PathBuf>,

    /// Built-in model of weights that do not say it themselves
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Round large fully connected layers' weights to bf16: other scores, and one picture at a time sooner
    #[arg(long)]
    pub(crate) bf16: bool,

    /// Print one JSON object a line, also on a screen
    #[arg(long)]
    pub(crate) json: bool,
}
