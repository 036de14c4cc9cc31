//! Convolution along rows by Winograd's minimal filtering: for 5 taps 8 products instead of 20, for 3 taps 6 instead of 12.
//!
//! `y[o, i, 4t + j] = b[o] + Aᵀ_j · Σ_{c,p} (G w[o, c, p, ·]) ⊙ (Bᵀ x[c, i + p, 4t ..])`
//!
//! The transformed values of all tiles are planes, one set a point. At each point the sum over channels and rows of the
//! window is a convolution of its own with a window one column wide, so that the same inner loops do the work as
//! without Winograd:
//!
//! ```text
//!  x ─ split ─► n plane sets ─ Correlate, n times ─► n plane sets ─ join ─► y     forward, input gradient
//!  x ─ split ─► n plane sets ┐
//!                            ├ GradWeight, n times ─► n small sets ─ Gᵀ ─► dw     weight gradient
//! dy ─ split ─► n plane sets ┘
//! ```
//!
//! Any number of rows in the window, any padding below its size; stride and dilation 1; 3 or 5 columns. Rounds a little
//! more than the direct form (a few 1e-7 of the largest value). Tested against `reference.rs`.

mod join;
mod split;
mod taps;
pub(super) mod transform;

use std::ops::Range;

use self::join::Join;
pub(super) use self::split::Source;
use self::split::{SplitGradient, SplitInput};
use self::taps::AddTaps;
use self::transform::TILE;
use super::correlate::{Correlate, pack_weights};
use super::grad_weight::GradWeight;
use super::passes::{cut, room};
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::LANES;

/// Numbers of products that are held between multiplying and joining: a part of a 2 MiB L2.
const BAND_NUMBERS: usize = 24 * 1024;
/// The tiles of an image are cut into about equal stretches of at most so many for [`GradWeight`], whose rows they are.
const STRETCH: usize = 1024;

/// One convolution of stride 1 made ready: `rows × columns` outputs from `rows + window − 1` input rows.
#[derive(Clone, Debug)]
pub(super) struct Winograd {
    points: usize,
    channels: (usize, usize),
    window: (usize, usize),
    rows: usize,
    columns: usize,
    /// Tiles of a row.
    tiles: usize,
    /// Numbers of a transformed plane.
    plane: usize,
    offsets: Vec<usize>,
}

impl Winograd {
    /// From `channels.0` planes to `channels.1` by a window of rows and columns; `None` where there is no such form. With a spare
    /// column rows lie at least one number apart, for whoever has to pad them.
    pub(super) fn new(
        channels: (usize, usize),
        window: (usize, usize),
        (rows, columns): (usize, usize),
        spare_column: bool,
    ) -> Option<Self> {
        let points = match window.1 {
            3 => 6,
            5 => 8,
            _ => return None,
        };
        let mut tiles = columns.div_ceil(TILE);
        // Whole vectors a row, where they are not much longer: then no store crosses a cache line.
        let whole = tiles.next_multiple_of(LANES);
        if 8 * (whole - tiles) <= tiles {
            tiles = whole;
        }
        if spare_column && columns.is_multiple_of(TILE) && !tiles.is_multiple_of(LANES) {
            tiles += 1;
        }
        let plane = ((rows + window.0 - 1) * tiles + LANES).next_multiple_of(LANES);
        let offsets =
            (0..channels.0).flat_map(|c| (0..window.0).map(move |p| c * plane + p * tiles)).collect();
        Some(Winograd { points, channels, window, rows, columns, tiles, plane, offsets })
    }

    /// Cycles of the forward pass, about: 2 vectors a cycle in the inner loops, some dozens for each 16 tiles transformed.
    pub(super) fn cycles(&self) -> usize {
        let ((inp, out), row) = (self.channels, self.tiles.div_ceil(LANES));
        let products = self.packed_len() * (self.rows * self.tiles).div_ceil(LANES) / 2;
        products + (inp * (self.rows + self.window.0 - 1) * 5 + out * self.rows * 4) * row * self.points
    }

    /// Numbers of a row of what [`Winograd::rows`] writes: more than the columns, the rest is of no use.
    pub(super) fn pitch(&self) -> usize {
        TILE * self.tiles + if self.tiles.is_multiple_of(LANES) { LANES } else { 0 }
    }

    /// Rows that are best computed at once.
    pub(super) fn band(&self) -> usize {
        (BAND_NUMBERS / (self.points * self.channels.1 * self.tiles)).clamp(1, self.rows)
    }

    /// Numbers between planes of at most `rows` rows, and behind the last row of them.
    pub(super) fn room(&self, rows: usize) -> usize {
        rows * self.pitch() + TILE * LANES
    }

    /// Numbers of the transformed input.
    pub(super) fn input_len(&self) -> usize {
        self.points * self.channels.0 * self.plane + self.stretches().0 * LANES
    }

    /// How many stretches the tiles of an image are cut into, and their length.
    fn stretches(&self) -> (usize, usize) {
        let many = (self.rows * self.tiles).div_ceil(STRETCH);
        (many, (self.rows * self.tiles).div_ceil(many).next_multiple_of(LANES))
    }

    /// Numbers that [`Winograd::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.points * self.channels.1 * self.offsets.len()
    }

    /// Transforms the weights, `weight(o, c, p, q)`.
    pub(super) fn pack(&self, packed: &mut [f32], weight: impl Fn(usize, usize, usize, usize) -> f32) {
        let taps = self.offsets.len();
        let matrix = transform::filter(self.points);
        for (packed, g) in packed.chunks_exact_mut(self.channels.1 * taps).zip(&matrix) {
            pack_weights(self.channels.1, taps, packed, |o, t| {
                let (c, p) = (t / self.window.0, t % self.window.0);
                (0..self.window.1).map(|q| g[q] * weight(o, c, p, q)).sum()
            });
        }
    }

    /// Transforms the input, `rows + window − 1` rows of `columns + window − 1` numbers.
    pub(super) fn split(&self, from: Source<'_>, to: &mut [f32]) {
        assert_eq!(
            (from.channels, from.rows),
            (self.channels.0, self.rows + self.window.0 - 1),
            "the source"
        );
        let (tiles, plane) = (self.tiles, self.plane);
        match self.points {
            8 => isa::run(SplitInput::<8> { from, tiles, plane, to }),
            _ => isa::run(SplitInput::<6> { from, tiles, plane, to }),
        }
    }

    /// Some output rows, from a transformed input and packed weights: row `i` of plane `o` starts at
    /// `y[o · y_plane + (i − rows.start) · pitch]`; planes need [`Winograd::room`].
    pub(super) fn rows(
        &self,
        input: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        rows: Range<usize>,
        y: &mut [f32],
        y_plane: usize,
    ) {
        let (channels, columns) = (self.channels.1, rows.len() * self.tiles);
        let m_plane = columns.next_multiple_of(LANES);
        with_scratch(self.points * channels * m_plane, |m| {
            let taps = self.packed_len() / self.points;
            for (p, m) in m.chunks_exact_mut(channels * m_plane).enumerate() {
                isa::run(Correlate {
                    x: &input[p * self.channels.0 * self.plane + rows.start * self.tiles..],
                    pitch: 0,
                    offsets: &self.offsets,
                    weights: &packed[p * taps..(p + 1) * taps],
                    bias: None,
                    channels,
                    rows: 1,
                    columns: m_plane,
                    y: m,
                    y_plane: m_plane,
                    y_pitch: 0,
                });
            }
            let m = &*m;
            let (row, pitch) = (self.tiles, self.pitch());
            match self.points {
                8 => isa::run(Join::<8> { m, m_plane, row, channels, bias, y, y_plane, pitch }),
                _ => isa::run(Join::<6> { m, m_plane, row, channels, bias, y, y_plane, pitch }),
            }
        });
    }

    /// All output rows, in bands, to planes without a gap.
    pub(super) fn forward(&self, input: &[f32], packed: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        let band = self.band();
        let room = self.room(band);
        with_scratch(self.channels.1 * room, |rows| {
            for first in (0..self.rows).step_by(band) {
                let some = first..(first + band).min(self.rows);
                self.rows(input, packed, bias, some.clone(), rows, room);
                for (o, plane) in y.chunks_exact_mut(self.rows * self.columns).enumerate() {
                    let to = plane[some.start * self.columns..].chunks_exact_mut(self.columns);
                    let from = rows[o * room..].chunks_exact(self.pitch());
                    for (to, from) in to.zip(from).take(some.len()) {
                        to.copy_from_slice(&from[..self.columns]);
                    }
                }
            }
        });
    }

    /// Adds to `dw [out, in, rows, columns of the window]`, from the transformed input and the output's gradient.
    pub(super) fn add_weight_gradient(&self, input: &[f32], dy: Source<'_>, dw: &mut [f32]) {
        let (out, taps) = (self.channels.1, self.offsets.len());
        let (stretches, stretch) = self.stretches();
        let plane = (self.rows * self.tiles + LANES).next_multiple_of(LANES).max(stretches * stretch);
        let lens = [self.points * out * plane, out * taps * LANES, self.points * out * taps];
        with_scratch(room(lens), |scratch| {
            let [grad, sums, products] = cut(scratch, lens);
            let tiles = self.tiles;
            match self.points {
                8 => isa::run(SplitGradient::<8> { from: dy, tiles, plane, to: &mut *grad }),
                _ => isa::run(SplitGradient::<6> { from: dy, tiles, plane, to: &mut *grad }),
            }
            products.fill(0.0);
            let points = products.chunks_exact_mut(out * taps).zip(grad.chunks_exact(out * plane));
            for (p, (products, grad)) in points.enumerate() {
                isa::run(GradWeight {
                    x: &input[p * self.channels.0 * self.plane..],
                    pitch: stretch,
                    offsets: &self.offsets,
                    dy: grad,
                    dy_plane: plane,
                    dy_pitch: stretch,
                    channels: out,
                    rows: stretches,
                    columns: stretch,
                    sums,
                    dw: products,
                });
            }
            isa::run(AddTaps { points: self.points, taps: self.window.1, products, dw });
        });
    }
}
