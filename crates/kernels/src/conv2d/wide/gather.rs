//! `out[cell, o] = Σ_tap Σ_c source[cell + tap, c] · w[tap, c, o]`: forward pass and input gradient alike.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use crate::simd::{Kernel, LANES, Simd};

/// Cells of the result that the same taps reach.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Offset in the source from a cell's own, and the number of the weights' block.
    pub(super) taps: Vec<(usize, usize)>,
    /// Offset of the cell in the source, and its number in the result.
    pub(super) cells: Vec<(usize, usize)>,
}

/// One group of one sample.
pub(super) struct Gather<'a> {
    pub(super) group: &'a Group,
    /// Channels last, `src_depth` numbers a cell.
    pub(super) source: &'a [f32],
    pub(super) src_depth: usize,
    /// Channels that are summed over.
    pub(super) inner: usize,
    /// `[tap, inner, depth]`.
    pub(super) w: &'a [f32],
    /// Channels of the result, in whole vectors.
    pub(super) depth: usize,
    /// `[cell, depth]`.
    pub(super) out: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let Group { taps, cells } = self.group;
        let last_tap = taps.iter().map(|t| t.0).max().unwrap_or(0);
        let last_block = taps.iter().map(|t| t.1 + 1).max().unwrap_or(0);
        let last_cell = cells.iter().map(|c| c.0).max().unwrap_or(0);
        let last_out = cells.iter().map(|c| c.1 + 1).max().unwrap_or(0);
        assert!(last_tap + last_cell + self.inner <= self.source.len() && self.inner <= self.src_depth);
        assert!(
            last_block * self.inner * self.depth <= self.w.len() && last_out * self.depth <= self.out.len()
        );
        let mut o = 0;
        while o < self.depth {
            o += match (self.depth - o) / LANES {
                4 => self.columns::<S, 2>(s, o),
                3.. if S::TILES_OF_24 => self.columns::<S, 3>(s, o),
                2.. => self.columns::<S, 2>(s, o),
                _ => self.columns::<S, 1>(s, o),
            };
        }
    }
}

impl Gather<'_> {
    /// `V` vectors of output channels for all cells. Returns the channels done.
    #[inline(always)]
    fn columns<S: Simd, const V: usize>(&mut self, s: S, o: usize) -> usize {
        let cells = &self.group.cells;
        let mut at = 0;
        while at < cells.len() {
            at += match cells.len() - at {
                12.. if S::TILES_OF_24 && V <= 2 => self.tile::<S, V, 12>(s, o, &cells[at..]),
                8.. if S::TILES_OF_24 => self.tile::<S, V, 8>(s, o, &cells[at..]),
                4.. if S::TILES_OF_24 => self.tile::<S, V, 4>(s, o, &cells[at..]),
                2.. => self.tile::<S, V, 2>(s, o, &cells[at..]),
                _ => self.tile::<S, V, 1>(s, o, &cells[at..]),
            };
        }
        V * LANES
    }

    /// The first `M` of `cells`. Returns `M`.
    #[inline(always)]
    fn tile<S: Simd, const V: usize, const M: usize>(
        &mut self,
        s: S,
        o: usize,
        cells: &[(usize, usize)],
    ) -> usize {
        let mut acc = [[s.splat(0.0); V]; M];
        // SAFETY: `run` checked that the furthest cell with the furthest tap has `inner` numbers in the source, that
        // every tap has its block of weights, and that every cell has its place in the result; `o + V·16 <= depth`.
        unsafe {
            for &(tap, block) in &self.group.taps {
                let mut from = [self.source.as_ptr(); M];
                for m in 0..M {
                    from[m] = from[m].add(cells.get_unchecked(m).0 + tap);
                }
                let mut w = self.w.as_ptr().add(block * self.inner * self.depth + o);
                for c in 0..self.inner {
                    let mut vw = [s.splat(0.0); V];
                    for v in 0..V {
                        vw[v] = s.load(w.add(v * LANES));
                    }
                    for m in 0..M {
                        let x = s.splat(*from[m].add(c));
                        for v in 0..V {
                            acc[m][v] = s.mul_add(x, vw[v], acc[m][v]);
                        }
                    }
                    w = w.wrapping_add(self.depth);
                }
            }
            for m in 0..M {
                let to = self.out.as_mut_ptr().add(cells.get_unchecked(m).1 * self.depth + o);
                for v in 0..V {
                    s.store(to.add(v * LANES), acc[m][v]);
                }
            }
        }
        M
    }
}
