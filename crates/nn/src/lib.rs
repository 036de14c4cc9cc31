//! Tensors, layers, losses, initialisers, optimizers, schedules, models and model files.
//!
//! A network is a [`ModelSpec`] (data) that builds a [`Sequential`] (layers without numbers); parameters are one
//! flat slice that the caller owns, activations live in a [`Workspace`].
#![forbid(unsafe_code)]

mod backward;
mod error;
mod forward;
pub mod init;
mod layer;
pub mod layers;
pub mod loss;
mod model_file;
pub mod optim;
mod param;
pub mod schedule;
mod segment;
mod sequential;
mod shape;
mod spec;
pub mod summary;
mod trace;
mod workspace;
pub mod zoo;

pub use error::BuildError;
pub use layer::{Ctx, Layer, Locality, Mode, Past, Saved, SavedMut, SavedSize, View, ViewMut, Weights};
pub use model_file::{
    CLASSES_KEY, FormatError, MODEL_KEY, MismatchError, ModelFile, ModelFileError, PREPROCESS_KEY,
    RECIPE_KEY, StoredTensor, write_atomic,
};
pub use param::{PARAM_ALIGN, ParamEntry, ParamSpec, Role};
pub use sequential::{Node, Sequential, StepId};
pub use shape::Shape;
pub use spec::{LayerSpec, ModelSpec, NamedLayer};
pub use workspace::Workspace;
