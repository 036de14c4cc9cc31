//! `dw[o, c, tap] += Σ_n Σ_cell dy[n, cell, o] · x[n, cell·s + tap, c]`.
//!
//! ```text
//!   dy[cell, o..o+8] ──► ┌──────────────┐
//!        broadcast       │ acc 8 × 3 ×16│   over all cells of a run of samples, then added to [tap, o, C']
//!   x[cell·s + tap, c..c+48]
//! ```

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use rayon::prelude::*;

use super::Wide;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Numbers of both operands that are laid out at a time: 2 MiB, so that they stay in a core's cache.
const LAID_OUT: usize = 1 << 19;
/// Output channels that one task takes.
const ROWS: usize = 8;

pub(super) fn accumulate(wide: &Wide, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let g = wide.geom();
    let (taps, out, depth) = (g.kernel_h * g.kernel_w, g.out_channels, wide.input.depth());
    let plain = super::Sheet { border: 0, ..wide.grad };
    let (x_len, dy_len) = (wide.input.len(), plain.len());
    let batch = x.len() / g.input_len();
    let run = (LAID_OUT / (x_len + dy_len)).clamp(1, batch.max(1));
    with_scratch(taps * out * depth + run * (x_len + dy_len), |scratch| {
        let (sums, laid) = scratch.split_at_mut(taps * out * depth);
        sums.par_chunks_mut(1 << 14).for_each(|some| some.fill(0.0));
        let (xs, dys) = laid.split_at_mut(run * x_len);
        for first in (0..batch).step_by(run) {
            let count = run.min(batch - first);
            let planes = x[first * g.input_len()..].par_chunks(g.input_len());
            xs[..count * x_len]
                .par_chunks_mut(x_len)
                .zip(planes)
                .for_each(|(to, from)| wide.input.fill(from, to));
            let planes = dy[first * g.output_len()..].par_chunks(g.output_len());
            dys[..count * dy_len]
                .par_chunks_mut(dy_len)
                .zip(planes)
                .for_each(|(to, from)| plain.fill(from, to));
            let (xs, dys) = (&xs[..count * x_len], &dys[..count * dy_len]);
            sums.par_chunks_mut(out * depth).enumerate().for_each(|(block, sums)| {
                let tap = wide.forward.taps[block].0;
                sums.par_chunks_mut(ROWS * depth).enumerate().for_each(|(rows, sums)| {
                    isa::run(Rows { wide, xs, dys, tap, first: rows * ROWS, dy_depth: plain.depth(), sums });
                });
            });
        }
        let (sums, inp) = (&*sums, g.in_channels);
        dw.par_chunks_mut(inp * taps).enumerate().for_each(|(o, dw)| {
            for (tap, sums) in sums.chunks_exact(out * depth).enumerate() {
                let from = &sums[o * depth..][..inp];
                dw.iter_mut().skip(tap).step_by(taps).zip(from).for_each(|(dw, &sum)| *dw += sum);
            }
        });
    });
}

/// Up to [`ROWS`] output channels of one tap.
struct Rows<'a> {
    wide: &'a Wide,
    /// Samples of the bordered input, channels last.
    xs: &'a [f32],
    /// Samples of the output's gradient, channels last, without border.
    dys: &'a [f32],
    tap: usize,
    /// The first output channel.
    first: usize,
    dy_depth: usize,
    /// `[rows, C']`.
    sums: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let depth = self.wide.input.depth();
        let rows = self.sums.len() / depth;
        let cells = &self.wide.forward.cells;
        let last = cells.iter().map(|c| c.0).max().unwrap_or(0);
        let (x_len, dy_len) = (self.wide.input.len(), cells.len() * self.dy_depth);
        assert!(last + self.tap + depth <= x_len && self.first + rows <= self.dy_depth);
        assert_eq!((self.xs.len() % x_len, self.xs.len() / x_len), (0, self.dys.len() / dy_len));
        let mut row = 0;
        while row < rows {
            row += match rows - row {
                8.. if S::TILES_OF_24 => self.row_block::<S, 8>(s, row),
                4.. if S::TILES_OF_24 => self.row_block::<S, 4>(s, row),
                2.. => self.row_block::<S, 2>(s, row),
                _ => self.row_block::<S, 1>(s, row),
            };
        }
    }
}

impl Rows<'_> {
    /// `M` rows, all input channels. Returns `M`.
    #[inline(always)]
    fn row_block<S: Simd, const M: usize>(&mut self, s: S, row: usize) -> usize {
        let depth = self.wide.input.depth();
        let mut c = 0;
        while c < depth {
            c += match (depth - c) / LANES {
                4 => self.tile::<S, M, 2>(s, row, c),
                3.. if S::TILES_OF_24 => self.tile::<S, M, 3>(s, row, c),
                2.. => self.tile::<S, M, 2>(s, row, c),
                _ => self.tile::<S, M, 1>(s, row, c),
            };
        }
        M
    }

    /// `M` rows × `V` vectors of input channels. Returns the channels done.
    #[inline(always)]
    fn tile<S: Simd, const M: usize, const V: usize>(&mut self, s: S, row: usize, c: usize) -> usize {
        let depth = self.wide.input.depth();
        let cells = &self.wide.forward.cells;
        let (x_len, dy_len) = (self.wide.input.len(), cells.len() * self.dy_depth);
        let mut acc = [[s.splat(0.0); V]; M];
        // SAFETY: `run` checked the furthest cell of a sample, that `xs` and `dys` are whole samples as many of each, and
        // that the rows are channels of `dy`; `c + V·16 <= depth`.
        unsafe {
            for n in 0..self.xs.len() / x_len {
                let x = self.xs.as_ptr().add(n * x_len + self.tap + c);
                let mut dy = self.dys.as_ptr().add(n * dy_len + self.first + row);
                for &(at, _) in cells {
                    let mut vx = [s.splat(0.0); V];
                    for v in 0..V {
                        vx[v] = s.load(x.add(at + v * LANES));
                    }
                    for m in 0..M {
                        let d = s.splat(*dy.add(m));
                        for v in 0..V {
                            acc[m][v] = s.mul_add(d, vx[v], acc[m][v]);
                        }
                    }
                    dy = dy.wrapping_add(self.dy_depth);
                }
            }
            for m in 0..M {
                let to = self.sums.as_mut_ptr().add((row + m) * depth + c);
                for v in 0..V {
                    s.store(to.add(v * LANES), s.add(s.load(to.add(v * LANES)), acc[m][v]));
                }
            }
        }
        V * LANES
    }
}
