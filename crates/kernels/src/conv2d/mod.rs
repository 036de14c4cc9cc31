//! Two-dimensional convolution (cross-correlation) over one sample, and its gradients.
//!
//! Samples are independent, so the caller decides which thread runs which; nothing here starts a thread.

mod geom;
mod reference;

pub use geom::{Conv2dGeom, window_count};
pub use reference::{accumulate_params_reference, backward_input_reference, forward_reference};

use crate::Element;

/// `y = w ⋆ x + b` over one sample, overwriting `y`.
///
/// # Shapes
/// As [`Conv2dGeom`] says; `b` is `[out_channels]`.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn forward<T: Element>(g: &Conv2dGeom, x: &[T], w: &[T], b: Option<&[T]>, y: &mut [T]) {
    check(g, x.len(), w.len(), y.len());
    forward_reference(g, x, w, b, y);
}

/// `dx = ∂L/∂x` over one sample from `dy = ∂L/∂y`, overwriting `dx`.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn backward_input<T: Element>(g: &Conv2dGeom, dy: &[T], w: &[T], dx: &mut [T]) {
    check(g, dx.len(), w.len(), dy.len());
    backward_input_reference(g, dy, w, dx);
}

/// Adds one sample's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn accumulate_params<T: Element>(g: &Conv2dGeom, x: &[T], dy: &[T], dw: &mut [T], db: Option<&mut [T]>) {
    check(g, x.len(), dw.len(), dy.len());
    accumulate_params_reference(g, x, dy, dw, db);
}

fn check(g: &Conv2dGeom, x: usize, w: usize, y: usize) {
    assert_eq!((x, w, y), (g.input_len(), g.weight_len(), g.output_len()), "lengths of x, w, y for {g:?}");
}
