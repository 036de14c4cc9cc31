//! Winograd's form along rows: for 5 taps 8 products instead of 20, for 3 taps 6 instead of 12.
//!
//! `y[o, i, 4t + j] = b[o] + Aᵀ_j · Σ_{c,p} (G w[o, c, p, ·]) ⊙ (Bᵀ x[c, i + p, 4t ..])`
//!
//! At each point the sum over channels and rows of the window is a convolution of its own with a window one column wide,
//! over tiles instead of pixels:
//!
//! ```text
//!  x ─ SplitTiles ─► n plane sets ─ SumTaps, n times ─► [point, tile, channel] ─ JoinCells ─► y
//!  x ─ SplitTiles ─► n plane sets ────────────┐
//! dy ─ SplitCells ─► [point, tile, channel] ──┴ Outer, n times ─► n small sets ─ Gᵀ ─► dw
//! ```
//!
//! Stride and dilation 1; 3 or 5 columns; padding below the window's size. Rounds a few 1e-7 of the largest value more than the
//! direct form. Large images are done in bands of rows, so that what is between stays in L2.

use super::outer::Outer;
use super::pack::Turned;
use super::sum_taps::SumTaps;
use super::tiles::{CHUNK, FoldPoints, Image, JoinCells, SplitCells, SplitTiles, apart};
use super::turn::AddSums;
use crate::conv2d::Conv2dGeom;
use crate::conv2d::passes::{cut, room};
use crate::conv2d::winograd::transform::TILE;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::LANES;

/// Numbers of transformed rows that are held at once: half of a 2 MiB L2.
const BAND_NUMBERS: usize = 256 * 1024;
/// Of fewer channels the sums do not repay the transforms.
const LEAST_READ: usize = 4;
/// Numbers of products that are held between summing and joining.
const STRIP_NUMBERS: usize = 24 * 1024;

/// One convolution of stride 1 made ready: planes to planes, or the weight's gradient of the same.
#[derive(Clone, Debug)]
pub(in crate::conv2d) struct Tiled {
    points: usize,
    /// Read, written.
    channels: (usize, usize),
    window: (usize, usize),
    from: (usize, usize),
    /// Rows and columns of zeros before the source's first.
    before: (usize, usize),
    /// Rows and columns written.
    size: (usize, usize),
    /// Tiles of a row.
    tiles: usize,
    /// Rows written from what is transformed at once.
    band: usize,
    /// Numbers of one channel of that at one point.
    plane: usize,
    /// Where each (channel, row of the window) begins in it.
    offsets: Vec<usize>,
}

impl Tiled {
    /// `None` where there is no such form.
    pub(super) fn forward(g: &Conv2dGeom) -> Option<Self> {
        let channels = (g.in_channels, g.out_channels);
        Self::new(g, channels, (g.in_h, g.in_w), (g.padding, g.padding), (g.out_h, g.out_w))
    }

    /// The input's gradient: the window turned around.
    pub(super) fn input_gradient(g: &Conv2dGeom) -> Option<Self> {
        let before = (g.kernel_h.checked_sub(1 + g.padding)?, g.kernel_w.checked_sub(1 + g.padding)?);
        Self::new(g, (g.out_channels, g.in_channels), (g.out_h, g.out_w), before, (g.in_h, g.in_w))
    }

    fn new(
        g: &Conv2dGeom,
        channels: (usize, usize),
        from: (usize, usize),
        before: (usize, usize),
        size: (usize, usize),
    ) -> Option<Self> {
        let points = match g.kernel_w {
            3 => 6,
            5 => 8,
            _ => return None,
        };
        let plain = (g.stride, g.dilation, g.groups) == (1, 1, 1) && g.padding < g.kernel_h.min(g.kernel_w);
        let tiles = size.1.div_ceil(TILE).next_multiple_of(CHUNK);
        let window = (g.kernel_h, g.kernel_w);
        // What is read, and what is written or read beside it.
        let row = points * tiles * (channels.0 + channels.1.next_multiple_of(LANES));
        let band = (BAND_NUMBERS / row).saturating_sub(window.0 - 1).max(window.0).min(size.0);
        let plane = ((band + window.0 - 1) * tiles).next_multiple_of(LANES);
        let offsets =
            (0..channels.0).flat_map(|c| (0..window.0).map(move |p| c * plane + p * tiles)).collect();
        let form = Tiled { points, channels, window, from, before, size, tiles, band, plane, offsets };
        plain.then_some(form)
    }

    /// Whether it is faster than the direct form, reckoned in cycles: two vectors of products a cycle, and what turning and
    /// transforming cost as measured, for each 16 tiles of a channel read and each 16 × 16 block that is written.
    pub(super) fn pays(&self) -> bool {
        let ((read, _), (height, columns), (rows, width)) = (self.channels, self.window, self.size);
        if read < LEAST_READ {
            return false;
        }
        let (vectors, sums) = (self.depth() / LANES, read * height);
        let tiled = vectors * sums * self.points * rows * self.tiles / 2
            + read * (rows + height - 1) * self.tiles * 64 / LANES
            + vectors * rows * self.tiles.div_ceil(CHUNK) * 150;
        let direct = vectors * sums * columns * rows * width / 2
            + read * rows * width * 8 / LANES
            + vectors * rows * width * 100 / LANES;
        tiled < direct
    }

    fn depth(&self) -> usize {
        self.channels.1.next_multiple_of(LANES)
    }

    /// Sums of one channel at one point.
    fn taps(&self) -> usize {
        self.channels.0 * self.window.0
    }

    pub(super) fn packed_len(&self) -> usize {
        self.points * self.depth() * self.taps()
    }

    /// For the input's gradient the window passes over the source turned around.
    pub(super) fn pack(&self, w: Turned<'_>, gradient: bool, packed: &mut [f32]) {
        let (rows, columns) = self.window;
        w.points(
            self.points,
            self.window,
            |p, q| if gradient { (rows - 1 - p) * columns + columns - 1 - q } else { p * columns + q },
            packed,
        );
    }

    fn image<'a>(&self, pixels: &'a [f32]) -> Image<'a> {
        let ((height, width), (above, left)) = (self.from, self.before);
        let (plane, pitch) = (height * width, width);
        Image { pixels, channels: self.channels.0, height, width, plane, pitch, above, left }
    }

    /// Output rows `first..first + rows` need these of the source, transformed.
    fn split(&self, x: &[f32], first: usize, rows: usize, to: &mut [f32]) {
        let (from, tiles, plane) = (self.image(x), self.tiles, self.plane);
        let rows = rows + self.window.0 - 1;
        match self.points {
            8 => isa::run(SplitTiles::<8> { from, first, rows, tiles, plane, to }),
            _ => isa::run(SplitTiles::<6> { from, first, rows, tiles, plane, to }),
        }
    }

    pub(super) fn run(&self, x: &[f32], packed: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        let band = self.band;
        with_scratch(self.points * self.channels.0 * self.plane, |split| {
            for first in (0..self.size.0).step_by(band) {
                let rows = band.min(self.size.0 - first);
                self.split(x, first, rows, split);
                self.sum(split, (first, rows), packed, bias, y);
            }
        });
    }

    /// Sums and joins the rows (first, count) of a band.
    fn sum(
        &self,
        split: &[f32],
        (first, count): (usize, usize),
        packed: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let (depth, tiles, read) = (self.depth(), self.tiles, self.channels.0 * self.plane);
        let strip = (STRIP_NUMBERS / (self.points * tiles * depth)).clamp(1, count);
        let point = apart(strip * tiles * depth);
        with_scratch(self.points * point, |m| {
            for at in (0..count).step_by(strip) {
                let rows = strip.min(count - at);
                let cells = rows * tiles;
                for (p, weights) in packed.chunks_exact(depth * self.taps()).enumerate() {
                    isa::run(SumTaps {
                        x: &split[p * read..][..read],
                        offsets: &self.offsets,
                        weights,
                        bias: None,
                        depth,
                        rows: 1,
                        columns: cells,
                        start: at * tiles,
                        x_row: 0,
                        x_step: 1,
                        out: &mut m[p * point..][..cells * depth],
                        out_start: 0,
                        out_row: 0,
                        out_step: 1,
                    });
                }
                let (m, first, channels, size) = (&*m, first + at, self.channels.1, self.size);
                let y = &mut *y;
                match self.points {
                    8 => isa::run(JoinCells::<8> { m, point, first, rows, tiles, channels, bias, y, size }),
                    _ => isa::run(JoinCells::<6> { m, point, first, rows, tiles, channels, bias, y, size }),
                }
            }
        });
    }

    /// Adds one sample's gradients of the weight and the bias.
    pub(super) fn add_weights(&self, x: &[f32], dy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
        let (height, width) = self.size;
        self.add_weights_spread(x, dy, (height * width, width), dw, db);
    }

    /// The same, from a `dy` whose planes and rows lie `plane` and `pitch` numbers apart.
    pub(in crate::conv2d) fn add_weights_spread(
        &self,
        x: &[f32],
        dy: &[f32],
        (plane, pitch): (usize, usize),
        dw: &mut [f32],
        mut db: Option<&mut [f32]>,
    ) {
        let (depth, tiles) = (self.depth(), self.tiles);
        let (band, read) = (self.band, self.channels.0 * self.plane);
        let (height, width) = self.size;
        let channels = self.channels.1;
        let from = Image { pixels: dy, channels, height, width, plane, pitch, above: 0, left: 0 };
        let point = apart(band * tiles * depth);
        let lens = [
            self.points * read,
            self.points * point,
            self.points * self.taps() * depth,
            self.window.1 * self.taps() * depth,
        ];
        with_scratch(room(lens), |scratch| {
            let [split, grad, products, sums] = cut(scratch, lens);
            products.fill(0.0);
            for first in (0..height).step_by(band) {
                let rows = band.min(height - first);
                self.split(x, first, rows, split);
                let (to, db) = (&mut *grad, db.as_deref_mut());
                match self.points {
                    8 => isa::run(SplitCells::<8> { from, first, rows, tiles, to, point, db }),
                    _ => isa::run(SplitCells::<6> { from, first, rows, tiles, to, point, db }),
                }
                for (p, sums) in products.chunks_exact_mut(self.taps() * depth).enumerate() {
                    isa::run(Outer {
                        x: &split[p * read..][..read],
                        offsets: &self.offsets,
                        rows: 1,
                        columns: rows * tiles,
                        x_row: 0,
                        x_step: 1,
                        d: &grad[p * point..][..rows * tiles * depth],
                        depth,
                        sums,
                    });
                }
            }
            let (points, columns) = (self.points, self.window.1);
            isa::run(FoldPoints { points, columns, products, sums: &mut *sums, depth });
            isa::run(AddSums { sums, channels: self.channels.1, dw });
        });
    }
}
