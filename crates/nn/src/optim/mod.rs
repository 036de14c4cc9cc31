//! Optimizers: what turns gradients into new parameters.
//!
//! An [`OptimizerConfig`] is data; [`OptimizerConfig::build`] gives an [`Optimizer`] that owns its state for one
//! network's flat parameters. The learning rate comes from outside, step by step ([`crate::schedule`]).

mod adam;
mod adamw;
mod centralize;
mod clip;
mod ema;
mod sgd;
mod spans;

use std::ops::Range;

pub use kernels::reduce::all_finite;
pub use kernels::update::Product;
use kernels::{Buffer, Element, update};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use adam::Adam;
pub use adamw::AdamW;
pub use centralize::centralize;
pub use clip::{Clip, clip_norm, clip_value};
pub use ema::Ema;
pub use sgd::Sgd;

use crate::sequential::Sequential;
use spans::{Span, spans};

/// An optimizer and its settings.
///
/// # Examples
/// ```
/// use nn::optim::{Adam, OptimizerConfig};
/// let net = nn::zoo::perceptron(50).build::<f32>()?;
/// let mut params = net.init_params(&Default::default(), 1);
/// let mut optimizer = OptimizerConfig::Adam(Adam::default()).build(&net);
/// let (before, grads) = (params[0], vec![1.0; net.num_slots()]);
/// optimizer.step(&mut params, &grads, 0.001);
/// assert!((params[0] - (before - 0.001)).abs() < 1e-6, "Adam's first step is lr long");
/// # Ok::<(), nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(missing_docs, reason = "each is the config of the same name")]
pub enum OptimizerConfig {
    Sgd(Sgd),
    Adam(Adam),
    AdamW(AdamW),
}

/// Which parameters weight decay shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decayed {
    /// Weights only: a bias or a normalisation's scale is no capacity to be curbed.
    #[default]
    Weights,
    /// Every trained parameter, as PyTorch does without parameter groups.
    All,
}

impl OptimizerConfig {
    /// The optimizer for this network, its state zero.
    #[must_use]
    pub fn build<T: Element>(self, net: &Sequential<T>) -> Optimizer<T> {
        let decayed = match self {
            OptimizerConfig::Sgd(c) => c.decays().then_some(c.decayed),
            OptimizerConfig::Adam(c) => (c.weight_decay != 0.0).then_some(c.decayed),
            OptimizerConfig::AdamW(c) => (c.weight_decay != 0.0).then_some(c.decayed),
        };
        let names: &[&str] = match self {
            OptimizerConfig::Sgd(_) => &["momentum"],
            OptimizerConfig::Adam(_) | OptimizerConfig::AdamW(_) => &["mean", "variance"],
        };
        let buffers = names.iter().map(|&name| (name, Buffer::zeros(net.num_slots()))).collect();
        Optimizer { config: self, spans: spans(net, decayed), buffers, steps: 0 }
    }
}

/// An optimizer at work: settings, and state as flat as the parameters.
#[derive(Clone, Debug)]
pub struct Optimizer<T: Element = f32> {
    config: OptimizerConfig,
    spans: Vec<Span>,
    buffers: Vec<(&'static str, Buffer<T>)>,
    steps: u64,
}

impl<T: Element> Optimizer<T> {
    /// Moves the trained parameters by one step of size `lr`; running statistics stay.
    ///
    /// # Panics
    /// If a length does not match the network.
    pub fn step(&mut self, params: &mut [T], grads: &[T], lr: f64) {
        self.step_along(params, grads, std::iter::empty(), lr);
    }

    /// The same where some of the gradients are products still to be made ([`crate::Sequential::products`]), each of a weight's range, in order:
    /// what `grads` has in their place is not read.
    ///
    /// # Panics
    /// If a length does not match the network.
    pub fn step_along<'p>(
        &mut self,
        params: &mut [T],
        grads: &[T],
        products: impl Iterator<Item = (Range<usize>, Product<'p, T>)> + Clone,
        lr: f64,
    ) {
        let len = self.buffers[0].1.len();
        assert_eq!((params.len(), grads.len()), (len, len), "lengths of parameters and gradients");
        self.steps += 1;
        for k in 0..self.spans.len() {
            let Span { range, decayed } = self.spans[k].clone();
            let Range { mut start, end } = range;
            for (at, product) in products.clone().filter(|(at, _)| range.contains(&at.start)) {
                self.move_by(&Gradient::Made(&grads[start..at.start]), params, start..at.start, decayed, lr);
                start = at.end;
                self.move_by(&Gradient::Product(product), params, at, decayed, lr);
            }
            self.move_by(&Gradient::Made(&grads[start..end]), params, start..end, decayed, lr);
        }
    }

    fn move_by(
        &mut self,
        g: &Gradient<'_, T>,
        params: &mut [T],
        range: Range<usize>,
        decayed: bool,
        lr: f64,
    ) {
        let w = &mut params[range.clone()];
        let mut state = self.buffers.iter_mut().map(|(_, b)| &mut b[range.clone()]);
        let adam = match self.config {
            OptimizerConfig::Sgd(_) => None,
            OptimizerConfig::Adam(c) => Some(c.at(lr, self.steps, decayed)),
            OptimizerConfig::AdamW(c) => Some(c.at(lr, self.steps, decayed)),
        };
        match (self.config, adam, state.next(), state.next()) {
            (OptimizerConfig::Sgd(c), _, Some(v), _) => match g {
                Gradient::Made(g) => update::sgd(&c.at(lr, decayed), w, g, v),
                Gradient::Product(g) => update::sgd_product(&c.at(lr, decayed), g, w, v),
            },
            (_, Some(step), Some(m), Some(v)) => match g {
                Gradient::Made(g) => update::adam(&step, w, g, m, v),
                Gradient::Product(g) => update::adam_product(&step, g, w, m, v),
            },
            _ => unreachable!("`build` makes the buffers that each kind needs"),
        }
    }

    /// The settings it was built with.
    #[must_use]
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Everything a checkpoint must keep.
    #[must_use]
    pub fn state(&self) -> OptimizerState<'_, T> {
        OptimizerState { steps: self.steps, buffers: self.buffers.iter().map(|(n, b)| (*n, &**b)).collect() }
    }

    /// Goes back to a kept state.
    ///
    /// # Errors
    /// If the buffers are not this optimizer's, by name and length; then nothing is changed.
    pub fn set_state(&mut self, state: &OptimizerState<'_, T>) -> Result<(), StateError> {
        let same = self.buffers.len() == state.buffers.len()
            && self.buffers.iter().zip(&state.buffers).all(|((n, b), (m, s))| n == m && b.len() == s.len());
        if !same {
            let list = |it: Vec<(&str, usize)>| {
                it.iter().map(|(n, l)| format!("{n}[{l}]")).collect::<Vec<_>>().join(", ")
            };
            return Err(StateError {
                expected: list(self.buffers.iter().map(|(n, b)| (*n, b.len())).collect()),
                found: list(state.buffers.iter().map(|(n, b)| (*n, b.len())).collect()),
            });
        }
        for ((_, own), (_, kept)) in self.buffers.iter_mut().zip(&state.buffers) {
            own.copy_from_slice(kept);
        }
        self.steps = state.steps;
        Ok(())
    }
}

/// The gradient of a stretch of parameters.
enum Gradient<'a, T> {
    Made(&'a [T]),
    Product(Product<'a, T>),
}

/// An optimizer's memory of the steps before.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState<'a, T = f32> {
    /// Steps taken.
    pub steps: u64,
    /// Names and numbers, each as long as the parameters.
    pub buffers: Vec<(&'a str, &'a [T])>,
}

/// A kept state of another optimizer or network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the optimizer's state is {found}, but {expected} is needed: it belongs to another optimizer or model"
)]
pub struct StateError {
    expected: String,
    found: String,
}

#[cfg(test)]
mod tests;
