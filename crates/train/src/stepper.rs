//! One optimizer step: the place where a recipe's mathematics is done, for the loop, benchmarks and tests alike.

use crate::awake::awake;
use crate::frozen::Frozen;
use crate::recipe::{BiasGradient, Recipe, WeightGradient};
use data::Batch;
use nn::{
    Buffer, Mode, Products, Sequential, StepId, Workspace,
    loss::published::sum_bias_gradients,
    optim::{Optimizer, OptimizerState, Product, StateError, all_finite, centralize},
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

/// Multiply-adds of a batch's forward pass from which on its step is shared out over the threads.
const WORTH_SHARING: u64 = 1 << 23;

/// Weights, optimizer and memory of a run. A step is [`Stepper::score`] and then [`Stepper::learn`] with the same input.
///
/// Work is shared out over the current rayon pool, whose idle threads are kept awake meanwhile; other jobs in that pool must not wait for
/// a later step.
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
        self.shared(input, |own| own.score_here(input, targets, mix))
    }

    fn score_here(&mut self, input: &[f32], targets: &[u32], mix: Option<Mix<'_>>) -> StepLoss {
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
        self.shared(input, |own| own.learn_here(input, lr))
    }

    /// Half a step, with the other threads awake if so large a batch is shared out at all.
    fn shared<R: Send>(&mut self, input: &[f32], work: impl FnOnce(&mut Self) -> R + Send) -> R {
        let samples = input.len() / self.net.input_shape().len();
        if self.net.macs().saturating_mul(samples as u64) < WORTH_SHARING {
            return work(self);
        }
        awake(|| work(self))
    }

    fn learn_here(&mut self, input: &[f32], lr: f64) -> Result<(), BadGradient> {
        let (mut finite, products) = self.backward(input);
        if self.recipe.bias_gradient == BiasGradient::SummedOverUnits {
            sum_bias_gradients(self.net, &mut self.grads);
            finite = finite && all_finite(&self.grads);
        }
        let centered = self.recipe.weight_gradient == WeightGradient::Centralized;
        if centered {
            finite = centralize(self.net, &mut self.grads, products);
        }
        if !finite {
            return Err(self.bad_gradient());
        }
        self.frozen.silence(&mut self.grads);
        if let Some(clip) = self.recipe.clip {
            clip.apply(&mut self.grads);
        }
        self.net.update_stats(&mut self.params, &self.workspace);
        let pending =
            self.net.products(input, &self.workspace).filter(move |_| products == Products::Pending);
        let pending = pending.map(move |(range, product)| (range, Product { centered, ..product }));
        self.optimizer.step_along(&mut self.params, &self.grads, pending, lr);
        self.frozen.put_back(&mut self.params);
        if let (Some(ema), Some(average)) = (self.recipe.ema, &mut self.average) {
            ema.follow(average, &self.params, self.steps);
        }
        self.steps += 1;
        Ok(())
    }

    /// Fills the gradients; gives whether they are finite, and whether the large products among them are left to the optimizer: only
    /// where nothing else wants to see them, and where they are sure to be finite as well.
    fn backward(&mut self, input: &[f32]) -> (bool, Products) {
        let Recipe { clip, bias_gradient, .. } = self.recipe;
        let unseen = clip.is_none() && self.frozen.is_empty() && *bias_gradient == BiasGradient::PerUnit;
        let products = if unseen { Products::Pending } else { Products::Made };
        let (at, ws) = (self.at(), &mut self.workspace);
        let mut finite = self.net.backward_to(products, &self.params, input, at, ws, &mut self.grads);
        if products == Products::Made
            || finite && self.net.products(input, ws).all(|(_, p)| p.is_surely_finite())
        {
            return (finite, products);
        }
        for (range, product) in self.net.products(input, ws) {
            finite &= product.store(&mut self.grads[range]);
        }
        (finite, Products::Made)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;
    use nn::optim::Clip;

    /// A net whose first weight is large enough to have its gradient made by the optimizer.
    fn steps(clip: Option<Clip>, input: &[f32], weight: f32) -> (Vec<Result<(), BadGradient>>, Vec<f32>) {
        let layers = "name = \"t\"\ninput = [1, 64, 64]\nlayers = [{ name = \"fc1\", kind = \"linear\", out_features = 64 }, \
            { name = \"act\", kind = \"relu\" }, { name = \"fc2\", kind = \"linear\", out_features = 3 }]";
        let spec: nn::ModelSpec = toml::from_str(layers).unwrap();
        let net = spec.build::<f32>().unwrap();
        let recipe = Recipe { clip, ..Recipe::builtin("perceptron", Preset::Tuned).unwrap() };
        let mut params = net.init_params(&Default::default(), 1);
        params[0] = weight;
        let mut stepper = Stepper::new(&net, &recipe, params, 2);
        let results = (0..3).map(|_| {
            stepper.score(input, &[0, 2]);
            stepper.learn(input, 1e-3)
        });
        let results = results.collect();
        (results, stepper.params().to_vec())
    }

    fn input() -> Vec<f32> {
        (0..2 * 4096).map(|i| ((i * 31) % 17) as f32 / 17.0).collect()
    }

    #[test]
    fn a_gradient_that_is_never_stored_moves_the_weights_as_one_that_was_clipped_by_nothing() {
        let loose = Clip { value: Some(1e30), norm: None };
        let (results, params) = steps(None, &input(), 0.1);
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(params, steps(Some(loose), &input(), 0.1).1);
    }

    #[test]
    fn large_factors_of_a_finite_gradient_are_no_fault() {
        let mut input = input();
        input[0] = 1e16;
        let (results, params) = steps(None, &input, 0.0);
        let (same, clipped) = steps(Some(Clip { value: Some(1e30), norm: None }), &input, 0.0);
        assert_eq!((results, params), (same, clipped));
    }

    #[test]
    fn a_gradient_that_is_not_finite_leaves_all_as_it_was() {
        let mut input = input();
        input[5] = f32::NAN;
        let (results, params) = steps(None, &input, 0.1);
        assert_eq!(results[0], Err(BadGradient { tensor: "fc2.bias".into() }));
        let fresh = steps(None, &input, 0.1).1;
        assert!(params.iter().all(|p| p.is_finite()) && params == fresh);
    }
}
