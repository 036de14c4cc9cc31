//! What is measured: a model, and what its steps need.

use crate::{
    args::{ModeWord, OptimizerWord},
    exit::Failure,
};
use nn::{
    Buffer, ModelSpec, Sequential, Shape,
    optim::{Adam, AdamW, OptimizerConfig, Sgd},
};
use rng::{Purpose, Stream};
use std::ops::Range;
use train::{
    Preset, Recipe, model,
    recipe::{Loss, WeightGradient},
};

/// Classes of the built-in models.
const CLASSES: usize = 50;
/// What the other frameworks are measured with.
const MOMENTUM: f64 = 0.9;
/// Samples that are gone through in turn, so that they do not stay in the caches.
const SAMPLES: usize = 256;

/// A model to be measured.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) spec: ModelSpec,
    pub(super) classes: usize,
    /// With plain gradients and the optimizer asked for, whatever is tuned for learning.
    pub(super) recipe: Recipe,
    /// Multiply-adds an image that the model's definition asks for.
    pub(super) work: Work,
    /// Whether inference has large weights in bf16.
    bf16: bool,
}

/// Multiply-adds an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) forward: u64,
    /// Backward: gradients of weights and inputs, each as many as forward, but not of the first layer's input.
    pub(super) backward: u64,
}

impl Subject {
    /// The built-in model of that name, or the one in that file.
    pub(super) fn read(word: &str, optimizer: OptimizerWord, bf16: bool) -> Result<Self, Failure> {
        let recipe = Recipe::builtin(word, Preset::Tuned)?;
        let optimizer = match optimizer {
            OptimizerWord::Sgd => OptimizerConfig::Sgd(Sgd::with_momentum(MOMENTUM)),
            OptimizerWord::Adam => OptimizerConfig::Adam(Adam::default()),
            OptimizerWord::AdamW => OptimizerConfig::AdamW(AdamW::default()),
        };
        let recipe =
            Recipe { optimizer, weight_gradient: WeightGradient::Plain, loss: Loss::default(), ..recipe };
        let spec = model::spec_of(word, recipe.input.shape(), CLASSES)?;
        let classes = match spec.build::<f32>().map(|net| net.output_shape()) {
            Ok(Shape::Flat(classes)) => classes,
            // Told by `build` in its own words.
            _ => CLASSES,
        };
        let plain = model::build(&spec, spec.input, classes)?;
        let macs: Vec<u64> = plain.nodes().iter().map(|node| node.layer.macs()).collect();
        Ok(Self { work: Work::of(&macs), spec, classes, recipe, bf16 })
    }

    /// The network as the trainer runs it, or a classifier.
    pub(super) fn net(&self, mode: ModeWord) -> Result<Sequential, Failure> {
        let net = nn::fuse(model::build(&self.spec, self.spec.input, self.classes)?);
        if mode == ModeWord::Train || !self.bf16 {
            return Ok(net);
        }
        let params = self.params(&net);
        Ok(nn::in_bf16(net, &params))
    }

    /// Weights to begin with.
    pub(super) fn params(&self, net: &Sequential) -> Buffer<f32> {
        net.init_params(&Default::default(), self.recipe.seed)
    }
}

impl Work {
    /// Of layers one after the other.
    fn of(macs: &[u64]) -> Self {
        let forward = macs.iter().sum();
        let first = macs.iter().copied().find(|&macs| macs > 0).unwrap_or(0);
        Self { forward, backward: 2 * forward - first }
    }
}

/// Batches of random samples, one after the other and around again.
#[derive(Debug)]
pub(super) struct Feed {
    input: Vec<f32>,
    targets: Vec<u32>,
    batch: usize,
    sample_len: usize,
    next: usize,
}

impl Feed {
    pub(super) fn new(subject: &Subject, batch: usize) -> Self {
        let samples = SAMPLES.div_ceil(batch).max(2) * batch;
        let mut random = Stream::new(subject.recipe.seed, Purpose::Bench, 0, 0);
        let sample_len = subject.spec.input.len();
        let input = (0..samples * sample_len).map(|_| random.range(-1.0, 1.0)).collect();
        let targets = (0..samples).map(|_| random.below(subject.classes as u64) as u32).collect();
        Self { input, targets, batch, sample_len, next: 0 }
    }

    pub(super) fn next(&mut self) -> (&[f32], &[u32]) {
        let Range { start, end } = self.next..self.next + self.batch;
        self.next = if end == self.targets.len() { 0 } else { end };
        (&self.input[start * self.sample_len..end * self.sample_len], &self.targets[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_what_the_definition_asks_for() {
        let lenet5 = Subject::read("lenet5", OptimizerWord::Sgd, false).unwrap();
        assert_eq!((lenet5.work.forward, lenet5.work.backward), (12_009_000, 2 * 12_009_000 - 2_306_400));
        assert_eq!(Work::of(&[0, 3, 0, 5]), Work { forward: 8, backward: 13 });
        assert_eq!(Work::of(&[0]), Work { forward: 0, backward: 0 });
    }

    #[test]
    fn a_feed_goes_around_whole_batches() {
        let subject = Subject::read("perceptron", OptimizerWord::Adam, false).unwrap();
        let mut feed = Feed::new(&subject, 100);
        let mut round = || {
            let (input, targets) = feed.next();
            (input.to_vec(), targets.to_vec())
        };
        let rounds = [round(), round(), round(), round()];
        assert!(rounds.iter().all(|(x, t)| x.len() == 6400 && t.len() == 100 && t.iter().all(|&t| t < 50)));
        assert!(rounds[0] != rounds[1] && rounds[0] == rounds[3]);
    }
}
