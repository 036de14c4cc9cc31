//! The layers, one file each: config, shape rule, forward, backward.

mod activation;
mod conv2d;
mod linear;
mod max_pool2d;

pub use activation::Activate;
pub use conv2d::{Conv2d, Conv2dConfig};
pub use linear::{Linear, LinearConfig};
pub use max_pool2d::{MaxPool2d, Pool2dConfig};
