//! The loops of batch normalisation over one plane, 16 numbers at a time.
//!
//! Sums are kept in 16 lanes of f32 over at most [`BLOCK`] numbers, and in f64 beyond. Tested against the f64 form next door.

use crate::simd::{Kernel, LANES, Simd};

/// Numbers that are summed in f32: 256 a lane lose little, and stay in L1 for a second look.
pub(super) const BLOCK: usize = 256 * LANES;

/// The numbers of a stretch by vectors: where each begins and how many of its lanes count.
#[inline(always)]
fn vectors(len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).step_by(LANES).map(move |at| (at, (len - at).min(LANES)))
}

/// Mean and `Σ (x − mean)²` of one block.
pub(super) struct Moments<'a>(pub(super) &'a [f32]);

impl Kernel for Moments<'_> {
    type Out = (f64, f64);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> (f64, f64) {
        let (x, zero) = (self.0, s.splat(0.0));
        let (mut sum, mut squares) = (zero, zero);
        for (at, lanes) in vectors(x.len()) {
            // SAFETY: `lanes` numbers are left at `at`.
            sum = s.add(sum, unsafe { s.load_first(x.as_ptr().add(at), lanes) });
        }
        let mean = s.sum(sum) / x.len() as f32;
        for (at, lanes) in vectors(x.len()) {
            // SAFETY: as above.
            let v = s.sub(unsafe { s.load_first(x.as_ptr().add(at), lanes) }, s.splat(mean));
            let v = if lanes < LANES { s.select(s.mask((1 << lanes) - 1), v, zero) } else { v };
            squares = s.mul_add(v, v, squares);
        }
        (f64::from(mean), f64::from(s.sum(squares)))
    }
}

/// `y = (x − mean) · factor + shift`.
pub(super) struct Affine<'a> {
    pub(super) x: &'a [f32],
    pub(super) mean: f32,
    pub(super) factor: f32,
    pub(super) shift: f32,
    pub(super) y: &'a mut [f32],
}

impl Kernel for Affine<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        assert_eq!(self.x.len(), self.y.len());
        let [mean, factor, shift] = [self.mean, self.factor, self.shift].map(|v| s.splat(v));
        for (at, lanes) in vectors(self.x.len()) {
            // SAFETY: `lanes` numbers are left at `at` of both.
            unsafe {
                let x = s.load_first(self.x.as_ptr().add(at), lanes);
                let y = s.mul_add(s.sub(x, mean), factor, shift);
                s.store_first(self.y.as_mut_ptr().add(at), lanes, y);
            }
        }
    }
}

/// `Σ dy` and `Σ dy · (x − mean)` of one block.
pub(super) struct Sums<'a> {
    pub(super) x: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) mean: f32,
}

impl Kernel for Sums<'_> {
    type Out = (f64, f64);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> (f64, f64) {
        assert_eq!(self.x.len(), self.dy.len());
        let (mut of_dy, mut of_both) = (s.splat(0.0), s.splat(0.0));
        for (at, lanes) in vectors(self.x.len()) {
            // SAFETY: `lanes` numbers are left at `at` of both; lanes behind them have `dy = 0`.
            unsafe {
                let x = s.load_first(self.x.as_ptr().add(at), lanes);
                let dy = s.load_first(self.dy.as_ptr().add(at), lanes);
                of_dy = s.add(of_dy, dy);
                of_both = s.mul_add(dy, s.sub(x, s.splat(self.mean)), of_both);
            }
        }
        (f64::from(s.sum(of_dy)), f64::from(s.sum(of_both)))
    }
}

/// `dx = factor · (dy − mean_dy − (x − mean) · slope)`.
pub(super) struct InputGradient<'a> {
    pub(super) x: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) mean: f32,
    pub(super) mean_dy: f32,
    pub(super) slope: f32,
    pub(super) factor: f32,
    pub(super) dx: &'a mut [f32],
}

impl Kernel for InputGradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        assert!(self.x.len() == self.dx.len() && self.dy.len() == self.dx.len());
        let numbers = [self.mean, self.mean_dy, self.slope, self.factor];
        let [mean, mean_dy, slope, factor] = numbers.map(|v| s.splat(v));
        for (at, lanes) in vectors(self.x.len()) {
            // SAFETY: `lanes` numbers are left at `at` of all three.
            unsafe {
                let x = s.load_first(self.x.as_ptr().add(at), lanes);
                let dy = s.load_first(self.dy.as_ptr().add(at), lanes);
                let dx = s.mul(factor, s.neg_mul_add(s.sub(x, mean), slope, s.sub(dy, mean_dy)));
                s.store_first(self.dx.as_mut_ptr().add(at), lanes, dx);
            }
        }
    }
}
