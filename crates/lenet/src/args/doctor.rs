//! `lenet doctor`.

use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Every run keeps readings in health.jsonl: how far units are saturated or dead, how
large gradients, updates and weights are, what is predicted. The doctor looks at
them and says what is wrong, since when, why that hurts, and what to change. Of a
healthy run it says nothing else than that.

Exit code: 0 once all was looked at; with --strict 65 if something is severe.

Examples:
  lenet doctor runs/train
  lenet doctor runs/train --range runs/find-lr
  lenet doctor --json runs/train | jq .findings";

/// Says what is wrong with a run.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct DoctorArgs {
    /// A run folder
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// Compare the learning rate with what a range test of the same recipe found, the folder of 'lenet train --find-lr'
    #[arg(long, value_name = "FOLDER")]
    pub(crate) range: Option<PathBuf>,

    /// Print one JSON object: healthy, findings
    #[arg(long)]
    pub(crate) json: bool,

    /// Exit with 65 if something is severe
    #[arg(long)]
    pub(crate) strict: bool,
}
