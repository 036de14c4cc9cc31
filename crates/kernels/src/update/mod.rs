//! Optimizer updates over flat slices: parameters, gradients, state.

mod vector;

use rayon::prelude::*;

use crate::{Element, isa};

/// Numbers that a thread updates at once.
const BLOCK: usize = 1 << 15;

/// One step of SGD with momentum, as PyTorch defines it.
///
/// `g ← g + weight_decay·w;  v ← momentum·v + (1 − dampening)·g;  w ← w − lr·(nesterov ? g + momentum·v : v)`
///
/// # Source
/// `torch.optim.SGD`, except that the first step's `v` is also damped (PyTorch starts with `v = g`; the two are
/// the same where `dampening` is 0).
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the formula above names every field")]
pub struct SgdStep<T> {
    pub lr: T,
    pub momentum: T,
    pub dampening: T,
    pub nesterov: bool,
    pub weight_decay: T,
    /// Also `w ← w − decoupled_decay·w`, not scaled by `lr`: what the published recipe does.
    pub decoupled_decay: T,
}

impl<T: Element> SgdStep<T> {
    /// The step itself if `T` is `f32`.
    fn as_f32(&self) -> Option<SgdStep<f32>> {
        T::as_f32(&[])?;
        Some(SgdStep {
            lr: self.lr.to_f64() as f32,
            momentum: self.momentum.to_f64() as f32,
            dampening: self.dampening.to_f64() as f32,
            nesterov: self.nesterov,
            weight_decay: self.weight_decay.to_f64() as f32,
            decoupled_decay: self.decoupled_decay.to_f64() as f32,
        })
    }
}

/// Applies [`SgdStep`]; `v` is zero before the first step.
///
/// # Panics
/// If the lengths differ.
pub fn sgd<T: Element>(step: &SgdStep<T>, w: &mut [T], g: &[T], v: &mut [T]) {
    assert_eq!((w.len(), v.len()), (g.len(), g.len()), "lengths of w, g, v");
    if let (Some(step), Some(w), Some(g), Some(v)) =
        (step.as_f32(), T::as_f32_mut(w), T::as_f32(g), T::as_f32_mut(v))
    {
        let run = |((w, g), v): ((&mut [f32], &[f32]), &mut [f32])| isa::run(vector::Sgd { step, w, g, v });
        if w.len() <= BLOCK {
            return run(((w, g), v));
        }
        return w.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(v.par_chunks_mut(BLOCK)).for_each(run);
    }
    sgd_reference(step, w, g, v);
}

/// [`sgd`] one number at a time.
pub fn sgd_reference<T: Element>(step: &SgdStep<T>, w: &mut [T], g: &[T], v: &mut [T]) {
    for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
        let g = g + step.weight_decay * *w;
        *v = step.momentum * *v + (T::ONE - step.dampening) * g;
        let d = if step.nesterov { g + step.momentum * *v } else { *v };
        *w = *w - (step.lr * d + step.decoupled_decay * *w);
    }
}

/// One step of Adam or AdamW.
///
/// `g ← g + l2·w;  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;`
/// `w ← w − lr·decay·w − lr·(m / c₁) / (√(v / c₂) + ε)`, with `c = 1 − βᵗ`.
///
/// # Source
/// Kingma & Ba 2014, arXiv 1412.6980; Loshchilov & Hutter 2017, arXiv 1711.05101 (`decay`).
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the formula above names every field")]
pub struct AdamStep<T> {
    pub lr: T,
    pub beta1: T,
    pub beta2: T,
    pub eps: T,
    pub l2: T,
    pub decay: T,
    /// `1 − β₁ᵗ`, t from 1.
    pub correction1: T,
    /// `1 − β₂ᵗ`, t from 1.
    pub correction2: T,
}

impl<T: Element> AdamStep<T> {
    /// The step itself if `T` is `f32`.
    fn as_f32(&self) -> Option<AdamStep<f32>> {
        T::as_f32(&[])?;
        Some(AdamStep {
            lr: self.lr.to_f64() as f32,
            beta1: self.beta1.to_f64() as f32,
            beta2: self.beta2.to_f64() as f32,
            eps: self.eps.to_f64() as f32,
            l2: self.l2.to_f64() as f32,
            decay: self.decay.to_f64() as f32,
            correction1: self.correction1.to_f64() as f32,
            correction2: self.correction2.to_f64() as f32,
        })
    }
}

/// Applies [`AdamStep`]; `m` and `v` are zero before the first step.
///
/// # Panics
/// If the lengths differ.
pub fn adam<T: Element>(step: &AdamStep<T>, w: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
    assert_eq!((w.len(), m.len(), v.len()), (g.len(), g.len(), g.len()), "lengths of w, g, m, v");
    if let (Some(step), Some(w), Some(g), Some(m), Some(v)) =
        (step.as_f32(), T::as_f32_mut(w), T::as_f32(g), T::as_f32_mut(m), T::as_f32_mut(v))
    {
        let run = |(((w, g), m), v): (((&mut [f32], &[f32]), &mut [f32]), &mut [f32])| {
            isa::run(vector::Adam { step, w, g, m, v });
        };
        if w.len() <= BLOCK {
            return run((((w, g), m), v));
        }
        let (w, g) = (w.par_chunks_mut(BLOCK), g.par_chunks(BLOCK));
        return w.zip(g).zip(m.par_chunks_mut(BLOCK)).zip(v.par_chunks_mut(BLOCK)).for_each(run);
    }
    adam_reference(step, w, g, m, v);
}

/// [`adam`] one number at a time.
pub fn adam_reference<T: Element>(step: &AdamStep<T>, w: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
    let rate = step.lr / step.correction1;
    let root2 = step.correction2.sqrt();
    let keep = T::ONE - step.lr * step.decay;
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        let g = g + step.l2 * *w;
        *m = step.beta1 * *m + (T::ONE - step.beta1) * g;
        *v = step.beta2 * *v + (T::ONE - step.beta2) * g * g;
        *w = *w * keep - rate * *m / (v.sqrt() / root2 + step.eps);
    }
}
