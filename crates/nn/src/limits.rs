//! Sizes beyond any use, refused before something is multiplied or allocated: a model may come from a file of
//! unknown origin.

use kernels::conv2d::window_count;

use crate::error::BuildError;
use crate::shape::Shape;
use crate::spec::LayerSpec;

/// Most numbers in a layer's weight, in one sample between two layers, and in a network's parameters: 1 GiB of f32.
pub(crate) const MAX_NUMBERS: usize = 1 << 28;

/// Refuses a layer whose weight or output would be too large; `input` has been checked.
pub(crate) fn check(name: &str, layer: &LayerSpec, input: Shape) -> Result<(), BuildError> {
    match layer {
        LayerSpec::Conv2d(c) => {
            let Shape::Image { channels, height, width } = input else { return Ok(()) };
            let window = |size| window_count(size, c.kernel_size, c.stride.max(1), c.padding, c.dilation);
            let (rows, columns) = (window(height).unwrap_or(0), window(width).unwrap_or(0));
            let inputs = channels / c.groups.max(1);
            check_len(name, "weights", &[c.out_channels, inputs, c.kernel_size, c.kernel_size])?;
            check_len(name, "numbers a sample", &[c.out_channels, rows, columns])
        }
        LayerSpec::Linear(c) => check_len(name, "weights", &[c.out_features, input.len()]),
        _ => Ok(()),
    }
}

/// Refuses a product of sizes over [`MAX_NUMBERS`]; an overflow is one.
pub(crate) fn check_len(layer: &str, what: &'static str, sizes: &[usize]) -> Result<(), BuildError> {
    let product = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    match product {
        Some(len) if len <= MAX_NUMBERS => Ok(()),
        // A zero makes it none, wherever the overflow was.
        _ if sizes.contains(&0) => Ok(()),
        _ => Err(BuildError::TooLarge { layer: layer.into(), what, sizes: sizes.to_vec() }),
    }
}
