//! One optimizer step: the place where a recipe's mathematics is done, for the loop, benchmarks and tests alike.

use crate::frozen::Frozen;
use crate::recipe::{BiasGradient, Recipe, WeightGradient};
use data::Batch;
use nn::{
    Buffer, Mode, Sequential, StepId, Workspace,
    loss::published::sum_bias_gradients,
    optim::{Optimizer, OptimizerState, StateError, all_finite, centralize},
};

/// The batch's loss before a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLoss {
    /// What the gradient is of, a mean over the batch.
    pub own: f64,
    /// What is shown and stored, a mean over the batch.
    pub reported: f64,
}

/// A gradient with a number that is NaN or infinite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gradient of {tensor} is not finite")]
pub struct BadGradient {
    /// The parameter, e.g. `conv1.weight`; of several the last in the network.
    pub tensor: String,
}

/// Weights, optimizer and memory of a run. A step is [`Stepper::score`] and then [`Stepper::learn`] with the same input.
///
/// # Examples
/// ```
/// use train::{Preset, Recipe, Stepper};
///
/// let recipe = Recipe::builtin("perceptron", Preset::Tuned)?;
/// let net = nn::zoo::perceptron(50).build::<f32>()?;
/// let params = net.init_params(&Default::default(), recipe.seed);
/// let mut stepper = Stepper::new(&net, &recipe, params, 2);
///
/// let (input, targets) = (vec![0.5; 2 * 64], [7, 30]);
/// let before = stepper.score(&input, &targets);
/// stepper.learn(&input, 1e-3)?;
/// assert!(stepper.score(&input, &targets).own < before.own);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stepper<'a> {
    net: &'a Sequential,
    recipe: &'a Recipe,
    params: Buffer<f32>,
    grads: Buffer<f32>,
    optimizer: Optimizer,
    /// Weights averaged over the steps, if the recipe wants them.
    average: Option<Buffer<f32>>,
    frozen: Frozen,
    /// How much a sample of each class counts; none: all the same.
    class_weights: Option<&'a [f32]>,
    /// Of the samples of the batch, if classes have weights.
    weights: Vec<f32>,
    workspace: Workspace,
    steps: u64,
}

impl<'a> Stepper<'a> {
    /// Ready for the first step from `params`, with batches of up to `capacity` samples, on the current rayon pool.
    ///
    /// Of `recipe` only loss, gradients, clipping, optimizer, average, frozen layers and seed are used.
    #[must_use]
    pub fn new(net: &'a Sequential, recipe: &'a Recipe, params: Buffer<f32>, capacity: usize) -> Self {
        let frozen = Frozen::new(net, &recipe.freeze, &params);
        let average = recipe.ema.map(|_| params.clone());
        Self {
            net,
            recipe,
            params,
            average,
            frozen,
            class_weights: None,
            weights: Vec::with_capacity(capacity),
            grads: Buffer::zeros(net.num_slots()),
            optimizer: recipe.optimizer.build(net),
            workspace: net.workspace(capacity, Mode::Train),
            steps: 0,
        }
    }

    /// The same with samples that count as much as their class does, `class_weights` `[num_classes]`, each at least 0;
    /// for cross-entropy alone.
    #[must_use]
    pub fn with_class_weights(mut self, class_weights: Option<&'a [f32]>) -> Self {
        self.class_weights = class_weights;
        self
    }

    /// Forward pass and loss of a batch; the weights stay.
    ///
    /// # Shapes
    /// `input` `[batch, …input_shape]`, `targets` `[batch]` class indices.
    ///
    /// # Panics
    /// If a length does not match or the batch is larger than the capacity.
    pub fn score(&mut self, input: &[f32], targets: &[u32]) -> StepLoss {
        self.score_mixed(input, targets, None)
    }

    /// The same of a batch of a loader, whose samples may have two classes.
    ///
    /// # Panics
    /// As [`Stepper::score`].
    pub fn score_batch(&mut self, batch: &Batch) -> StepLoss {
        let mix = (&*batch.others, &*batch.shares);
        self.score_mixed(&batch.input, &batch.targets, (!batch.others.is_empty()).then_some(mix))
    }

    fn score_mixed(&mut self, input: &[f32], targets: &[u32], mix: Option<Mix<'_>>) -> StepLoss {
        self.net.forward(&self.params, input, self.at(), &mut self.workspace);
        let (logits, grad) = self.workspace.logits_and_grad();
        let loss = &self.recipe.loss;
        match (self.class_weights, mix) {
            (Some(classes), mix) => {
                weigh(classes, targets, mix, &mut self.weights);
                loss.weighted_step(logits, targets, mix, &self.weights, grad)
            }
            (None, Some(mix)) => loss.mixed_step(logits, targets, mix, grad),
            (None, None) => loss.step(logits, targets, grad),
        }
    }

    /// Backward pass and update for the batch that was scored last.
    ///
    /// # Errors
    /// [`BadGradient`] if a number of the gradient is not finite; then weights, statistics and optimizer stay as they are.
    ///
    /// # Panics
    /// If `input` has another length than when it was scored.
    pub fn learn(&mut self, input: &[f32], lr: f64) -> Result<(), BadGradient> {
        let at = self.at();
        let mut finite = self.net.backward(&self.params, input, at, &mut self.workspace, &mut self.grads);
        if self.recipe.bias_gradient == BiasGradient::SummedOverUnits {
            sum_bias_gradients(self.net, &mut self.grads);
            finite = finite && all_finite(&self.grads);
        }
        if self.recipe.weight_gradient == WeightGradient::Centralized {
            finite = centralize(self.net, &mut self.grads);
        }
        if !finite {
            return Err(self.bad_gradient());
        }
        self.frozen.silence(&mut self.grads);
        if let Some(clip) = self.recipe.clip {
            clip.apply(&mut self.grads);
        }
        self.net.update_stats(&mut self.params, &self.workspace);
        self.optimizer.step(&mut self.params, &self.grads, lr);
        self.frozen.put_back(&mut self.params);
        if let (Some(ema), Some(average)) = (self.recipe.ema, &mut self.average) {
            ema.follow(average, &self.params, self.steps);
        }
        self.steps += 1;
        Ok(())
    }

    /// The gradient that was the first to be off: the backward pass comes from the end.
    fn bad_gradient(&self) -> BadGradient {
        let off = |entry: &&nn::ParamEntry| !all_finite(&self.grads[entry.range.clone()]);
        let tensor = self.net.params().iter().rev().find(off).map(|entry| entry.name.clone());
        BadGradient { tensor: tensor.unwrap_or_default() }
    }

    /// What the network said of the batch that was scored last, `[batch, num_classes]`.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        self.workspace.logits()
    }

    /// The weights as they are now, `[num_slots]`.
    #[must_use]
    pub fn params(&self) -> &[f32] {
        &self.params
    }

    /// The weights to be scored and stored, `[num_slots]`: averaged over the steps if the recipe says so, else those of
    /// [`Stepper::params`].
    #[must_use]
    pub fn result(&self) -> &[f32] {
        self.average.as_deref().unwrap_or(&self.params)
    }

    /// The weights of [`Stepper::result`], for good.
    #[must_use]
    pub fn into_result(self) -> Buffer<f32> {
        self.average.unwrap_or(self.params)
    }

    /// The average of the weights over the steps, if the recipe wants it.
    #[must_use]
    pub fn average(&self) -> Option<&[f32]> {
        self.average.as_deref()
    }

    /// What the optimizer remembers.
    #[must_use]
    pub fn optimizer(&self) -> OptimizerState<'_> {
        self.optimizer.state()
    }

    /// Goes to where a stepper with the same recipe was after `steps` steps.
    ///
    /// # Errors
    /// If `optimizer` is the state of another optimizer; then nothing is changed.
    ///
    /// # Panics
    /// If `params` or `average` has not the network's length.
    pub fn restore(
        &mut self,
        steps: u64,
        params: &[f32],
        average: Option<&[f32]>,
        optimizer: &OptimizerState<'_>,
    ) -> Result<(), StateError> {
        self.optimizer.set_state(optimizer)?;
        self.params.copy_from_slice(params);
        self.frozen = Frozen::new(self.net, &self.recipe.freeze, params);
        if let (Some(own), Some(kept)) = (&mut self.average, average) {
            own.copy_from_slice(kept);
        }
        self.steps = steps;
        Ok(())
    }

    /// Steps made.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn at(&self) -> StepId {
        StepId { seed: self.recipe.seed, step: self.steps }
    }
}

/// Other classes of the samples, and how much of each sample belongs to them.
type Mix<'b> = (&'b [u32], &'b [f32]);

/// A weight a sample: its class's, or of two classes those of both by their shares.
fn weigh(classes: &[f32], targets: &[u32], mix: Option<Mix<'_>>, weights: &mut Vec<f32>) {
    weights.clear();
    weights.extend(targets.iter().map(|&target| classes[target as usize]));
    let Some((others, shares)) = mix else { return };
    for (weight, (&other, &share)) in weights.iter_mut().zip(others.iter().zip(shares)) {
        *weight += share * (classes[other as usize] - *weight);
    }
}
