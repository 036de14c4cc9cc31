//! The three passes of a [`Plan`] in f32: lay out, then run the inner loops.

use std::ops::Range;

use super::Plan;
use super::correlate::{Correlate, pack_weights};
use super::grad_weight::GradWeight;
use super::plan::Phase;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::LANES;

/// Where rows of an output go.
pub(super) struct Planes<'a> {
    pub(super) y: &'a mut [f32],
    /// Numbers from one plane to the next, and from one row to the next.
    pub(super) plane: usize,
    pub(super) pitch: usize,
}

/// Cuts a scratch buffer into parts that each start on a vector.
pub(super) fn cut<const N: usize>(mut scratch: &mut [f32], lens: [usize; N]) -> [&mut [f32]; N] {
    lens.map(|len| {
        let (part, rest) = std::mem::take(&mut scratch).split_at_mut(len.next_multiple_of(LANES));
        scratch = rest;
        &mut part[..len]
    })
}

/// The length of a scratch buffer for [`cut`].
pub(super) fn room<const N: usize>(lens: [usize; N]) -> usize {
    lens.iter().map(|len| len.next_multiple_of(LANES)).sum()
}

impl Plan {
    pub(super) fn in_per_group(&self) -> usize {
        self.geom.in_channels / self.geom.groups
    }

    pub(super) fn out_per_group(&self) -> usize {
        self.geom.out_channels / self.geom.groups
    }

    pub(super) fn packed_len(&self) -> usize {
        self.out_per_group() * self.offsets.len()
    }

    /// Packs one group's weights for [`Plan::rows_forward`].
    pub(super) fn pack_forward(&self, w: &[f32], packed: &mut [f32]) {
        let taps = self.offsets.len();
        pack_weights(self.out_per_group(), taps, packed, |o, t| w[o * taps + t]);
    }

    /// Some output rows of one group, from a laid out input and packed weights.
    pub(super) fn rows_forward(
        &self,
        laid_out: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        rows: Range<usize>,
        to: Planes<'_>,
    ) {
        isa::run(Correlate {
            x: &laid_out[rows.start * self.input.pitch..],
            pitch: self.input.pitch,
            offsets: &self.offsets,
            weights: packed,
            bias,
            channels: self.out_per_group(),
            rows: rows.len(),
            columns: self.geom.out_w,
            y: to.y,
            y_plane: to.plane,
            y_pitch: to.pitch,
        });
    }

    pub(super) fn forward_f32(&self, x: &[f32], w: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        let (g, out) = (&self.geom, self.out_per_group());
        let lens = [self.input.len(), self.packed_len()];
        with_scratch(room(lens), |scratch| {
            let [laid_out, packed] = cut(scratch, lens);
            let groups = x.chunks_exact(x.len() / g.groups).zip(y.chunks_exact_mut(y.len() / g.groups));
            for (group, (x, y)) in groups.enumerate() {
                self.input.lay_out(x, laid_out);
                self.pack_forward(&w[group * packed.len()..][..packed.len()], packed);
                let bias = b.map(|b| &b[group * out..(group + 1) * out]);
                let to = Planes { y, plane: g.out_h * g.out_w, pitch: g.out_w };
                self.rows_forward(laid_out, packed, bias, 0..g.out_h, to);
            }
        });
    }

    pub(super) fn backward_input_f32(&self, dy: &[f32], w: &[f32], dx: &mut [f32]) {
        let groups = self.geom.groups;
        with_scratch(self.grad.len(), |laid_out| {
            let parts = dy.chunks_exact(dy.len() / groups).zip(dx.chunks_exact_mut(dx.len() / groups));
            for ((dy, dx), w) in parts.zip(w.chunks_exact(w.len() / groups)) {
                self.grad.lay_out(dy, laid_out);
                self.input_gradient(laid_out, w, dx);
            }
        });
    }

    /// One group's `dx` from its laid out `dy`.
    pub(super) fn input_gradient(&self, laid_out: &[f32], w: &[f32], dx: &mut [f32]) {
        let (g, inp) = (&self.geom, self.in_per_group());
        if let [phase] = &self.phases[..] {
            // Stride 1: the image is one phase, and only its unpadded part is computed.
            return with_scratch(inp * phase.offsets.len(), |packed| {
                self.pack_backward(phase, w, packed);
                let skip = g.padding * self.grad.pitch + g.padding;
                let to = Planes { y: dx, plane: g.in_h * g.in_w, pitch: g.in_w };
                self.phase_gradient(phase, &laid_out[skip..], packed, (g.in_h, g.in_w), to);
            });
        }
        let (rows, columns) = (self.input.rows(), self.input.pitch);
        let lens =
            [inp * rows * columns, self.input.len(), inp * self.out_per_group() * g.kernel_h * g.kernel_w];
        with_scratch(room(lens), |scratch| {
            let [plane, padded, packed] = cut(scratch, lens);
            for phase in &self.phases {
                self.pack_backward(phase, w, packed);
                let to = Planes { y: plane, plane: rows * columns, pitch: columns };
                self.phase_gradient(phase, laid_out, packed, (rows, columns), to);
                for (c, plane) in plane.chunks_exact(rows * columns).enumerate() {
                    let at = self.input.offset(c, phase.at.0, phase.at.1);
                    padded[at..at + plane.len()].copy_from_slice(plane);
                }
            }
            self.input.take_out(padded, dx);
        });
    }

    fn pack_backward(&self, phase: &Phase, w: &[f32], packed: &mut [f32]) {
        let (g, inp, cells) = (&self.geom, self.in_per_group(), &phase.cells);
        pack_weights(inp, phase.offsets.len(), packed, |c, t| {
            let (o, (p, q)) = (t / cells.len(), cells[t % cells.len()]);
            w[((o * inp + c) * g.kernel_h + p) * g.kernel_w + q]
        });
    }

    fn phase_gradient(
        &self,
        phase: &Phase,
        laid_out: &[f32],
        packed: &[f32],
        (rows, columns): (usize, usize),
        to: Planes<'_>,
    ) {
        isa::run(Correlate {
            x: laid_out,
            pitch: self.grad.pitch,
            offsets: &phase.offsets,
            weights: packed,
            bias: None,
            channels: self.in_per_group(),
            rows,
            columns,
            y: to.y,
            y_plane: to.plane,
            y_pitch: to.pitch,
        });
    }

    pub(super) fn accumulate_params_f32(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
    ) {
        let g = &self.geom;
        if let Some(db) = db {
            for (db, plane) in db.iter_mut().zip(dy.chunks_exact(g.out_h * g.out_w)) {
                *db += crate::reduce::sum(plane);
            }
        }
        let lens = [self.input.len(), self.grad.len()];
        with_scratch(room(lens), |scratch| {
            let [laid_out, grad] = cut(scratch, lens);
            let groups = x.chunks_exact(x.len() / g.groups).zip(dy.chunks_exact(dy.len() / g.groups));
            for ((x, dy), dw) in groups.zip(dw.chunks_exact_mut(self.packed_len())) {
                self.input.lay_out(x, laid_out);
                self.grad.lay_out(dy, grad);
                self.weight_gradient(laid_out, grad, dw);
            }
        });
    }

    /// Adds one group's `dw`, from its input and its `dy`, both laid out.
    pub(super) fn weight_gradient(&self, laid_out: &[f32], grad: &[f32], dw: &mut [f32]) {
        let g = &self.geom;
        with_scratch(self.packed_len() * LANES, |sums| {
            isa::run(GradWeight {
                x: laid_out,
                pitch: self.input.pitch,
                offsets: &self.offsets,
                dy: &grad[self.grad.start()..],
                dy_plane: self.grad.plane,
                dy_pitch: self.grad.pitch,
                channels: self.out_per_group(),
                rows: g.out_h,
                columns: g.out_w,
                sums,
                dw,
            });
        });
    }
}
