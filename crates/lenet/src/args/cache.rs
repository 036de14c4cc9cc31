//! `lenet cache`.

use clap::Args;

const EXAMPLES: &str = "\
Pictures are decoded once: brought to size they are kept in one file a split, in
$LENET_CACHE_DIR, else $XDG_CACHE_HOME/lenet, else ~/.cache/lenet. A split is
decoded again when its list, a file's size or time, or this program changes.

Examples:
  lenet cache             what is there, and how large
  lenet cache --clear     remove all of it";

/// Shows or clears the packed cache.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CacheArgs {
    /// Remove everything
    #[arg(long)]
    pub(crate) clear: bool,

    /// Print one JSON object
    #[arg(long, conflicts_with = "clear")]
    pub(crate) json: bool,
}
