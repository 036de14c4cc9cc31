//! The inner loop of forward and input gradient: a sum over taps, 16 neighbouring columns in the 16 lanes.
//!
//! `y[o, i, j] = b[o] + Σ_t w[o, t] · x[i·pitch + j + offset_t]`
//!
//! A tap is one (channel, row, column) of the window; where its number lies relative to the output's position is a
//! table, so that stride, dilation and padding are settled when `x` is laid out (see `layout.rs`).
//!
//! ```text
//!              NV vectors of 16 columns, anywhere in the output
//!             ┌──────┬──────┬──────┐
//!  OC output  │ acc  │      │      │   acc[o][v] += w[t, o] · x[base_v + offset_t ..+16]
//!  channels   └──────┴──────┴──────┘
//! ```
//!
//! Each sum is one chain over the taps in order, in one lane. Tested against `reference.rs`.

use crate::simd::{Kernel, LANES, Simd};

/// Output channels of a full tile; a layer's last channels may be fewer.
pub(super) const BLOCK: usize = 8;

/// One plane set to compute. `x` must be readable 15 numbers past the last column of the last tap.
pub(super) struct Correlate<'a> {
    pub(super) x: &'a [f32],
    pub(super) pitch: usize,
    pub(super) offsets: &'a [usize],
    /// As [`pack_weights`] writes them.
    pub(super) weights: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) channels: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) y: &'a mut [f32],
    /// Numbers from one plane of `y` to the next, and from one row to the next.
    pub(super) y_plane: usize,
    pub(super) y_pitch: usize,
}

/// Writes `weight(o, t)` in the order in which [`Correlate`] reads: blocks of 8 output channels, each tap's side
/// by side.
pub(super) fn pack_weights(
    channels: usize,
    taps: usize,
    packed: &mut [f32],
    weight: impl Fn(usize, usize) -> f32,
) {
    let mut at = 0;
    for first in (0..channels).step_by(BLOCK) {
        let last = (first + BLOCK).min(channels);
        for t in 0..taps {
            for o in first..last {
                packed[at] = weight(o, t);
                at += 1;
            }
        }
    }
}

impl Kernel for Correlate<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let (taps, channels) = (self.offsets.len(), self.channels);
        if channels * self.rows * self.columns == 0 {
            return;
        }
        let reach = (self.rows - 1) * self.pitch + self.columns.next_multiple_of(LANES);
        let last = self.offsets.iter().copied().max().unwrap_or(0);
        assert!(self.x.len() >= reach + last && self.weights.len() >= channels * taps);
        let end = (channels - 1) * self.y_plane + (self.rows - 1) * self.y_pitch + self.columns;
        assert!(self.y.len() >= end && self.bias.is_none_or(|b| b.len() == channels));
        let row_vectors = self.columns.div_ceil(LANES);
        let vectors = self.rows * row_vectors;
        let wide = S::TILES_OF_24;
        for first in (0..channels).step_by(BLOCK) {
            let mut at = 0;
            while at < vectors {
                let left = vectors - at;
                at += match (channels - first).min(BLOCK) {
                    8 if wide && left >= 3 => self.tile::<S, 8, 3>(s, first, at, row_vectors),
                    8 if wide => self.tile::<S, 8, 1>(s, first, at, row_vectors),
                    7 if wide && left >= 3 => self.tile::<S, 7, 3>(s, first, at, row_vectors),
                    6 if wide && left >= 4 => self.tile::<S, 6, 4>(s, first, at, row_vectors),
                    5 if wide && left >= 4 => self.tile::<S, 5, 4>(s, first, at, row_vectors),
                    4 if wide && left >= 5 => self.tile::<S, 4, 5>(s, first, at, row_vectors),
                    3 if wide && left >= 6 => self.tile::<S, 3, 6>(s, first, at, row_vectors),
                    2 if wide && left >= 8 => self.tile::<S, 2, 8>(s, first, at, row_vectors),
                    1 if left >= 8 => self.tile::<S, 1, 8>(s, first, at, row_vectors),
                    many => self.narrow(s, first, at, row_vectors, many),
                };
            }
        }
    }
}

impl Correlate<'_> {
    /// One vector of up to 8 channels, a few channels at a time: borders, and machines with few registers.
    #[inline(always)]
    fn narrow<S: Simd>(&mut self, s: S, first: usize, at: usize, row_vectors: usize, many: usize) -> usize {
        match many {
            8 => self.tile::<S, 8, 1>(s, first, at, row_vectors),
            7 => self.tile::<S, 7, 1>(s, first, at, row_vectors),
            6 => self.tile::<S, 6, 1>(s, first, at, row_vectors),
            5 => self.tile::<S, 5, 1>(s, first, at, row_vectors),
            4 => self.tile::<S, 4, 1>(s, first, at, row_vectors),
            3 => self.tile::<S, 3, 1>(s, first, at, row_vectors),
            2 => self.tile::<S, 2, 1>(s, first, at, row_vectors),
            _ => self.tile::<S, 1, 1>(s, first, at, row_vectors),
        }
    }

    /// `OC` channels from `first`, `NV` vectors from `at`. Returns `NV`.
    #[inline(always)]
    fn tile<S: Simd, const OC: usize, const NV: usize>(
        &mut self,
        s: S,
        first: usize,
        at: usize,
        row_vectors: usize,
    ) -> usize {
        // Row and first column of each vector.
        let mut cells = [(at / row_vectors, at % row_vectors * LANES); NV];
        for v in 1..NV {
            let (i, j) = (cells[v - 1].0, cells[v - 1].1 + LANES);
            cells[v] = if j < self.columns { (i, j) } else { (i + 1, 0) };
        }
        let bases: [*const f32; NV] = std::array::from_fn(|v| {
            let (i, j) = cells[v];
            self.x.as_ptr().wrapping_add(i * self.pitch + j)
        });
        let mut acc = [[s.splat(0.0); NV]; OC];
        if let Some(bias) = self.bias {
            for (acc, &b) in acc.iter_mut().zip(&bias[first..first + OC]) {
                *acc = [s.splat(b); NV];
            }
        }
        // SAFETY: `run` checked that `x` reaches 16 numbers past every base plus every offset, that the weights
        // hold every block of every tap, and that `y` has room for the last row of the last plane; columns past a row's end are not stored.
        unsafe {
            let mut w = self.weights.as_ptr().add(first * self.offsets.len());
            for &offset in self.offsets {
                let x: [S::F; NV] = std::array::from_fn(|v| s.load(bases[v].add(offset)));
                for (o, acc) in acc.iter_mut().enumerate() {
                    let w = s.splat(*w.add(o));
                    for (acc, &x) in acc.iter_mut().zip(&x) {
                        *acc = s.mul_add(w, x, *acc);
                    }
                }
                w = w.add(OC);
            }
            for (v, &(i, j)) in cells.iter().enumerate() {
                let to = self.y.as_mut_ptr().add(first * self.y_plane + i * self.y_pitch + j);
                for (o, acc) in acc.iter().enumerate() {
                    s.store_first(to.add(o * self.y_plane), self.columns - j, acc[v]);
                }
            }
        }
        NV
    }
}
