//! Weights in the order of columns (see `columns.rs`): `[o, q, numbers of a column]`, in whole vectors, and back.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::wide::transpose::transpose;
use crate::simd::{Kernel, LANES, Simd};

/// Sizes of the weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnWeights {
    pub(super) channels: usize,
    /// Numbers of a column: input channels times window rows.
    pub(super) lanes: usize,
    /// Window columns, 16 at the most.
    pub(super) columns: usize,
}

impl ColumnWeights {
    /// Numbers in the order of columns.
    pub(super) fn len(&self) -> usize {
        self.channels * self.columns * self.lanes.next_multiple_of(LANES)
    }

    /// Where vector `d` of column `q` of channel `o` begins.
    #[inline(always)]
    fn at(&self, o: usize, q: usize, d: usize) -> usize {
        (o * self.columns + q) * self.lanes.next_multiple_of(LANES) + d * LANES
    }
}

/// From `[o, c, p, q]`; zeros behind the last number of a column.
pub(super) struct ToColumns<'a> {
    pub(super) form: ColumnWeights,
    pub(super) w: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Kernel for ToColumns<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { form, w, to } = self;
        let ColumnWeights { channels, lanes, columns } = form;
        assert!(w.len() == channels * lanes * columns && to.len() >= form.len() && columns <= LANES);
        for o in 0..channels {
            for d in 0..lanes.div_ceil(LANES) {
                let there = (lanes - d * LANES).min(LANES);
                let mut block = [s.splat(0.0); LANES];
                // SAFETY: `there` rows of `columns` weights from here on; `len` counts whole vectors.
                unsafe {
                    let from = w.as_ptr().add((o * lanes + d * LANES) * columns);
                    for i in 0..LANES {
                        if i < there {
                            block[i] = s.load_first(from.add(i * columns), columns);
                        }
                    }
                    let block = transpose(s, block);
                    for q in 0..LANES {
                        if q < columns {
                            s.store(to.as_mut_ptr().add(form.at(o, q, d)), block[q]);
                        }
                    }
                }
            }
        }
    }
}

/// Adds them to `[o, c, p, q]`.
pub(super) struct FromColumns<'a> {
    pub(super) form: ColumnWeights,
    pub(super) from: &'a [f32],
    pub(super) dw: &'a mut [f32],
}

impl Kernel for FromColumns<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { form, from, dw } = self;
        let ColumnWeights { channels, lanes, columns } = form;
        assert!(dw.len() == channels * lanes * columns && from.len() >= form.len() && columns <= LANES);
        for o in 0..channels {
            for d in 0..lanes.div_ceil(LANES) {
                let there = (lanes - d * LANES).min(LANES);
                let mut block = [s.splat(0.0); LANES];
                // SAFETY: as in `ToColumns`.
                unsafe {
                    for q in 0..LANES {
                        if q < columns {
                            block[q] = s.load(from.as_ptr().add(form.at(o, q, d)));
                        }
                    }
                    let block = transpose(s, block);
                    let to = dw.as_mut_ptr().add((o * lanes + d * LANES) * columns);
                    for i in 0..LANES {
                        if i < there {
                            let to = to.add(i * columns);
                            s.store_first(to, columns, s.add(s.load_first(to, columns), block[i]));
                        }
                    }
                }
            }
        }
    }
}
