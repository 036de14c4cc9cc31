//! What can be wrong with a model, before anything runs.

use thiserror::Error;

use crate::limits::MAX_NUMBERS;
use crate::shape::Shape;

/// A model that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// A layer was given a shape it cannot work on.
    #[error("layer '{layer}' ({kind}) needs {needed}, but its input is {found}")]
    Shape {
        /// Name of the layer.
        layer: String,
        /// Its kind.
        kind: &'static str,
        /// What would do.
        needed: String,
        /// What it got.
        found: Shape,
    },
    /// A setting is out of its range.
    #[error("layer '{layer}' ({kind}): {what}")]
    Setting {
        /// Name of the layer.
        layer: String,
        /// Its kind.
        kind: &'static str,
        /// What is wrong and what would do.
        what: String,
    },
    /// A layer that joins nothing was given several.
    #[error(
        "layer '{layer}' reads {found} layers, but its kind takes one: join them first, by a layer of kind add or concat"
    )]
    OneInput {
        /// Name of the layer.
        layer: String,
        /// How many it names.
        found: usize,
    },
    /// A layer that joins was given fewer than two.
    #[error("layer '{layer}' joins layers: name two or more, as in from = [\"this\", \"that\"]")]
    FewInputs {
        /// Name of the layer.
        layer: String,
    },
    /// A layer reads what is not there.
    #[error("layer '{layer}' reads '{from}', which is no layer before it (the samples are called 'input')")]
    UnknownSource {
        /// Name of the layer.
        layer: String,
        /// What it names.
        from: String,
    },
    /// A layer joins an output with itself.
    #[error("layer '{layer}' reads '{from}' twice")]
    SameSource {
        /// Name of the layer.
        layer: String,
        /// What it names.
        from: String,
    },
    /// A layer whose output goes nowhere.
    #[error("layer '{layer}' is read by no layer: remove it, or name it in another layer's `from`")]
    DeadEnd {
        /// Name of the layer.
        layer: String,
    },
    /// A size beyond any use.
    #[error("layer '{layer}' would have {} {what}, more than {MAX_NUMBERS}", product(sizes))]
    TooLarge {
        /// Name of the layer, or `input`.
        layer: String,
        /// What there is too much of.
        what: &'static str,
        /// The sizes that multiply to it.
        sizes: Vec<usize>,
    },
    /// A model whose input has no numbers.
    #[error("the model's input is {0}: every size must be at least 1")]
    EmptyInput(Shape),
    /// A model without layers.
    #[error("the model has no layers")]
    Empty,
    /// Two layers of one name would share their parameters' names.
    #[error("two layers are named '{0}': give each its own name")]
    DuplicateName(String),
}

impl BuildError {
    /// The layer that is at fault, where it is one.
    #[must_use]
    pub fn layer(&self) -> Option<&str> {
        match self {
            BuildError::Shape { layer, .. }
            | BuildError::Setting { layer, .. }
            | BuildError::OneInput { layer, .. }
            | BuildError::FewInputs { layer }
            | BuildError::UnknownSource { layer, .. }
            | BuildError::SameSource { layer, .. }
            | BuildError::DeadEnd { layer }
            | BuildError::TooLarge { layer, .. }
            | BuildError::DuplicateName(layer) => Some(layer),
            BuildError::EmptyInput(_) | BuildError::Empty => None,
        }
    }
}

/// `2×3×4`
fn product(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}
