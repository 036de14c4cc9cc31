//! Activations and their derivatives, number by number over slices.

mod kept;
mod reference;
#[cfg(test)]
mod tests;
mod vector;

pub(crate) use kept::Kept;
pub(crate) use vector::{activate, activate_with_slope, derivative};

pub use reference::{activate_reference, derivative_reference};

use crate::{Element, isa};

/// A function applied to every number alike.
///
/// # Source
/// SiLU: Elfwing et al. 2017, arXiv 1702.03118. GELU: Hendrycks & Gimpel 2016, arXiv 1606.08415. Leaky ReLU: Maas et al. 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`; its derivative at 0 is 0.
    Relu,
    /// `x` above 0, else `x` times this slope; its derivative at 0 is the slope.
    LeakyRelu(f32),
    /// `x · Φ(x)` with Φ the normal distribution's, exact (not its tanh approximation).
    Gelu,
    /// `σ(x) = 1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `x · σ(x)`.
    Silu,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// Whether the derivative needs the input, and not only the output.
    #[must_use]
    pub fn needs_input(self) -> bool {
        match self {
            Activation::Silu | Activation::Gelu => true,
            // It turns numbers below zero into numbers above.
            Activation::LeakyRelu(slope) => slope < 0.0,
            Activation::Relu | Activation::Sigmoid | Activation::Tanh => false,
        }
    }
}

/// `y = f(x)`.
///
/// # Panics
/// If the lengths differ.
pub fn forward<T: Element>(f: Activation, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "lengths of x, y");
    if let (Some(x), Some(y)) = (T::as_f32(x), T::as_f32_mut(y)) {
        return isa::run(vector::Forward { f, x, y });
    }
    for (y, &x) in y.iter_mut().zip(x) {
        *y = activate_reference(f, x);
    }
}

/// `dx = dy · f'(x)`, from the input `x` and the output `y = f(x)` of the forward pass. Overwrites `dx`.
///
/// # Panics
/// If the lengths differ.
pub fn backward<T: Element>(f: Activation, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
    assert_eq!((x.len(), y.len(), dy.len()), (dx.len(), dx.len(), dx.len()), "lengths of x, y, dy, dx");
    let slices = (T::as_f32(x), T::as_f32(y), T::as_f32(dy));
    if let ((Some(x), Some(y), Some(dy)), Some(dx)) = (slices, T::as_f32_mut(dx)) {
        return isa::run(vector::Backward { f, x, y, dy, dx });
    }
    for (((dx, &dy), &x), &y) in dx.iter_mut().zip(dy).zip(x).zip(y) {
        *dx = dy * derivative_reference(f, x, y);
    }
}
