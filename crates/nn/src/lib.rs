//! Tensors, layers, losses, initialisers, optimizers, schedules, models and model files.
//!
//! A network is a [`ModelSpec`] (data) that builds a [`Sequential`] (layers without numbers); parameters are one
//! flat slice that the caller owns, activations live in a [`Workspace`]. So a training step is a few lines:
//!
//! ```
//! use nn::{Mode, Shape, StepId, loss::CrossEntropyLoss, optim, zoo};
//!
//! // Twelve pictures of two classes: bright in the upper half, bright in the lower.
//! let input: Vec<f32> = (0..12 * 400).map(|i| ((i / 200 + i / 400) % 2) as f32 + (i % 7) as f32 * 0.05).collect();
//! let targets: Vec<u32> = (0..12).map(|i| i % 2).collect();
//!
//! let net = zoo::lenet5_modified(Shape::image(1, 20, 20), 2).build::<f32>()?;
//! let mut params = net.init_params(&Default::default(), 7);
//! let mut grads = vec![0.0; net.num_slots()];
//! let mut optimizer = optim::OptimizerConfig::Adam(optim::Adam::default()).build(&net);
//! let mut memory = net.workspace(12, Mode::Train);
//! let mut losses = Vec::new();
//! for step in 0..20 {
//!     let at = StepId { seed: 7, step };
//!     net.forward(&params, &input, at, &mut memory);
//!     let (logits, grad_logits) = memory.logits_and_grad();
//!     losses.push(CrossEntropyLoss::default().forward_backward(logits, &targets, grad_logits));
//!     net.backward(&params, &input, at, &mut memory, &mut grads);
//!     net.update_stats(&mut params, &memory);
//!     optimizer.step(&mut params, &grads, 0.01);
//! }
//! assert!(losses[19] < 0.1 * losses[0], "{losses:?}");
//! # Ok::<(), nn::BuildError>(())
//! ```
#![forbid(unsafe_code)]

mod backward;
pub mod disk;
mod error;
mod forward;
mod fuse;
mod in_bf16;
pub mod init;
mod join;
mod layer;
pub mod layers;
mod limits;
pub mod loss;
mod model_file;
mod named_layer;
pub mod optim;
mod packed;
mod param;
mod products;
pub mod schedule;
mod segment;
mod sequential;
mod shape;
mod spec;
pub mod summary;
mod timed;
mod trace;
mod workspace;
pub mod zoo;

pub use error::BuildError;
pub use fuse::fuse;
pub use in_bf16::in_bf16;
pub use join::Join;
pub use kernels::Buffer;
pub use layer::{Ctx, Layer, Locality, Mode, Past, Saved, SavedMut, SavedSize, View, ViewMut, Weights};
pub use model_file::{
    CLASSES_KEY, FormatError, MODEL_KEY, MismatchError, ModelFile, ModelFileError, PREPROCESS_KEY,
    RECIPE_KEY, StoredTensor,
};
pub use named_layer::NamedLayer;
pub use param::{PARAM_ALIGN, ParamEntry, ParamSpec, Role};
pub use products::Products;
pub use rng;
pub use sequential::{Node, Sequential, Source, StepId};
pub use shape::Shape;
pub use spec::{LayerSpec, ModelSpec};
pub use timed::{LayerClock, timed};
pub use workspace::Workspace;
