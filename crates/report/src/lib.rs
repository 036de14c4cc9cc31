//! Tables, figures, CSV and HTML of training runs.
//!
//! Training leaves numbers ([`train::history`]); this crate turns them into things to read. A [`CompareReport`]
//! holds the runs, the layers of their models and where they come from; [`write_compare`] writes all files,
//! [`CompareReport::to_terminal`] prints the tables. Nothing here opens a model or a photo, and nothing but the
//! final writing of files can fail.
#![forbid(unsafe_code)]

mod compare;
mod contender;
mod csv;
mod error;
mod figures;
#[cfg(test)]
mod fixture;
mod html;
mod layers;
mod lr_range;
pub mod plot;
mod provenance;
mod published;
mod stats;
mod store;
mod summary;
mod sweep;
pub mod table;
mod tables;

pub use compare::{CompareReport, write_compare};
pub use contender::{Accuracy, Contender, Run, RunFile, SpreadOver};
pub use csv::{RESULTS_HEADER, ResultsWriter};
pub use error::ReportError;
pub use figures::{Figure, curves, test_results};
pub use layers::{LayerRow, ModelLayers};
pub use lr_range::{range_chart, write_range_chart};
pub use provenance::Provenance;
pub use published::{KNOWN_MODELS, KnownModel, PrintedSpread, Published, known_model, model_title};
pub use stats::Stats;
pub use summary::{read_summary, write_summary};
pub use sweep::{sweep_figures, write_sweep};
pub use tables::{accuracy_table, layer_tables};
