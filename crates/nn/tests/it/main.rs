//! What the crate promises as a whole: gradients are slopes, numbers agree with PyTorch, bits do not depend on threads.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod branches;
mod check_layer;
mod fuse;
mod golden_losses;
mod golden_models;
mod golden_parts;
mod layers;
mod models;
mod shape_rules;
mod threads;
