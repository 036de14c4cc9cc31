//! The two loops around a fused convolution: pooling a band of its rows, and spreading a gradient over them.
//!
//! 16 windows of a row in the 16 lanes. Splitting two vectors of a row into even and odd columns puts a window's
//! four cells into one lane:
//!
//! ```text
//!  row 2i     e₀ o₀ e₁ o₁ …      max(e, o) of each row, then of the two rows;
//!  row 2i+1   e₀ o₀ e₁ o₁ …      two bits say who won: the row, the column
//! ```

use super::pool_out::Outputs;
use crate::activation::Kept;
use crate::simd::{Kernel, LANES, Simd};

/// Pools `count` rows of windows from row `first` on. `conv` holds the rows under them; of the padding around the `conv_h` ×
/// `conv_w` image only its place, filled with anything.
pub(super) struct PoolRows<'a> {
    pub(super) channels: usize,
    pub(super) conv: &'a [f32],
    pub(super) conv_h: usize,
    pub(super) conv_w: usize,
    pub(super) padding: usize,
    pub(super) plane: usize,
    pub(super) pitch: usize,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) out_h: usize,
    pub(super) out: Outputs<'a>,
}

impl Kernel for PoolRows<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let vectors = self.out.vectors();
        assert!(self.first + self.count <= self.out_h);
        self.out.check(self.channels * self.out_h);
        let last = (self.channels - 1) * self.plane + (2 * self.count - 1) * self.pitch;
        assert!(self.conv.len() >= last + 2 * vectors * LANES);
        for o in 0..self.channels {
            for i in 0..self.count {
                let row = o * self.out_h + self.first + i;
                for v in 0..vectors {
                    let lanes = (self.out.columns - v * LANES).min(LANES);
                    let from = o * self.plane + 2 * i * self.pitch + 2 * v * LANES;
                    // SAFETY: the assertions cover two rows of `2·vectors` vectors for every window row, and every
                    // window of the outputs; lanes past the row's end are not stored.
                    unsafe {
                        let conv = self.conv.as_ptr().add(from);
                        let (mut even0, mut odd0) = s.deinterleave(s.load(conv), s.load(conv.add(LANES)));
                        let below = conv.add(self.pitch);
                        let (mut even1, mut odd1) = s.deinterleave(s.load(below), s.load(below.add(LANES)));
                        let (mut even, mut odd, mut top, mut bottom) = (!0, !0, true, true);
                        if self.padding > 0 {
                            // A padded cell is its neighbour's twin, and never wins.
                            [even, odd] = [0, 1].map(|b| self.columns_inside(v, b));
                            let row = 2 * (self.first + i);
                            [top, bottom] = [row, row + 1].map(|row| self.row_inside(row));
                            even0 = s.select(s.mask(even), even0, odd0);
                            odd0 = s.select(s.mask(odd), odd0, even0);
                            even1 = s.select(s.mask(even), even1, odd1);
                            odd1 = s.select(s.mask(odd), odd1, even1);
                        }
                        let right0 = (s.bits(s.gt(odd0, even0)) | !even) & odd;
                        let right1 = (s.bits(s.gt(odd1, even1)) | !even) & odd;
                        let (max0, max1) = (s.max(odd0, even0), s.max(odd1, even1));
                        let (below, max) = match (top, bottom) {
                            (false, _) => (!0, max1),
                            (true, false) => (0, max0),
                            (true, true) => (s.bits(s.gt(max1, max0)), s.max(max1, max0)),
                        };
                        let right = (below & right1) | (!below & right0);
                        // What is behind the row's end is not stored, but −∞ and the like would make the activation slow.
                        let inside = s.mask(u16::MAX >> (LANES - lanes));
                        let max = if lanes < LANES { s.select(inside, max, s.splat(0.0)) } else { max };
                        self.out.put(s, (row, v), max, below, right);
                    }
                }
            }
        }
    }
}

impl PoolRows<'_> {
    /// The windows of vector `v` whose column `b`, 0 or 1, is one of the image's.
    #[inline(always)]
    fn columns_inside(&self, v: usize, b: usize) -> u16 {
        // Windows before the first such, and those up to the last.
        let before = (self.padding - b.min(self.padding)).div_ceil(2);
        let up_to = (self.padding + self.conv_w - b).div_ceil(2);
        let lanes = |windows: usize| windows.saturating_sub(v * LANES).min(LANES);
        let below = |n: usize| ((1_u32 << n) - 1) as u16;
        below(lanes(up_to)) & !below(lanes(before))
    }

    /// Whether the row, counted from the padding's edge, is one of the image's.
    #[inline(always)]
    fn row_inside(&self, row: usize) -> bool {
        row >= self.padding && row < self.padding + self.conv_h
    }
}

/// Writes `dy · f'` to the winner of each window and zero to the three others; sums it into `db`.
pub(super) struct Expand<'a> {
    pub(super) kept: Kept<'a>,
    pub(super) channels: usize,
    pub(super) out_h: usize,
    pub(super) out_w: usize,
    pub(super) winners: &'a [u8],
    /// Where the first window's first cell lies in `grad`.
    pub(super) start: usize,
    pub(super) plane: usize,
    pub(super) pitch: usize,
    pub(super) grad: &'a mut [f32],
    pub(super) db: Option<&'a mut [f32]>,
}

impl Kernel for Expand<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let vectors = self.out_w.div_ceil(LANES);
        self.kept.check(self.channels * self.out_h * self.out_w);
        assert!(self.winners.len() == self.channels * self.out_h * vectors * 4);
        let last = (self.channels - 1) * self.plane + (2 * self.out_h - 1) * self.pitch;
        assert!(self.grad.len() >= self.start + last + 2 * vectors * LANES);
        let zero = s.splat(0.0);
        for o in 0..self.channels {
            let mut sum = zero;
            for i in 0..self.out_h {
                let row = o * self.out_h + i;
                for v in 0..vectors {
                    let lanes = (self.out_w - v * LANES).min(LANES);
                    let at = (row * vectors + v) * 4;
                    let bits =
                        |k: usize| u16::from_le_bytes([self.winners[at + k], self.winners[at + k + 1]]);
                    let (below, right) = (bits(0), bits(2));
                    // SAFETY: the assertions cover every window of what is kept, and two rows of
                    // `2·vectors` vectors of `grad` for every window row.
                    unsafe {
                        let at = row * self.out_w + v * LANES;
                        let g = self.kept.pull(s, at, lanes);
                        sum = s.add(sum, g);
                        let won = |cell: u16| s.select(s.mask(cell), g, zero);
                        let to = self.start + o * self.plane + 2 * i * self.pitch + 2 * v * LANES;
                        let to = self.grad.as_mut_ptr().add(to);
                        let (low, high) = s.interleave(won(!below & !right), won(!below & right));
                        s.store(to, low);
                        s.store(to.add(LANES), high);
                        let (low, high) = s.interleave(won(below & !right), won(below & right));
                        s.store(to.add(self.pitch), low);
                        s.store(to.add(self.pitch + LANES), high);
                    }
                }
            }
            if let Some(db) = self.db.as_deref_mut() {
                db[o] += s.sum(sum);
            }
        }
    }
}
