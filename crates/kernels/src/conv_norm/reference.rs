//! The layers one after the other: the definition, which `f64` runs and everything else is tested against.

use super::{ConvNorm, Grads, Kept, Params, Past};
use crate::batch_norm::{self, Norm};
use crate::{Element, pool2d};

impl<'a, T: Element> Params<'a, T> {
    pub(super) fn as_f32(&self) -> Option<Params<'a, f32>> {
        let filters =
            crate::conv2d::Filters { w: T::as_f32(self.filters.w)?, packed: T::as_f32(self.filters.packed)? };
        let (scale, shift) = (T::as_f32(self.scale)?, T::as_f32(self.shift)?);
        Some(Params { filters, b: self.b.and_then(T::as_f32), scale, shift })
    }
}

impl<'a, T: Element> Past<'a, T> {
    pub(super) fn as_f32(&self) -> Option<Past<'a, f32>> {
        let (x, y, numbers) = (T::as_f32(self.x)?, T::as_f32(self.y)?, T::as_f32(self.numbers)?);
        Some(Past { x, y, numbers, bytes: self.bytes })
    }
}

impl<'a, T: Element> Grads<'a, T> {
    pub(super) fn into_f32(self) -> Option<Grads<'a, f32>> {
        let (dw, dscale, dshift) =
            (T::as_f32_mut(self.dw)?, T::as_f32_mut(self.dscale)?, T::as_f32_mut(self.dshift)?);
        Some(Grads { dw, dscale, dshift })
    }
}

impl<'a, T: Element> Kept<&'a [T]> {
    pub(super) fn as_f32(&self) -> Option<Kept<&'a [f32]>> {
        let part = |x: &'a [T]| T::as_f32(x);
        let (u, winning, blocks) = (part(self.u)?, part(self.winning)?, part(self.blocks)?);
        Some(Kept { u, winning, blocks, mean: part(self.mean)?, variance: part(self.variance)? })
    }
}

impl<'a, T: Element> Kept<&'a mut [T]> {
    pub(super) fn into_f32(self) -> Option<Kept<&'a mut [f32]>> {
        let part = |x: &'a mut [T]| T::as_f32_mut(x);
        let (u, winning, blocks) = (part(self.u)?, part(self.winning)?, part(self.blocks)?);
        Some(Kept { u, winning, blocks, mean: part(self.mean)?, variance: part(self.variance)? })
    }
}

impl ConvNorm {
    pub(super) fn forward_reference<T: Element>(
        &self,
        x: &[T],
        params: &Params<'_, T>,
        y: &mut [T],
        kept: Kept<&mut [T]>,
    ) {
        let u = self.convolved(x, params);
        let g = self.norm_geom(self.batch(x.len()));
        batch_norm::moments(&g, &u, kept.mean, kept.variance);
        self.follow(&u, &self.norm(params, kept.mean, kept.variance), y);
    }

    pub(super) fn fixed_reference<T: Element>(
        &self,
        x: &[T],
        params: &Params<'_, T>,
        norm: &Norm<'_, T>,
        y: &mut [T],
    ) {
        self.follow(&self.convolved(x, params), norm, y);
    }

    fn convolved<T: Element>(&self, x: &[T], params: &Params<'_, T>) -> Vec<T> {
        let g = self.geom();
        let mut u = vec![T::ZERO; self.batch(x.len()) * g.output_len()];
        for (x, u) in x.chunks_exact(g.input_len()).zip(u.chunks_exact_mut(g.output_len())) {
            self.plan.forward(x, params.filters, params.b, u);
        }
        u
    }

    /// Norm, activation, pooling.
    fn follow<T: Element>(&self, u: &[T], norm: &Norm<'_, T>, y: &mut [T]) {
        let g = self.norm_geom(u.len() / self.geom().output_len());
        let Some(pool) = &self.pool else { return batch_norm::normalize(&g, u, norm, y) };
        let mut v = vec![T::ZERO; u.len()];
        batch_norm::normalize(&g, u, norm, &mut v);
        let mut winners = vec![0; pool.output_len()];
        for (v, y) in v.chunks_exact(pool.input_len()).zip(y.chunks_exact_mut(pool.output_len())) {
            pool2d::max_forward(pool, v, y, &mut winners);
        }
    }

    pub(super) fn backward_reference<T: Element>(
        &self,
        past: &Past<'_, T>,
        kept: &Kept<&[T]>,
        params: &Params<'_, T>,
        dy: &[T],
        mut dx: Option<&mut [T]>,
        grads: Grads<'_, T>,
    ) {
        let (g, norm) = (self.geom(), self.norm(params, kept.mean, kept.variance));
        let norm_geom = self.norm_geom(self.batch(past.x.len()));
        let u = self.convolved(past.x, params);
        let (mut v, mut dv) = (past.y.to_vec(), dy.to_vec());
        if let Some(pool) = &self.pool {
            (v, dv) = (vec![T::ZERO; u.len()], vec![T::ZERO; u.len()]);
            batch_norm::normalize(&norm_geom, &u, &norm, &mut v);
            let (mut winners, mut y) = (vec![0; pool.output_len()], vec![T::ZERO; pool.output_len()]);
            let samples = v.chunks_exact(pool.input_len()).zip(dv.chunks_exact_mut(pool.input_len()));
            for ((v, dv), dy) in samples.zip(dy.chunks_exact(pool.output_len())) {
                pool2d::max_forward(pool, v, &mut y, &mut winners);
                pool2d::max_backward(pool, dy, &winners, dv);
            }
        }
        let Grads { dw, dscale, dshift } = grads;
        let mut du = vec![T::ZERO; u.len()];
        let before = batch_norm::Past { x: &u, y: &v, dy: &dv };
        batch_norm::backward(&norm_geom, before, &norm, Some(&mut du), dscale, dshift);
        for (n, (x, du)) in
            past.x.chunks_exact(g.input_len()).zip(du.chunks_exact(g.output_len())).enumerate()
        {
            self.plan.accumulate_params(x, du, dw, None);
            if let Some(dx) = dx.as_deref_mut() {
                self.plan.backward_input(du, params.filters, &mut dx[n * x.len()..][..x.len()]);
            }
        }
    }
}
