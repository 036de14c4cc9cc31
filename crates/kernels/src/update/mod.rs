//! Optimizer updates over flat slices: parameters, gradients, state.

mod product;
#[cfg(test)]
mod tests;
mod vector;

pub use product::{Product, adam_product, sgd_product};

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
pub struct SgdStep {
    pub lr: f64,
    pub momentum: f64,
    pub dampening: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
    /// Also `w ← w − decoupled_decay·w`, not scaled by `lr`: what the published recipe does.
    pub decoupled_decay: f64,
}

/// Applies [`SgdStep`]; `v` is zero before the first step.
///
/// # Panics
/// If the lengths differ.
pub fn sgd<T: Element>(step: &SgdStep, w: &mut [T], g: &[T], v: &mut [T]) {
    assert_eq!((w.len(), v.len()), (g.len(), g.len()), "lengths of w, g, v");
    if let (Some(w), Some(g), Some(v)) = (T::as_f32_mut(w), T::as_f32(g), T::as_f32_mut(v)) {
        let rule = vector::SgdRule::new(step);
        let run = |((w, g), v): ((&mut [f32], &[f32]), &mut [f32])| isa::run(vector::Sgd { rule, w, g, v });
        if w.len() <= BLOCK {
            return run(((w, g), v));
        }
        return w.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(v.par_chunks_mut(BLOCK)).for_each(run);
    }
    sgd_reference(step, w, g, v);
}

/// [`sgd`] one number at a time.
pub fn sgd_reference<T: Element>(step: &SgdStep, w: &mut [T], g: &[T], v: &mut [T]) {
    let (lr, momentum, fresh) =
        (T::from_f64(step.lr), T::from_f64(step.momentum), T::from_f64(1.0 - step.dampening));
    let (decay, decoupled) = (T::from_f64(step.weight_decay), T::from_f64(step.decoupled_decay));
    for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
        let g = g + decay * *w;
        *v = momentum * *v + fresh * g;
        let d = if step.nesterov { g + momentum * *v } else { *v };
        *w = *w - (lr * d + decoupled * *w);
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
pub struct AdamStep {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub l2: f64,
    pub decay: f64,
    /// `1 − β₁ᵗ`, t from 1.
    pub correction1: f64,
    /// `1 − β₂ᵗ`, t from 1.
    pub correction2: f64,
}

/// Applies [`AdamStep`]; `m` and `v` are zero before the first step.
///
/// # Panics
/// If the lengths differ.
pub fn adam<T: Element>(step: &AdamStep, w: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
    assert_eq!((w.len(), m.len(), v.len()), (g.len(), g.len(), g.len()), "lengths of w, g, m, v");
    if let (Some(w), Some(g), Some(m), Some(v)) =
        (T::as_f32_mut(w), T::as_f32(g), T::as_f32_mut(m), T::as_f32_mut(v))
    {
        let rule = vector::AdamRule::new(step);
        if w.len() <= BLOCK {
            return isa::run(vector::Adam { rule, w, g, m, v });
        }
        let (w, g) = (w.par_chunks_mut(BLOCK), g.par_chunks(BLOCK));
        let (m, v) = (m.par_chunks_mut(BLOCK), v.par_chunks_mut(BLOCK));
        return w.zip(g).zip(m.zip(v)).for_each(|((w, g), (m, v))| {
            isa::run(vector::Adam { rule, w, g, m, v });
        });
    }
    adam_reference(step, w, g, m, v);
}

/// [`adam`] one number at a time.
pub fn adam_reference<T: Element>(step: &AdamStep, w: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
    let (beta1, beta2) = (T::from_f64(step.beta1), T::from_f64(step.beta2));
    let (fresh1, fresh2) = (T::from_f64(1.0 - step.beta1), T::from_f64(1.0 - step.beta2));
    let rate = T::from_f64(step.lr / step.correction1);
    let root2 = T::from_f64(step.correction2.sqrt());
    let (l2, eps) = (T::from_f64(step.l2), T::from_f64(step.eps));
    let keep = T::from_f64(1.0 - step.lr * step.decay);
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        let g = g + l2 * *w;
        *m = beta1 * *m + fresh1 * g;
        *v = beta2 * *v + fresh2 * g * g;
        *w = *w * keep - rate * *m / (v.sqrt() / root2 + eps);
    }
}

/// `a ← a + share·(w − a)`, with a rounding after every operation on every machine.
///
/// # Panics
/// If the lengths differ.
pub fn lerp<T: Element>(a: &mut [T], w: &[T], share: f64) {
    assert_eq!(a.len(), w.len(), "lengths of a, w");
    let share = T::from_f64(share);
    a.par_chunks_mut(BLOCK).zip(w.par_chunks(BLOCK)).for_each(|(a, w)| {
        for (a, &w) in a.iter_mut().zip(w) {
            *a += share * (w - *a);
        }
    });
}
