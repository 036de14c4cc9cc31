//! The published recipe's own ways with the loss, kept so that its result can be reproduced and explained.

use kernels::{Element, softmax};

use super::cross_entropy::num_classes;
use crate::param::Role;
use crate::sequential::Sequential;

/// Keeps a logarithm finite where f32 has rounded a probability to 0 or 1.
const SMALLEST: f64 = 1e-12;

/// The loss that the report plots, mean over the batch of `−Σ_j [y_j ln p_j + (1 − y_j) ln(1 − p_j)]`.
///
/// Only reported: the gradient that goes with it there is the cross-entropy's `p − y`. At chance over 50 classes it
/// is 4.90, where the cross-entropy is 3.91.
///
/// # Shapes
/// `logits` `[batch, classes]`, `targets` `[batch]`.
///
/// # Panics
/// If a length does not match or a target is no class.
#[must_use]
pub fn two_sided_cross_entropy<T: Element>(logits: &[T], targets: &[u32]) -> f64 {
    let classes = num_classes(logits, targets);
    let mut probs = vec![T::ZERO; classes];
    let mut sum = 0.0;
    for (z, &target) in logits.chunks_exact(classes).zip(targets) {
        softmax::softmax(z, &mut probs);
        for (j, p) in probs.iter().enumerate() {
            let p = p.to_f64();
            let hit = if j == target as usize { p } else { 1.0 - p };
            sum -= hit.max(SMALLEST).ln();
        }
    }
    sum / targets.len().max(1) as f64
}

/// The perceptron's loss: the network ends in a softmax, and the cross-entropy takes another.
///
/// `L = −ln softmax(softmax(z))_target`, mean over the batch, and its gradient `J(p)ᵀ (q − y) / batch` with
/// `p = softmax(z)`, `q = softmax(p)`, `J(p)ᵀ d = p ∘ (d − p·d)` in `grad`, overwritten. As p lies in [0, 1], the
/// second softmax is nearly even: the loss can only move between 2.95 and 3.95 for 50 classes, and stays near
/// ln 50 = 3.912.
///
/// # Shapes
/// `logits` and `grad` `[batch, classes]`, `targets` `[batch]`.
///
/// # Panics
/// If a length does not match or a target is no class.
pub fn double_softmax<T: Element>(logits: &[T], targets: &[u32], grad: &mut [T]) -> f64 {
    let classes = num_classes(logits, targets);
    assert_eq!(logits.len(), grad.len(), "lengths of logits and grad");
    let scale = T::from_f64(1.0 / targets.len().max(1) as f64);
    let mut probs = vec![T::ZERO; classes];
    let mut loss = 0.0;
    let rows = logits.chunks_exact(classes).zip(grad.chunks_exact_mut(classes));
    for ((z, dz), &target) in rows.zip(targets) {
        softmax::softmax(z, &mut probs);
        loss -= softmax::log_softmax_at(&probs, target as usize).to_f64();
        softmax::softmax(&probs, dz);
        dz[target as usize] -= T::ONE;
        let mean: T = probs.iter().zip(&*dz).map(|(&p, &d)| p * d).sum();
        dz.iter_mut().zip(&probs).for_each(|(d, &p)| *d = p * (*d - mean) * scale);
    }
    loss / targets.len().max(1) as f64
}

/// Replaces every bias gradient by the sum over the layer's units, as the published perceptron does.
///
/// # Panics
/// If the gradients are not the network's.
pub fn sum_bias_gradients<T: Element>(net: &Sequential<T>, grads: &mut [T]) {
    assert_eq!(grads.len(), net.num_slots(), "length of the gradients");
    for entry in net.params().iter().filter(|e| e.spec.role == Role::Bias) {
        let tensor = &mut grads[entry.range.clone()];
        let sum: T = tensor.iter().copied().sum();
        tensor.fill(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_chance_the_report_reads_4_90_and_the_perceptron_3_91() {
        let (logits, mut grad) = ([0.5_f32; 100], [0.0; 100]);
        assert!((two_sided_cross_entropy(&logits, &[7, 8]) - 4.90).abs() < 0.01);
        assert!((double_softmax(&logits, &[7, 8], &mut grad) - 3.912).abs() < 0.001);
    }

    #[test]
    fn the_double_softmax_has_the_gradient_of_its_loss() {
        let logits = [0.3_f64, -1.2, 2.0, 0.1, 0.7, -0.4];
        let (mut grad, mut unused) = ([0.0; 6], [0.0; 6]);
        double_softmax(&logits, &[1, 0], &mut grad);
        for i in 0..6 {
            let mut at = |step: f64| {
                let mut z = logits;
                z[i] += step;
                double_softmax(&z, &[1, 0], &mut unused)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - grad[i]).abs() < 1e-9, "at {i}: {slope} {}", grad[i]);
        }
    }

    #[test]
    fn a_certain_wrong_answer_has_a_finite_two_sided_loss() {
        assert!(two_sided_cross_entropy(&[-200.0_f32, 200.0], &[0]).is_finite());
    }

    #[test]
    fn bias_gradients_are_summed_over_units_and_weights_left() {
        let net = crate::zoo::perceptron(5).build::<f64>().unwrap();
        let mut grads = vec![1.0; net.num_slots()];
        sum_bias_gradients(&net, &mut grads);
        assert!(grads[net.params()[1].range.clone()].iter().all(|&g| g == 50.0));
        assert!(grads[net.params()[2].range.clone()].iter().all(|&g| g == 1.0));
    }
}
