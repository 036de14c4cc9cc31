//! Gradients without their mean.

use std::ops::Range;

use kernels::{Element, reduce::all_finite};
use rayon::prelude::*;

use crate::param::Role;
use crate::products::Products;
use crate::sequential::Sequential;

/// Takes from every weight's gradient its mean over the inputs of the same output: `g[o, …] ← g[o, …] − mean(g[o, …])`.
///
/// What a mean does to an output is the bias's affair. Inputs that are all positive, such as a sigmoid's, otherwise
/// move all weights of an output the same way: with thousands of inputs one step of Adam then shifts it by many
/// times its spread. Biases and scales are left alone.
///
/// Gives whether all gradients are finite, which the sums tell for nothing. Those that are pending are left alone: see
/// [`kernels::update::Product::centered`].
///
/// # Source
/// Yong et al. 2020, 'Gradient Centralization', arXiv 2004.01461.
///
/// # Examples
/// ```
/// use nn::Products;
/// let spec = nn::zoo::perceptron(2);
/// let net = spec.build::<f32>()?;
/// let mut grads = vec![0.0; net.num_slots()];
/// grads[0] = 64.0; // of the first of 64 inputs of the first unit
/// assert!(nn::optim::centralize(&net, &mut grads, Products::Made));
/// assert_eq!((grads[0], grads[1], grads[64]), (63.0, -1.0, 0.0));
/// # Ok::<(), nn::BuildError>(())
/// ```
pub fn centralize<T: Element>(net: &Sequential<T>, grads: &mut [T], products: Products) -> bool {
    let pending =
        |range: &Range<usize>| products == Products::Pending && net.product_ranges().any(|p| p == *range);
    net.params().iter().filter(|entry| !pending(&entry.range)).fold(true, |finite, entry| {
        let own = &mut grads[entry.range.clone()];
        let whole = match entry.spec.role {
            Role::Weight if entry.spec.shape.len() > 1 => {
                let rows = own.par_chunks_mut(entry.spec.fan_in());
                rows.map(subtract_mean).reduce(|| true, |a, b| a & b)
            }
            _ => all_finite(own),
        };
        finite & whole
    })
}

/// Gives whether the mean is finite, as it is where all numbers are.
fn subtract_mean<T: Element>(row: &mut [T]) -> bool {
    // Sixteen sums side by side, as a vector register has them.
    let mut sums = [T::ZERO; 16];
    for chunk in row.chunks(16) {
        for (sum, &g) in sums.iter_mut().zip(chunk) {
            *sum += g;
        }
    }
    let mean = sums.into_iter().sum::<T>() / T::from_f64(row.len() as f64);
    row.iter_mut().for_each(|g| *g -= mean);
    mean.to_f64().is_finite()
}
