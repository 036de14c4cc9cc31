//! The weight's gradient of a pooled convolution of many output channels: a quarter of the products, for each lane its own.
//!
//! `dw[o, c, p, q] = Σ_{i,j} dz[o, i, j] · x[c, 2i + a_o + p, 2j + b_o + q]`, where `(a_o, b_o)` is the winner of channel `o`
//!
//! ```text
//!  16 output channels in the lanes; one window (i, j) after the other
//!
//!  patch, one register          row 2i + p      ■ ■ ■ ■ ■ ■ ■ ■      columns 2j … 2j + 7
//!                               row 2i + p + 1  ■ ■ ■ ■ ■ ■ ■ ■
//!  acc[p][q] += dz · patch[8·a + b + q]         a permutation that brings each lane the pixel of its own winner
//! ```
//!
//! Nothing is spread out, and no lanes are summed at the end. Tested against the plain chain (closeness: another order of the sum).

use super::Conv2dGeom;
use crate::pool2d::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// Columns of a patch.
const PATCH: usize = 8;

/// Whether there is such a form, and whether its lanes are full enough: windows of 3 or 5 columns.
pub(super) fn fits(g: &Conv2dGeom) -> bool {
    let lanes = g.out_channels.next_multiple_of(LANES);
    matches!(g.kernel_w, 3 | 5) && 4 * lanes <= 5 * g.out_channels
}

/// An image among zeros, so that every patch can be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framed {
    /// Rows and columns of zeros before the image.
    before: usize,
    rows: usize,
    pitch: usize,
}

impl Framed {
    pub(super) fn new(g: &Conv2dGeom, pool: &Pool2dGeom) -> Self {
        let before = g.padding + pool.padding;
        let rows = (2 * pool.out_h + g.kernel_h).max(g.in_h + before);
        let pitch = (2 * pool.out_w + PATCH).max(g.in_w + before).next_multiple_of(PATCH);
        Framed { before, rows, pitch }
    }

    pub(super) fn len(&self, channels: usize) -> usize {
        channels * self.rows * self.pitch
    }

    pub(super) fn fill(&self, x: &[f32], (height, width): (usize, usize), to: &mut [f32]) {
        to.fill(0.0);
        for (r, row) in x.chunks_exact(width).enumerate() {
            let at = (r / height * self.rows + r % height + self.before) * self.pitch + self.before;
            to[at..at + width].copy_from_slice(row);
        }
    }
}

/// Numbers of `dz` with 16 output channels side by side, and as many indices.
pub(super) fn turned_len(pool: &Pool2dGeom) -> usize {
    pool.channels.next_multiple_of(LANES) * pool.out_h * pool.out_w
}

/// Turns `dz` and the winners: `[block of 16 channels][window][channel]`; the place of a winner in its patch as
/// an index, kept in the bits of an f32.
pub(super) fn turn(pool: &Pool2dGeom, dz: &[f32], winners: &[u8], turned: &mut [f32], places: &mut [f32]) {
    let (windows, vectors) = (pool.out_h * pool.out_w, pool.out_w.div_ceil(LANES));
    assert!(turned.len() == turned_len(pool) && places.len() == turned.len());
    for o in 0..pool.channels {
        let first = o / LANES * LANES * windows + o % LANES;
        if o % LANES == 0 && o + LANES > pool.channels {
            // Lanes without a channel.
            turned[first..].fill(0.0);
            places[first..].fill(0.0);
        }
        for i in 0..pool.out_h {
            for v in 0..vectors {
                let place = (o * pool.out_h + i) * vectors + v;
                let (dz, bits) = (&dz[place * LANES..][..LANES], &winners[place * 4..][..4]);
                let below = u32::from(u16::from_le_bytes([bits[0], bits[1]]));
                let right = u32::from(u16::from_le_bytes([bits[2], bits[3]]));
                let lanes = (pool.out_w - v * LANES).min(LANES);
                let at = first + (i * pool.out_w + v * LANES) * LANES;
                let to = turned[at..].iter_mut().step_by(LANES).zip(places[at..].iter_mut().step_by(LANES));
                for (j, (to, place)) in to.take(lanes).enumerate() {
                    *to = dz[j];
                    *place = f32::from_bits((below >> j & 1) * PATCH as u32 + (right >> j & 1));
                }
            }
        }
    }
}

/// One sample.
pub(super) struct WinnerTaps<'a> {
    pub(super) g: &'a Conv2dGeom,
    pub(super) pool: &'a Pool2dGeom,
    pub(super) form: Framed,
    pub(super) x: &'a [f32],
    pub(super) dz: &'a [f32],
    pub(super) places: &'a [f32],
    pub(super) dw: &'a mut [f32],
}

impl Kernel for WinnerTaps<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let (g, p) = (self.g, self.pool);
        assert!(self.x.len() >= self.form.len(g.in_channels) && self.dw.len() == g.weight_len());
        assert!(2 * p.out_h + g.kernel_h <= self.form.rows && 2 * p.out_w + PATCH <= self.form.pitch);
        assert!(self.dz.len() == turned_len(p) && self.places.len() == self.dz.len());
        for o in (0..p.channels).step_by(LANES) {
            for c in 0..g.in_channels {
                let mut row = 0;
                while row < g.kernel_h {
                    // As many rows of the window at once as accumulators and indices leave registers for.
                    row += match (g.kernel_w, g.kernel_h - row) {
                        (5, 3..) => self.rows::<S, 5, 3>(s, o, c, row),
                        (5, 2) => self.rows::<S, 5, 2>(s, o, c, row),
                        (5, _) => self.rows::<S, 5, 1>(s, o, c, row),
                        (_, 3..) => self.rows::<S, 3, 3>(s, o, c, row),
                        (_, 2) => self.rows::<S, 3, 2>(s, o, c, row),
                        _ => self.rows::<S, 3, 1>(s, o, c, row),
                    };
                }
            }
        }
    }
}

impl WinnerTaps<'_> {
    /// `R` rows of the window from `row` on, `K` columns each; returns `R`.
    #[inline(always)]
    fn rows<S: Simd, const K: usize, const R: usize>(
        &mut self,
        s: S,
        o: usize,
        c: usize,
        row: usize,
    ) -> usize {
        let (p, Framed { rows, pitch, .. }) = (self.pool, self.form);
        let windows = p.out_h * p.out_w;
        let mut acc = [[s.splat(0.0); K]; R];
        // SAFETY: `run` checked that a patch of every window lies in the image's frame, and that `dz` and `places` have 16 numbers
        // for every window of every block of channels.
        unsafe {
            let mut dz = self.dz.as_ptr().add(o * windows);
            let mut places = self.places.as_ptr().add(o * windows);
            for i in 0..p.out_h {
                let mut x = self.x.as_ptr().add((c * rows + 2 * i + row) * pitch);
                for _ in 0..p.out_w {
                    let first = s.load_index(places);
                    let mut index = [first; K];
                    for (q, index) in index.iter_mut().enumerate() {
                        *index = s.add_index(first, q as u32);
                    }
                    let g = s.load(dz);
                    for (r, acc) in acc.iter_mut().enumerate() {
                        let patch = s.load_halves(x.add(r * pitch), x.add((r + 1) * pitch));
                        for (acc, &index) in acc.iter_mut().zip(&index) {
                            *acc = s.mul_add(s.permute(patch, index), g, *acc);
                        }
                    }
                    x = x.add(2);
                    dz = dz.wrapping_add(LANES);
                    places = places.wrapping_add(LANES);
                }
            }
        }
        let (g, channels) = (self.g, (p.channels - o).min(LANES));
        for (r, acc) in acc.into_iter().enumerate() {
            for (q, acc) in acc.into_iter().enumerate() {
                let mut lanes = [0.0; LANES];
                // SAFETY: 16 numbers are there.
                unsafe { s.store(lanes.as_mut_ptr(), acc) };
                for (k, &sum) in lanes[..channels].iter().enumerate() {
                    let tap = ((o + k) * g.in_channels + c) * g.kernel_h + row + r;
                    self.dw[tap * K + q] += sum;
                }
            }
        }
        R
    }
}
