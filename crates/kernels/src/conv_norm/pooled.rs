//! The loops of a normalisation that is followed by 2×2 max pooling: 16 windows of a row in the 16 lanes.
//!
//! ```text
//!  row 2i     e₀ o₀ e₁ o₁ …      u, split into even and odd columns, normalised: a window's four z in one lane;
//!  row 2i+1   e₀ o₀ e₁ o₁ …      bits say who won, the row and the column, and whether f's slope is 1 there
//! ```
//!
//! For an activation that never falls, `max f(z) = f(max z)`. Tested against the plain layers one after the other.

use super::place::{Line, Place};
use crate::activation::activate;
use crate::batch_norm::vector::Affine;
use crate::simd::{Kernel, LANES, Simd};
use crate::{Activation, Pool2dGeom};

/// What is kept of 16 windows: bit by bit the winner's row, its column, and whether its `z` is above 0.
#[derive(Clone, Copy)]
struct Winners {
    below: u16,
    right: u16,
    above_zero: u16,
}

const WINNERS_BYTES: usize = 6;

/// Bytes for the winners of a row of windows.
pub(super) fn row_bytes(out_w: usize) -> usize {
    out_w.div_ceil(LANES) * WINNERS_BYTES
}

impl Winners {
    #[inline(always)]
    fn store(self, all: &mut [u8], at: usize) {
        let to = &mut all[at * WINNERS_BYTES..(at + 1) * WINNERS_BYTES];
        to[..2].copy_from_slice(&self.below.to_le_bytes());
        to[2..4].copy_from_slice(&self.right.to_le_bytes());
        to[4..].copy_from_slice(&self.above_zero.to_le_bytes());
    }

    #[inline(always)]
    fn load(all: &[u8], at: usize) -> Self {
        let from = &all[at * WINNERS_BYTES..(at + 1) * WINNERS_BYTES];
        let bits = |k: usize| u16::from_le_bytes([from[k], from[k + 1]]);
        Winners { below: bits(0), right: bits(2), above_zero: bits(4) }
    }
}

/// `y = max f(z)` of one sample.
pub(super) struct NormalizePool<'a> {
    pub(super) pool: &'a Pool2dGeom,
    /// `mean`, `factor`, `shift` of each channel.
    pub(super) affine: &'a [[f32; 3]],
    pub(super) f: Option<Activation>,
    pub(super) u: &'a [f32],
    pub(super) y: &'a mut [f32],
    /// `u` of the winners; empty if not wanted, as may be `winners`.
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
        let keeps_u = !self.winning.is_empty();
        assert!(!keeps_u || self.winning.len() == self.y.len());
        assert!(!keeps || self.winners.len() == channels * out_h * row_bytes(out_w));
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
                            if keeps_u {
                                s.store_first(self.winning.as_mut_ptr().add(at), lanes, u);
                            }
                            let right = (below & right1) | (!below & right0);
                            let above_zero = s.bits(s.gt(z, s.splat(0.0)));
                            let winners = Winners { below, right, above_zero };
                            winners.store(self.winners, row * vectors + v);
                        }
                    }
                }
            }
        }
    }
}

/// `f'` where `z` is not above 0; elsewhere it is 1, for an activation that never falls.
pub(super) fn slope_below(f: Option<Activation>) -> f32 {
    match f {
        None => 1.0,
        Some(Activation::LeakyRelu(slope)) => slope,
        Some(_) => 0.0,
    }
}

/// `Σ dz` and `Σ dz · (u − mean)` of one channel: only winners have a `dz`.
pub(super) struct PoolSums<'a> {
    pub(super) pool: &'a Pool2dGeom,
    pub(super) channel: usize,
    pub(super) affine: Affine,
    pub(super) f: Option<Activation>,
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
        let planes = self.winning.len() / plane;
        assert!(self.dy.len() >= planes * plane);
        let (one, below) = (s.splat(1.0), s.splat(slope_below(self.f)));
        for n in (self.channel..planes).step_by(self.pool.channels) {
            for first in (0..plane).step_by(BLOCK) {
                let (mut sum, mut both) = (s.splat(0.0), s.splat(0.0));
                for at in (first..plane.min(first + BLOCK)).step_by(LANES) {
                    let (place, left) = (n * plane + at, plane - at);
                    // SAFETY: `left` numbers are left of plane `n` in both; lanes behind have `dy = 0`.
                    unsafe {
                        let u = s.load_first(self.winning.as_ptr().add(place), left);
                        let dy = s.load_first(self.dy.as_ptr().add(place), left);
                        let above = s.gt(self.affine.apply(s, u), s.splat(0.0));
                        let dz = s.mul(dy, s.select(above, one, below));
                        sum = s.add(sum, dz);
                        both = s.mul_add(dz, s.sub(u, s.splat(self.affine.mean)), both);
                    }
                }
                of_dz += f64::from(s.sum(sum));
                of_both += f64::from(s.sum(both));
            }
        }
        (of_dz, of_both)
    }
}

/// `dz` of one sample, zero but for the winners, or `du = factor · (dz − mean_dz − (u − mean) · slope)`.
pub(super) struct PoolGradient<'a> {
    pub(super) pool: &'a Pool2dGeom,
    /// For `du`: `u`, and `mean`, `factor`, mean of `dz`, and `slope` of each channel.
    pub(super) of: Option<(&'a [f32], &'a [[f32; 4]])>,
    pub(super) f: Option<Activation>,
    pub(super) dy: &'a [f32],
    pub(super) winners: &'a [u8],
    pub(super) place: Place,
    pub(super) du: &'a mut [f32],
    /// Of `dz`, one a channel, added to; empty if not wanted.
    pub(super) sums: &'a mut [f32],
}

impl Kernel for PoolGradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pool2dGeom { channels, in_h, in_w, out_h, out_w, .. } = *self.pool;
        let (vectors, zero) = (out_w.div_ceil(LANES), s.splat(0.0));
        assert!(2 * out_h <= in_h && 2 * out_w <= in_w && self.sums.len().is_multiple_of(channels));
        assert!(self.du.len() >= self.place.end(channels, in_h, in_w));
        assert!(self.of.is_none_or(|(u, of)| u.len() == channels * in_h * in_w && of.len() == channels));
        assert!(self.dy.len() == channels * out_h * out_w);
        assert!(self.winners.len() == channels * out_h * row_bytes(out_w));
        let (one, slope) = (s.splat(1.0), s.splat(slope_below(self.f)));
        for c in 0..channels {
            let line = self.of.map(|(_, of)| Line::<S>(of[c].map(|v| s.splat(v))));
            let u_at = |at: usize| self.of.map_or(std::ptr::null(), |(u, _)| u.as_ptr().wrapping_add(at));
            let mut all = 0.0;
            for i in 0..out_h {
                let (row, mut sum) = (c * out_h + i, zero);
                for v in 0..vectors {
                    let lanes = (out_w - v * LANES).min(LANES);
                    let Winners { below, right, above_zero } = Winners::load(self.winners, row * vectors + v);
                    // SAFETY: the assertions cover two rows of `2 · out_w` numbers of `u` and `du` for each row of `dy`.
                    unsafe {
                        let dy = s.load_first(self.dy.as_ptr().add(row * out_w + v * LANES), lanes);
                        let dz = s.mul(dy, s.select(s.mask(above_zero), one, slope));
                        sum = s.add(sum, dz);
                        for (k, won) in [!below, below].into_iter().enumerate() {
                            let even = s.select(s.mask(won & !right), dz, zero);
                            let odd = s.select(s.mask(won & right), dz, zero);
                            let (low, high) = s.interleave(even, odd);
                            let u = u_at((c * in_h + 2 * i + k) * in_w + 2 * v * LANES);
                            let du = self.du.as_mut_ptr().add(self.place.at(c, 2 * i + k) + 2 * v * LANES);
                            put(s, &line, u, low, du, 2 * lanes);
                            if 2 * lanes > LANES {
                                put(s, &line, u.wrapping_add(LANES), high, du.add(LANES), 2 * lanes - LANES);
                            }
                        }
                    }
                }
                all += f64::from(s.sum(sum));
            }
            if let Some(to) = self.sums.get_mut(c) {
                *to += all as f32;
            }
            // Cells in no window: a last odd column, a last odd row.
            let rest = (0..2 * out_h).map(|i| (i, 2 * out_w)).chain((2 * out_h..in_h).map(|i| (i, 0)));
            for (i, first) in rest {
                for j in (first..in_w).step_by(LANES) {
                    // SAFETY: `in_w − j` numbers are left of the row.
                    unsafe {
                        let u = u_at((c * in_h + i) * in_w + j);
                        let du = self.du.as_mut_ptr().add(self.place.at(c, i) + j);
                        put(s, &line, u, zero, du, in_w - j);
                    }
                }
            }
        }
    }
}

/// Up to 16 numbers of `du`, or of `dz` where there is no formula for it.
///
/// # Safety
/// As of [`Line::put`]; `u` matters only with a formula.
#[inline(always)]
unsafe fn put<S: Simd>(s: S, line: &Option<Line<S>>, u: *const f32, dz: S::F, du: *mut f32, lanes: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match line {
            Some(line) => line.put(s, u, dz, du, lanes),
            None => s.store_first(du, lanes, dz),
        }
    }
}
