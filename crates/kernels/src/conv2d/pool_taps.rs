//! The weight's gradient of a pooled convolution of few input channels: 16 windows of a row in the 16 lanes.
//!
//! `dw[o, c, p, q] = Σ_{i,j} dz[o, i, j] · x[c, 2i + a + p, 2j + b + q]`, where `(a, b)` is the window's winner
//!
//! ```text
//!  acc[p][q], all taps of one channel, in registers: up to 25
//!  for each of the four cells a window may be won by:   acc += dz · x   in the lanes whose winner it is
//! ```
//!
//! The gradient is never spread out with its zeros. Rows are laid out as in `halves.rs`; each row of pixels is loaded once
//! for the two rows of windows' cells that it belongs to. Tested against the plain chain (closeness: another order of the sum).

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::Conv2dGeom;
use super::halves::Halves;
use super::pool_tile::column;
use crate::pool2d::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// Taps of a window at the most, each a sum in a register.
const MOST: usize = 25;

/// One sample. The pooling has no padding; windows are 3×3 or 5×5.
pub(super) struct PoolTaps<'a> {
    pub(super) g: &'a Conv2dGeom,
    pub(super) pool: &'a Pool2dGeom,
    pub(super) form: &'a Halves,
    pub(super) x: &'a [f32],
    /// `[channel][row][vectors · 16]`, as [`super::pool_slope::Slope`] leaves it.
    pub(super) dz: &'a [f32],
    pub(super) winners: &'a [u8],
    pub(super) dw: &'a mut [f32],
}

/// Whether there is such a form.
pub(super) fn fits(g: &Conv2dGeom, pool: &Pool2dGeom) -> bool {
    matches!((g.kernel_h, g.kernel_w), (3, 3) | (5, 5)) && pool.padding == 0
}

impl Kernel for PoolTaps<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let (g, p) = (self.g, self.pool);
        let vectors = p.out_w.div_ceil(LANES);
        assert!(fits(g, p) && 2 * p.out_h <= g.out_h && 2 * p.out_w <= g.out_w);
        assert!(g.out_h + g.kernel_h <= g.in_h + 2 * g.padding + 1);
        assert!(self.x.len() >= self.form.len(g.in_channels) && self.dw.len() == g.weight_len());
        assert!(vectors * LANES + g.kernel_w / 2 <= self.form.pitch);
        assert!(self.dz.len() == p.channels * p.out_h * vectors * LANES);
        assert!(self.winners.len() == p.channels * p.out_h * vectors * 4);
        for o in 0..p.channels {
            for c in 0..g.in_channels {
                match (g.kernel_h, S::ACCUMULATORS >= MOST) {
                    (5, true) => self.channel::<S, 5>(s, o, c),
                    (5, false) => (0..5).for_each(|p| self.tap_row::<S, 5>(s, (o, c), p)),
                    (_, true) => self.channel::<S, 3>(s, o, c),
                    (_, false) => (0..3).for_each(|p| self.tap_row::<S, 3>(s, (o, c), p)),
                }
            }
        }
    }
}

/// What 16 windows need for one row of pixels.
struct Windows<S: Simd> {
    dz: S::F,
    /// Who won, by row and column of the cell.
    won: [[S::M; 2]; 2],
}

impl PoolTaps<'_> {
    /// All taps of one pair of channels at once.
    #[inline(always)]
    fn channel<S: Simd, const K: usize>(&mut self, s: S, o: usize, c: usize) {
        let (p, vectors) = (self.pool, self.pool.out_w.div_ceil(LANES));
        let mut acc = [[s.splat(0.0); K]; K];
        for i in 0..p.out_h {
            for v in 0..vectors {
                // SAFETY: `run` checked that `dz` and `winners` are there for every vector of windows, and that half a row
                // reaches 16 numbers past the last window with the last tap.
                unsafe {
                    let windows = self.windows(s, (o * p.out_h + i) * vectors + v);
                    let x = self.x.as_ptr().add(self.form.at(c, 2 * i) + v * LANES);
                    // One by one, so that every accumulator is a register.
                    self.row::<S, K, 0>(s, &windows, x, &mut acc);
                    self.row::<S, K, 1>(s, &windows, x, &mut acc);
                    self.row::<S, K, 2>(s, &windows, x, &mut acc);
                    self.row::<S, K, 3>(s, &windows, x, &mut acc);
                    if K == 5 {
                        self.row::<S, K, 4>(s, &windows, x, &mut acc);
                        self.row::<S, K, 5>(s, &windows, x, &mut acc);
                    }
                }
            }
        }
        for (p, acc) in acc.into_iter().enumerate() {
            self.add_row(s, (o, c), p, acc);
        }
    }

    /// Row `p` of the taps of one pair of channels, where there are not registers for all: each sum in the same order.
    #[inline(always)]
    fn tap_row<S: Simd, const K: usize>(&mut self, s: S, (o, c): (usize, usize), p: usize) {
        let (pool, vectors) = (self.pool, self.pool.out_w.div_ceil(LANES));
        let pitch = self.form.pitch;
        let mut acc = [s.splat(0.0); K];
        for i in 0..pool.out_h {
            for v in 0..vectors {
                // SAFETY: as in `channel`.
                unsafe {
                    let windows = self.windows(s, (o * pool.out_h + i) * vectors + v);
                    for a in 0..2 {
                        let x = self.x.as_ptr().add(self.form.at(c, 2 * i + p + a) + v * LANES);
                        for q in 0..K {
                            for b in 0..2 {
                                let x = s.load(x.add(column(pitch, q + b)));
                                acc[q] = s.mul_add_where(windows.won[a][b], windows.dz, x, acc[q]);
                            }
                        }
                    }
                }
            }
        }
        self.add_row(s, (o, c), p, acc);
    }

    #[inline(always)]
    fn add_row<S: Simd, const K: usize>(&mut self, s: S, (o, c): (usize, usize), p: usize, acc: [S::F; K]) {
        let dw = &mut self.dw[((o * self.g.in_channels + c) * K + p) * K..][..K];
        for (dw, acc) in dw.iter_mut().zip(acc) {
            *dw += s.sum(acc);
        }
    }

    /// Vector number `place` of the windows.
    ///
    /// # Safety
    /// There are so many.
    #[inline(always)]
    unsafe fn windows<S: Simd>(&self, s: S, place: usize) -> Windows<S> {
        let at = place * 4;
        let bits = |k: usize| u16::from_le_bytes([self.winners[at + k], self.winners[at + k + 1]]);
        let (below, right) = (bits(0), bits(2));
        let won = [
            [s.mask(!below & !right), s.mask(!below & right)],
            [s.mask(below & !right), s.mask(below & right)],
        ];
        // SAFETY: the caller's promise.
        Windows { dz: unsafe { s.load(self.dz.as_ptr().add(place * LANES)) }, won }
    }

    /// Row `ROW` of the pixels under the windows: tap row `ROW` for windows won in their first row, the one before for the others.
    ///
    /// # Safety
    /// 16 numbers can be read at every column of that row.
    #[inline(always)]
    unsafe fn row<S: Simd, const K: usize, const ROW: usize>(
        &self,
        s: S,
        windows: &Windows<S>,
        x: *const f32,
        acc: &mut [[S::F; K]; K],
    ) {
        let (pitch, Windows { dz, won }) = (self.form.pitch, windows);
        // SAFETY: the caller's promise.
        unsafe {
            let x = x.add(2 * ROW * pitch);
            for q in 0..K {
                for b in 0..2 {
                    let x = s.load(x.add(column(pitch, q + b)));
                    if ROW < K {
                        acc[ROW][q] = s.mul_add_where(won[0][b], *dz, x, acc[ROW][q]);
                    }
                    if ROW > 0 {
                        acc[ROW - 1][q] = s.mul_add_where(won[1][b], *dz, x, acc[ROW - 1][q]);
                    }
                }
            }
        }
    }
}
