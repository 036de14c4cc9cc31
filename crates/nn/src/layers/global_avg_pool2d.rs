//! The mean of each plane.

use kernels::Element;

use crate::error::BuildError;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

/// Mean of each channel over all its cells: `output[n, c] = Σ_{i,j} input[n, c, i, j] / (h · w)`.
///
/// As `torch.nn.AdaptiveAvgPool2d(1)` and a flattening behind it.
///
/// # Shapes
/// `input` `[batch, channels, h, w]`, `output` `[batch, channels]`.
///
/// # Source
/// Lin et al. 2013, arXiv 1312.4400, section 3.2.
#[derive(Clone, Debug)]
pub struct GlobalAvgPool2d {
    input: Shape,
    channels: usize,
    plane: usize,
}

impl GlobalAvgPool2d {
    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// If the input is no image.
    pub fn build(name: &str, input: Shape) -> Result<Self, BuildError> {
        let Shape::Image { channels, height, width } = input else {
            let needed = "an image, channels × height × width".to_owned();
            return Err(BuildError::Shape {
                layer: name.into(),
                kind: "global_avg_pool2d",
                needed,
                found: input,
            });
        };
        Ok(GlobalAvgPool2d { input, channels, plane: height * width })
    }
}

impl<T: Element> Layer<T> for GlobalAvgPool2d {
    fn kind(&self) -> &'static str {
        "global_avg_pool2d"
    }

    fn input_shape(&self) -> Shape {
        self.input
    }

    fn output_shape(&self) -> Shape {
        Shape::Flat(self.channels)
    }

    fn locality(&self) -> Locality {
        Locality::Sample
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        let share = T::from_f64(1.0 / self.plane as f64);
        for (plane, y) in input.data.chunks_exact(self.plane).zip(output.data) {
            *y = kernels::reduce::plane_sum(plane) * share;
        }
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        _past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        _grad_params: &mut [T],
    ) {
        let Some(grad_input) = grad_input else { return };
        let share = T::from_f64(1.0 / self.plane as f64);
        for (plane, &dy) in grad_input.data.chunks_exact_mut(self.plane).zip(grad_output.data) {
            plane.fill(dy * share);
        }
    }
}
