//! Convolution and activation as one step, and its gradients.
//!
//! ```text
//!  z = w ⋆ x + b              in the thread's own memory, which the cache holds; never kept
//!  y = f(z), f'(z)            written in order: straight from the convolution, whose rows come here and there, they wait for memory
//!  dz = dy · f'               among the borders of zeros where the convolution's gradients read it
//! ```
//!
//! For the backward pass stays `y`, and the slope `f'` where it does not follow from `y`: the forward pass has at hand what it
//! costs. Tested against the plain chain of [`Plan`] and [`crate::activation`].

use super::{Filters, Plan, Sheet};
use crate::activation::{self, Activation, Kept};
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};
use crate::{Element, isa};

/// A convolution, then an activation, over one sample.
///
/// # Shapes
/// As [`super::Conv2dGeom`] says.
///
/// # Exactness
/// The bits of the plain chain, on every instruction set; only the bias's gradient may be summed in another order.
#[derive(Clone, Debug)]
pub struct ConvActivate {
    plan: Plan,
    f: Activation,
}

/// What [`ConvActivate::forward`] was given and left.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as the arguments of `ConvActivate::forward`")]
pub struct Activated<'a, T> {
    pub x: &'a [T],
    pub filters: Filters<'a, T>,
    pub y: &'a [T],
    pub slope: &'a [T],
}

impl ConvActivate {
    /// The two as one.
    #[must_use]
    pub fn new(plan: Plan, f: Activation) -> Self {
        ConvActivate { plan, f }
    }

    /// The convolution, made ready: its sizes, and who packs the weights.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The activation.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.f
    }

    /// Numbers that forward keeps for backward besides `y`: the activation's slopes, if they cannot be had from it.
    #[must_use]
    pub fn saved_numbers(&self) -> usize {
        if self.f.needs_input() { self.plan.geom().output_len() } else { 0 }
    }

    /// Computes `y`, and fills `slope` ([`ConvActivate::saved_numbers`]), which is empty if there is to be no backward pass.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward<T: Element>(
        &self,
        x: &[T],
        filters: Filters<'_, T>,
        b: Option<&[T]>,
        y: &mut [T],
        slope: &mut [T],
    ) {
        assert!(slope.is_empty() || slope.len() == self.saved_numbers(), "length of the slope");
        if let (Some(x), Some(w), Some(packed)) =
            (T::as_f32(x), T::as_f32(filters.w), T::as_f32(filters.packed))
        {
            if let (Some(y), Some(slope)) = (T::as_f32_mut(y), T::as_f32_mut(slope)) {
                with_scratch(y.len(), |z| {
                    self.plan.forward(x, Filters { w, packed }, b.and_then(T::as_f32), z);
                    isa::run(Apply { f: self.f, z, y, slope });
                });
            }
            return;
        }
        let mut z = vec![T::ZERO; y.len()];
        self.plan.forward(x, filters, b, &mut z);
        activation::forward(self.f, &z, y);
        if !slope.is_empty() {
            activation::backward(self.f, &z, y, &vec![T::ONE; z.len()], slope);
        }
    }

    /// From `dy`, overwrites `dx` (if wanted) and adds to `dw` and `db`; the rest as `forward` left it.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn backward<T: Element>(
        &self,
        past: &Activated<'_, T>,
        dy: &[T],
        dx: Option<&mut [T]>,
        dw: &mut [T],
        db: Option<&mut [T]>,
    ) {
        let Activated { x, filters, y, slope } = *past;
        assert_eq!(
            (dy.len(), slope.len(), y.len()),
            (y.len(), self.saved_numbers(), self.plan.geom().output_len()),
            "lengths of dy, slope, y"
        );
        if let (Some(y), Some(slope), Some(dy)) = (T::as_f32(y), T::as_f32(slope), T::as_f32(dy)) {
            let kept = Kept { f: Some(self.f), y, slope, dy };
            let (x, w, packed) = (T::as_f32(x), T::as_f32(filters.w), T::as_f32(filters.packed));
            if let (Some(x), Some(w), Some(packed), Some(dw)) = (x, w, packed, T::as_f32_mut(dw)) {
                let (dx, db) = (dx.and_then(T::as_f32_mut), db.and_then(T::as_f32_mut));
                self.backward_f32(x, Filters { w, packed }, kept, dx, dw, db);
            }
            return;
        }
        let mut dz = dy.to_vec();
        if slope.is_empty() {
            activation::backward(self.f, y, y, dy, &mut dz);
        } else {
            dz.iter_mut().zip(slope).for_each(|(dz, &slope)| *dz *= slope);
        }
        self.plan.accumulate_params(x, &dz, dw, db);
        if let Some(dx) = dx {
            self.plan.backward_input(&dz, filters, dx);
        }
    }

    fn backward_f32(
        &self,
        x: &[f32],
        filters: Filters<'_, f32>,
        kept: Kept<'_>,
        dx: Option<&mut [f32]>,
        dw: &mut [f32],
        db: Option<&mut [f32]>,
    ) {
        let (plan, g) = (&self.plan, self.plan.geom());
        let (channels, size) = (g.out_channels, (g.out_h, g.out_w));
        if let Some(sheet) = plan.sheet() {
            return with_scratch(sheet.len, |dz| {
                plan.clear_sheet(dz);
                isa::run(PullToSheet { kept, channels, size, sheet, dz: &mut *dz, db });
                plan.backward_sheet(x, dz, filters.packed, dw, dx);
            });
        }
        with_scratch(g.output_len(), |dz| {
            isa::run(Pull { kept, dz: &mut *dz });
            plan.accumulate_params(x, dz, dw, db);
            if let Some(dx) = dx {
                plan.backward_input(dz, filters, dx);
            }
        });
    }
}

/// `y = f(z)`, and the slope `f'(z)` unless it is empty.
struct Apply<'a> {
    f: Activation,
    z: &'a [f32],
    y: &'a mut [f32],
    slope: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let len = self.y.len();
        assert!(self.z.len() == len && (self.slope.is_empty() || self.slope.len() == len));
        let (y, slope) = (self.y.as_mut_ptr(), self.slope.as_mut_ptr());
        for i in (0..len).step_by(LANES) {
            // SAFETY: lanes from `i` up to `len` are read and written, of `slope` only if it is as long.
            unsafe {
                s.prefetch_ahead(y.add(i));
                let z = s.load_first(self.z.as_ptr().add(i), len - i);
                if self.slope.is_empty() {
                    s.store_first(y.add(i), len - i, activation::activate(s, self.f, z));
                } else {
                    s.prefetch_ahead(slope.add(i));
                    let (value, bend) = activation::activate_with_slope(s, self.f, z);
                    s.store_first(y.add(i), len - i, value);
                    s.store_first(slope.add(i), len - i, bend);
                }
            }
        }
    }
}

/// `dz = dy · f'`, number by number.
struct Pull<'a> {
    kept: Kept<'a>,
    dz: &'a mut [f32],
}

impl Kernel for Pull<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let len = self.dz.len();
        self.kept.check(len);
        for i in (0..len).step_by(LANES) {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let dz = self.kept.pull(s, i, len - i);
                s.store_first(self.dz.as_mut_ptr().add(i), len - i, dz);
            }
        }
    }
}

/// `dz = dy · f'`, each row to its place on a sheet; sums it into `db`.
struct PullToSheet<'a> {
    kept: Kept<'a>,
    channels: usize,
    /// Rows and columns.
    size: (usize, usize),
    sheet: Sheet,
    dz: &'a mut [f32],
    db: Option<&'a mut [f32]>,
}

impl Kernel for PullToSheet<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let (channels, (rows, columns)) = (self.channels, self.size);
        let Sheet { start, plane, pitch, .. } = self.sheet;
        self.kept.check(channels * rows * columns);
        assert!(self.dz.len() >= start + (channels - 1) * plane + (rows - 1) * pitch + columns);
        for c in 0..channels {
            let mut sum = s.splat(0.0);
            for i in 0..rows {
                for j in (0..columns).step_by(LANES) {
                    // SAFETY: `columns − j` numbers are left of the row, here and there.
                    unsafe {
                        let dz = self.kept.pull(s, (c * rows + i) * columns + j, columns - j);
                        sum = s.add(sum, dz);
                        let to = self.dz.as_mut_ptr().add(start + c * plane + i * pitch + j);
                        s.store_first(to, columns - j, dz);
                    }
                }
            }
            if let Some(db) = self.db.as_deref_mut() {
                db[c] += s.sum(sum);
            }
        }
    }
}

#[cfg(test)]
#[path = "conv_activate_tests.rs"]
mod tests;
