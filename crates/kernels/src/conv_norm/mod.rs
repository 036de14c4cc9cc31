//! Convolution, batch normalisation, and perhaps an activation and 2×2 max pooling, as one step over a batch.
//!
//! ```text
//!  u = w ⋆ x + b                                                [batch, channel, row, column]
//!  z = (u − mean) / √(variance + eps) · scale + shift           mean, variance over batch, rows and columns
//!  y = f(z),  or  max 2×2 of f(z)
//!
//!  forward    sample by sample     u, and its moments while it is in the cache
//!             all samples          mean, variance
//!             sample by sample     y; of a pooling, who won and the winner's u
//!  backward   channel by channel   Σ dz, Σ dz · (u − mean); pooled: over the winners, a quarter of the numbers
//!             sample by sample     du into the thread's own memory, and from there dw, db, dx
//! ```
//!
//! One layer after the other, six arrays of the size of `u` go to memory and come back; here it is `u` alone, written once and
//! read twice; and where `u` costs less to compute than to fetch, as over one input channel, not even that: forward computes it twice,
//! backward does without it (`short.rs`). Sums are over the samples in order, gradients of the weights over groups of samples that follow from the batch:
//! equal bits for every number of threads. Tested against `reference.rs`, the layers one after the other.

mod backward;
mod forward;
mod marked;
mod place;
mod pooled;
mod reference;
mod short;
#[cfg(test)]
mod tests;

use crate::batch_norm::{self, vector};
use crate::conv2d::{Conv2dGeom, Filters, Plan};
use crate::{Activation, Element, Pool2dGeom};

/// Products behind a number of `u` up to which computing it anew is quicker than keeping it: 16 numbers of memory go by in the time
/// of some 300 products.
const CHEAP: usize = 32;

/// The same without a pooling, which leaves less to be saved: with 27 products it lost 8 %.
const CHEAP_UNPOOLED: usize = 16;

/// The most groups of samples whose gradients are summed apart.
const GROUPS: usize = 32;

/// Samples whose gradients are summed together: two, where there are tasks enough all the same, since each group's sums are cleared and
/// added up.
fn samples_per_group(batch: usize) -> usize {
    batch.div_ceil(GROUPS).max(batch.div_ceil(GROUPS / 2).min(2)).max(1)
}

/// A convolution with a batch normalisation and what follows it.
///
/// # Shapes
/// `x` `[batch, in_channels, in_h, in_w]`, `y` `[batch, out_channels, out_h, out_w]`, pooled `[…, out_h / 2, out_w / 2]`.
///
/// # Exactness
/// Forward the bits of the layers one after the other; gradients are summed in another order. (A NaN that shares its window with a
/// number may be lost where the plain max pool would pass it on.)
#[derive(Clone, Debug)]
pub struct ConvNorm {
    plan: Plan,
    f: Option<Activation>,
    pool: Option<Pool2dGeom>,
    eps: f64,
}

/// What a pass reads of the parameters.
#[derive(Clone, Copy, Debug)]
#[allow(
    missing_docs,
    reason = "the names are the field's own; `scale` and `shift` have one number a channel"
)]
pub struct Params<'a, T> {
    pub filters: Filters<'a, T>,
    pub b: Option<&'a [T]>,
    pub scale: &'a [T],
    pub shift: &'a [T],
}

/// What [`ConvNorm::forward`] was given and left.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as the arguments of `ConvNorm::forward`")]
pub struct Past<'a, T> {
    pub x: &'a [T],
    pub y: &'a [T],
    pub numbers: &'a [T],
    pub bytes: &'a [u8],
}

/// Gradients to be added to. A bias that the mean takes out again has no effect: its gradient is zero, and not here.
#[derive(Debug)]
#[allow(missing_docs, reason = "of the parameters of the same name")]
pub struct Grads<'a, T> {
    pub dw: &'a mut [T],
    pub dscale: &'a mut [T],
    pub dshift: &'a mut [T],
}

/// The parts of what forward keeps in numbers.
struct Kept<N> {
    /// Empty where it is computed anew.
    u: N,
    winning: N,
    blocks: N,
    mean: N,
    variance: N,
}

impl ConvNorm {
    /// `None` if the planes are so small that the layers one by one are as good, or if `f` is not piecewise linear: it might fall, so
    /// that it can't be applied after the pooling, and its slope costs more to compute twice than to keep.
    #[must_use]
    pub fn new(geom: Conv2dGeom, eps: f64, f: Option<Activation>, pooled: bool) -> Option<Self> {
        let never_falls = match f {
            None | Some(Activation::Relu) => true,
            Some(Activation::LeakyRelu(slope)) => slope >= 0.0,
            _ => false,
        };
        let large = geom.out_h * geom.out_w >= vector::LEAST_ALONE;
        let pool = if pooled {
            Some(Pool2dGeom::new(geom.out_channels, (geom.out_h, geom.out_w), 2, 2, 0)?)
        } else {
            None
        };
        (large && never_falls).then(|| ConvNorm { plan: Plan::new(geom), f, pool, eps })
    }

    /// The convolution, made ready: who packs the weights.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The convolution's sizes.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        self.plan.geom()
    }

    /// The pooling's sizes.
    #[must_use]
    pub fn pool(&self) -> Option<&Pool2dGeom> {
        self.pool.as_ref()
    }

    /// The activation.
    #[must_use]
    pub fn activation(&self) -> Option<Activation> {
        self.f
    }

    /// Numbers of one sample of `y`.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.pool.map_or(self.geom().output_len(), |p| p.output_len())
    }

    /// Numbers a sample that forward keeps for backward; besides, two a channel and one more at the end, for the whole batch: mean,
    /// (biased) variance, and over how many numbers they are.
    #[must_use]
    pub fn kept_numbers(&self) -> usize {
        self.u_len() + self.winning_len() + self.blocks_len()
    }

    /// Bytes a sample that forward keeps: the winners; of a cheap convolution without a pooling where `z` is above 0.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        let g = self.geom();
        match self.pool {
            Some(p) => p.channels * p.out_h * pooled::row_bytes(p.out_w),
            None if self.is_cheap() => g.out_channels * g.out_h * marked::row_bytes(g.out_w),
            None => 0,
        }
    }

    /// Whether each pass that needs `u` computes it anew, and the backward pass goes by `short.rs`.
    fn is_cheap(&self) -> bool {
        let g = self.geom();
        let most = if self.pool.is_some() { CHEAP } else { CHEAP_UNPOOLED };
        g.groups == 1 && g.weight_len() / g.out_channels <= most
    }

    fn u_len(&self) -> usize {
        if self.is_cheap() { 0 } else { self.geom().output_len() }
    }

    fn winning_len(&self) -> usize {
        self.pool.filter(|_| !self.is_cheap()).map_or(0, |p| p.output_len())
    }

    fn blocks_len(&self) -> usize {
        2 * self.channels() * vector::blocks_per_plane(self.plane())
    }

    fn channels(&self) -> usize {
        self.geom().out_channels
    }

    fn plane(&self) -> usize {
        self.geom().out_h * self.geom().out_w
    }

    fn norm_geom(&self, batch: usize) -> batch_norm::BatchNormGeom {
        batch_norm::BatchNormGeom { batch, channels: self.channels(), plane: self.plane() }
    }

    fn batch(&self, x: usize) -> usize {
        x / self.geom().input_len()
    }

    fn check<T>(&self, params: &Params<'_, T>, x: usize, y: usize, numbers: usize, bytes: usize) {
        let (batch, c) = (self.batch(x), self.channels());
        assert_eq!(
            (x, y),
            (batch * self.geom().input_len(), batch * self.output_len()),
            "lengths of x, y for {:?}",
            self.geom()
        );
        assert_eq!(
            (numbers, bytes),
            (batch * self.kept_numbers() + 2 * c + 1, batch * self.kept_bytes()),
            "lengths of what is kept"
        );
        assert_eq!((params.scale.len(), params.shift.len()), (c, c), "one scale and shift a channel");
    }

    fn kept_lens(&self, batch: usize) -> [usize; 4] {
        let [u, winning, blocks] =
            [self.u_len(), self.winning_len(), self.blocks_len()].map(|len| batch * len);
        [u, winning, blocks, self.channels()]
    }

    fn kept<'a, T>(&self, batch: usize, numbers: &'a [T]) -> Kept<&'a [T]> {
        let [u, winning, blocks, channels] = self.kept_lens(batch);
        let (u, rest) = numbers.split_at(u);
        let (winning, rest) = rest.split_at(winning);
        let (blocks, rest) = rest.split_at(blocks);
        Kept { u, winning, blocks, mean: &rest[..channels], variance: &rest[channels..2 * channels] }
    }

    fn kept_mut<'a, T: Element>(&self, batch: usize, numbers: &'a mut [T]) -> Kept<&'a mut [T]> {
        let [u, winning, blocks, channels] = self.kept_lens(batch);
        let (u, rest) = numbers.split_at_mut(u);
        let (winning, rest) = rest.split_at_mut(winning);
        let (blocks, rest) = rest.split_at_mut(blocks);
        let (mean, rest) = rest.split_at_mut(channels);
        let (variance, count) = rest.split_at_mut(channels);
        count[0] = T::from_f64((batch * self.plane()) as f64);
        Kept { u, winning, blocks, mean, variance }
    }
}
