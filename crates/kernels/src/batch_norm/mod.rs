//! Batch normalisation, with the activation that follows it: sums over the batch, and the two passes that use them.
//!
//! Images `[batch, channels, plane]`. Sums are shared out over the current rayon pool channel by channel, each over the samples in
//! order, so that the bits do not depend on the number of threads; the passes sample by sample. `plain.rs` has the formulas in
//! f64, `vector.rs` the loops for f32.
//!
//! With an activation `y = f(z)`, `z` is never stored: the backward pass computes it anew from `x`.

mod plain;
#[cfg(test)]
mod tests;
pub(crate) mod vector;

use rayon::prelude::*;

use self::vector::{Affine, InputGradient, Moments, Normalize, Sums};
use crate::parallel::SharedMut;
use crate::scratch::with_scratch;
use crate::{Activation, Element, isa};

/// Numbers of a pass that a thread takes at once, about.
const TASK: usize = 1 << 14;

/// Sizes of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the field's own")]
pub struct BatchNormGeom {
    pub batch: usize,
    pub channels: usize,
    /// Pixels of one channel of one sample.
    pub plane: usize,
}

impl BatchNormGeom {
    fn check(&self, lens: &[usize]) {
        let len = self.batch * self.channels * self.plane;
        assert!(lens.iter().all(|&l| l == len), "lengths {lens:?} for {self:?}");
    }

    pub(crate) fn numbers_per_channel(&self) -> f64 {
        (self.batch * self.plane).max(1) as f64
    }

    /// Numbers of a sample.
    fn sample(&self) -> usize {
        (self.channels * self.plane).max(1)
    }

    /// Numbers of some whole samples.
    fn task(&self) -> usize {
        (TASK / self.sample()).max(1) * self.sample()
    }
}

/// What each channel is normalised by, scaled and shifted by, and passed through.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are the field's own; the slices have one number a channel")]
pub struct Norm<'a, T> {
    pub mean: &'a [T],
    pub variance: &'a [T],
    pub scale: &'a [T],
    pub shift: &'a [T],
    pub eps: f64,
    pub f: Option<Activation>,
}

impl<T: Element> Norm<'_, T> {
    pub(crate) fn check(&self, g: &BatchNormGeom) {
        let lens = [self.mean.len(), self.variance.len(), self.scale.len(), self.shift.len()];
        assert_eq!(lens, [g.channels; 4], "one mean, variance, scale, shift a channel");
    }

    pub(crate) fn inverse_std(&self, channel: usize) -> T {
        T::from_f64(1.0 / (self.variance[channel].to_f64() + self.eps).sqrt())
    }

    pub(crate) fn affine(&self, channel: usize) -> Affine {
        let factor = self.scale[channel] * self.inverse_std(channel);
        let [mean, factor, shift] =
            [self.mean[channel], factor, self.shift[channel]].map(|v| v.to_f64() as f32);
        Affine { mean, factor, shift }
    }
}

/// What [`normalize`] was given and computed, and `∂L/∂y`.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct Past<'a, T> {
    pub x: &'a [T],
    pub y: &'a [T],
    pub dy: &'a [T],
}

/// Writes each channel's mean and (biased) variance over batch and plane.
///
/// # Panics
/// If a length does not match the sizes.
pub fn moments<T: Element>(g: &BatchNormGeom, x: &[T], mean: &mut [T], variance: &mut [T]) {
    g.check(&[x.len()]);
    assert_eq!((mean.len(), variance.len()), (g.channels, g.channels), "one mean and variance a channel");
    let n = g.numbers_per_channel();
    mean.par_iter_mut().zip(variance).enumerate().with_max_len(1).for_each(|(channel, (mean, variance))| {
        let (m, squares) = match T::as_f32(x) {
            Some(x) => isa::run(Moments { g, x, channel }),
            None => plain::moments(g, x, channel),
        };
        (*mean, *variance) = (T::from_f64(m), T::from_f64(squares / n));
    });
}

/// `y = f((x − mean) / √(variance + eps) · scale + shift)`, channel by channel.
///
/// # Panics
/// If a length does not match the sizes.
pub fn normalize<T: Element>(g: &BatchNormGeom, x: &[T], norm: &Norm<'_, T>, y: &mut [T]) {
    g.check(&[x.len(), y.len()]);
    norm.check(g);
    let (Some(x), Some(y)) = (T::as_f32(x), T::as_f32_mut(y)) else {
        return plain::normalize(g, x, norm, y);
    };
    with_scratch(3 * g.channels, |numbers| {
        let affine = numbers.as_chunks_mut().0;
        for (c, to) in affine.iter_mut().enumerate() {
            *to = norm.affine(c).into();
        }
        let (affine, plane, f) = (&*affine, g.plane, norm.f);
        y.par_chunks_mut(g.task()).zip(x.par_chunks(g.task())).for_each(|(y, x)| {
            for (y, x) in y.chunks_mut(g.sample()).zip(x.chunks(g.sample())) {
                isa::run(Normalize { plane, affine, f, x, y });
            }
        });
    });
}

/// Given `dy = ∂L/∂y` of [`normalize`] with the batch's own moments, adds `∂L/∂scale` and `∂L/∂shift`, and
/// overwrites `dx` where it is asked for.
///
/// `dx = scale / √(variance + eps) · (dz − mean(dz) − x̂ · mean(dz · x̂))` with `dz = dy · f'(z)`
///
/// # Panics
/// If a length does not match the sizes.
pub fn backward<T: Element>(
    g: &BatchNormGeom,
    past: Past<'_, T>,
    norm: &Norm<'_, T>,
    dx: Option<&mut [T]>,
    dscale: &mut [T],
    dshift: &mut [T],
) {
    g.check(&[past.x.len(), past.y.len(), past.dy.len()]);
    norm.check(g);
    assert_eq!((dscale.len(), dshift.len()), (g.channels, g.channels), "one scale and shift a channel");
    let (Some(x), Some(y), Some(dy)) = (T::as_f32(past.x), T::as_f32(past.y), T::as_f32(past.dy)) else {
        return plain::backward(g, past, norm, dx, dscale, dshift);
    };
    let past = vector::Past { x, y, dy, f: norm.f };
    let mut dx = dx.and_then(T::as_f32_mut);
    g.check(&[dx.as_ref().map_or(x.len(), |dx| dx.len())]);
    let n = g.numbers_per_channel();
    // Of each channel: mean, factor, mean of dz, slope.
    with_scratch(4 * g.channels, |numbers| {
        let numbers = numbers.as_chunks_mut().0;
        // With an activation the sums leave dz where dx will be: cheaper than to compute it twice.
        let dz = norm.f.and(dx.as_deref_mut().map(SharedMut::new));
        let gradients = numbers.par_iter_mut().zip(dscale.par_iter_mut().zip(dshift)).enumerate();
        gradients.with_max_len(1).for_each(|(channel, (to, (dscale, dshift)))| {
            let (affine, inverse_std) = (norm.affine(channel), norm.inverse_std(channel).to_f64());
            let (of_dz, of_both) = isa::run(Sums { g, past, affine, channel, dz });
            *dscale += T::from_f64(of_both * inverse_std);
            *dshift += T::from_f64(of_dz);
            let (mean_dz, slope) = ((of_dz / n) as f32, (of_both / n * inverse_std * inverse_std) as f32);
            *to = [affine.mean, affine.factor, mean_dz, slope];
        });
        let Some(dx) = dx else { return };
        let (channels, plane) = (&*numbers, g.plane);
        dx.par_chunks_mut(g.task()).enumerate().for_each(|(task, dx)| {
            for (k, dx) in dx.chunks_mut(g.sample()).enumerate() {
                let at = task * g.task() + k * g.sample();
                let own = at..at + dx.len();
                let dz = norm.f.is_none().then(|| &dy[own.clone()]);
                isa::run(InputGradient { plane, channels, x: &x[own], dz, dx });
            }
        });
    });
}
