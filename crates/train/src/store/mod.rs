//! What a run leaves on disk.

mod checkpoint_file;
mod predictions;
mod records;
mod run_dir;
mod run_files;
mod summary;

pub use checkpoint_file::Kept;
pub(crate) use checkpoint_file::save_checkpoint;
pub(crate) use predictions::quoted;
pub use predictions::{PREDICTIONS_HEADER, Prediction, predictions_csv};
pub use records::{RESULTS_HEADER, results_csv};
pub use run_dir::{Place, RunDir};
pub use run_files::{RunFiles, write_file};
pub use summary::{Counts, SummaryFile};
