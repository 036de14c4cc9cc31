//! Convolutions of many channels over few cells: lanes run along channels, not along columns.
//!
//! ```text
//! x [C, h, w] ──transposed──► [h + 2p, w + 2p, C']      C' = C up to whole vectors of 16
//!
//! y[cell, o..o+48] += x[cell·s + tap, c] · w[tap, c, o..o+48]      a tile: 8 cells × 3 vectors, c and tap inside
//! ```
//!
//! A 1×1 window at stride 1 over enough cells needs no transposing: see `pointwise.rs`.
//!
//! So planes of 16, 8 or 4 columns waste no lane, and a stride costs nothing (a cell's neighbours are addresses). The input's
//! gradient is the same loop over `dy` with the taps that reach a cell; the weight's gradient sums over the cells of all samples
//! before it is stored, which needs the whole batch at once.
//!
//! Every sum is one chain in one lane in an order that follows from the sizes: equal bits on every instruction set and
//! for every number of threads. Tested against the references of [`super::reference`].

mod gather;
mod grad_weight;
mod pointwise;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod transpose;

use rayon::prelude::*;

use super::Conv2dGeom;
use crate::scratch::with_scratch;
use crate::simd::LANES;
use crate::{isa, reduce};
use gather::{Gather, Group};
use transpose::{FromChannelsLast, ToChannelsLast};

/// Fewer input channels are summed faster along columns.
const LEAST_IN: usize = 12;
/// Fewer output channels would leave most lanes idle.
const LEAST_OUT: usize = 16;
/// Above so many cells the gradients of weights, sample by sample, are small beside the sums: see `by_channel`.
const MOST_CELLS: usize = 64;

/// Fewer cells would leave lanes of a strip of the matrix product idle.
const LEAST_CELLS: usize = 48;

/// A convolution of one group over whole batches of `f32`, with its gradients.
#[derive(Clone, Debug)]
pub struct Wide {
    geom: Conv2dGeom,
    /// The padded input, channels last.
    input: Sheet,
    /// The output's gradient, channels last, with room for windows that reach over its border.
    grad: Sheet,
    forward: Group,
    /// For the input's gradient: one group a phase of the stride.
    backward: Vec<Group>,
}

/// What distinguishes the forward pass from the input's gradient.
struct Pass<'a> {
    /// What is read.
    sheet: Sheet,
    groups: &'a [Group],
    /// `[tap, channels read, channels written in whole vectors]`.
    w: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Channels written, and their cells.
    channels: usize,
    cells: usize,
}

/// Planes with a border, channels last.
#[derive(Clone, Copy, Debug)]
struct Sheet {
    channels: usize,
    size: (usize, usize),
    /// Cells of zeros above, left of, below and right of the planes.
    border: usize,
}

impl Sheet {
    /// Numbers a cell.
    fn depth(&self) -> usize {
        self.channels.next_multiple_of(LANES)
    }

    fn width(&self) -> usize {
        self.size.1 + 2 * self.border
    }

    fn len(&self) -> usize {
        (self.size.0 + 2 * self.border) * self.width() * self.depth()
    }

    /// Where the cell at this row and column of the bordered sheet begins.
    fn at(&self, row: usize, column: usize) -> usize {
        (row * self.width() + column) * self.depth()
    }

    fn fill(&self, planes: &[f32], sheet: &mut [f32]) {
        sheet.fill(0.0);
        isa::run(ToChannelsLast { sheet: *self, planes, to: sheet });
    }
}

impl Wide {
    /// The convolution, if this form is likely to be the fastest for it.
    #[must_use]
    pub fn new(geom: Conv2dGeom) -> Option<Self> {
        let g = &geom;
        // Over large planes of whole vectors a window of one cell is done on images as they lie, sample by sample.
        let one = (g.kernel_h * g.kernel_w, g.stride, g.padding) == (1, 1, 0);
        let cells = g.out_h * g.out_w;
        let few_cells =
            if one && g.out_w.is_multiple_of(LANES) { cells <= 64 } else { one || cells <= MOST_CELLS };
        let wide = g.in_channels >= LEAST_IN && g.out_channels >= LEAST_OUT;
        // Along columns few lanes are idle once a plane has some dozens of cells; along channels those past the last are.
        let lanes = g.in_channels.next_multiple_of(LANES) * g.out_channels.next_multiple_of(LANES);
        let full = 2 * lanes <= 3 * g.in_channels * g.out_channels || g.out_h * g.out_w <= 64;
        (g.groups == 1 && wide && full && (g.stride > 2 || few_cells)).then(|| Self::of(geom))
    }

    /// The same for any sizes, of one group.
    fn of(geom: Conv2dGeom) -> Self {
        let g = &geom;
        let input = Sheet { channels: g.in_channels, size: (g.in_h, g.in_w), border: g.padding };
        // A window reaches this far to the left of the first `dy`, or to the right of the last.
        let reach = (g.dilation * (g.kernel_h.max(g.kernel_w) - 1)).div_ceil(g.stride) + g.stride;
        let grad = Sheet { channels: g.out_channels, size: (g.out_h, g.out_w), border: reach };
        let window = || (0..g.kernel_h).flat_map(|p| (0..g.kernel_w).map(move |q| (p, q)));
        let tap = |p: usize, q: usize| p * g.kernel_w + q;
        let forward = Group {
            taps: window().map(|(p, q)| (input.at(p * g.dilation, q * g.dilation), tap(p, q))).collect(),
            cells: (0..g.out_h)
                .flat_map(|i| (0..g.out_w).map(move |j| (i, j)))
                .map(|(i, j)| (input.at(i * g.stride, j * g.stride), i * g.out_w + j))
                .collect(),
        };
        let backward = (0..g.stride * g.stride)
            .map(|phase| Self::backward_group(g, &grad, (phase / g.stride, phase % g.stride)))
            .filter(|group| !group.cells.is_empty())
            .collect();
        Wide { geom, input, grad, forward, backward }
    }

    /// The input cells of one phase, and the taps that reach them: `dx[i] = Σ_p w[p] · dy[(i + padding − p·dilation) / stride]`.
    fn backward_group(g: &Conv2dGeom, grad: &Sheet, (a, b): (usize, usize)) -> Group {
        // Offsets are from the cell's own window at the far end of the border, so that none is negative.
        let far = |tap: usize| tap * g.dilation;
        let hits = |tap: usize, phase: usize| far(tap) % g.stride == phase;
        let back = |tap: usize| grad.border - far(tap) / g.stride;
        let window = (0..g.kernel_h).flat_map(|p| (0..g.kernel_w).map(move |q| (p, q)));
        let taps = window
            .filter(|&(p, q)| hits(p, a) && hits(q, b))
            .map(|(p, q)| (grad.at(back(p), back(q)), p * g.kernel_w + q))
            .collect();
        let of_phase =
            |size: usize, phase: usize| (0..size).filter(move |i| (i + g.padding) % g.stride == phase);
        let cells = of_phase(g.in_h, a)
            .flat_map(|i| of_phase(g.in_w, b).map(move |j| (i, j)))
            .map(|(i, j)| {
                let (row, column) = ((i + g.padding) / g.stride, (j + g.padding) / g.stride);
                (
                    grad.at(row.min(g.out_h + grad.border - 1), column.min(g.out_w + grad.border - 1)),
                    i * g.in_w + j,
                )
            })
            .collect();
        Group { taps, cells }
    }

    /// The sizes.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        &self.geom
    }

    fn forward_len(&self) -> usize {
        self.geom.kernel_h * self.geom.kernel_w * self.geom.in_channels * self.grad.depth()
    }

    fn backward_len(&self) -> usize {
        self.geom.kernel_h * self.geom.kernel_w * self.geom.out_channels * self.input.depth()
    }

    /// Whether it is a matrix product of planes that fill the lanes.
    fn is_pointwise(&self) -> bool {
        let g = &self.geom;
        let one = g.kernel_h * g.kernel_w == 1 && g.stride == 1 && g.padding == 0;
        one && g.out_h * g.out_w >= LEAST_CELLS
    }

    fn sizes(&self) -> (usize, usize, usize) {
        (self.geom.out_channels, self.geom.in_channels, self.geom.out_h * self.geom.out_w)
    }

    /// Numbers that [`Wide::pack`] writes.
    #[must_use]
    pub fn packed_len(&self) -> usize {
        if self.is_pointwise() {
            return self.geom.weight_len();
        }
        self.forward_len() + self.backward_len()
    }

    /// Rearranges the weights, once for all samples: `[tap, c, O']`, and, for gradients, `[tap, o, C']`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn pack(&self, gradients: bool, w: &[f32], packed: &mut [f32]) {
        assert_eq!(
            (w.len(), packed.len()),
            (self.geom.weight_len(), self.packed_len()),
            "lengths of w, packed"
        );
        if self.is_pointwise() {
            return packed.copy_from_slice(w);
        }
        let (inp, taps) = (self.geom.in_channels, self.geom.kernel_h * self.geom.kernel_w);
        let (forward, backward) = packed.split_at_mut(self.forward_len());
        let depth = self.grad.depth();
        forward.par_chunks_mut(depth).enumerate().with_min_len(32).for_each(|(row, to)| {
            let (tap, c) = (row / inp, row % inp);
            for (o, to) in to.iter_mut().enumerate() {
                *to = w.get((o * inp + c) * taps + tap).copied().unwrap_or(0.0);
            }
        });
        if gradients {
            let (out, depth) = (self.geom.out_channels, self.input.depth());
            backward.par_chunks_mut(depth).enumerate().with_min_len(32).for_each(|(row, to)| {
                let (tap, o) = (row / out, row % out);
                for (c, to) in to.iter_mut().enumerate() {
                    *to = if c < inp { w[(o * inp + c) * taps + tap] } else { 0.0 };
                }
            });
        }
    }

    /// `y = w ⋆ x + b` over a batch, overwriting `y`.
    ///
    /// # Shapes
    /// `x` and `y` whole samples as [`Conv2dGeom`] says; `b` `[out_channels]`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward(&self, x: &[f32], packed: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        if self.is_pointwise() {
            return pointwise::each_sample(false, self.sizes(), packed, b, x, y);
        }
        let w = &packed[..self.forward_len()];
        let (g, groups) = (&self.geom, std::slice::from_ref(&self.forward));
        let (channels, cells) = (g.out_channels, g.out_h * g.out_w);
        Self::each_sample(&Pass { sheet: self.input, groups, w, bias: b, channels, cells }, x, y);
    }

    /// `∂L/∂x` over a batch, overwriting `dx`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn backward_input(&self, dy: &[f32], packed: &[f32], dx: &mut [f32]) {
        if self.is_pointwise() {
            return pointwise::each_sample(true, self.sizes(), packed, None, dy, dx);
        }
        let w = &packed[self.forward_len()..];
        let (g, groups) = (&self.geom, self.backward.as_slice());
        let (channels, cells) = (g.in_channels, g.in_h * g.in_w);
        Self::each_sample(&Pass { sheet: self.grad, groups, w, bias: None, channels, cells }, dy, dx);
    }

    fn each_sample(pass: &Pass<'_>, from: &[f32], to: &mut [f32]) {
        let Pass { sheet, channels, cells, .. } = *pass;
        let from_len = sheet.channels * sheet.size.0 * sheet.size.1;
        let (to_len, depth) = (channels * cells, channels.next_multiple_of(LANES));
        assert_eq!(from.len() / from_len, to.len() / to_len, "samples");
        from.par_chunks(from_len).zip(to.par_chunks_mut(to_len)).for_each(|(from, to)| {
            with_scratch(sheet.len() + cells * depth, |scratch| {
                let (source, out) = scratch.split_at_mut(sheet.len());
                sheet.fill(from, source);
                for group in pass.groups {
                    let (src_depth, inner) = (sheet.depth(), sheet.channels);
                    isa::run(Gather { group, source, src_depth, inner, w: pass.w, depth, out });
                }
                isa::run(FromChannelsLast { from: out, channels, cells, bias: pass.bias, to });
            });
        });
    }

    /// Adds the batch's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn accumulate_params(&self, x: &[f32], dy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
        let g = &self.geom;
        let batch = x.len() / g.input_len();
        assert_eq!(
            (x.len(), dy.len(), dw.len()),
            (batch * g.input_len(), batch * g.output_len(), g.weight_len()),
            "lengths of x, dy, dw"
        );
        grad_weight::accumulate(self, x, dy, dw);
        if let Some(db) = db {
            for planes in dy.chunks_exact(g.output_len()) {
                for (db, plane) in db.iter_mut().zip(planes.chunks_exact(g.out_h * g.out_w)) {
                    *db += reduce::sum(plane);
                }
            }
        }
    }
}
