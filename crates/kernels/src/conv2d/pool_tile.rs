//! Convolution, 2×2 max pooling and activation in registers: 16 windows of a row in the 16 lanes.
//!
//! ```text
//!  acc[o][a][b] = bias[o] + Σ_{c,p,q} w[o, c, p, q] · x[c, 2i + a + p, 2j + b + q]       a, b ∈ {0, 1}, j in the lanes
//!
//!              row 2i        row 2i+1
//!             ┌─────┬─────┐ ┌─────┬─────┐
//!  OC output  │even │ odd │ │even │ odd │    then the largest of the four, lane by lane: no number of the convolution
//!  channels   └─────┴─────┘ └─────┴─────┘    is ever stored
//! ```
//!
//! For few input channels, where Winograd's form does not repay. The sums are those of `correlate.rs`, bit by bit; the image is
//! laid out as in `halves.rs`. Tested against the plain chain.

use super::Conv2dGeom;
use super::correlate::BLOCK;
use super::halves::Halves;
use super::pool_out::Outputs;
use crate::pool2d::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// One sample. The pooling has no padding.
pub(super) struct PoolTile<'a> {
    pub(super) g: &'a Conv2dGeom,
    pub(super) pool: &'a Pool2dGeom,
    pub(super) form: &'a Halves,
    pub(super) x: &'a [f32],
    /// As [`super::correlate::pack_weights`] writes them.
    pub(super) weights: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) out: Outputs<'a>,
}

/// The most output channels of a tile.
const MOST: usize = 6;

/// Whether the instruction set has registers for a tile of several channels; with fewer, rows in a band are quicker. The bits are
/// the same.
pub(super) struct HasRoom;

impl Kernel for HasRoom {
    type Out = bool;
    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> bool {
        S::ACCUMULATORS >= 4 * MOST
    }
}

impl Kernel for PoolTile<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let (g, p) = (self.g, self.pool);
        let vectors = self.out.vectors();
        assert!(p.padding == 0 && 2 * p.out_h <= g.out_h && 2 * p.out_w <= g.out_w);
        assert!(self.x.len() >= self.form.len(g.in_channels) && self.weights.len() >= g.weight_len());
        assert!(vectors * LANES + g.kernel_w / 2 <= self.form.pitch);
        assert!(self.out.columns == p.out_w);
        self.out.check(p.channels * p.out_h);
        assert!(self.bias.is_none_or(|b| b.len() == p.channels));
        let most = if S::ACCUMULATORS >= 4 * MOST { MOST } else { 1 };
        for first in (0..p.channels).step_by(BLOCK) {
            let block = (p.channels - first).min(BLOCK);
            for i in 0..p.out_h {
                for v in 0..vectors {
                    let mut o = 0;
                    while o < block {
                        // Two like tiles rather than a large and a small one.
                        let left = block - o;
                        let size = if left > most && most > 1 { left.div_ceil(2) } else { left.min(most) };
                        let at = (first, block, o);
                        match size {
                            6 => self.tile::<S, 6>(s, at, i, v),
                            5 => self.tile::<S, 5>(s, at, i, v),
                            4 => self.tile::<S, 4>(s, at, i, v),
                            3 => self.tile::<S, 3>(s, at, i, v),
                            2 => self.tile::<S, 2>(s, at, i, v),
                            _ => self.tile::<S, 1>(s, at, i, v),
                        }
                        o += size;
                    }
                }
            }
        }
    }
}

impl PoolTile<'_> {
    /// `OC` channels from `o` of a block, the 16 windows of row `i` from `16·v` on.
    #[inline(always)]
    fn tile<S: Simd, const OC: usize>(
        &mut self,
        s: S,
        (first, block, o): (usize, usize, usize),
        i: usize,
        v: usize,
    ) {
        let (g, p, pitch) = (self.g, self.pool, self.form.pitch);
        let mut acc = [[[s.splat(0.0); 2]; 2]; OC];
        if let Some(bias) = self.bias {
            for (acc, &b) in acc.iter_mut().zip(&bias[first + o..first + o + OC]) {
                *acc = [[s.splat(b); 2]; 2];
            }
        }
        let mut max = [0.0; MOST * LANES];
        let mut won = [(0, 0); OC];
        // SAFETY: `run` checked that half a row reaches 16 numbers past the last window with the last tap, and that the
        // weights hold every block of every tap; `max` has 16 numbers a channel.
        unsafe {
            let mut w = self.weights.as_ptr().add(first * g.in_channels * g.kernel_h * g.kernel_w + o);
            for c in 0..g.in_channels {
                for p in 0..g.kernel_h {
                    let row = self.x.as_ptr().add(self.form.at(c, 2 * i + p) + v * LANES);
                    for q in 0..g.kernel_w {
                        let (near, far) = (column(pitch, q), column(pitch, q + 1));
                        let below = row.add(2 * pitch);
                        let x = [
                            [s.load(row.add(near)), s.load(row.add(far))],
                            [s.load(below.add(near)), s.load(below.add(far))],
                        ];
                        for (o, acc) in acc.iter_mut().enumerate() {
                            let w = s.splat(*w.add(o));
                            for (acc, x) in acc.iter_mut().zip(&x) {
                                acc[0] = s.mul_add(w, x[0], acc[0]);
                                acc[1] = s.mul_add(w, x[1], acc[1]);
                            }
                        }
                        w = w.add(block);
                    }
                }
            }
            for (k, [[e0, o0], [e1, o1]]) in acc.into_iter().enumerate() {
                let (right0, right1) = (s.bits(s.gt(o0, e0)), s.bits(s.gt(o1, e1)));
                let (max0, max1) = (s.max(o0, e0), s.max(o1, e1));
                let below = s.bits(s.gt(max1, max0));
                won[k] = (below, (below & right1) | (!below & right0));
                s.store(max.as_mut_ptr().add(k * LANES), s.max(max1, max0));
            }
        }
        // What is behind the row's end is not stored, but large numbers would make the activation slow.
        let inside = s.mask(u16::MAX >> (LANES - (p.out_w - v * LANES).min(LANES)));
        for (k, (below, right)) in won.into_iter().enumerate() {
            // SAFETY: `max` has 16 numbers a channel; `run` checked the outputs.
            unsafe {
                let max = s.select(inside, s.load(max.as_ptr().add(k * LANES)), s.splat(0.0));
                self.out.put(s, ((first + o + k) * p.out_h + i, v), max, below, right);
            }
        }
    }
}

/// Where column `k`, counted from a window's first, lies relative to the window's number in the even half.
#[inline(always)]
pub(super) fn column(pitch: usize, k: usize) -> usize {
    k % 2 * pitch + k / 2
}
