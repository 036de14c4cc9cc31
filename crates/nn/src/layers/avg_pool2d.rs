//! Average pooling.

use kernels::{Element, Pool2dGeom, pool2d};

use super::max_pool2d::{Pool2dConfig, pool_settings};
use crate::error::BuildError;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

impl Pool2dConfig {
    /// The average pooling layer for inputs of this shape.
    ///
    /// # Errors
    /// As [`Pool2dConfig::build_max`].
    pub fn build_avg(&self, name: &str, input: Shape) -> Result<AvgPool2d, BuildError> {
        Ok(AvgPool2d { geom: self.geom("avg_pool2d", name, input)? })
    }
}

/// Mean of each window: `output[n, c, i, j] = Σ_{p,q} input[n, c, i·stride + p − padding, …] / kernel_size²`.
///
/// A padded cell counts as a zero, as PyTorch's `count_include_pad=True` has it.
#[derive(Clone, Debug)]
pub struct AvgPool2d {
    geom: Pool2dGeom,
}

impl AvgPool2d {
    /// The sizes of the pooling.
    #[must_use]
    pub fn geom(&self) -> &Pool2dGeom {
        &self.geom
    }
}

impl<T: Element> Layer<T> for AvgPool2d {
    fn kind(&self) -> &'static str {
        "avg_pool2d"
    }

    fn settings(&self) -> String {
        pool_settings(&self.geom)
    }

    fn input_shape(&self) -> Shape {
        Shape::image(self.geom.channels, self.geom.in_h, self.geom.in_w)
    }

    fn output_shape(&self) -> Shape {
        Shape::image(self.geom.channels, self.geom.out_h, self.geom.out_w)
    }

    fn locality(&self) -> Locality {
        Locality::Sample
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        for (x, y) in input.samples().zip(output.samples()) {
            pool2d::average_forward(&self.geom, x, y);
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
        let Some(mut grad_input) = grad_input else { return };
        for (dy, dx) in grad_output.samples().zip(grad_input.samples()) {
            pool2d::average_backward(&self.geom, dy, dx);
        }
    }
}
