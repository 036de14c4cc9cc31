//! Everything that decides a run's weights, as data: each option once, with its meaning.

mod balance;
mod builtin;
mod check;
mod input;
mod overlay;

pub use balance::{ClassWeights, Sampling};
pub use builtin::Preset;
pub(crate) use check::steps_per_epoch;
pub use input::{FeatureChoice, Input, Standardize};
pub(crate) use overlay::first_difference;

use data::{Augment, ClassOrder, LastBatch, OnBad};
use nn::{
    init::Init,
    loss::Reduction,
    optim::{Clip, Ema, OptimizerConfig},
    schedule::Schedule,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A run as data: what is trained on what, and how. Stored as `config.toml`, from which the run can be repeated.
///
/// There are no hidden defaults: the recipes in `recipes/*.toml` set every field, [`Recipe::overlay`] changes some.
/// The same recipe, data and program give the same weights, bit for bit, whatever the number of threads.
///
/// # Examples
/// ```
/// use train::{Preset, Recipe};
///
/// let recipe = Recipe::builtin("lenet5", Preset::Tuned)?;
/// assert_eq!((recipe.epochs, recipe.batch_size), (10, 32));
/// let changed = recipe.overlay("epochs = 3\n[augment]\nhflip = 0.0", "mine.toml")?;
/// assert_eq!((changed.epochs, changed.schedule), (3, recipe.schedule));
/// assert_eq!(Recipe::from_toml(&changed.to_toml(), "config.toml")?, changed);
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// `perceptron`, `lenet5`, `lenet5-modified`, `residual`, `depthwise`, or the path of a model file (`.toml`).
    pub model: String,
    /// What the recipe is called: `tuned`, `published`, or a name of your own.
    pub recipe: String,
    /// The data folder, or `synthetic`; none: the command line says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// `string`, `natural` or `file`; none: as `classes.txt` has the classes, else by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_order: Option<ClassOrder>,
    /// Weights to start from instead of fresh ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// What happens to pictures that can't be read: `fail` or `skip`.
    pub on_bad: OnBad,
    /// Fixes every random number of the run.
    pub seed: u64,
    /// Passes over the training split, at least 1.
    pub epochs: usize,
    /// The run ends after this many optimizer steps, if its epochs have more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
    /// The run ends after this many epochs in a row that were not the best on the validation split, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Layers or parameters that stay as they begin, running statistics too: names such as `conv1` or `fc1.bias`, with `*`
    /// for any letters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Samples an optimizer step, at least 1.
    pub batch_size: usize,
    /// `keep`, or `drop` the samples after the last full batch of an epoch.
    pub last_batch: LastBatch,
    /// Whether each epoch has an order of its own, or that of the list.
    pub shuffle: bool,
    /// Which training samples an epoch has.
    #[serde(default, skip_serializing_if = "Sampling::is_each_once")]
    pub sampling: Sampling,
    /// How much the loss of a training sample counts, by its class.
    #[serde(default, skip_serializing_if = "ClassWeights::is_even")]
    pub class_weights: ClassWeights,
    /// Which samples of a split are scored.
    pub scored: Scored,
    /// Which weights the test split is scored with.
    pub tested: Tested,
    /// What the biases' gradients are.
    pub bias_gradient: BiasGradient,
    /// What the weights' gradients are.
    #[serde(default)]
    pub weight_gradient: WeightGradient,
    /// From picture to input.
    pub input: Input,
    /// Random changes of the training pictures.
    pub augment: Augment,
    /// How the weights begin.
    pub init: Start,
    /// What is made small.
    pub loss: Loss,
    /// How weights follow gradients.
    pub optimizer: OptimizerConfig,
    /// The largest learning rate, and how it changes from step to step.
    pub schedule: Schedule,
    /// Limits on the gradient of a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// Weights averaged over the steps, which are then the ones that are scored and stored; none: the weights themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema: Option<Ema>,
}

/// Which samples of a split are scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scored {
    /// All.
    #[default]
    All,
    /// Those in full batches, but accuracies are still shares of all samples: of 450 samples in batches of 32 the last
    /// 2 count as wrong. What the published report did.
    FullBatches,
}

/// Which weights the test split is scored with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tested {
    /// Those of the epoch that was best on the validation split.
    #[default]
    Best,
    /// Those after the last step.
    Last,
    /// Those before the first step: what the published report did with its perceptron, surely by mistake.
    Untrained,
}

/// What the biases' gradients are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BiasGradient {
    /// The derivatives of the loss.
    #[default]
    PerUnit,
    /// For every unit of a layer the sum over all its units: a mistake of the published perceptron.
    SummedOverUnits,
}

/// What the weights' gradients are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightGradient {
    /// The derivatives of the loss.
    #[default]
    Plain,
    /// Less their mean over the inputs of each output ([`nn::optim::centralize`]): for nets of sigmoids.
    Centralized,
}

/// How the weights begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Start {
    /// Drawn from distributions; none: that of PyTorch.
    Drawn {
        /// Of the weights.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<Init>,
        /// Of the biases.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<Init>,
    },
    /// Drawn, then scaled layer by layer so that the values that enter each activation have a chosen spread on
    /// training samples; see [`nn::init::init_from_data`].
    FromData {
        /// Standard deviation of what enters an activation, over 0.
        target_std: f64,
        /// Standard deviation of the logits, over 0.
        last_std: f64,
        /// Training samples that are looked at, at least 1.
        samples: usize,
    },
}

/// What is made small, and what is reported as the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// The function of logits and class.
    pub kind: LossKind,
    /// Whether a batch's gradient is the mean or the sum of its samples'.
    pub reduction: Reduction,
    /// Share of the target that is spread over all classes, in [0, 1).
    pub label_smoothing: f64,
    /// What is shown and stored as the loss.
    pub reported: Reported,
}

/// A function of logits and class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// `−ln softmax(z)_y`.
    #[default]
    CrossEntropy,
    /// `−ln softmax(softmax(z))_y`, as the published perceptron took it.
    DoubleSoftmax,
}

/// What is shown and stored as the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reported {
    /// The loss itself, a mean over samples (without label smoothing where a split is scored).
    #[default]
    Loss,
    /// `−Σ_j [y_j ln p_j + (1−y_j) ln(1−p_j)]`, a mean over samples: what the published LeNets showed.
    BothTerms,
}
