//! Max pooling.

use kernels::{Element, Pool2dGeom, pool2d};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::shape::Shape;

/// The largest window of a max: its winner is kept in one byte.
const LARGEST: usize = 16;

/// Settings of a pooling layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool2dConfig {
    /// Rows and columns of the window.
    pub kernel_size: usize,
    /// Cells between windows; default: the window's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Cells put around the input, which never win a max; at most half the window. Default 0.
    #[serde(default)]
    pub padding: usize,
}

impl Pool2dConfig {
    /// Windows side by side, no padding.
    #[must_use]
    pub fn new(kernel_size: usize) -> Self {
        Pool2dConfig { kernel_size, stride: None, padding: 0 }
    }

    /// The same with `padding` cells around the input.
    #[must_use]
    pub fn with_padding(self, padding: usize) -> Self {
        Pool2dConfig { padding, ..self }
    }

    /// The max pooling layer for inputs of this shape.
    ///
    /// # Errors
    /// If the input is no image, a size is out of range, or the window is larger than the padded input.
    pub fn build_max(&self, name: &str, input: Shape) -> Result<MaxPool2d, BuildError> {
        let geom = self.geom("max_pool2d", name, input)?;
        if geom.kernel_size > LARGEST {
            let what = format!("kernel_size {} is more than {LARGEST}", geom.kernel_size);
            return Err(BuildError::Setting { layer: name.into(), kind: "max_pool2d", what });
        }
        Ok(MaxPool2d { geom })
    }

    pub(crate) fn geom(
        &self,
        kind: &'static str,
        name: &str,
        input: Shape,
    ) -> Result<Pool2dGeom, BuildError> {
        let Shape::Image { channels, height, width } = input else {
            let needed = "an image, channels × height × width".to_owned();
            return Err(BuildError::Shape { layer: name.into(), kind, needed, found: input });
        };
        let k = self.kernel_size;
        let stride = self.stride.unwrap_or(k);
        let setting = |what: String| BuildError::Setting { layer: name.into(), kind, what };
        if k == 0 || stride == 0 {
            return Err(setting("kernel_size and stride must be at least 1".into()));
        }
        if self.padding > k / 2 {
            return Err(setting(format!("padding {} is more than half of kernel_size {k}", self.padding)));
        }
        Pool2dGeom::new(channels, (height, width), k, stride, self.padding).ok_or_else(|| BuildError::Shape {
            layer: name.into(),
            kind,
            needed: format!("at least {k}×{k} pixels with padding {} counted", self.padding),
            found: input,
        })
    }
}

/// Largest value of each window: `output[n, c, i, j] = max_{p,q} input[n, c, i·stride + p − padding, …]`.
///
/// A padded cell never wins. Backward sends the gradient to the first of the largest cells.
#[derive(Clone, Debug)]
pub struct MaxPool2d {
    geom: Pool2dGeom,
}

impl MaxPool2d {
    /// The sizes of the pooling.
    #[must_use]
    pub fn geom(&self) -> &Pool2dGeom {
        &self.geom
    }
}

pub(crate) fn pool_settings(g: &Pool2dGeom) -> String {
    let mut text = format!("{k}×{k}, stride {s}", k = g.kernel_size, s = g.stride);
    if g.padding > 0 {
        text += &format!(", padding {}", g.padding);
    }
    text
}

impl<T: Element> Layer<T> for MaxPool2d {
    fn kind(&self) -> &'static str {
        "max_pool2d"
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

    fn saved_size(&self) -> SavedSize {
        SavedSize { bytes: self.geom.output_len(), ..SavedSize::default() }
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        assert_eq!(saved.bytes.len(), output.data.len(), "one winner an output");
        let winners = saved.bytes.chunks_exact_mut(self.geom.output_len());
        for ((x, y), winners) in input.samples().zip(output.samples()).zip(winners) {
            pool2d::max_forward(&self.geom, x, y, winners);
        }
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
        let Some(mut grad_input) = grad_input else { return };
        let winners = past.saved.bytes.chunks_exact(self.geom.output_len());
        for ((dy, dx), winners) in grad_output.samples().zip(grad_input.samples()).zip(winners) {
            pool2d::max_backward(&self.geom, dy, winners, dx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_max_has_windows_of_up_to_16_and_an_average_of_any_size() {
        let input = Shape::image(2, 20, 20);
        assert!(Pool2dConfig::new(16).build_max("p", input).is_ok());
        let error = Pool2dConfig::new(17).build_max("p", input).unwrap_err().to_string();
        assert!(error.contains("kernel_size 17 is more than 16"), "{error}");
        assert_eq!(Pool2dConfig::new(20).geom("avg_pool2d", "p", input).unwrap().output_len(), 2);
    }
}
