//! The layers, one file each: config, shape rule, forward, backward.

mod activation;
mod avg_pool2d;
mod batch_norm2d;
mod conv2d;
mod conv_activate;
mod conv_norm;
mod conv_pool;
mod dropout;
mod flatten;
mod global_avg_pool2d;
mod joined;
mod layer_norm;
mod linear;
mod linear_bf16;
mod max_pool2d;
mod softmax;

pub use activation::{Activate, LeakyReluConfig};
pub use avg_pool2d::AvgPool2d;
pub use batch_norm2d::{BatchNorm2d, BatchNorm2dConfig};
pub use conv_activate::ConvActivate;
pub use conv_norm::ConvNorm;
pub use conv_pool::ConvPool;
pub use conv2d::{Conv2d, Conv2dConfig};
pub use dropout::{Dropout, DropoutConfig};
pub use flatten::Flatten;
pub use global_avg_pool2d::GlobalAvgPool2d;
pub use joined::Joined;
pub use layer_norm::{LayerNorm, LayerNormConfig};
pub use linear::{Linear, LinearConfig};
pub use linear_bf16::LINEAR_BF16;
pub(crate) use linear_bf16::LinearBf16;
pub use max_pool2d::{MaxPool2d, Pool2dConfig};
pub use softmax::Softmax;
