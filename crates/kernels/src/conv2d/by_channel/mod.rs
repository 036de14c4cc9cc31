//! Convolutions sample by sample with output channels in the lanes and pixels broadcast to them.
//!
//! ```text
//!  x, planes ─ pad ─► SumTaps ─► [cell, channel] ─ turn ─► y          forward; input gradient from dy alike
//! dy, planes ─ turn ─► [cell, channel] ─┐
//!  x, planes ─ pad ─────────────────────┴► Outer ─► [tap, channel] ─ turn ─► dw
//! ```
//!
//! No lane is idle for any width of a plane, a stride costs nothing (a cell's neighbours are addresses), and no sum over lanes
//! is left at the end. What it asks for: channels that fill vectors of 16.

mod back_by_two;
mod direct;
mod outer;
mod pack;
mod sum_taps;
#[cfg(test)]
mod tests;
mod tiled;
mod tiles;
mod turn;

use super::Conv2dGeom;
use crate::simd::LANES;
use direct::{Direct, DirectWeights};
use pack::Turned;
pub(super) use tiled::Tiled;

/// The passes that are done this way.
#[derive(Clone, Debug)]
pub(super) struct ByChannel {
    pub(super) forward: Option<Planes>,
    pub(super) backward: Option<Planes>,
    pub(super) weights: Option<Weights>,
}

/// Planes to planes: the sums as they stand, or fewer products by Winograd.
#[derive(Clone, Debug)]
pub(super) enum Planes {
    Direct(Direct),
    Tiled(Tiled),
}

/// The weight's gradient, likewise.
#[derive(Clone, Debug)]
pub(super) enum Weights {
    Direct(DirectWeights),
    Tiled(Tiled),
}

/// Sums of fewer terms do not repay turning the result around, at stride 1 and at stride 2, which costs the other forms more.
const LEAST_SUM: [usize; 2] = [64, 16];
/// Nor do sums over fewer channels.
const LEAST_IN: usize = 8;

/// Whether so many channels leave few lanes idle.
fn fills(channels: usize) -> bool {
    3 * channels >= 2 * channels.next_multiple_of(LANES)
}

impl ByChannel {
    /// `tiles`: whether Winograd's form with columns in the lanes is there for (forward, input gradient). It is taken here only where it
    /// is there too, so that a pooled convolution, which is always done along columns, has a plain one's bits.
    pub(super) fn new(g: &Conv2dGeom, tiles: (bool, bool)) -> Self {
        let can = g.groups == 1 && g.stride <= 2;
        let (ahead, back) = (can && fills(g.out_channels), can && fills(g.in_channels));
        // A window of one cell over whole vectors is a product of matrices as they lie.
        let one = (g.kernel_h * g.kernel_w, g.stride, g.padding) == (1, 1, 0) && g.in_w.is_multiple_of(LANES);
        let (window, least) = (g.kernel_h * g.kernel_w, LEAST_SUM[usize::from(g.stride > 1)]);
        let forward = Tiled::forward(g).filter(|form| tiles.0 && form.pays());
        let backward = Tiled::input_gradient(g).filter(|form| tiles.1 && form.pays());
        let weights = ahead.then(|| match forward.clone() {
            Some(form) => Weights::Tiled(form),
            None => Weights::Direct(DirectWeights::new(g)),
        });
        let long = g.in_channels >= LEAST_IN && g.in_channels * window >= least;
        let direct = long && !one && !tiles.0;
        let forward = match forward {
            Some(form) => Some(Planes::Tiled(form)),
            None => direct.then(|| Planes::Direct(Direct::forward(g))),
        };
        let long = g.out_channels >= LEAST_IN && g.out_channels * window >= least * g.stride * g.stride;
        let direct = long && !one && !tiles.1;
        let backward = match backward {
            Some(form) => Some(Planes::Tiled(form)),
            None => direct.then(|| Planes::Direct(Direct::input_gradient(g))),
        };
        ByChannel { forward: forward.filter(|_| ahead), backward: backward.filter(|_| back), weights }
    }

    /// Whether a backward pass is done this way, which reads `dy` as it is.
    pub(super) fn any_gradient(&self) -> bool {
        self.backward.is_some() || self.weights.is_some()
    }

    /// No pass.
    pub(super) fn none() -> Self {
        ByChannel { forward: None, backward: None, weights: None }
    }
}

impl Planes {
    pub(super) fn packed_len(&self) -> usize {
        match self {
            Planes::Direct(form) => form.packed_len(),
            Planes::Tiled(form) => form.packed_len(),
        }
    }

    /// From `w [out, in, window]`, for the forward pass or the input's gradient.
    pub(super) fn pack(&self, g: &Conv2dGeom, gradient: bool, w: &[f32], packed: &mut [f32]) {
        Turned::of(g, gradient, w, |w| match self {
            Planes::Direct(form) => form.pack(w, packed),
            Planes::Tiled(form) => form.pack(w, gradient, packed),
        });
    }

    pub(super) fn run(&self, x: &[f32], packed: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        match self {
            Planes::Direct(form) => form.run(x, packed, bias, y),
            Planes::Tiled(form) => form.run(x, packed, bias, y),
        }
    }
}

/// The weight's gradient of a pooled convolution, where a plain one has Winograd's form for it.
pub(super) fn pooled_weights(g: &Conv2dGeom, tiles: bool) -> Option<Tiled> {
    Tiled::forward(g).filter(|form| tiles && fills(g.out_channels) && form.pays())
}

impl Weights {
    /// Adds one sample's gradients.
    pub(super) fn add(&self, x: &[f32], dy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
        match self {
            Weights::Direct(form) => form.add(x, dy, dw, db),
            Weights::Tiled(form) => form.add_weights(x, dy, dw, db),
        }
    }
}
