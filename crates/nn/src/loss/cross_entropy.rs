//! Cross-entropy of the softmax, with its gradient.

use kernels::{Element, softmax};
use serde::{Deserialize, Serialize};

/// How the samples' losses become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// Their mean: the step does not depend on the batch size.
    #[default]
    Mean,
    /// Their sum, as the published recipe has it: the step grows with the batch.
    Sum,
}

/// `L = −Σ_j y_j · ln softmax(z)_j`, `∂L/∂z = softmax(z) − y`, for class-index targets.
///
/// `y` is 1 at the target's class; with label smoothing ε it is `1 − ε + ε/classes` there and `ε/classes`
/// elsewhere, as in PyTorch.
///
/// # Shapes
/// `logits` and `grad` `[batch, classes]`, `targets` `[batch]`.
///
/// # Examples
/// ```
/// use nn::loss::CrossEntropyLoss;
/// let mut grad = [0.0_f64; 4];
/// let loss = CrossEntropyLoss::default().forward_backward(&[0.0, 0.0, 2.0, 0.0], &[0, 1], &mut grad);
/// assert!((loss - (2_f64.ln() + (1.0 + 2_f64.exp()).ln()) / 2.0).abs() < 1e-12);
/// assert_eq!(grad[..2], [-0.25, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CrossEntropyLoss {
    /// ε in [0, 1]; default 0.
    pub label_smoothing: f64,
    /// Default: mean.
    pub reduction: Reduction,
}

impl CrossEntropyLoss {
    /// The batch's loss in nats; zero for an empty batch.
    ///
    /// # Panics
    /// If a length does not match or a target is no class.
    #[must_use]
    pub fn forward<T: Element>(&self, logits: &[T], targets: &[u32]) -> f64 {
        let classes = num_classes(logits, targets);
        let rows = logits.chunks_exact(classes).zip(targets);
        rows.map(|(z, &t)| self.sample(z, t as usize)).sum::<f64>() * self.scale(targets.len())
    }

    /// The batch's loss in nats, and `∂L/∂logits` in `grad`, overwritten.
    ///
    /// # Panics
    /// If a length does not match or a target is no class.
    pub fn forward_backward<T: Element>(&self, logits: &[T], targets: &[u32], grad: &mut [T]) -> f64 {
        let classes = num_classes(logits, targets);
        assert_eq!(logits.len(), grad.len(), "lengths of logits and grad");
        let scale = self.scale(targets.len());
        let spread = T::from_f64(self.label_smoothing / classes as f64);
        let hit = T::from_f64(1.0 - self.label_smoothing);
        let mut loss = 0.0;
        let rows = logits.chunks_exact(classes).zip(grad.chunks_exact_mut(classes));
        for ((z, dz), &target) in rows.zip(targets) {
            loss += self.sample(z, target as usize);
            softmax::softmax(z, dz);
            dz[target as usize] -= hit;
            dz.iter_mut().for_each(|d| *d = (*d - spread) * T::from_f64(scale));
        }
        loss * scale
    }

    /// The same for samples of two classes: of each, `shares` (in [0, 1]) belongs to `others` and the rest to `targets`.
    ///
    /// `L = (1 − share) · L(target) + share · L(other)`, for the targets of mixup and CutMix.
    ///
    /// # Shapes
    /// `others` and `shares` `[batch]`.
    ///
    /// # Panics
    /// If a length does not match or a target is no class.
    pub fn forward_backward_mixed<T: Element>(
        &self,
        logits: &[T],
        targets: &[u32],
        others: &[u32],
        shares: &[f32],
        grad: &mut [T],
    ) -> f64 {
        assert_eq!((others.len(), shares.len()), (targets.len(), targets.len()), "one other class a target");
        let classes = num_classes(logits, others);
        let mut loss = self.forward_backward(logits, targets, grad);
        let scale = self.scale(targets.len());
        let hit = (1.0 - self.label_smoothing) * scale;
        let rows = logits.chunks_exact(classes).zip(grad.chunks_exact_mut(classes));
        for (((z, dz), (&target, &other)), &share) in rows.zip(targets.iter().zip(others)).zip(shares) {
            let (target, other, share) = (target as usize, other as usize, f64::from(share));
            loss += share * scale * (self.sample(z, other) - self.sample(z, target));
            dz[target] += T::from_f64(hit * share);
            dz[other] -= T::from_f64(hit * share);
        }
        loss
    }

    /// The same where each sample counts `weights` times, for classes that matter more, or are rarer, than others.
    ///
    /// `L = Σ_i w_i L_i / Σ_i w_i` (or without the divisor, for a sum): PyTorch's `CrossEntropyLoss(weight)` if `w_i` is the
    /// weight of sample i's class and nothing is smoothed. `mix` is what `others` and `shares` are in
    /// [`CrossEntropyLoss::forward_backward_mixed`].
    ///
    /// # Shapes
    /// `weights` `[batch]`, at least 0; if all are 0, so are loss and gradient.
    ///
    /// # Panics
    /// If a length does not match or a target is no class.
    ///
    /// # Examples
    /// ```
    /// use nn::loss::CrossEntropyLoss;
    /// let (loss, mut grad) = (CrossEntropyLoss::default(), [0.0_f64; 4]);
    /// let both = loss.forward_backward_weighted(&[0.0, 1.0, 2.0, 0.0], &[0, 1], None, &[0.0, 5.0], &mut grad);
    /// assert!((both - loss.forward(&[2.0, 0.0], &[1])).abs() < 1e-12);
    /// assert_eq!(grad[..2], [0.0, 0.0]);
    /// ```
    pub fn forward_backward_weighted<T: Element>(
        &self,
        logits: &[T],
        targets: &[u32],
        mix: Option<(&[u32], &[f32])>,
        weights: &[f32],
        grad: &mut [T],
    ) -> f64 {
        assert_eq!(weights.len(), targets.len(), "one weight a target");
        match mix {
            None => self.forward_backward(logits, targets, grad),
            Some((others, shares)) => self.forward_backward_mixed(logits, targets, others, shares, grad),
        };
        let classes = num_classes(logits, targets);
        let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let scale = match self.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean if total > 0.0 => 1.0 / total,
            Reduction::Mean => 0.0,
        };
        let rows = logits.chunks_exact(classes).zip(grad.chunks_exact_mut(classes));
        let mut loss = 0.0;
        for (i, (z, dz)) in rows.enumerate() {
            let weight = f64::from(weights[i]) * scale;
            let own = self.sample(z, targets[i] as usize);
            let sample = mix.map_or(own, |(others, shares)| {
                own + f64::from(shares[i]) * (self.sample(z, others[i] as usize) - own)
            });
            loss += weight * sample;
            let times = T::from_f64(weight / self.scale(targets.len()));
            dz.iter_mut().for_each(|d| *d *= times);
        }
        loss
    }

    /// One sample's loss.
    fn sample<T: Element>(&self, logits: &[T], target: usize) -> f64 {
        let hit = -softmax::log_softmax_at(logits, target).to_f64();
        if self.label_smoothing == 0.0 {
            return hit;
        }
        // −mean_j ln p_j = ln p_target's normaliser, less the mean logit.
        let mean = logits.iter().map(|z| z.to_f64()).sum::<f64>() / logits.len() as f64;
        let even = hit + logits[target].to_f64() - mean;
        (1.0 - self.label_smoothing) * hit + self.label_smoothing * even
    }

    fn scale(&self, batch: usize) -> f64 {
        match self.reduction {
            Reduction::Mean => 1.0 / batch.max(1) as f64,
            Reduction::Sum => 1.0,
        }
    }
}

/// Columns of `[batch, classes]`, checked against the targets.
pub(super) fn num_classes<T>(logits: &[T], targets: &[u32]) -> usize {
    let classes = (logits.len() / targets.len().max(1)).max(1);
    assert_eq!(logits.len(), classes * targets.len(), "one row of logits a target");
    assert!(targets.iter().all(|&t| (t as usize) < classes), "a target is not among the {classes} classes");
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f64; 6] = [0.3, -1.2, 2.0, 0.1, 0.7, -0.4];
    const TORCH_LOSS: f64 = 2.9677702840083118;
    const TORCH_GRAD: [f64; 6] = [
        0.11945508974671296,
        -0.7733459666942709,
        0.653890876947558,
        -0.1416679942562622,
        0.1062878443301518,
        0.03538014992611041,
    ];

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        for label_smoothing in [0.0, 0.1] {
            for reduction in [Reduction::Mean, Reduction::Sum] {
                let loss = CrossEntropyLoss { label_smoothing, reduction };
                let mut grad = [0.0; 6];
                let value = loss.forward_backward(&LOGITS, &[1, 0], &mut grad);
                assert_eq!(value, loss.forward(&LOGITS, &[1, 0]));
                for i in 0..6 {
                    let at = |step: f64| {
                        let mut z = LOGITS;
                        z[i] += step;
                        loss.forward(&z, &[1, 0])
                    };
                    let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                    assert!((slope - grad[i]).abs() < 1e-9, "{loss:?} at {i}: {slope} {}", grad[i]);
                }
            }
        }
    }

    #[test]
    fn a_mixed_target_shares_loss_and_gradient() {
        for label_smoothing in [0.0, 0.1] {
            for reduction in [Reduction::Mean, Reduction::Sum] {
                let loss = CrossEntropyLoss { label_smoothing, reduction };
                let [mut mixed, mut own, mut other] = [[0.0; 6]; 3];
                let value = loss.forward_backward_mixed(&LOGITS, &[1, 0], &[2, 0], &[0.25, 0.25], &mut mixed);
                let first = loss.forward_backward(&LOGITS, &[1, 0], &mut own);
                let second = loss.forward_backward(&LOGITS, &[2, 0], &mut other);
                assert!((value - (0.75 * first + 0.25 * second)).abs() < 1e-12);
                for i in 0..6 {
                    assert!((mixed[i] - (0.75 * own[i] + 0.25 * other[i])).abs() < 1e-12, "{i}");
                }
            }
        }
    }

    #[test]
    fn a_weight_counts_a_sample_so_many_times() {
        for label_smoothing in [0.0, 0.1] {
            for reduction in [Reduction::Mean, Reduction::Sum] {
                for mix in [None, Some((&[2, 0, 0][..], &[0.25, 0.25, 0.25][..]))] {
                    let loss = CrossEntropyLoss { label_smoothing, reduction };
                    let thrice: Vec<f64> = [&LOGITS[..3], &LOGITS[3..], &LOGITS[3..]].concat();
                    let (mut one, mut all) = ([0.0; 6], [0.0; 9]);
                    let two = mix.map(|(others, shares)| (&others[..2], &shares[..2]));
                    let value = loss.forward_backward_weighted(&LOGITS, &[1, 0], two, &[1.0, 2.0], &mut one);
                    let ones = [1.0; 3];
                    let same = loss.forward_backward_weighted(&thrice, &[1, 0, 0], mix, &ones, &mut all);
                    let plain = match mix {
                        None => loss.forward_backward(&thrice, &[1, 0, 0], &mut [0.0; 9]),
                        Some((others, shares)) => {
                            loss.forward_backward_mixed(&thrice, &[1, 0, 0], others, shares, &mut [0.0; 9])
                        }
                    };
                    assert!((value - same).abs() < 1e-12 && (same - plain).abs() < 1e-12, "{loss:?}");
                    for i in 0..3 {
                        assert!((one[i] - all[i]).abs() < 1e-12, "{loss:?} at {i}");
                        assert!((one[3 + i] - 2.0 * all[3 + i]).abs() < 1e-12, "{loss:?} at {i}");
                    }
                }
            }
        }
    }

    /// `torch.nn.CrossEntropyLoss(weight=torch.tensor([0.5, 2.0, 1.0]))` of these logits, in f64.
    #[test]
    fn class_weights_are_those_of_pytorch() {
        let mut grad = [0.0; 6];
        let loss = CrossEntropyLoss::default();
        let value = loss.forward_backward_weighted(&LOGITS, &[1, 0], None, &[2.0, 0.5], &mut grad);
        assert!((value - TORCH_LOSS).abs() < 1e-12, "{value}");
        for (own, torch) in grad.iter().zip(TORCH_GRAD) {
            assert!((own - torch).abs() < 1e-12, "{own} {torch}");
        }
    }

    #[test]
    fn smoothing_is_the_mean_over_all_classes() {
        let loss = CrossEntropyLoss { label_smoothing: 1.0, ..Default::default() };
        let even: f64 = (0..3).map(|t| CrossEntropyLoss::default().forward(&LOGITS[..3], &[t])).sum();
        assert!((loss.forward(&LOGITS[..3], &[2]) - even / 3.0).abs() < 1e-12);
    }

    #[test]
    fn huge_logits_give_a_finite_loss() {
        let mut grad = [0.0_f32; 2];
        let loss = CrossEntropyLoss::default().forward_backward(&[-1e30_f32, 1e30], &[0], &mut grad);
        assert!(loss.is_finite() && grad == [-1.0, 1.0], "{loss} {grad:?}");
    }

    #[test]
    #[should_panic(expected = "not among the 3 classes")]
    fn a_target_that_is_no_class_is_refused() {
        let _ = CrossEntropyLoss::default().forward(&LOGITS, &[0, 3]);
    }
}
