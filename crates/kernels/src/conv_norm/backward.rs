//! The backward pass of [`ConvNorm`].

use rayon::prelude::*;

use super::place::{Line, Place};
use super::pooled::{PoolGradient, PoolSums};
use super::{ConvNorm, Grads, Kept, Params, Past, samples_per_group};
use crate::batch_norm::Norm;
use crate::batch_norm::vector::{self, Affine, Sums};
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};
use crate::{Element, isa, reduce};

impl ConvNorm {
    /// From `dy`, overwrites `dx` (if wanted) and adds to the gradients of the parameters; the rest as `forward` left it.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn backward<T: Element>(
        &self,
        past: &Past<'_, T>,
        params: &Params<'_, T>,
        dy: &[T],
        dx: Option<&mut [T]>,
        grads: Grads<'_, T>,
    ) {
        self.check(params, past.x.len(), dy.len(), past.numbers.len(), past.bytes.len());
        assert_eq!((past.y.len(), grads.dw.len()), (dy.len(), self.geom().weight_len()), "lengths of y, dw");
        let kept = self.kept(self.batch(past.x.len()), past.numbers);
        let (Some(own), Some(dy32), Some(params32)) = (past.as_f32(), T::as_f32(dy), params.as_f32()) else {
            return self.backward_reference(past, &kept, params, dy, dx, grads);
        };
        if let (Some(kept), Some(grads)) = (kept.as_f32(), grads.into_f32()) {
            let dx = dx.and_then(T::as_f32_mut);
            if self.is_cheap() {
                self.backward_short(&own, &kept, &params32, dy32, dx, grads);
            } else {
                self.backward_f32(&own, &kept, &params32, dy32, dx, grads);
            }
        }
    }

    fn backward_f32(
        &self,
        past: &Past<'_, f32>,
        kept: &Kept<&[f32]>,
        params: &Params<'_, f32>,
        dy: &[f32],
        dx: Option<&mut [f32]>,
        grads: Grads<'_, f32>,
    ) {
        let norm = self.norm(params, kept.mean, kept.variance);
        let Grads { dw, dscale, dshift } = grads;
        let count = self.norm_geom(self.batch(past.x.len())).numbers_per_channel();
        // Of each channel: mean, factor, mean of dz, slope.
        with_scratch(4 * self.channels(), |numbers| {
            let numbers = numbers.as_chunks_mut().0;
            let gradients = numbers.par_iter_mut().zip(dscale.par_iter_mut().zip(dshift)).enumerate();
            gradients.with_max_len(1).for_each(|(c, (to, (dscale, dshift)))| {
                let (affine, inverse_std) = (norm.affine(c), f64::from(norm.inverse_std(c)));
                let (of_dz, of_both) = self.sums(past, kept, dy, affine, c);
                *dscale += (of_both * inverse_std) as f32;
                *dshift += of_dz as f32;
                let slope = (of_both / count * inverse_std * inverse_std) as f32;
                *to = [affine.mean, affine.factor, (of_dz / count) as f32, slope];
            });
            let groups = Groups { net: self, past, kept, params, dy, norm: &norm, channels: numbers };
            groups.convolve(dx, dw);
        });
    }

    /// `Σ dz` and `Σ dz · (u − mean)` of one channel.
    fn sums(
        &self,
        past: &Past<'_, f32>,
        kept: &Kept<&[f32]>,
        dy: &[f32],
        affine: Affine,
        channel: usize,
    ) -> (f64, f64) {
        let f = self.f;
        match &self.pool {
            Some(pool) => isa::run(PoolSums { pool, channel, affine, f, winning: kept.winning, dy }),
            None => {
                let g = &self.norm_geom(self.batch(past.x.len()));
                let past = vector::Past { x: kept.u, y: past.y, dy, f };
                isa::run(Sums { g, past, affine, channel, dz: None })
            }
        }
    }
}

/// The pass from `dy` to `dw` and `dx`, sample by sample.
pub(super) struct Groups<'a> {
    pub(super) net: &'a ConvNorm,
    pub(super) past: &'a Past<'a, f32>,
    pub(super) kept: &'a Kept<&'a [f32]>,
    pub(super) params: &'a Params<'a, f32>,
    pub(super) dy: &'a [f32],
    pub(super) norm: &'a Norm<'a, f32>,
    /// `mean`, `factor`, mean of `dz`, and `slope` of each channel.
    pub(super) channels: &'a [[f32; 4]],
}

impl Groups<'_> {
    /// Gradients of the weights of each group of samples, then their sum, group by group.
    fn convolve(&self, dx: Option<&mut [f32]>, dw: &mut [f32]) {
        let (g, len) = (self.net.geom(), self.net.geom().weight_len());
        let batch = self.net.batch(self.past.x.len());
        let group = samples_per_group(batch);
        let stride = len.next_multiple_of(LANES);
        with_scratch(batch.div_ceil(group) * stride, |sums| {
            let work = |k: usize, dw: &mut [f32], mut dx: Option<&mut [f32]>| {
                dw.fill(0.0);
                for n in k * group..((k + 1) * group).min(batch) {
                    let from = (n - k * group) * g.input_len();
                    let dx = dx.as_deref_mut().map(|dx| &mut dx[from..from + g.input_len()]);
                    self.sample(n, &mut dw[..len], dx);
                }
            };
            let all = sums.par_chunks_mut(stride).with_max_len(1).enumerate();
            match dx {
                None => all.for_each(|(k, sums)| work(k, sums, None)),
                Some(dx) => {
                    let dxs = dx.par_chunks_mut(group * g.input_len());
                    all.zip(dxs).for_each(|((k, sums), dx)| work(k, sums, Some(dx)));
                }
            }
            reduce::add_rows(dw, sums, stride);
        });
    }

    /// One sample's `du`, then what the convolution makes of it.
    fn sample(&self, n: usize, dw: &mut [f32], dx: Option<&mut [f32]>) {
        let (plan, g) = (&self.net.plan, self.net.geom());
        let x = &self.past.x[n * g.input_len()..][..g.input_len()];
        let filters = self.params.filters;
        let Some(sheet) = plan.sheet() else {
            return with_scratch(g.output_len(), |du| {
                self.gradient(n, self.u(n), Place::plain(g), du);
                plan.accumulate_params(x, du, dw, None);
                if let Some(dx) = dx {
                    plan.backward_input(du, filters, dx);
                }
            });
        };
        with_scratch(sheet.len, |du| {
            plan.clear_sheet(du);
            self.gradient(n, self.u(n), Place::of_sheet(&sheet), du);
            plan.backward_sheet(x, du, filters.packed, dw, dx);
        });
    }

    /// `dx` alone, with `u` computed anew.
    pub(super) fn input_gradient(&self, dx: &mut [f32]) {
        let (plan, g, params) = (&self.net.plan, self.net.geom(), self.params);
        let samples = self.past.x.par_chunks(g.input_len()).zip(dx.par_chunks_mut(g.input_len()));
        samples.enumerate().for_each(|(n, (x, dx))| {
            with_scratch(2 * g.output_len(), |scratch| {
                let (u, du) = scratch.split_at_mut(g.output_len());
                plan.forward(x, params.filters, params.b, u);
                self.gradient(n, u, Place::plain(g), du);
                plan.backward_input(du, params.filters, dx);
            });
        });
    }

    /// The convolution's output for one sample.
    fn u(&self, n: usize) -> &[f32] {
        let len = self.net.geom().output_len();
        &self.kept.u[n * len..(n + 1) * len]
    }

    fn gradient(&self, n: usize, u: &[f32], place: Place, du: &mut [f32]) {
        let (net, channels) = (self.net, self.channels);
        let out = n * net.output_len()..(n + 1) * net.output_len();
        let (f, dy) = (net.f, &self.dy[out.clone()]);
        match &net.pool {
            Some(pool) => {
                let winners = &self.past.bytes[n * net.kept_bytes()..][..net.kept_bytes()];
                let (of, sums) = (Some((u, channels)), &mut [][..]);
                isa::run(PoolGradient { pool, of, f, dy, winners, place, du, sums });
            }
            None => {
                let past = vector::Past { x: u, y: &self.past.y[out], dy, f };
                let size = (net.geom().out_h, net.geom().out_w);
                isa::run(Gradient { size, norm: self.norm, channels, past, place, du });
            }
        }
    }
}

/// `du = factor · (dz − mean_dz − (u − mean) · slope)` of one sample, without a pooling.
struct Gradient<'a> {
    /// Rows and columns.
    size: (usize, usize),
    norm: &'a Norm<'a, f32>,
    channels: &'a [[f32; 4]],
    past: vector::Past<'a>,
    place: Place,
    du: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let vector::Past { x, y, dy, .. } = self.past;
        let (rows, columns) = self.size;
        assert!(x.len() == self.channels.len() * rows * columns);
        assert!(y.len() == x.len() && dy.len() == x.len());
        assert!(self.du.len() >= self.place.end(self.channels.len(), rows, columns));
        for (c, channel) in self.channels.iter().enumerate() {
            let affine = self.norm.affine(c);
            let line = Line::<S>(channel.map(|v| s.splat(v)));
            for i in 0..rows {
                for j in (0..columns).step_by(LANES) {
                    let (at, lanes) = ((c * rows + i) * columns + j, columns - j);
                    // SAFETY: `lanes` numbers are left of the row in all four.
                    unsafe {
                        let (_, dz) = self.past.gradient(s, affine, at, lanes);
                        let du = self.du.as_mut_ptr().add(self.place.at(c, i) + j);
                        line.put(s, x.as_ptr().add(at), dz, du, lanes);
                    }
                }
            }
        }
    }
}
