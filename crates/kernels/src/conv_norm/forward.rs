//! The forward pass of [`ConvNorm`], in training and as a fixed function.

use rayon::prelude::*;

use super::marked::NormalizeMarked;
use super::pooled::NormalizePool;
use super::{ConvNorm, Kept, Params};
use crate::batch_norm::Norm;
use crate::batch_norm::vector::{Merged, Normalize, PlaneMoments, blocks_per_plane};
use crate::scratch::with_scratch;
use crate::{Element, isa};

impl ConvNorm {
    /// `y` with the batch's own mean and variance; fills `numbers` and `bytes` for the backward pass.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward<T: Element>(
        &self,
        x: &[T],
        params: &Params<'_, T>,
        y: &mut [T],
        numbers: &mut [T],
        bytes: &mut [u8],
    ) {
        self.check(params, x.len(), y.len(), numbers.len(), bytes.len());
        let batch = self.batch(x.len());
        let kept = self.kept_mut(batch, numbers);
        let (Some(x), Some(y)) = (T::as_f32(x), T::as_f32_mut(y)) else {
            return self.forward_reference(x, params, y, kept);
        };
        if let (Some(params), Some(kept)) = (params.as_f32(), kept.into_f32()) {
            self.forward_f32(x, &params, y, kept, bytes);
        }
    }

    fn forward_f32(
        &self,
        x: &[f32],
        params: &Params<'_, f32>,
        y: &mut [f32],
        kept: Kept<&mut [f32]>,
        bytes: &mut [u8],
    ) {
        let (g, plane) = (self.geom(), self.plane());
        let blocks_len = self.blocks_len();
        let look = |x: &[f32], u: &mut [f32], blocks: &mut [f32]| {
            self.plan.forward(x, params.filters, params.b, u);
            isa::run(PlaneMoments { plane, x: u, to: blocks.as_chunks_mut().0 });
        };
        let samples = x.par_chunks(g.input_len()).with_max_len(1).zip(kept.blocks.par_chunks_mut(blocks_len));
        if self.is_cheap() {
            samples.for_each(|(x, blocks)| with_scratch(g.output_len(), |u| look(x, u, blocks)));
        } else {
            let us = kept.u.par_chunks_mut(g.output_len());
            samples.zip(us).for_each(|((x, blocks), u)| look(x, u, blocks));
        }
        self.merge(kept.blocks, kept.mean, kept.variance);
        let norm = self.norm(params, kept.mean, kept.variance);
        self.with_affine(&norm, |affine| {
            let ys = y.par_chunks_mut(self.output_len()).with_max_len(1);
            if self.is_cheap() {
                let outs = ys.zip(bytes.par_chunks_mut(self.kept_bytes()));
                return x.par_chunks(g.input_len()).zip(outs).for_each(|(x, (y, bytes))| {
                    with_scratch(g.output_len(), |u| {
                        self.plan.forward(x, params.filters, params.b, u);
                        self.finish(affine, u, y, (&mut [], bytes));
                    });
                });
            }
            let us = kept.u.par_chunks(g.output_len()).zip(ys);
            let Some(pool) = self.pool else {
                return us.for_each(|(u, y)| self.finish(affine, u, y, (&mut [], &mut [])));
            };
            let winning = kept.winning.par_chunks_mut(pool.output_len());
            let keeps = winning.zip(bytes.par_chunks_mut(self.kept_bytes()));
            us.zip(keeps).for_each(|((u, y), kept)| self.finish(affine, u, y, kept));
        });
    }

    /// Means and variances of the batch, from the blocks of its samples in order.
    fn merge(&self, blocks: &[f32], mean: &mut [f32], variance: &mut [f32]) {
        let (plane, len) = (self.plane(), self.blocks_len());
        let numbers = (blocks.len() / len * plane).max(1) as f64;
        let channels = mean.par_iter_mut().zip(variance).enumerate();
        channels.with_min_len(8).for_each(|(c, (mean, variance))| {
            let mut all = Merged::default();
            let many = 2 * blocks_per_plane(plane);
            for sample in blocks.chunks_exact(len) {
                all.merge_plane(plane, sample[c * many..(c + 1) * many].as_chunks().0);
            }
            (*mean, *variance) = (all.mean as f32, (all.squares / numbers) as f32);
        });
    }

    /// `y` with a given mean and variance, one a channel.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward_fixed<T: Element>(
        &self,
        x: &[T],
        params: &Params<'_, T>,
        mean: &[T],
        variance: &[T],
        y: &mut [T],
    ) {
        let batch = self.batch(x.len());
        assert_eq!(y.len(), batch * self.output_len(), "length of y");
        let norm = self.norm(params, mean, variance);
        norm.check(&self.norm_geom(batch));
        let (Some(x), Some(y), Some(params)) = (T::as_f32(x), T::as_f32_mut(y), params.as_f32()) else {
            return self.fixed_reference(x, params, &norm, y);
        };
        let g = self.geom();
        self.with_affine(&norm, |affine| {
            x.par_chunks(g.input_len()).zip(y.par_chunks_mut(self.output_len())).for_each(|(x, y)| {
                with_scratch(g.output_len(), |u| {
                    self.plan.forward(x, params.filters, params.b, u);
                    self.finish(affine, u, y, (&mut [], &mut []));
                });
            });
        });
    }

    /// Normalises one sample and does what follows.
    fn finish(&self, affine: &[[f32; 3]], u: &[f32], y: &mut [f32], kept: (&mut [f32], &mut [u8])) {
        let (f, (winning, winners), g) = (self.f, kept, self.geom());
        match &self.pool {
            None if !winners.is_empty() => {
                isa::run(NormalizeMarked { size: (g.out_h, g.out_w), affine, f, u, y, marks: winners });
            }
            None => isa::run(Normalize { plane: self.plane(), affine, f, x: u, y }),
            Some(pool) => isa::run(NormalizePool { pool, affine, f, u, y, winning, winners }),
        }
    }

    pub(super) fn norm<'a, T>(
        &self,
        params: &Params<'a, T>,
        mean: &'a [T],
        variance: &'a [T],
    ) -> Norm<'a, T> {
        Norm { mean, variance, scale: params.scale, shift: params.shift, eps: self.eps, f: self.f }
    }

    /// Lends the channels' `mean`, `factor`, `shift`.
    fn with_affine<T: Element>(&self, norm: &Norm<'_, T>, work: impl FnOnce(&[[f32; 3]])) {
        with_scratch(3 * self.channels(), |numbers| {
            let affine = numbers.as_chunks_mut().0;
            for (c, to) in affine.iter_mut().enumerate() {
                *to = norm.affine(c).into();
            }
            work(affine);
        });
    }
}
