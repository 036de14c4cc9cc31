//! Windows of one cell and stride 1: plain products of matrices, on images as they lie.
//!
//! `y[o, cell] = b[o] + Σ_c w[o, c] · x[c, cell]`: all cells of a plane are one row of the inner loops, with nothing to be laid
//! out. Rows of whole vectors only, so that
//! sums have the order of the general form. Tested against `reference.rs`.

use super::Conv2dGeom;
use super::correlate::Correlate;
use super::grad_weight::GradWeight;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::LANES;

/// Cells that a row of the weight gradient's loops has at most, so that a few planes' fit L1.
const ROW: usize = 512;

/// One group of such a convolution.
#[derive(Clone, Debug)]
pub(super) struct Pointwise {
    cells: usize,
    /// Where the planes of input and output begin.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// Rows that the plane is cut into for the weight's gradient.
    rows: usize,
}

impl Pointwise {
    pub(super) fn new(g: &Conv2dGeom) -> Option<Self> {
        let cells = g.in_h * g.in_w;
        let one = (g.kernel_h, g.kernel_w, g.stride, g.padding) == (1, 1, 1, 0);
        if !one || !g.in_w.is_multiple_of(LANES) {
            return None;
        }
        let planes = |channels: usize| (0..channels / g.groups).map(|c| c * cells).collect();
        let fits = |rows: &usize| cells.is_multiple_of(rows * LANES) && cells / rows <= ROW;
        let rows = (1..=cells / LANES).find(fits).unwrap_or(1);
        Some(Pointwise { cells, inputs: planes(g.in_channels), outputs: planes(g.out_channels), rows })
    }

    pub(super) fn forward(&self, x: &[f32], packed: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        self.product(&self.inputs, x, packed, bias, y);
    }

    pub(super) fn backward_input(&self, dy: &[f32], packed: &[f32], dx: &mut [f32]) {
        self.product(&self.outputs, dy, packed, None, dx);
    }

    fn product(&self, offsets: &[usize], x: &[f32], weights: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        let (columns, channels) = (self.cells, y.len() / self.cells);
        isa::run(Correlate {
            x,
            pitch: 0,
            offsets,
            weights,
            bias,
            channels,
            rows: 1,
            columns,
            y,
            y_plane: columns,
            y_pitch: 0,
        });
    }

    /// Adds to `dw`.
    pub(super) fn weight_gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let (channels, row) = (self.outputs.len(), self.cells / self.rows);
        with_scratch(dw.len() * LANES, |sums| {
            isa::run(GradWeight {
                x,
                pitch: row,
                offsets: &self.inputs,
                dy,
                dy_plane: self.cells,
                dy_pitch: row,
                channels,
                rows: self.rows,
                columns: row,
                sums,
                dw,
            });
        });
    }
}
