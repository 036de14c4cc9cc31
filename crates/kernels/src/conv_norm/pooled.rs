//! The loops of a normalisation that is followed by 2×2 max pooling: 16 windows of a row in the 16 lanes.
//!
//! ```text
//!  row 2i     e₀ o₀ e₁ o₁ …      u, split into even and odd columns, normalised: a window's four z in one lane;
//!  row 2i+1   e₀ o₀ e₁ o₁ …      two bits say who won: 16 for the row, 16 for the column
//! ```
//!
//! For an activation that never falls, `max f(z) = f(max z)`. Tested against the plain layers one after the other.

use crate::activation::{activate, derivative};
use crate::batch_norm::vector::Affine;
use crate::simd::{Kernel, LANES, Simd};
use crate::{Activation, Pool2dGeom};

/// Bytes for the winners of a row of windows.
pub(super) fn row_bytes(out_w: usize) -> usize {
    out_w.div_ceil(LANES) * 4
}

/// `y = max f(z)` of one sample.
pub(super) struct NormalizePool<'a> {
    pub(super) pool: &'a Pool2dGeom,
    /// `mean`, `factor`, `shift` of each channel.
    pub(super) affine: &'a [[f32; 3]],
    pub(super) f: Option<Activation>,
    pub(super) u: &'a [f32],
    pub(super) y: &'a mut [f32],
    /// `u` of the winners; empty, as `winners`, if not wanted.
    pub(super) winning: &'a mut [f32],
    pub(super) winners: &'a mut [u8],
}

/// Even and odd numbers of the first `2 · lanes` at `from`.
///
/// # Safety
/// They can be read.
#[inline(always)]
unsafe fn pairs<S: Simd>(s: S, from: *const f32, lanes: usize) -> (S::F, S::F) {
    // SAFETY: no more are read than the caller promises.
    unsafe {
        if lanes == LANES {
            return s.deinterleave(s.load(from), s.load(from.add(LANES)));
        }
        let more = (2 * lanes).saturating_sub(LANES);
        s.deinterleave(s.load_first(from, 2 * lanes), s.load_first(from.wrapping_add(LANES), more))
    }
}

/// Where `b` is the larger, the larger, and its `u`.
#[inline(always)]
fn larger<S: Simd>(s: S, a: (S::F, S::F), b: (S::F, S::F)) -> (u16, (S::F, S::F)) {
    let wins = s.gt(b.0, a.0);
    (s.bits(wins), (s.max(b.0, a.0), s.select(wins, b.1, a.1)))
}

impl Kernel for NormalizePool<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pool2dGeom { channels, in_h, in_w, out_h, out_w, .. } = *self.pool;
        let (vectors, keeps) = (out_w.div_ceil(LANES), !self.winners.is_empty());
        assert!(2 * out_h <= in_h && 2 * out_w <= in_w && self.affine.len() == channels);
        assert!(self.u.len() == channels * in_h * in_w && self.y.len() == channels * out_h * out_w);
        assert!(!keeps || self.winning.len() == self.y.len());
        assert!(!keeps || self.winners.len() == channels * out_h * vectors * 4);
        for (c, &affine) in self.affine.iter().enumerate() {
            let affine = Affine::stored(affine);
            for i in 0..out_h {
                for v in 0..vectors {
                    let lanes = (out_w - v * LANES).min(LANES);
                    let row = c * out_h + i;
                    let at = row * out_w + v * LANES;
                    // SAFETY: the assertions cover two rows of `2 · out_w` numbers of `u` for each row of `y`.
                    unsafe {
                        let from = self.u.as_ptr().add((c * in_h + 2 * i) * in_w + 2 * v * LANES);
                        let (even0, odd0) = pairs(s, from, lanes);
                        let (even1, odd1) = pairs(s, from.add(in_w), lanes);
                        let [e0, o0, e1, o1] = [even0, odd0, even1, odd1].map(|u| (affine.apply(s, u), u));
                        let (right0, top) = larger(s, e0, o0);
                        let (right1, bottom) = larger(s, e1, o1);
                        let (below, (z, u)) = larger(s, top, bottom);
                        let y = match self.f {
                            Some(f) => activate(s, f, z),
                            None => z,
                        };
                        s.store_first(self.y.as_mut_ptr().add(at), lanes, y);
                        if keeps {
                            s.store_first(self.winning.as_mut_ptr().add(at), lanes, u);
                            let right = (below & right1) | (!below & right0);
                            let bits = (u32::from(right) << 16) | u32::from(below);
                            let at = (row * vectors + v) * 4;
                            self.winners[at..at + 4].copy_from_slice(&bits.to_le_bytes());
                        }
                    }
                }
            }
        }
    }
}

/// `Σ dz` and `Σ dz · (u − mean)` of one channel: only winners have a `dz`.
pub(super) struct PoolSums<'a> {
    pub(super) pool: &'a Pool2dGeom,
    pub(super) channel: usize,
    pub(super) mean: f32,
    pub(super) f: Option<Activation>,
    pub(super) y: &'a [f32],
    pub(super) winning: &'a [f32],
    pub(super) dy: &'a [f32],
}

/// Numbers that are summed in f32.
const BLOCK: usize = 256 * LANES;

impl Kernel for PoolSums<'_> {
    type Out = (f64, f64);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> (f64, f64) {
        let plane = self.pool.out_h * self.pool.out_w;
        let (mut of_dz, mut of_both) = (0.0, 0.0);
        let planes = |x: &'_ [f32]| x.len() / plane;
        assert!(planes(self.y) == planes(self.dy) && planes(self.y) == planes(self.winning));
        for n in (self.channel..planes(self.y)).step_by(self.pool.channels) {
            for first in (0..plane).step_by(BLOCK) {
                let (mut sum, mut both) = (s.splat(0.0), s.splat(0.0));
                for at in (first..plane.min(first + BLOCK)).step_by(LANES) {
                    let (place, left) = (n * plane + at, plane - at);
                    // SAFETY: `left` numbers are left of plane `n` in all three.
                    unsafe {
                        let dz = gradient(s, self.f, self.y.as_ptr().add(place), self.dy.as_ptr().add(place), left);
                        let u = s.load_first(self.winning.as_ptr().add(place), left);
                        sum = s.add(sum, dz);
                        both = s.mul_add(dz, s.sub(u, s.splat(self.mean)), both);
                    }
                }
                of_dz += f64::from(s.sum(sum));
                of_both += f64::from(s.sum(both));
            }
        }
        (of_dz, of_both)
    }
}

/// `dz = dy · f'(z)` of up to 16 winners; zero in the lanes behind. The slope of an activation that never falls follows from the
/// sign of `y`.
///
/// # Safety
/// `min(left, 16)` numbers can be read at both.
#[inline(always)]
unsafe fn gradient<S: Simd>(s: S, f: Option<Activation>, y: *const f32, dy: *const f32, left: usize) -> S::F {
    // SAFETY: the caller's promise.
    let (y, dy) = unsafe { (s.load_first(y, left), s.load_first(dy, left)) };
    match f {
        Some(f) => s.mul(dy, derivative(s, f, y, y)),
        None => dy,
    }
}

/// `du = factor · (dz − mean_dz − (u − mean) · slope)` of one sample, `dz` being zero but for the winners.
pub(super) struct PoolGradient<'a> {
    pub(super) pool: &'a Pool2dGeom,
    /// `mean`, `factor`, mean of `dz`, and `slope` of each channel.
    pub(super) channels: &'a [[f32; 4]],
    pub(super) f: Option<Activation>,
    pub(super) u: &'a [f32],
    pub(super) y: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) winners: &'a [u8],
    pub(super) du: &'a mut [f32],
}

/// One channel's numbers.
struct Line<S: Simd>([S::F; 4]);

impl<S: Simd> Line<S> {
    /// `du` of up to 16 numbers from `at` on.
    ///
    /// # Safety
    /// `min(lanes, 16)` numbers can be read at `u` and written at `du`.
    #[inline(always)]
    unsafe fn put(&self, s: S, u: *const f32, dz: S::F, du: *mut f32, lanes: usize) {
        let [mean, factor, mean_dz, slope] = self.0;
        // SAFETY: the caller's promise.
        unsafe {
            let u = s.load_first(u, lanes);
            let new = s.mul(factor, s.neg_mul_add(s.sub(u, mean), slope, s.sub(dz, mean_dz)));
            s.store_first(du, lanes, new);
        }
    }
}

impl Kernel for PoolGradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pool2dGeom { channels, in_h, in_w, out_h, out_w, .. } = *self.pool;
        let (vectors, zero) = (out_w.div_ceil(LANES), s.splat(0.0));
        assert!(2 * out_h <= in_h && 2 * out_w <= in_w && self.channels.len() == channels);
        assert!(self.u.len() == channels * in_h * in_w && self.du.len() == self.u.len());
        assert!(self.y.len() == channels * out_h * out_w && self.dy.len() == self.y.len());
        assert!(self.winners.len() == channels * out_h * vectors * 4);
        for (c, channel) in self.channels.iter().enumerate() {
            let line = Line::<S>(channel.map(|v| s.splat(v)));
            for i in 0..out_h {
                let row = c * out_h + i;
                for v in 0..vectors {
                    let lanes = (out_w - v * LANES).min(LANES);
                    let at = (row * vectors + v) * 4;
                    let [b0, b1, r0, r1] = [0, 1, 2, 3].map(|k| self.winners[at + k]);
                    let (below, right) = (u16::from_le_bytes([b0, b1]), u16::from_le_bytes([r0, r1]));
                    // SAFETY: the assertions cover two rows of `2 · out_w` numbers of `u` and `du` for each row of `y`.
                    unsafe {
                        let at = row * out_w + v * LANES;
                        let dz = gradient(s, self.f, self.y.as_ptr().add(at), self.dy.as_ptr().add(at), lanes);
                        for (k, won) in [!below, below].into_iter().enumerate() {
                            let even = s.select(s.mask(won & !right), dz, zero);
                            let odd = s.select(s.mask(won & right), dz, zero);
                            let (low, high) = s.interleave(even, odd);
                            let at = (c * in_h + 2 * i + k) * in_w + 2 * v * LANES;
                            let (u, du) = (self.u.as_ptr().add(at), self.du.as_mut_ptr().add(at));
                            line.put(s, u, low, du, 2 * lanes);
                            if 2 * lanes > LANES {
                                line.put(s, u.add(LANES), high, du.add(LANES), 2 * lanes - LANES);
                            }
                        }
                    }
                }
            }
            // Cells in no window: a last odd column, a last odd row.
            let rest = (0..2 * out_h).map(|i| (i, 2 * out_w)).chain((2 * out_h..in_h).map(|i| (i, 0)));
            for (i, first) in rest {
                for j in (first..in_w).step_by(LANES) {
                    let at = (c * in_h + i) * in_w + j;
                    // SAFETY: `in_w − j` numbers are left of the row.
                    unsafe { line.put(s, self.u.as_ptr().add(at), zero, self.du.as_mut_ptr().add(at), in_w - j) };
                }
            }
        }
    }
}
