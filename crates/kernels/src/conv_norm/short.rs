//! The backward pass of a convolution of few products a number, from `dy` in one pass: `u`, which costs more to fetch than the sums
//! that it stands for, is not needed at all.
//!
//! ```text
//!  x_t      what tap t of the window reads             u = Σ_t w_t · x_t + b
//!  A_t  = Σ dz · x_t                                   the weight's gradient of dz in place of du
//!  S_t  = Σ x_t      R_tt' = Σ x_t · x_t'              of the input alone: `conv2d/gram.rs`
//!
//!  Σ dz · (u − mean) = Σ_t w_t · A_t + (b − mean) · Σ dz
//!  dw_t = Σ du · x_t = factor · (A_t − mean_dz · S_t − slope · (Σ_t' R_tt' · w_t' + (b − mean) · S_t))
//! ```
//!
//! Sums over the batch: group of samples by group, in order; from there in f64. The input's gradient, which a first layer is not asked for, is a
//! second pass with `u` computed anew. Tested by `tests.rs` against the layers one after the other.

use rayon::prelude::*;

use super::backward::Groups;
use super::marked::MarkedGradient;
use super::place::Place;
use super::pooled::PoolGradient;
use super::{ConvNorm, Grads, Kept, Params, Past, samples_per_group};
use crate::batch_norm::Norm;
use crate::scratch::with_scratch;
use crate::simd::LANES;
use crate::{isa, reduce};

/// Where the parts of a group's sums lie.
struct Layout {
    weights: usize,
    channels: usize,
    gram: usize,
}

impl Layout {
    fn len(&self) -> usize {
        (self.weights + self.channels + self.gram).next_multiple_of(LANES)
    }

    /// `A`, `Σ dz`, and `R` with `S`.
    fn cut<'a>(&self, sums: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32], &'a mut [f32]) {
        let (a, rest) = sums.split_at_mut(self.weights);
        let (dz, rest) = rest.split_at_mut(self.channels);
        (a, dz, &mut rest[..self.gram])
    }
}

impl ConvNorm {
    pub(super) fn backward_short(
        &self,
        past: &Past<'_, f32>,
        kept: &Kept<&[f32]>,
        params: &Params<'_, f32>,
        dy: &[f32],
        dx: Option<&mut [f32]>,
        grads: Grads<'_, f32>,
    ) {
        let layout = Layout {
            weights: self.geom().weight_len(),
            channels: self.channels(),
            gram: self.plan.gram_len(),
        };
        let (batch, len) = (self.batch(past.x.len()), layout.len());
        let group = samples_per_group(batch);
        with_scratch(batch.div_ceil(group) * len, |sums| {
            sums.par_chunks_mut(len).with_max_len(1).enumerate().for_each(|(k, sums)| {
                sums.fill(0.0);
                for n in k * group..((k + 1) * group).min(batch) {
                    self.short_sums(n, past, dy, layout.cut(sums));
                }
            });
            let (all, rest) = sums.split_at_mut(len);
            reduce::add_rows(all, rest, len);
            let norm = self.norm(params, kept.mean, kept.variance);
            let count = self.norm_geom(batch).numbers_per_channel();
            with_scratch(4 * self.channels(), |channels| {
                let channels = channels.as_chunks_mut().0;
                self.settle(layout.cut(all), params, (&norm, count), grads, channels);
                if let Some(dx) = dx {
                    let groups = Groups { net: self, past, kept, params, dy, norm: &norm, channels };
                    groups.input_gradient(dx);
                }
            });
        });
    }

    /// Adds one sample's `A`, `Σ dz`, and `R` with `S`.
    fn short_sums(
        &self,
        n: usize,
        past: &Past<'_, f32>,
        dy: &[f32],
        (a, sums, gram): (&mut [f32], &mut [f32], &mut [f32]),
    ) {
        let (plan, g, f) = (&self.plan, self.geom(), self.f);
        let x = &past.x[n * g.input_len()..][..g.input_len()];
        let dy = &dy[n * self.output_len()..][..self.output_len()];
        let marks = &past.bytes[n * self.kept_bytes()..][..self.kept_bytes()];
        plan.add_gram(x, gram);
        let size = (g.out_h, g.out_w);
        let mut fill = |place: Place, dz: &mut [f32]| match &self.pool {
            Some(pool) => {
                isa::run(PoolGradient { pool, of: None, f, dy, winners: marks, place, du: dz, sums })
            }
            None => isa::run(MarkedGradient { size, f, marks, dy, place, dz, sums }),
        };
        match plan.sheet() {
            Some(sheet) => with_scratch(sheet.len, |dz| {
                plan.clear_sheet(dz);
                fill(Place::of_sheet(&sheet), dz);
                plan.backward_sheet(x, dz, &[], a, None);
            }),
            None => with_scratch(g.output_len(), |dz| {
                fill(Place::plain(g), dz);
                plan.accumulate_params(x, dz, a, None);
            }),
        }
    }

    /// The parameters' gradients from the sums over the batch, and what `du` is made of: `mean`, `factor`, mean of `dz`, `slope`.
    fn settle(
        &self,
        (a, sums, gram): (&mut [f32], &mut [f32], &mut [f32]),
        params: &Params<'_, f32>,
        (norm, count): (&Norm<'_, f32>, f64),
        grads: Grads<'_, f32>,
        channels: &mut [[f32; 4]],
    ) {
        let taps = a.len() / sums.len();
        // One half of the square is there.
        let r = |t: usize, with: usize| f64::from(gram[t.min(with) * (taps + 1) + t.max(with)]);
        for (c, to) in channels.iter_mut().enumerate() {
            let own = c * taps..(c + 1) * taps;
            let (w, a, dw) = (&params.filters.w[own.clone()], &a[own.clone()], &mut grads.dw[own]);
            let (affine, inverse_std) = (norm.affine(c), f64::from(norm.inverse_std(c)));
            let shift = params.b.map_or(0.0, |b| f64::from(b[c])) - f64::from(affine.mean);
            let of_dz = f64::from(sums[c]);
            let products = w.iter().zip(a).map(|(&w, &a)| f64::from(w) * f64::from(a));
            let of_both = shift * of_dz + products.sum::<f64>();
            let (mean_dz, slope) = (of_dz / count, of_both / count * inverse_std * inverse_std);
            grads.dscale[c] += (of_both * inverse_std) as f32;
            grads.dshift[c] += of_dz as f32;
            for (t, dw) in dw.iter_mut().enumerate() {
                let s = r(t, taps);
                let of_u =
                    shift * s + w.iter().enumerate().map(|(k, &w)| r(t, k) * f64::from(w)).sum::<f64>();
                *dw += (f64::from(affine.factor) * (f64::from(a[t]) - mean_dz * s - slope * of_u)) as f32;
            }
            *to = [affine.mean, affine.factor, mean_dz as f32, slope as f32];
        }
    }
}
