//! The formulas of batch normalisation in f64: what the vector form is tested against, and what gradient checks run.

use rayon::prelude::*;

use super::{BatchNormGeom, Norm, Past};
use crate::Element;
use crate::activation::{activate_reference, derivative_reference};

/// The planes of one channel, sample by sample.
fn planes<'a, T>(g: &BatchNormGeom, x: &'a [T], channel: usize) -> impl Iterator<Item = &'a [T]> {
    x.chunks_exact(g.plane.max(1)).skip(channel).step_by(g.channels.max(1))
}

/// Mean and `Σ (x − mean)²`.
pub(super) fn moments<T: Element>(g: &BatchNormGeom, x: &[T], channel: usize) -> (f64, f64) {
    let all = || planes(g, x, channel).flatten().map(|v| v.to_f64());
    let mean = all().sum::<f64>() / g.numbers_per_channel();
    (mean, all().map(|v| (v - mean) * (v - mean)).sum())
}

/// `z` of one number.
fn affine<T: Element>(norm: &Norm<'_, T>, c: usize, x: T) -> T {
    (x - norm.mean[c]) * (norm.scale[c] * norm.inverse_std(c)) + norm.shift[c]
}

pub(super) fn normalize<T: Element>(g: &BatchNormGeom, x: &[T], norm: &Norm<'_, T>, y: &mut [T]) {
    let plane = g.plane.max(1);
    y.par_chunks_mut(plane).zip(x.par_chunks(plane)).enumerate().for_each(|(k, (y, x))| {
        for (y, &x) in y.iter_mut().zip(x) {
            let z = affine(norm, k % g.channels, x);
            *y = norm.f.map_or(z, |f| activate_reference(f, z));
        }
    });
}

/// `∂L/∂z` of one number.
fn before<T: Element>(norm: &Norm<'_, T>, c: usize, (x, y, dy): (T, T, T)) -> T {
    norm.f.map_or(dy, |f| dy * derivative_reference(f, affine(norm, c, x), y))
}

pub(super) fn backward<T: Element>(
    g: &BatchNormGeom,
    past: Past<'_, T>,
    norm: &Norm<'_, T>,
    mut dx: Option<&mut [T]>,
    dscale: &mut [T],
    dshift: &mut [T],
) {
    let n = T::from_f64(g.numbers_per_channel());
    let plane = g.plane.max(1);
    for c in 0..g.channels {
        let triples = planes(g, past.x, c).flatten().zip(planes(g, past.y, c).flatten());
        let triples = triples.zip(planes(g, past.dy, c).flatten());
        let (mut of_dz, mut of_both) = (T::ZERO, T::ZERO);
        for ((&x, &y), &dy) in triples {
            let dz = before(norm, c, (x, y, dy));
            of_dz += dz;
            of_both += dz * (x - norm.mean[c]) * norm.inverse_std(c);
        }
        dscale[c] += of_both;
        dshift[c] += of_dz;
        let Some(dx) = &mut dx else { continue };
        g.check(&[dx.len()]);
        let inverse_std = norm.inverse_std(c);
        for k in (c..g.batch * g.channels).step_by(g.channels) {
            for i in k * plane..(k + 1) * plane {
                let dz = before(norm, c, (past.x[i], past.y[i], past.dy[i]));
                let own = (past.x[i] - norm.mean[c]) * inverse_std;
                dx[i] = norm.scale[c] * inverse_std * (dz - of_dz / n - own * (of_both / n));
            }
        }
    }
}
