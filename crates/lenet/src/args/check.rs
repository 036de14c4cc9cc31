//! `lenet check`.

use super::ClassOrderArgs;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Nothing is changed or written but the page that --html asks for. With --weights the
labels are checked too; for labels that the weights did not learn from, train on
half of the pictures and check the other half.

Examples:
  lenet check photos
  lenet check photos --html photos.html
  lenet check photos --weights runs/train/weights/best.safetensors --split val
  lenet check photos --json --strict";

/// Looks for what is wrong with photos.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct CheckArgs {
    /// Photos, in any form that --data of 'lenet train' takes
    #[arg(value_name = "DATA")]
    pub(crate) data: String,

    /// Also look for labels that are likely wrong, with these weights (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,

    /// Split whose labels are checked [default: all]
    #[arg(long, value_name = "NAME", requires = "weights")]
    pub(crate) split: Option<String>,

    /// Print one JSON object, with everything in it
    #[arg(long)]
    pub(crate) json: bool,

    /// Write a page with thumbnails of what was found
    #[arg(long, value_name = "FILE.html")]
    pub(crate) html: Option<PathBuf>,

    /// End with exit code 65 if pictures cannot be read, or are in more than one split
    #[arg(long)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) order: ClassOrderArgs,
}
