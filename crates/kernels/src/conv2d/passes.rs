//! The three passes of a [`Plan`] in f32: lay out, then run the inner loops.

use std::ops::Range;

use super::compact::{Compact, Gather};
use super::correlate::{Correlate, pack_weights};
use super::grad_weight::GradWeight;
use super::phases::{JoinPhases, phase_size};
use super::winograd::Source;
use super::{Passes, Plan};
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

    /// Numbers of one group's packed weights for [`Plan::rows_forward`].
    pub(super) fn packed_forward_len(&self) -> usize {
        if let Some(form) = &self.by_channel.forward {
            return form.packed_len();
        }
        self.winograd.as_ref().map_or(self.taps(), |form| form.packed_len())
    }

    /// Numbers of one group's packed weights for [`Plan::input_gradient`].
    pub(super) fn packed_backward_len(&self) -> usize {
        if let Some(form) = &self.by_channel.backward {
            return form.packed_len();
        }
        self.winograd_back.as_ref().map_or(self.taps(), |form| form.packed_len())
    }

    /// Weights of one group.
    fn taps(&self) -> usize {
        self.out_per_group() * self.offsets.len()
    }

    /// One group's packed weights, forward and backward.
    pub(super) fn packed_of<'a>(&self, packed: &'a [f32], group: usize) -> (&'a [f32], &'a [f32]) {
        let len = self.packed_forward_len() + self.packed_backward_len();
        packed[group * len..(group + 1) * len].split_at(self.packed_forward_len())
    }

    pub(super) fn pack_f32(&self, passes: Passes, w: &[f32], packed: &mut [f32]) {
        let (g, inp, taps) = (&self.geom, self.in_per_group(), self.offsets.len());
        let (kh, kw) = (g.kernel_h, g.kernel_w);
        let len = packed.len() / g.groups;
        for (w, packed) in w.chunks_exact(self.taps()).zip(packed.chunks_exact_mut(len)) {
            let (ahead, back) = packed.split_at_mut(self.packed_forward_len());
            let at = |o: usize, c: usize, p: usize, q: usize| w[((o * inp + c) * kh + p) * kw + q];
            match (&self.by_channel.forward, &self.winograd) {
                (Some(form), _) => form.pack(g, false, w, ahead),
                (None, Some(form)) => form.pack(ahead, at),
                (None, None) => pack_weights(self.out_per_group(), taps, ahead, |o, t| w[o * taps + t]),
            }
            if passes == Passes::Forward {
                continue;
            }
            match (&self.by_channel.backward, &self.winograd_back) {
                (Some(form), _) => form.pack(g, true, w, back),
                // The gradient passes through the window turned around.
                (None, Some(form)) => form.pack(back, |c, o, p, q| at(o, c, kh - 1 - p, kw - 1 - q)),
                (None, None) => self.pack_phases(back, at),
            }
        }
    }

    fn pack_phases(&self, packed: &mut [f32], at: impl Fn(usize, usize, usize, usize) -> f32) {
        let mut start = 0;
        for phase in &self.phases {
            let cells = &phase.cells;
            let own = &mut packed[start..start + self.in_per_group() * phase.offsets.len()];
            pack_weights(self.in_per_group(), phase.offsets.len(), own, |c, t| {
                let (o, (p, q)) = (t / cells.len(), cells[t % cells.len()]);
                at(o, c, p, q)
            });
            start += own.len();
        }
    }

    /// One group's input, padded; without padding as it is.
    pub(super) fn winograd_source<'a>(&self, x: &'a [f32], laid_out: &'a mut [f32]) -> Source<'a> {
        let (g, channels) = (&self.geom, self.in_per_group());
        let (rows, columns) = (g.in_h + 2 * g.padding, g.in_w + 2 * g.padding);
        let pixels = if g.padding == 0 {
            x
        } else {
            self.input.lay_out(x, laid_out);
            &*laid_out
        };
        Source { pixels, channels, plane: rows * columns, pitch: columns, rows, columns }
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

    pub(super) fn forward_f32(&self, x: &[f32], packed: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        let (g, out) = (&self.geom, self.out_per_group());
        if let Some(form) = &self.by_channel.forward {
            return form.run(x, self.packed_of(packed, 0).0, b, y);
        }
        if let Some(form) = &self.depthwise {
            return form.forward(x, packed, packed.len() / g.groups, b, y);
        }
        let groups = x.chunks_exact(x.len() / g.groups).zip(y.chunks_exact_mut(y.len() / g.groups));
        for (group, (x, y)) in groups.enumerate() {
            let (packed, _) = self.packed_of(packed, group);
            let bias = b.map(|b| &b[group * out..(group + 1) * out]);
            if let Some(form) = &self.pointwise {
                form.forward(x, packed, bias, y);
                continue;
            }
            with_scratch(self.input.len(), |laid_out| match &self.winograd {
                Some(form) => with_scratch(form.input_len(), |input| {
                    form.split(self.winograd_source(x, laid_out), input);
                    form.forward(input, packed, bias, y);
                }),
                None => match &self.narrow {
                    Some(form) => {
                        with_scratch(form.len(), |cells| {
                            self.gather_input(form, x, laid_out, cells);
                            self.cells_forward(form, cells, packed, bias, y);
                        });
                    }
                    None => {
                        self.input.lay_out(x, laid_out);
                        let to = Planes { y, plane: g.out_h * g.out_w, pitch: g.out_w };
                        self.rows_forward(laid_out, packed, bias, 0..g.out_h, to);
                    }
                },
            });
        }
    }

    fn gather_input(&self, form: &Compact, x: &[f32], laid_out: &mut [f32], to: &mut [f32]) {
        self.input.lay_out(x, laid_out);
        isa::run(Gather { form, from: laid_out, to });
    }

    /// Outputs of one group of some samples, whose gathered inputs follow each other.
    fn cells_forward(&self, form: &Compact, x: &[f32], packed: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        let (channels, cells) = (self.out_per_group(), self.geom.out_h * self.geom.out_w);
        isa::run(Correlate {
            x,
            pitch: form.len(),
            offsets: &form.offsets,
            weights: packed,
            bias,
            channels,
            rows: y.len() / (channels * cells),
            columns: cells,
            y,
            y_plane: cells,
            y_pitch: channels * cells,
        });
    }

    pub(super) fn backward_input_f32(&self, dy: &[f32], packed: &[f32], dx: &mut [f32]) {
        let groups = self.geom.groups;
        if let Some(form) = &self.by_channel.backward {
            return form.run(dy, self.packed_of(packed, 0).1, None, dx);
        }
        if let Some(form) = &self.depthwise {
            return form.backward_input(dy, packed, packed.len() / groups, dx);
        }
        with_scratch(self.grad.len(), |laid_out| {
            let parts = dy.chunks_exact(dy.len() / groups).zip(dx.chunks_exact_mut(dx.len() / groups));
            for (group, (dy, dx)) in parts.enumerate() {
                if let Some(form) = &self.pointwise {
                    form.backward_input(dy, self.packed_of(packed, group).1, dx);
                    continue;
                }
                self.grad.lay_out(dy, laid_out);
                self.input_gradient(laid_out, self.packed_of(packed, group).1, dx);
            }
        });
    }

    /// One group's `dx` from its laid out `dy`.
    pub(super) fn input_gradient(&self, laid_out: &[f32], packed: &[f32], dx: &mut [f32]) {
        let (g, inp) = (&self.geom, self.in_per_group());
        if let Some(form) = &self.winograd_back {
            let (up, back) = (g.kernel_h - 1 - g.padding, g.kernel_w - 1 - g.padding);
            let from = Source {
                pixels: &laid_out[self.grad.before(0, up, back)..],
                channels: self.out_per_group(),
                plane: self.grad.plane,
                pitch: self.grad.pitch,
                rows: g.in_h + g.kernel_h - 1,
                // A border of zeros follows each row, so that vectors may reach over its end.
                columns: self.grad.pitch,
            };
            return with_scratch(form.input_len(), |input| {
                form.split(from, input);
                form.forward(input, packed, None, dx);
            });
        }
        if let Some(form) = &self.narrow_back {
            return with_scratch(form.len(), |cells| {
                isa::run(Gather { form, from: laid_out, to: &mut *cells });
                self.cells_gradient(form, cells, packed, dx);
            });
        }
        let (rows, columns) = phase_size(g);
        let offsets = self.phases.iter().map(|phase| &phase.offsets[..]);
        self.each_phase(offsets, packed, dx, |offsets, weights, y| {
            isa::run(Correlate {
                x: laid_out,
                pitch: self.grad.pitch,
                offsets,
                weights,
                bias: None,
                channels: inp,
                rows,
                columns,
                y,
                y_plane: rows * columns,
                y_pitch: columns,
            });
        });
    }

    /// `dx` of one group of some samples, whose gathered output gradients follow each other.
    fn cells_gradient(&self, form: &Compact, dy: &[f32], packed: &[f32], dx: &mut [f32]) {
        let (channels, (rows, columns)) = (self.in_per_group(), phase_size(&self.geom));
        let cells = rows * columns;
        let samples = dx.len() / (channels * self.geom.in_h * self.geom.in_w);
        let mut start = 0;
        let offsets = self.phases.iter().map(|phase| {
            start += phase.offsets.len();
            &form.offsets[start - phase.offsets.len()..start]
        });
        self.each_phase(offsets, packed, dx, |offsets, weights, y| {
            isa::run(Correlate {
                x: dy,
                pitch: form.len(),
                offsets,
                weights,
                bias: None,
                channels,
                rows: samples,
                columns: cells,
                y,
                y_plane: cells,
                y_pitch: channels * cells,
            });
        });
    }

    /// Lets `convolve(offsets, weights, output)` compute each phase of `dx`, and joins them.
    fn each_phase<'a>(
        &self,
        offsets: impl Iterator<Item = &'a [usize]>,
        packed: &[f32],
        dx: &mut [f32],
        convolve: impl Fn(&[usize], &[f32], &mut [f32]),
    ) {
        let (g, inp, (rows, columns)) = (&self.geom, self.in_per_group(), phase_size(&self.geom));
        if g.stride == 1 {
            return offsets.for_each(|offsets| convolve(offsets, packed, &mut *dx));
        }
        let phase_len = dx.len() / (g.in_h * g.in_w) * rows * columns;
        with_scratch(self.phases.len() * phase_len, |phases| {
            let mut start = 0;
            for (offsets, phase) in offsets.zip(phases.chunks_exact_mut(phase_len)) {
                convolve(offsets, &packed[start..], phase);
                start += inp * offsets.len();
            }
            let (height, width, stride) = (g.in_h, g.in_w, g.stride);
            isa::run(JoinPhases { phases, phase_len, stride, rows, columns, height, width, dx });
        });
    }

    pub(super) fn accumulate_bias(&self, dy: &[f32], db: &mut [f32]) {
        for (db, plane) in db.iter_mut().zip(dy.chunks_exact(self.geom.out_h * self.geom.out_w)) {
            *db += crate::reduce::sum(plane);
        }
    }

    pub(super) fn accumulate_params_f32(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
    ) {
        let g = &self.geom;
        if let Some(form) = &self.by_channel.weights {
            return form.add(x, dy, dw, db);
        }
        if let Some(db) = db {
            self.accumulate_bias(dy, db);
        }
        if let Some(form) = &self.depthwise {
            return form.weight_gradient(x, dy, dw);
        }
        with_scratch(self.grad.len(), |grad| {
            let groups = x.chunks_exact(x.len() / g.groups).zip(dy.chunks_exact(dy.len() / g.groups));
            for ((x, dy), dw) in groups.zip(dw.chunks_exact_mut(self.taps())) {
                if let Some(form) = &self.pointwise {
                    form.weight_gradient(x, dy, dw);
                    continue;
                }
                self.grad.lay_out(dy, grad);
                self.weight_gradient(x, grad, dw);
            }
        });
    }

    /// Adds one group's `dw`, from its input and its laid out `dy`.
    pub(super) fn weight_gradient(&self, x: &[f32], grad: &[f32], dw: &mut [f32]) {
        let g = &self.geom;
        let grad = &grad[self.grad.start()..];
        let (plane, pitch, channels) = (self.grad.plane, self.grad.pitch, self.out_per_group());
        with_scratch(self.input.len(), |laid_out| {
            if let Some(form) = &self.winograd_weights {
                let dy = Source { pixels: grad, channels, plane, pitch, rows: g.out_h, columns: g.out_w };
                return with_scratch(form.input_len(), |input| {
                    form.split(self.winograd_source(x, laid_out), input);
                    form.add_weight_gradient(input, dy, dw);
                });
            }
            self.input.lay_out(x, laid_out);
            with_scratch(self.taps() * LANES, |sums| {
                isa::run(GradWeight {
                    x: laid_out,
                    pitch: self.input.pitch,
                    offsets: &self.offsets,
                    dy: grad,
                    dy_plane: plane,
                    dy_pitch: pitch,
                    channels,
                    rows: g.out_h,
                    columns: g.out_w,
                    sums,
                    dw,
                });
            });
        });
    }
}
