//! Flags that change a recipe.

use super::{
    AugmentArgs,
    number::{count, finite, not_negative, positive, scale, share},
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The built-in recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecipeWord {
    Tuned,
    Published,
}

/// What is done about pictures that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnBadWord {
    Skip,
    Fail,
}

/// The optimizers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerWord {
    Sgd,
    Adam,
    #[value(name = "adamw")]
    AdamW,
}

/// The schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleWord {
    Constant,
    Step,
    Cosine,
    OneCycle,
}

/// What weight decay shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecayedWord {
    Weights,
    All,
}

/// How a picture of another shape is brought to size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FitWord {
    Squash,
    Letterbox,
}

/// Which training samples an epoch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SamplingWord {
    EachOnce,
    Balanced,
}

/// How much a class counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassWeightsWord {
    Even,
    Balanced,
}

/// Single settings; what is not given stays as in the recipe.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Changes to the recipe")]
pub(crate) struct ChangeArgs {
    /// Passes over the training split
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) epochs: Option<usize>,

    /// Pictures a step
    #[arg(short, long, value_name = "N", value_parser = count)]
    pub(crate) batch_size: Option<usize>,

    /// Largest learning rate
    #[arg(long, value_name = "X", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) lr: Option<f64>,

    /// Optimizer, on the loss's own gradients
    #[arg(long, value_name = "sgd|adam|adamw", hide_possible_values = true)]
    pub(crate) opt: Option<OptimizerWord>,

    /// Momentum of sgd [default after --opt sgd: 0.9]
    #[arg(long, value_name = "X", value_parser = share, allow_negative_numbers = true)]
    pub(crate) momentum: Option<f64>,

    /// Weight decay: of sgd and adam added to the gradient, of adamw decoupled from it
    #[arg(long, alias = "wd", value_name = "X", value_parser = not_negative, allow_negative_numbers = true)]
    pub(crate) weight_decay: Option<f64>,

    /// What weight decay shrinks: weights alone, or biases too, as PyTorch does
    #[arg(long, value_name = "weights|all", hide_possible_values = true)]
    pub(crate) decayed: Option<DecayedWord>,

    /// Course of the learning rate: constant, step (a tenth after each third of the run), cosine (down to 0),
    /// one-cycle (up, then down to almost 0)
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    pub(crate) sched: Option<ScheduleWord>,

    /// Epochs in which the learning rate rises to where its course begins
    #[arg(long, value_name = "X", value_parser = not_negative, allow_negative_numbers = true)]
    pub(crate) warmup_epochs: Option<f64>,

    /// Label smoothing
    #[arg(long, value_name = "X", value_parser = share, allow_negative_numbers = true)]
    pub(crate) smoothing: Option<f64>,

    /// Scale gradients down to this joint norm
    #[arg(long, value_name = "X", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) clip_norm: Option<f64>,

    /// Limit every gradient to so much
    #[arg(long, value_name = "X", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) clip_value: Option<f64>,

    /// Stop after so many epochs in a row that were not the best on the validation split
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) patience: Option<usize>,

    /// Leave these layers as they begin, with commas between: names, with * for any letters, such as 'conv*'
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) freeze: Vec<String>,

    /// Score and store weights averaged over the steps, which keep such a share of the old average in a step, usually
    /// 0.999; 0: the weights as they are
    #[arg(long, value_name = "DECAY", value_parser = share, allow_negative_numbers = true)]
    pub(crate) ema: Option<f64>,

    /// Feed (x/255 - mean) / std instead of what fits the training split; 0 and 1 feed x/255
    #[arg(long, value_name = "X", value_parser = finite, allow_negative_numbers = true, requires = "std")]
    pub(crate) mean: Option<f32>,

    /// See --mean
    #[arg(long, value_name = "X", value_parser = scale, allow_negative_numbers = true, requires = "mean")]
    pub(crate) std: Option<f32>,

    /// Resize pictures to so many pixels a side
    #[arg(long, alias = "img-size", value_name = "PIXELS", value_parser = count)]
    pub(crate) imgsz: Option<usize>,

    /// Bring pictures of another shape to size by squashing them, or with their proportions kept and bars at the sides
    #[arg(long, value_name = "squash|letterbox", hide_possible_values = true)]
    pub(crate) fit: Option<FitWord>,

    /// Keep the order of the list instead of a new one each epoch
    #[arg(long)]
    pub(crate) no_shuffle: bool,

    /// Pictures of an epoch: each once, or (balanced) as many of each class, those of small classes several times
    #[arg(long, value_name = "each-once|balanced", hide_possible_values = true)]
    pub(crate) sampling: Option<SamplingWord>,

    /// Weight of a class in the loss: even, or (balanced) the more the fewer pictures it has; a recipe file can give numbers
    #[arg(long, value_name = "even|balanced", hide_possible_values = true)]
    pub(crate) class_weights: Option<ClassWeightsWord>,

    /// Stop after so many steps
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_steps: Option<u64>,

    /// Start from these weights (.safetensors, also a plain PyTorch state_dict) instead of new ones; those for another
    /// number of classes get a new last layer
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) augment: AugmentArgs,
}
