//! The weight's gradient: for each channel and tap the product of two images, summed over all positions.
//!
//! `dw[o, t] = Σ_{i,j} dy[o, i, j] · x[i·pitch + j + offset_t]`
//!
//! 16 neighbouring columns in the 16 lanes; past its end a row of `dy` holds zeros to the next whole vector.
//!
//! ```text
//!              6 taps
//!             ┌───┬───┬───┐
//!  4 output   │acc│   │   │   acc[o][t] += dy[o, v..v+16] · x[v + offset_t ..+16]
//!  channels   └───┴───┴───┘   over all vectors v of some rows, then the next taps
//! ```
//!
//! The order of a sum depends on the image's size alone. Tested against `reference.rs`.

use std::ops::Range;

use crate::simd::{Kernel, LANES, Simd};

/// Numbers of `dy` that stay in L1 while all taps pass over them: a third of 48 KiB.
const BLOCK_NUMBERS: usize = 4096;

/// All taps of all channels of one sample; adds to `sums [channels, taps, 16]`, whose lanes are to be summed.
pub(super) struct GradWeight<'a> {
    pub(super) x: &'a [f32],
    pub(super) pitch: usize,
    pub(super) offsets: &'a [usize],
    /// Zero from the end of each row's numbers to the next whole vector.
    pub(super) dy: &'a [f32],
    /// Numbers from one plane of `dy` to the next, and from one row to the next.
    pub(super) dy_plane: usize,
    pub(super) dy_pitch: usize,
    pub(super) channels: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) sums: &'a mut [f32],
    /// Receives the sums of the lanes, added to what it holds: `[channels, taps]`.
    pub(super) dw: &'a mut [f32],
}

impl Kernel for GradWeight<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let (taps, channels) = (self.offsets.len(), self.channels);
        let width = self.columns.next_multiple_of(LANES);
        let reach = (self.rows - 1) * self.pitch + width;
        let last = self.offsets.iter().copied().max().unwrap_or(0);
        let end = (channels - 1) * self.dy_plane + (self.rows - 1) * self.dy_pitch + width;
        assert!(self.x.len() >= reach + last && self.dy.len() >= end);
        assert!(self.sums.len() == channels * taps * LANES && self.dw.len() == channels * taps);
        let wide = S::TILES_OF_24;
        let block_rows = (BLOCK_NUMBERS / (channels.min(4) * self.dy_pitch)).max(1);
        for first_row in (0..self.rows).step_by(block_rows) {
            let rows = first_row..(first_row + block_rows).min(self.rows);
            let mut o = 0;
            while o < channels {
                let mut t = 0;
                let block = match channels - o {
                    6 if wide => 6,
                    4.. if wide => 4,
                    2.. => 2,
                    _ => 1,
                };
                while t < taps {
                    t += match (block, taps - t) {
                        (6, 4..) => self.tile::<S, 6, 4>(s, rows.clone(), o, t),
                        (6, _) => self.tile::<S, 6, 1>(s, rows.clone(), o, t),
                        (4, 6..) => self.tile::<S, 4, 6>(s, rows.clone(), o, t),
                        (4, 2..) => self.tile::<S, 4, 2>(s, rows.clone(), o, t),
                        (4, _) => self.tile::<S, 4, 1>(s, rows.clone(), o, t),
                        (2, 10..) if wide => self.tile::<S, 2, 10>(s, rows.clone(), o, t),
                        (2, 3..) => self.tile::<S, 2, 3>(s, rows.clone(), o, t),
                        (2, _) => self.tile::<S, 2, 1>(s, rows.clone(), o, t),
                        (_, 5..) => self.tile::<S, 1, 5>(s, rows.clone(), o, t),
                        _ => self.tile::<S, 1, 1>(s, rows.clone(), o, t),
                    };
                }
                o += block;
            }
        }
        for (dw, lanes) in self.dw.chunks_mut(LANES).zip(self.sums.chunks(LANES * LANES)) {
            // SAFETY: the chunk has 16 numbers for every sum of the other.
            unsafe {
                let mut each = [s.splat(0.0); LANES];
                for (each, lanes) in each.iter_mut().zip(lanes.chunks_exact(LANES)) {
                    *each = s.load(lanes.as_ptr());
                }
                let sums = s.sums(each);
                let (to, many) = (dw.as_mut_ptr(), dw.len());
                s.store_first(to, many, s.add(s.load_first(to, many), sums));
            }
        }
    }
}

impl GradWeight<'_> {
    /// `OC` channels from `o`, `NT` taps from `t`, over some rows. Returns `NT`.
    #[inline(always)]
    fn tile<S: Simd, const OC: usize, const NT: usize>(
        &mut self,
        s: S,
        rows: Range<usize>,
        o: usize,
        t: usize,
    ) -> usize {
        let (taps, plane) = (self.offsets.len(), self.dy_plane);
        let sum = |i: usize, k: usize| ((o + i) * taps + t + k) * LANES;
        let mut acc = [[s.splat(0.0); NT]; OC];
        // SAFETY: `run` checked that `dy` holds every row of every channel, that `x` reaches 16 numbers past every
        // vector of every row plus every offset, and that `sums` has 16 numbers for every channel and tap.
        unsafe {
            // The first rows find nothing to add to.
            if rows.start > 0 {
                for (i, acc) in acc.iter_mut().enumerate() {
                    for (k, acc) in acc.iter_mut().enumerate() {
                        *acc = s.load(self.sums.as_ptr().add(sum(i, k)));
                    }
                }
            }
            let mut dy = self.dy.as_ptr().add(o * plane + rows.start * self.dy_pitch);
            let mut taps: [*const f32; NT] =
                std::array::from_fn(|k| self.x.as_ptr().add(rows.start * self.pitch + self.offsets[t + k]));
            for _ in rows {
                let mut j = 0;
                while j < self.columns {
                    let x: [S::F; NT] = std::array::from_fn(|k| s.load(taps[k].add(j)));
                    for (i, acc) in acc.iter_mut().enumerate() {
                        let dy = s.load(dy.add(i * plane + j));
                        for (acc, &x) in acc.iter_mut().zip(&x) {
                            *acc = s.mul_add(dy, x, *acc);
                        }
                    }
                    j += LANES;
                }
                dy = dy.wrapping_add(self.dy_pitch);
                taps = taps.map(|tap| tap.wrapping_add(self.pitch));
            }
            for (i, acc) in acc.iter().enumerate() {
                for (k, &acc) in acc.iter().enumerate() {
                    s.store(self.sums.as_mut_ptr().add(sum(i, k)), acc);
                }
            }
        }
        NT
    }
}
