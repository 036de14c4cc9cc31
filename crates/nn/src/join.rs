//! Where branches meet: several inputs become one.
//!
//! ```text
//! add:    y = f(x₁ + x₂ + …)            ∂L/∂xₖ = ∂L/∂y · f'(x₁ + x₂ + …)
//! concat: y = (x₁, x₂, …) by channels   ∂L/∂xₖ = its channels of ∂L/∂y
//! ```

use kernels::{Activation, Element, activation, reduce};
use rayon::prelude::*;

/// Numbers that one thread takes at a time: 16 KiB of f32 an input, which stays in its cache.
const BLOCK: usize = 4096;
/// Numbers that are summed on the stack before they are activated.
const PART: usize = 256;

/// How several inputs become one.
///
/// # Source
/// Sums: He et al. 2015, arXiv 1512.03385; concatenation: Szegedy et al. 2014, arXiv 1409.4842.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Join {
    /// Summed number by number, then activated, if there is a function (fusion puts it here).
    Add(Option<Activation>),
    /// One after the other: channels of images of one size, or features.
    Concat,
}

impl Join {
    /// The sum alone.
    pub(crate) const ADD: Join = Join::Add(None);

    /// Numbers of one output sample, given those of the inputs.
    pub(crate) fn output_len(self, mut inputs: impl Iterator<Item = usize>) -> usize {
        match self {
            Join::Add(_) => inputs.next().unwrap_or(0),
            Join::Concat => inputs.sum(),
        }
    }

    /// Overwrites `output` `[batch, …]` with the joined `inputs`, each `[batch, …]`.
    pub(crate) fn forward<'a, T: Element>(
        self,
        batch: usize,
        output: &mut [T],
        inputs: impl Iterator<Item = &'a [T]> + Clone + Send + Sync,
    ) {
        match self {
            Join::Add(f) => output.par_chunks_mut(BLOCK).enumerate().for_each(|(block, y)| {
                let start = block * BLOCK;
                for (i, y) in y.chunks_mut(PART).enumerate() {
                    let mut sum = [T::ZERO; PART];
                    let sum = &mut sum[..y.len()];
                    add_up(sum, start + i * PART, inputs.clone());
                    match f {
                        Some(f) => activation::forward(f, sum, y),
                        None => y.copy_from_slice(sum),
                    }
                }
            }),
            Join::Concat => {
                let len = output.len() / batch.max(1);
                output.par_chunks_mut(len.max(1)).enumerate().for_each(|(n, mut y)| {
                    for x in inputs.clone() {
                        let len = x.len() / batch;
                        let (own, rest) = y.split_at_mut(len);
                        own.copy_from_slice(&x[n * len..][..len]);
                        y = rest;
                    }
                });
            }
        }
    }

    /// Makes `∂L/∂sum` of `∂L/∂output`, in place; nothing to do for a join without activation.
    pub(crate) fn before_activation<'a, T: Element>(
        self,
        grad: &mut [T],
        inputs: impl Iterator<Item = &'a [T]> + Clone + Send + Sync,
    ) {
        let Join::Add(Some(f)) = self else { return };
        grad.par_chunks_mut(BLOCK).enumerate().for_each(|(block, grad)| {
            let start = block * BLOCK;
            for (i, grad) in grad.chunks_mut(PART).enumerate() {
                let [mut x, mut y, mut dy] = [[T::ZERO; PART]; 3];
                let (x, y, dy) = (&mut x[..grad.len()], &mut y[..grad.len()], &mut dy[..grad.len()]);
                add_up(x, start + i * PART, inputs.clone());
                activation::forward(f, x, y);
                dy.copy_from_slice(grad);
                activation::backward(f, x, y, dy, grad);
            }
        });
    }

    /// Writes or adds one input's gradient, given `∂L/∂sum`; `skipped` numbers a sample belong to inputs before it.
    pub(crate) fn backward<T: Element>(
        self,
        batch: usize,
        grad: &[T],
        skipped: usize,
        adds: bool,
        grad_input: &mut [T],
    ) {
        let put = |from: &[T], to: &mut [T]| {
            if adds { reduce::add_assign(to, from) } else { to.copy_from_slice(from) }
        };
        match self {
            Join::Add(_) => {
                grad_input
                    .par_chunks_mut(BLOCK)
                    .zip(grad.par_chunks(BLOCK))
                    .for_each(|(to, from)| put(from, to));
            }
            Join::Concat => {
                let (whole, own) = (grad.len() / batch.max(1), grad_input.len() / batch.max(1));
                let samples = grad_input.par_chunks_mut(own.max(1)).zip(grad.par_chunks(whole.max(1)));
                samples.for_each(|(to, from)| put(&from[skipped..][..own], to));
            }
        }
    }
}

/// `sum = Σ inputs[start..]`, in the inputs' order.
fn add_up<'a, T: Element>(sum: &mut [T], start: usize, mut inputs: impl Iterator<Item = &'a [T]>) {
    if let Some(first) = inputs.next() {
        sum.copy_from_slice(&first[start..][..sum.len()]);
    }
    inputs.for_each(|x| reduce::add_assign(sum, &x[start..][..sum.len()]));
}
