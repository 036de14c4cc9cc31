//! Arithmetic on slices: convolution, pooling, matrix product, activations, softmax, optimizer updates.
//!
//! All SIMD and all `unsafe` of the project live here, behind functions that check the lengths of what they
//! are given. Each kernel has a scalar reference, generic over [`Element`], beside it: `*_reference`.

pub mod activation;
mod arch;
pub mod batch_norm;
mod buffer;
pub mod conv2d;
pub mod conv_norm;
mod element;
mod exp;
pub mod gemm;
mod isa;
mod mapped_file;
#[cfg(test)]
mod noise;
mod parallel;
pub mod peak;
pub mod pixels;
pub mod pool2d;
pub mod reduce;
mod scratch;
mod simd;
pub mod softmax;
pub mod update;

pub use activation::Activation;
pub use buffer::{ALIGN_BYTES, Buffer};
pub use conv2d::Conv2dGeom;
pub use element::Element;
pub use exp::{EXP_MAX_ULP, SIGMOID_MAX_ULP, TANH_MAX_ULP};
pub use isa::{ISA_VARIABLE, Isa};
pub use mapped_file::MappedFile;
pub use pool2d::Pool2dGeom;
