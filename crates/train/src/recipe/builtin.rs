//! The recipes that come with the program: two a model, and one for models of your own.

use super::{FeatureChoice, Input, Recipe};
use crate::{TrainError, model};
use data::Augment;

/// Which of a model's built-in recipes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Learns.
    #[default]
    Tuned,
    /// Repeats what the published report did, and stays at chance for the same reasons.
    Published,
}

impl Preset {
    /// Names of all, in the order of their declaration.
    pub const NAMES: [&'static str; 2] = ["tuned", "published"];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tuned => "tuned",
            Self::Published => "published",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Tuned, Self::Published].into_iter().find(|preset| preset.name() == name)
    }

    /// The one of that name.
    ///
    /// # Errors
    /// [`TrainError::Unknown`] with the nearest name.
    pub fn parse(name: &str) -> Result<Self, TrainError> {
        Self::by_name(name).ok_or_else(|| TrainError::unknown("recipe", name, &Self::NAMES))
    }
}

impl Recipe {
    /// The built-in recipe of a built-in model, or, for the path of a model file, the tuned one for models of your own,
    /// its input as the file asks for.
    ///
    /// # Errors
    /// [`TrainError::Unknown`] for a word that is no model; whatever is wrong with a model file; [`TrainError::Recipe`] for
    /// the published recipe of a model of your own.
    pub fn builtin(model: &str, preset: Preset) -> Result<Self, TrainError> {
        let file = |name| format!("recipes/{name}.toml");
        let (name, text) = match (model, preset) {
            ("perceptron", Preset::Tuned) => ("perceptron-tuned", PERCEPTRON_TUNED),
            ("perceptron", Preset::Published) => ("perceptron-published", PERCEPTRON_PUBLISHED),
            ("lenet5", Preset::Tuned) => ("lenet5-tuned", LENET5_TUNED),
            ("lenet5-modified", Preset::Tuned) => ("lenet5-modified-tuned", LENET5_MODIFIED_TUNED),
            ("residual", Preset::Tuned) => ("residual-tuned", RESIDUAL_TUNED),
            ("depthwise", Preset::Tuned) => ("depthwise-tuned", DEPTHWISE_TUNED),
            ("lenet5" | "lenet5-modified", Preset::Published) => ("lenet5-published", LENET5_PUBLISHED),
            _ => return Self::for_file(model, preset),
        };
        Ok(Self { model: model.to_owned(), ..Self::from_toml(text, &file(name))? })
    }

    fn for_file(model: &str, preset: Preset) -> Result<Self, TrainError> {
        if preset == Preset::Published {
            let what =
                "only the three models of the published report have a published recipe; use tuned".into();
            return Err(TrainError::Recipe { origin: model.to_owned(), what });
        }
        let spec = model::read_spec(model)?;
        let recipe = Self::from_toml(OWN_TUNED, "recipes/own-tuned.toml")?;
        let Some(input) = Input::for_shape(spec.input, &recipe.input) else {
            let what = format!(
                "the input is {}; pictures give 1×h×w (gray), 3×h×w (colour) or 64 (histogram)",
                spec.input
            );
            return Err(TrainError::Model { model: model.to_owned(), what });
        };
        // Pictures of a histogram are better left alone: crops only blur it.
        let augment = match input.feature {
            FeatureChoice::Pixels { .. } => recipe.augment,
            FeatureChoice::Histogram { .. } => Augment::NONE,
        };
        Ok(Self { model: model.to_owned(), input, augment, ..recipe })
    }
}

const PERCEPTRON_TUNED: &str = include_str!("../../recipes/perceptron-tuned.toml");
const PERCEPTRON_PUBLISHED: &str = include_str!("../../recipes/perceptron-published.toml");
const LENET5_TUNED: &str = include_str!("../../recipes/lenet5-tuned.toml");
const LENET5_MODIFIED_TUNED: &str = include_str!("../../recipes/lenet5-modified-tuned.toml");
const LENET5_PUBLISHED: &str = include_str!("../../recipes/lenet5-published.toml");
const RESIDUAL_TUNED: &str = include_str!("../../recipes/residual-tuned.toml");
const DEPTHWISE_TUNED: &str = include_str!("../../recipes/depthwise-tuned.toml");
const OWN_TUNED: &str = include_str!("../../recipes/own-tuned.toml");
