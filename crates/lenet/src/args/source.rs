//! How photos are read, for every verb that reads them.

use clap::{Args, ValueEnum};
use data::ClassOrder;

/// The orders of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassOrderWord {
    String,
    Natural,
    File,
}

impl ClassOrderWord {
    /// The word as the library has it.
    pub(crate) fn order(self) -> ClassOrder {
        match self {
            Self::String => ClassOrder::String,
            Self::Natural => ClassOrder::Natural,
            Self::File => ClassOrder::File,
        }
    }
}

/// Which class is which output.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ClassOrderArgs {
    /// Order of the classes: string (class10 before class2), natural (class2 first), file (as classes.txt or the
    /// training list has them) [default: classes.txt if it is there, else string]
    #[arg(long, value_name = "string|natural|file", hide_possible_values = true)]
    pub(crate) class_order: Option<ClassOrderWord>,
}

impl ClassOrderArgs {
    /// The order that was asked for.
    pub(crate) fn order(&self) -> Option<ClassOrder> {
        self.class_order.map(ClassOrderWord::order)
    }
}

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
