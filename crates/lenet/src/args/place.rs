//! Where a run's folder shall be.

use clap::Args;
use std::path::PathBuf;

/// `--out`, or `--project` and `--name`.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Where the results go")]
pub(crate) struct PlaceArgs {
    /// Write into this folder, which must be new or empty
    #[arg(short, long, value_name = "DIR", conflicts_with_all = ["project", "name"])]
    pub(crate) out: Option<PathBuf>,

    /// Write into a new numbered folder of this one [default: runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// Call the numbered folder NAME, NAME2, ... [default: the verb]
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// Write into the folder even if it holds something
    #[arg(long)]
    pub(crate) exist_ok: bool,
}
