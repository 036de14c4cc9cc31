//! Convolutions of every channel alone: lanes run over a plane that is read as one long row.
//!
//! ```text
//! plane with its border, pitch P:   a b c d 0 0 | e f g h 0 0 | …
//! y[t] = Σ_{p,q} w[p, q] · x[t + p·P + q]        for t = 0, 1, 2 …, over row ends too; what falls between rows is left out
//! ```
//!
//! So a plane of 8 columns fills 16 lanes but for its border. With a stride `s` the plane is dealt out to `s²` phases, each such a
//! row, and tap (p, q) reads phase (p mod s, q mod s). The input's gradient is the same sum over `dy` with the taps that reach a
//! phase; the weight's gradient adds `dy[t] · x[t + …]` over all samples in its lanes before they are folded.
//!
//! Every sum's order follows from the sizes: equal bits on every instruction set and for every number of threads. Tested against
//! [`super::reference`].

mod kernels;
mod rows;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::Conv2dGeom;
use crate::isa;
use crate::parallel::SharedMut;
use crate::scratch::with_scratch;
use crate::simd::LANES;
use kernels::{Correlate, GradWeight};
use rows::{Collect, Deal, Lane, Places};

/// A read may go so far over the end of a row: four vectors are done at a time.
const SLACK: usize = 4 * LANES;
/// Larger windows are left to the general form.
const MOST_TAPS: usize = 25;

/// A depthwise convolution over whole batches of `f32`, with its gradients.
#[derive(Clone, Debug)]
pub struct Depthwise {
    geom: Conv2dGeom,
    /// Numbers in a row of a phase.
    pitch: usize,
    /// Rows of a phase.
    rows: usize,
    /// Offset of each tap among the phases.
    taps: Vec<usize>,
    /// Rows and columns of zeros above and left of a laid out `dy`.
    reach: usize,
    /// Where the input lies among its phases.
    input: Places,
    /// Where `dy` lies, with that border and without.
    grad: [Places; 2],
    /// For each phase of the input's gradient: offset in the laid out `dy` and number of each tap that reaches it.
    back: Vec<Vec<(usize, usize)>>,
}

impl Depthwise {
    /// The convolution, if every channel is alone and its window small.
    #[must_use]
    pub fn new(geom: Conv2dGeom) -> Option<Self> {
        let g = &geom;
        let alone = g.groups > 1 && (g.groups, g.groups) == (g.in_channels, g.out_channels);
        if !alone || g.dilation != 1 || g.kernel_h * g.kernel_w > MOST_TAPS {
            return None;
        }
        let s = g.stride;
        let reach = (g.kernel_h.max(g.kernel_w) - 1) / s;
        let pitch = (g.in_w + 2 * g.padding).div_ceil(s).max(g.out_w + reach);
        let rows = (g.in_h + 2 * g.padding).div_ceil(s).max(g.out_h + reach);
        let phase_len = rows * pitch + reach + SLACK;
        let phase = |row: usize, column: usize| (row * s + column) * phase_len;
        let window = || (0..g.kernel_h).flat_map(|p| (0..g.kernel_w).map(move |q| (p, q)));
        let taps = window().map(|(p, q)| phase(p % s, q % s) + p / s * pitch + q / s).collect();
        let back = (0..s * s)
            .map(|phase| {
                let hits = |&(_, (p, q)): &(usize, (usize, usize))| (p % s, q % s) == (phase / s, phase % s);
                let offset = |p: usize, q: usize| (reach - p / s) * pitch + reach - q / s;
                window().enumerate().filter(hits).map(|(tap, (p, q))| (offset(p, q), tap)).collect()
            })
            .collect();
        let lane = |a: usize, b: usize| {
            let first = (b + s - g.padding % s) % s;
            Lane { start: phase(a, b), first, at: (first + g.padding) / s }
        };
        let lanes = (0..s).map(|a| (0..s).map(|b| lane(a, b)).collect()).collect();
        let input = Places { width: g.in_w, stride: s, pitch, padding: g.padding, lanes };
        let plain = |border: usize| Places {
            width: g.out_w,
            stride: 1,
            pitch,
            padding: border,
            lanes: vec![vec![Lane { start: 0, first: 0, at: border }]],
        };
        Some(Depthwise { geom, pitch, rows, taps, reach, input, grad: [plain(reach), plain(0)], back })
    }

    /// The sizes.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        &self.geom
    }

    fn phase_len(&self) -> usize {
        self.rows * self.pitch + self.reach + SLACK
    }

    fn phases_len(&self) -> usize {
        self.geom.stride * self.geom.stride * self.phase_len()
    }

    fn grad_len(&self) -> usize {
        (self.rows + self.reach) * self.pitch + self.reach + SLACK
    }

    /// `y = w ⋆ x + b` over a batch, overwriting `y`.
    ///
    /// # Shapes
    /// `x` and `y` whole samples as [`Conv2dGeom`] says, `w` `[channels, 1, k, k]`, `b` `[channels]`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward(&self, x: &[f32], w: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        let g = &self.geom;
        self.check(x, w, y);
        let out = g.out_h * self.pitch + SLACK;
        x.par_chunks(g.input_len()).zip(y.par_chunks_mut(g.output_len())).for_each(|(x, y)| {
            with_scratch(self.phases_len() + out, |scratch| {
                scratch.fill(0.0);
                let (phases, flat) = scratch.split_at_mut(self.phases_len());
                let planes = x.chunks_exact(g.in_h * g.in_w).zip(y.chunks_exact_mut(g.out_h * g.out_w));
                for (c, (x, y)) in planes.enumerate() {
                    isa::run(Deal { places: &self.input, plane: x, to: phases });
                    let w = &w[c * self.taps.len()..][..self.taps.len()];
                    let start = b.map_or(0.0, |b| b[c]);
                    let taps = self.taps.iter().copied().zip(w.iter().copied());
                    isa::run(Correlate { from: phases, taps, start, len: g.out_h * self.pitch, to: flat });
                    isa::run(Collect { places: &self.grad[1], from: flat, plane: y });
                }
            });
        });
    }

    /// `∂L/∂x` over a batch, overwriting `dx`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn backward_input(&self, dy: &[f32], w: &[f32], dx: &mut [f32]) {
        let g = &self.geom;
        self.check(dx, w, dy);
        dy.par_chunks(g.output_len()).zip(dx.par_chunks_mut(g.input_len())).for_each(|(dy, dx)| {
            with_scratch(self.grad_len() + self.phases_len(), |scratch| {
                scratch.fill(0.0);
                let (grad, phases) = scratch.split_at_mut(self.grad_len());
                let planes = dy.chunks_exact(g.out_h * g.out_w).zip(dx.chunks_exact_mut(g.in_h * g.in_w));
                for (c, (dy, dx)) in planes.enumerate() {
                    isa::run(Deal { places: &self.grad[0], plane: dy, to: grad });
                    let w = &w[c * self.taps.len()..][..self.taps.len()];
                    for (back, to) in self.back.iter().zip(phases.chunks_exact_mut(self.phase_len())) {
                        let taps = back.iter().map(|&(offset, tap)| (offset, w[tap]));
                        let len = self.rows * self.pitch;
                        isa::run(Correlate { from: grad, taps, start: 0.0, len, to });
                    }
                    isa::run(Collect { places: &self.input, from: phases, plane: dx });
                }
            });
        });
    }

    /// Adds the batch's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn accumulate_params(&self, x: &[f32], dy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
        let g = &self.geom;
        self.check(x, dw, dy);
        let (plane, out) = (g.in_h * g.in_w, g.out_h * g.out_w);
        let batch = x.len() / g.input_len();
        let len = g.out_h * self.pitch;
        let db = db.map(SharedMut::new);
        dw.par_chunks_mut(self.taps.len()).enumerate().for_each(|(c, dw)| {
            with_scratch(self.phases_len() + len + SLACK + (self.taps.len() + 1) * LANES, |scratch| {
                scratch.fill(0.0);
                let (phases, rest) = scratch.split_at_mut(self.phases_len());
                let (grad, sums) = rest.split_at_mut(len + SLACK);
                for n in 0..batch {
                    let x = &x[(n * g.in_channels + c) * plane..][..plane];
                    let dy = &dy[(n * g.out_channels + c) * out..][..out];
                    isa::run(Deal { places: &self.input, plane: x, to: phases });
                    isa::run(Deal { places: &self.grad[1], plane: dy, to: grad });
                    isa::run(GradWeight { from: phases, taps: &self.taps, grad, len, sums });
                }
                let mut folded = sums.chunks_exact(LANES).map(crate::reduce::sum);
                dw.iter_mut().zip(&mut folded).for_each(|(dw, sum)| *dw += sum);
                if let (Some(db), Some(sum)) = (db, folded.next()) {
                    // SAFETY: each channel's bias belongs to one task.
                    unsafe { *db.at(c) += sum }
                }
            });
        });
    }

    fn check(&self, x: &[f32], w: &[f32], y: &[f32]) {
        let g = &self.geom;
        let batch = x.len() / g.input_len();
        assert_eq!(
            (x.len(), w.len(), y.len()),
            (batch * g.input_len(), g.weight_len(), batch * g.output_len()),
            "lengths of x, w, y for {g:?}"
        );
    }
}
