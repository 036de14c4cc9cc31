//! An optimizer's step whose gradient is a product of two matrices, made tile by tile where it is needed.
//!
//! ```text
//!  g = dyᵀ · x     [out, len], of each row less its mean if asked for; a tile of 8 × 48 sums stays in registers
//!  w, v ← the rule of `sgd` or `adam` for these 8 × 48 numbers
//! ```
//!
//! A linear layer with millions of weights writes a gradient of megabytes that the optimizer reads again soon after; both go past every
//! cache. Here `g` is never stored: `w` and the state are read and written once. Tested against the product, then the plain update.

use super::{AdamStep, SgdStep, adam_reference, sgd_reference, vector};
use crate::gemm::{self, Sink};
use crate::parallel::SharedMut;
use crate::scratch::with_scratch;
use crate::simd::Simd;
use crate::{Element, reduce};

/// The gradient of a linear layer's weight before it is multiplied out: `g[o, i] = Σ_n dy[n, o] · x[n, i]`.
///
/// # Shapes
/// `dy` `[batch, out]`, `x` `[batch, len]`, `g` `[out, len]`.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a, T> {
    /// Gradient of the layer's output.
    pub dy: &'a [T],
    /// The layer's input.
    pub x: &'a [T],
    /// Outputs.
    pub out: usize,
    /// Inputs.
    pub len: usize,
    /// Whether each row's mean is taken from it (gradient centralization).
    pub centered: bool,
}

/// Factors up to this are far from a product that is infinite: 10¹⁵ · 10¹⁵ leaves room for a hundred million terms.
const MODERATE: f64 = 1e15;

impl<T: Element> Product<'_, T> {
    /// Whether it is certain, without multiplying, that every number of the product is finite.
    #[must_use]
    pub fn is_surely_finite(&self) -> bool {
        [self.dy, self.x].iter().all(|factor| reduce::all_within(factor, MODERATE))
    }

    /// Multiplies; gives whether all numbers of the product, not centered, are finite.
    ///
    /// # Panics
    /// If `g` has another length.
    pub fn store(&self, g: &mut [T]) -> bool {
        gemm::matmul_tn_checked(self.mnk(), self.dy, self.x, g)
    }

    fn mnk(&self) -> (usize, usize, usize) {
        (self.out, self.len, self.x.len() / self.len)
    }

    fn check(&self, w: usize, state: usize) {
        let (m, n, k) = self.mnk();
        assert!(k > 0, "a batch of at least one sample");
        assert_eq!((self.dy.len(), self.x.len()), (k * m, k * n), "lengths of dy, x");
        assert_eq!((w, state), (m * n, m * n), "lengths of the weight and the optimizer's state");
    }

    /// All of it, one number after the other.
    fn multiplied(&self) -> Vec<T> {
        let mut g = vec![T::ZERO; self.out * self.len];
        gemm::matmul_tn_reference(self.mnk(), self.dy, self.x, &mut g);
        for row in g.chunks_exact_mut(self.len).filter(|_| self.centered) {
            let mean = row.iter().copied().sum::<T>() / T::from_f64(self.len as f64);
            row.iter_mut().for_each(|g| *g -= mean);
        }
        g
    }
}

impl Product<'_, f32> {
    /// Makes the product for `sink`.
    fn pour(&self, sink: impl Sink) {
        let means = if self.centered { self.out } else { 0 };
        with_scratch(means, |means| {
            if self.centered {
                self.row_means(means);
            }
            gemm::matmul_tn_into(self.mnk(), self.dy, self.x, means, sink);
        });
    }

    /// The mean of a row of the product: `Σ_n dy[n, o] · mean_i x[n, i]`.
    fn row_means(&self, means: &mut [f32]) {
        means.fill(0.0);
        for (dy, x) in self.dy.chunks_exact(self.out).zip(self.x.chunks_exact(self.len)) {
            let mean = reduce::sum(x) / self.len as f32;
            for (to, dy) in means.iter_mut().zip(dy) {
                *to += dy * mean;
            }
        }
    }
}

/// [`super::sgd`] with the gradient `g`.
///
/// # Panics
/// If the lengths do not match.
pub fn sgd_product<T: Element>(step: &SgdStep, g: &Product<'_, T>, w: &mut [T], v: &mut [T]) {
    g.check(w.len(), v.len());
    if let (Some(g), Some(w), Some(v)) = (as_f32(g), T::as_f32_mut(w), T::as_f32_mut(v)) {
        let rule = vector::SgdRule::new(step);
        return g.pour(SgdSink { rule, w: SharedMut::new(w), v: SharedMut::new(v) });
    }
    sgd_reference(step, w, &g.multiplied(), v);
}

/// [`super::adam`] with the gradient `g`.
///
/// # Panics
/// If the lengths do not match.
pub fn adam_product<T: Element>(step: &AdamStep, g: &Product<'_, T>, w: &mut [T], m: &mut [T], v: &mut [T]) {
    g.check(w.len(), v.len());
    assert_eq!(m.len(), v.len(), "lengths of the moments");
    if let (Some(g), Some(w), Some(m), Some(v)) =
        (as_f32(g), T::as_f32_mut(w), T::as_f32_mut(m), T::as_f32_mut(v))
    {
        let rule = vector::AdamRule::new(step);
        return g.pour(AdamSink { rule, w: SharedMut::new(w), m: SharedMut::new(m), v: SharedMut::new(v) });
    }
    adam_reference(step, w, &g.multiplied(), m, v);
}

fn as_f32<'a, T: Element>(g: &Product<'a, T>) -> Option<Product<'a, f32>> {
    let Product { out, len, centered, .. } = *g;
    Some(Product { dy: T::as_f32(g.dy)?, x: T::as_f32(g.x)?, out, len, centered })
}

#[derive(Clone, Copy)]
struct SgdSink<'a> {
    rule: vector::SgdRule,
    w: SharedMut<'a>,
    v: SharedMut<'a>,
}

impl Sink for SgdSink<'_> {
    const IS_LONG: bool = true;

    fn len(&self) -> usize {
        self.w.len().min(self.v.len())
    }

    #[inline(always)]
    unsafe fn put<S: Simd>(&self, s: S, at: usize, lanes: usize, g: S::F) {
        // SAFETY: the caller's promise.
        unsafe { self.rule.apply(s, g, self.w.at(at), self.v.at(at), lanes) }
    }

    #[inline(always)]
    fn expect<S: Simd>(&self, s: S, at: usize) {
        s.prefetch(self.w.start().wrapping_add(at));
        s.prefetch(self.v.start().wrapping_add(at));
    }
}

#[derive(Clone, Copy)]
struct AdamSink<'a> {
    rule: vector::AdamRule,
    w: SharedMut<'a>,
    m: SharedMut<'a>,
    v: SharedMut<'a>,
}

impl Sink for AdamSink<'_> {
    const IS_LONG: bool = true;

    fn len(&self) -> usize {
        self.w.len().min(self.m.len()).min(self.v.len())
    }

    #[inline(always)]
    unsafe fn put<S: Simd>(&self, s: S, at: usize, lanes: usize, g: S::F) {
        // SAFETY: the caller's promise.
        unsafe { self.rule.apply(s, g, self.w.at(at), [self.m.at(at), self.v.at(at)], lanes) }
    }

    #[inline(always)]
    fn expect<S: Simd>(&self, s: S, at: usize) {
        for array in [self.w, self.m, self.v] {
            s.prefetch(array.start().wrapping_add(at));
        }
    }
}
