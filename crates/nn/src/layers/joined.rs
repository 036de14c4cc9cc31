//! The layers where branches meet.

use kernels::{Activation, Element};

use crate::error::BuildError;
use crate::join::Join;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

/// Several outputs joined into one: summed (`add`), or put one after the other (`concat`).
///
/// A network feeds it with all its inputs. Run alone, as any layer can be, it is the join of one input: the identity,
/// then the activation if there is one.
#[derive(Clone, Debug)]
pub struct Joined {
    join: Join,
    input: Shape,
    output: Shape,
}

impl Joined {
    /// The sum of inputs of one shape.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn add(name: &str, inputs: &[Shape]) -> Result<Self, BuildError> {
        let (input, rest) = first(name, "add", inputs)?;
        if let Some(&found) = rest.iter().find(|s| **s != input) {
            let needed = format!("inputs of one shape, {input} as the first");
            return Err(BuildError::Shape { layer: name.into(), kind: "add", needed, found });
        }
        Ok(Joined { join: Join::ADD, input, output: input })
    }

    /// The inputs one after the other: images of one height and width by channels, vectors by features.
    ///
    /// # Errors
    /// If the shapes do not fit together.
    pub fn concat(name: &str, inputs: &[Shape]) -> Result<Self, BuildError> {
        let (input, rest) = first(name, "concat", inputs)?;
        let mut output = input;
        for &found in rest {
            output = match (output, found) {
                (Shape::Flat(a), Shape::Flat(b)) => Shape::Flat(a + b),
                (
                    Shape::Image { channels: a, height, width },
                    Shape::Image { channels: b, height: h, width: w },
                ) if (height, width) == (h, w) => Shape::image(a + b, height, width),
                _ => {
                    let needed = format!("inputs of one height and width, like the first, {input}");
                    return Err(BuildError::Shape { layer: name.into(), kind: "concat", needed, found });
                }
            };
        }
        Ok(Joined { join: Join::Concat, input, output })
    }

    /// The same sum, then `f`.
    #[must_use]
    pub fn activated(self, f: Activation) -> Self {
        Joined { join: Join::Add(Some(f)), ..self }
    }
}

fn first<'a>(
    name: &str,
    kind: &'static str,
    inputs: &'a [Shape],
) -> Result<(Shape, &'a [Shape]), BuildError> {
    match inputs {
        [first, rest @ ..] if !rest.is_empty() => Ok((*first, rest)),
        _ => {
            let what = "needs two inputs or more: from = [\"this\", \"that\"]".to_owned();
            Err(BuildError::Setting { layer: name.into(), kind, what })
        }
    }
}

impl<T: Element> Layer<T> for Joined {
    fn kind(&self) -> &'static str {
        match self.join {
            Join::Add(None) => "add",
            Join::Add(Some(_)) => "add+activation",
            Join::Concat => "concat",
        }
    }

    fn input_shape(&self) -> Shape {
        self.input
    }

    fn output_shape(&self) -> Shape {
        self.output
    }

    fn locality(&self) -> Locality {
        Locality::Batch
    }

    fn join(&self) -> Option<&Join> {
        Some(&self.join)
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        self.join.forward(input.batch, output.data, std::iter::once(input.data));
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        _grad_params: &mut [T],
    ) {
        if let Some(grad_input) = grad_input {
            grad_input.data.copy_from_slice(grad_output.data);
            self.join.before_activation(grad_input.data, std::iter::once(past.input.data));
        }
    }
}
