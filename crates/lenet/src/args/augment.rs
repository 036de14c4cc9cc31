//! Flags of random changes to training pictures, in the words of timm and torchvision.

use super::number::{degrees, limit, probability};
use clap::{Args, ValueEnum};

/// What is seen beyond a picture's edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BorderWord {
    Mean,
    Reflect,
}

/// Single settings; what is not given stays as in the recipe.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Random changes to training pictures, anew each epoch")]
pub(crate) struct AugmentArgs {
    /// Probability of mirroring left and right
    #[arg(long, value_name = "P", value_parser = probability, allow_negative_numbers = true)]
    pub(crate) hflip: Option<f32>,

    /// Probability of mirroring top and bottom
    #[arg(long, value_name = "P", value_parser = probability, allow_negative_numbers = true)]
    pub(crate) vflip: Option<f32>,

    /// Crop so that such a share of a picture's area is kept
    #[arg(long, alias = "crop-area", num_args = 2, value_names = ["MIN", "MAX"], value_parser = probability)]
    pub(crate) scale: Option<Vec<f32>>,

    /// Width to height of crops, relative to the picture's own
    #[arg(long, num_args = 2, value_names = ["MIN", "MAX"], value_parser = limit)]
    pub(crate) ratio: Option<Vec<f32>>,

    /// Turn by up to so many degrees either way
    #[arg(long, value_name = "X", value_parser = degrees, allow_negative_numbers = true)]
    pub(crate) degrees: Option<f32>,

    /// Shift by up to such a share of width and height
    #[arg(long, value_name = "X", value_parser = probability, allow_negative_numbers = true)]
    pub(crate) translate: Option<f32>,

    /// Enlarge by such factors
    #[arg(long, num_args = 2, value_names = ["MIN", "MAX"], value_parser = limit)]
    pub(crate) zoom: Option<Vec<f32>>,

    /// Lean by up to so many degrees either way
    #[arg(long, value_name = "X", value_parser = degrees, allow_negative_numbers = true)]
    pub(crate) shear: Option<f32>,

    /// What is seen beyond a picture's edge: its mean, or the picture mirrored
    #[arg(long, value_name = "mean|reflect", hide_possible_values = true)]
    pub(crate) border: Option<BorderWord>,

    /// Change brightness, contrast and saturation by up to such a share: one number for all, or three
    #[arg(long, num_args = 1..=3, value_name = "X", value_parser = limit)]
    pub(crate) color_jitter: Option<Vec<f32>>,

    /// Add Gaussian noise of this standard deviation, 1 being from black to white
    #[arg(long, value_name = "X", value_parser = probability, allow_negative_numbers = true)]
    pub(crate) noise: Option<f32>,

    /// Probability of erasing a rectangle
    #[arg(long, value_name = "P", value_parser = probability, allow_negative_numbers = true)]
    pub(crate) reprob: Option<f32>,

    /// Blend two pictures and their classes, by shares of Beta(X, X)
    #[arg(long, value_name = "X", value_parser = limit, allow_negative_numbers = true)]
    pub(crate) mixup: Option<f32>,

    /// Paste a piece of another picture, by shares of Beta(X, X)
    #[arg(long, value_name = "X", value_parser = limit, allow_negative_numbers = true)]
    pub(crate) cutmix: Option<f32>,

    /// Probability of --mixup and --cutmix
    #[arg(long, value_name = "P", value_parser = probability, allow_negative_numbers = true)]
    pub(crate) mixup_prob: Option<f32>,

    /// Train on the pictures as they are
    #[arg(long, conflicts_with_all = [
        "hflip", "vflip", "scale", "degrees", "translate", "zoom", "shear", "color_jitter", "noise", "reprob", "mixup",
        "cutmix",
    ])]
    pub(crate) no_aug: bool,
}
