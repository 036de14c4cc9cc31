//! A recipe's loss at work: gradient for the step, and the number that is reported.

use crate::{
    StepLoss,
    recipe::{Loss, LossKind, Reported},
};
use nn::loss::{CrossEntropyLoss, Reduction, published};

impl Loss {
    /// The batch's loss, and its gradient in `grad`.
    pub(crate) fn step(&self, logits: &[f32], targets: &[u32], grad: &mut [f32]) -> StepLoss {
        let count = targets.len().max(1) as f64;
        let own = match self.kind {
            LossKind::CrossEntropy => {
                let loss = self.cross_entropy().forward_backward(logits, targets, grad);
                if self.reduction == Reduction::Sum { loss / count } else { loss }
            }
            LossKind::DoubleSoftmax => {
                let loss = published::double_softmax(logits, targets, grad);
                if self.reduction == Reduction::Sum {
                    grad.iter_mut().for_each(|g| *g *= count as f32);
                }
                loss
            }
        };
        let reported = match self.reported {
            Reported::Loss => own,
            Reported::BothTerms => published::two_sided_cross_entropy(logits, targets),
        };
        StepLoss { own, reported }
    }

    /// The same where of each sample `shares` belongs to the class `others`; of cross-entropy alone.
    pub(crate) fn mixed_step(
        &self,
        logits: &[f32],
        targets: &[u32],
        (others, shares): (&[u32], &[f32]),
        grad: &mut [f32],
    ) -> StepLoss {
        let loss = self.cross_entropy().forward_backward_mixed(logits, targets, others, shares, grad);
        let count = if self.reduction == Reduction::Sum { targets.len().max(1) } else { 1 };
        let own = loss / count as f64;
        StepLoss { own, reported: own }
    }

    /// The same where each sample counts `weights` times; `mix` is others and shares of [`Loss::mixed_step`].
    pub(crate) fn weighted_step(
        &self,
        logits: &[f32],
        targets: &[u32],
        mix: Option<(&[u32], &[f32])>,
        weights: &[f32],
        grad: &mut [f32],
    ) -> StepLoss {
        let loss = self.cross_entropy().forward_backward_weighted(logits, targets, mix, weights, grad);
        let count = if self.reduction == Reduction::Sum { targets.len().max(1) } else { 1 };
        let own = loss / count as f64;
        StepLoss { own, reported: own }
    }

    /// What is reported of a scored batch, a mean over its samples; `scratch` is overwritten.
    pub(crate) fn score(&self, logits: &[f32], targets: &[u32], scratch: &mut Vec<f32>) -> f64 {
        match (self.reported, self.kind) {
            (Reported::BothTerms, _) => published::two_sided_cross_entropy(logits, targets),
            (Reported::Loss, LossKind::CrossEntropy) => CrossEntropyLoss::default().forward(logits, targets),
            (Reported::Loss, LossKind::DoubleSoftmax) => {
                scratch.resize(logits.len(), 0.0);
                published::double_softmax(logits, targets, scratch)
            }
        }
    }

    fn cross_entropy(&self) -> CrossEntropyLoss {
        CrossEntropyLoss { label_smoothing: self.label_smoothing, reduction: self.reduction }
    }
}

impl Default for Loss {
    /// Cross-entropy, a mean over the batch.
    fn default() -> Self {
        Self {
            kind: LossKind::default(),
            reduction: Reduction::default(),
            label_smoothing: 0.0,
            reported: Reported::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 6] = [0.5, -1.0, 2.0, 0.0, 0.25, 1.0];
    const TARGETS: [u32; 2] = [2, 0];

    fn run(loss: Loss) -> (StepLoss, Vec<f32>) {
        let mut grad = vec![0.0; 6];
        (loss.step(&LOGITS, &TARGETS, &mut grad), grad)
    }

    #[test]
    fn a_sum_only_scales_the_gradient() {
        for kind in [LossKind::CrossEntropy, LossKind::DoubleSoftmax] {
            let (mean, mean_grad) = run(Loss { kind, ..Loss::default() });
            let (sum, sum_grad) = run(Loss { kind, reduction: Reduction::Sum, ..Loss::default() });
            assert!((mean.own - sum.own).abs() < 1e-12 && mean.own == mean.reported, "{kind:?}");
            for (m, s) in mean_grad.iter().zip(&sum_grad) {
                assert!((2.0 * m - s).abs() < 1e-6, "{kind:?}: {m} {s}");
            }
        }
    }

    #[test]
    fn what_is_reported_leaves_the_gradient_alone() {
        let (plain, plain_grad) = run(Loss::default());
        let (both, both_grad) = run(Loss { reported: Reported::BothTerms, ..Loss::default() });
        assert_eq!((plain.own, plain_grad), (both.own, both_grad));
        assert!(both.reported > both.own);
    }

    #[test]
    fn scoring_agrees_with_the_step_but_for_smoothing() {
        let mut scratch = Vec::new();
        for kind in [LossKind::CrossEntropy, LossKind::DoubleSoftmax] {
            for reported in [Reported::Loss, Reported::BothTerms] {
                let loss = Loss { kind, reported, ..Loss::default() };
                assert_eq!(loss.score(&LOGITS, &TARGETS, &mut scratch), run(loss).0.reported);
            }
        }
        let smooth = Loss { label_smoothing: 0.1, ..Loss::default() };
        assert_ne!(run(smooth).0.own, run(Loss::default()).0.own);
        assert_eq!(smooth.score(&LOGITS, &TARGETS, &mut scratch), run(Loss::default()).0.own);
    }
}
