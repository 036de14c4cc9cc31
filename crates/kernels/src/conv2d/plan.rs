//! A convolution made ready to run: its sizes, and where each tap of the window lies.

use super::Conv2dGeom;
use super::correlate::{Correlate, pack_weights};
use super::grad_weight::GradWeight;
use super::layout::PhaseLayout;
use super::reference::{accumulate_params_reference, backward_input_reference, forward_reference};
use crate::scratch::with_scratch;
use crate::simd::LANES;
use crate::{Element, isa};

/// A convolution over one sample, with its gradients.
///
/// Samples are independent, so the caller decides which thread runs which; nothing here starts a thread.
///
/// # Exactness
/// Equal bits on every instruction set and for every thread count. `f64` runs the textbook loops.
///
/// # Examples
/// ```
/// use kernels::{Conv2dGeom, conv2d::Plan};
/// let plan = Plan::new(Conv2dGeom::square(1, 1, (3, 3), 2, 1, 0).unwrap());
/// let mut y = [0.0_f32; 4];
/// plan.forward(&[1., 2., 3., 4., 5., 6., 7., 8., 9.], &[1., 0., 0., 1.], Some(&[0.5]), &mut y);
/// assert_eq!(y, [6.5, 8.5, 12.5, 14.5]);
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    geom: Conv2dGeom,
    /// The input of one group.
    input: PhaseLayout,
    offsets: Vec<usize>,
    /// For the input's gradient: the output's gradient of one group, and the taps of each phase of the input.
    grad: PhaseLayout,
    phases: Vec<Phase>,
}

/// The taps that reach one phase of the padded input, for its gradient.
#[derive(Clone, Debug)]
struct Phase {
    /// Row and column of the phase, below the stride.
    at: (usize, usize),
    /// Window cells `(p, q)`, in order.
    cells: Vec<(usize, usize)>,
    /// Offset of each (output channel, cell) in the laid out gradient.
    offsets: Vec<usize>,
}

impl Plan {
    /// Settles where everything lies.
    #[must_use]
    pub fn new(geom: Conv2dGeom) -> Self {
        let g = &geom;
        let input = PhaseLayout::new(g.in_channels / g.groups, (g.in_h, g.in_w), g.padding, g.stride);
        let window = || (0..g.kernel_h).flat_map(|p| (0..g.kernel_w).map(move |q| (p, q)));
        let offsets = (0..g.in_channels / g.groups)
            .flat_map(|c| window().map(move |(p, q)| (c, p * g.dilation, q * g.dilation)))
            .map(|(c, p, q)| input.offset(c, p, q))
            .collect();
        // Input row `yp` (padded) gets `dy` row `(yp − p·d) / s`: reach back as far as the last tap does.
        let reach = g.dilation * (g.kernel_h.max(g.kernel_w) - 1) / g.stride;
        let grad = PhaseLayout::new(g.out_channels / g.groups, (g.out_h, g.out_w), reach, 1);
        let grad = grad.with_room(input.rows() + reach, input.pitch + reach);
        let phases = (0..g.stride)
            .flat_map(|a| (0..g.stride).map(move |b| (a, b)))
            .map(|at| {
                let hits = |&(p, q): &(usize, usize)| {
                    p * g.dilation % g.stride == at.0 && q * g.dilation % g.stride == at.1
                };
                let cells: Vec<_> = window().filter(hits).collect();
                let back = |tap: usize, phase: usize| reach - (tap * g.dilation - phase) / g.stride;
                let offsets = (0..g.out_channels / g.groups)
                    .flat_map(|o| cells.iter().map(move |&(p, q)| (o, p, q)))
                    .map(|(o, p, q)| grad.offset(o, back(p, at.0), back(q, at.1)))
                    .collect();
                Phase { at, cells, offsets }
            })
            .collect();
        Plan { geom, input, offsets, grad, phases }
    }

    /// The sizes.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        &self.geom
    }

    /// `y = w ⋆ x + b` over one sample, overwriting `y`.
    ///
    /// # Shapes
    /// As [`Conv2dGeom`] says; `b` is `[out_channels]`.
    ///
    /// # Panics
    /// If a slice's length does not match the geometry.
    pub fn forward<T: Element>(&self, x: &[T], w: &[T], b: Option<&[T]>, y: &mut [T]) {
        self.check(x.len(), w.len(), y.len());
        match (T::as_f32(x), T::as_f32(w), T::as_f32_mut(y)) {
            (Some(x), Some(w), Some(y)) => self.forward_f32(x, w, b.and_then(T::as_f32), y),
            _ => forward_reference(&self.geom, x, w, b, y),
        }
    }

    /// `dx = ∂L/∂x` over one sample from `dy = ∂L/∂y`, overwriting `dx`.
    ///
    /// # Panics
    /// If a slice's length does not match the geometry.
    pub fn backward_input<T: Element>(&self, dy: &[T], w: &[T], dx: &mut [T]) {
        self.check(dx.len(), w.len(), dy.len());
        match (T::as_f32(dy), T::as_f32(w), T::as_f32_mut(dx)) {
            (Some(dy), Some(w), Some(dx)) => self.backward_input_f32(dy, w, dx),
            _ => backward_input_reference(&self.geom, dy, w, dx),
        }
    }

    /// Adds one sample's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
    ///
    /// # Panics
    /// If a slice's length does not match the geometry.
    pub fn accumulate_params<T: Element>(&self, x: &[T], dy: &[T], dw: &mut [T], db: Option<&mut [T]>) {
        self.check(x.len(), dw.len(), dy.len());
        match (T::as_f32(x), T::as_f32(dy), T::as_f32_mut(dw)) {
            (Some(x), Some(dy), Some(dw)) => {
                self.accumulate_params_f32(x, dy, dw, db.and_then(T::as_f32_mut));
            }
            _ => accumulate_params_reference(&self.geom, x, dy, dw, db),
        }
    }

    fn check(&self, x: usize, w: usize, y: usize) {
        let g = &self.geom;
        assert_eq!(
            (x, w, y),
            (g.input_len(), g.weight_len(), g.output_len()),
            "lengths of x, w, y for {g:?}"
        );
    }

    fn forward_f32(&self, x: &[f32], w: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        let g = &self.geom;
        let (taps, out) = (self.offsets.len(), g.out_channels / g.groups);
        with_scratch(self.input.len() + LANES + out * taps, |scratch| {
            let (laid_out, weights) = scratch.split_at_mut((self.input.len()).next_multiple_of(LANES));
            let groups = x.chunks_exact(x.len() / g.groups).zip(y.chunks_exact_mut(y.len() / g.groups));
            for (group, (x, y)) in groups.enumerate() {
                self.input.lay_out(x, laid_out);
                pack_weights(out, taps, weights, |o, t| w[(group * out + o) * taps + t]);
                isa::run(Correlate {
                    x: laid_out,
                    pitch: self.input.pitch,
                    offsets: &self.offsets,
                    weights: &weights[..out * taps],
                    bias: b.map(|b| &b[group * out..(group + 1) * out]),
                    rows: g.out_h,
                    columns: g.out_w,
                    y,
                });
            }
        });
    }

    fn backward_input_f32(&self, dy: &[f32], w: &[f32], dx: &mut [f32]) {
        let g = &self.geom;
        let (window, inp, out) =
            (g.kernel_h * g.kernel_w, g.in_channels / g.groups, g.out_channels / g.groups);
        let (rows, columns) = (self.input.rows(), self.input.pitch);
        let lens = [self.grad.len(), inp * rows * columns, self.input.len(), inp * out * window];
        with_scratch(lens.iter().map(|l| l.next_multiple_of(LANES)).sum(), |scratch| {
            let (laid_out, rest) = scratch.split_at_mut(lens[0].next_multiple_of(LANES));
            let (plane, rest) = rest.split_at_mut(lens[1].next_multiple_of(LANES));
            let (padded, weights) = rest.split_at_mut(lens[2].next_multiple_of(LANES));
            let groups = dy.chunks_exact(dy.len() / g.groups).zip(dx.chunks_exact_mut(dx.len() / g.groups));
            for (group, (dy, dx)) in groups.enumerate() {
                self.grad.lay_out(dy, laid_out);
                for phase in &self.phases {
                    let taps = phase.offsets.len();
                    let cells = &phase.cells;
                    pack_weights(inp, taps, weights, |c, t| {
                        let (o, (p, q)) = (t / cells.len(), cells[t % cells.len()]);
                        w[((group * out + o) * inp + c) * window + p * g.kernel_w + q]
                    });
                    let plane = &mut plane[..inp * rows * columns];
                    isa::run(Correlate {
                        x: laid_out,
                        pitch: self.grad.pitch,
                        offsets: &phase.offsets,
                        weights: &weights[..inp * taps],
                        bias: None,
                        rows,
                        columns,
                        y: plane,
                    });
                    for (c, plane) in plane.chunks_exact(rows * columns).enumerate() {
                        let at = self.input.offset(c, phase.at.0, phase.at.1);
                        padded[at..at + plane.len()].copy_from_slice(plane);
                    }
                }
                self.input.take_out(padded, dx);
            }
        });
    }

    fn accumulate_params_f32(&self, x: &[f32], dy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
        let g = &self.geom;
        let (taps, out) = (self.offsets.len(), g.out_channels / g.groups);
        let dy_pitch = g.out_w.next_multiple_of(LANES);
        // A vector of the last row may reach up to 15 columns past the image.
        let room = (self.input.len() + LANES).next_multiple_of(LANES);
        let sums_len = out * taps * LANES;
        if let Some(db) = db {
            for (db, plane) in db.iter_mut().zip(dy.chunks_exact(g.out_h * g.out_w)) {
                *db += crate::reduce::sum(plane);
            }
        }
        with_scratch(room + out * g.out_h * dy_pitch + sums_len, |scratch| {
            let (laid_out, rest) = scratch.split_at_mut(room);
            let (grad, sums) = rest.split_at_mut(out * g.out_h * dy_pitch);
            let groups = x.chunks_exact(x.len() / g.groups).zip(dy.chunks_exact(dy.len() / g.groups));
            for ((x, dy), dw) in groups.zip(dw.chunks_exact_mut(out * taps)) {
                self.input.lay_out(x, laid_out);
                for (to, row) in grad.chunks_exact_mut(dy_pitch).zip(dy.chunks_exact(g.out_w)) {
                    to[..g.out_w].copy_from_slice(row);
                    to[g.out_w..].fill(0.0);
                }
                isa::run(GradWeight {
                    x: laid_out,
                    pitch: self.input.pitch,
                    offsets: &self.offsets,
                    dy: grad,
                    dy_pitch,
                    rows: g.out_h,
                    sums: &mut sums[..sums_len],
                    dw,
                });
            }
        });
    }
}
