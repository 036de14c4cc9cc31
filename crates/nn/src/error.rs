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

/// `2×3×4`
fn product(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}
