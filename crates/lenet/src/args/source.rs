//! How photos are read, for every verb that reads them.

use clap::Args;

/// Flags about reading, no matter for what is computed.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReadArgs {
    /// Decode all pictures anew and leave nothing in the cache folder, see 'lenet cache'
    #[arg(long, help_heading = "General")]
    pub(crate) no_cache: bool,
}

impl ReadArgs {
    /// Where decoded pictures are kept; none if that is not wanted, or there is no place for it.
    pub(crate) fn cache(&self) -> Option<data::Cache> {
        if self.no_cache { None } else { data::Cache::of_user() }
    }
}
