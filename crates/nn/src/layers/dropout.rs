//! Dropout.

use kernels::Element;
use rng::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::layer::{Ctx, Layer, Locality, Mode, Past, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::shape::Shape;

/// Settings of a [`Dropout`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutConfig {
    /// Probability that a number is dropped, in [0, 1).
    pub p: f32,
}

impl DropoutConfig {
    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// If `p` is not in [0, 1).
    pub fn build(&self, name: &str, input: Shape) -> Result<Dropout, BuildError> {
        if !(0.0..1.0).contains(&self.p) {
            let what = format!("p = {} must be at least 0 and less than 1", self.p);
            return Err(BuildError::Setting { layer: name.into(), kind: "dropout", what });
        }
        Ok(Dropout { p: self.p, shape: input })
    }
}

/// In training each number is zero with probability `p`, else divided by `1 − p`; in evaluation nothing happens.
///
/// Which numbers are dropped is a function of (seed, step, layer, sample) alone.
///
/// # Source
/// Srivastava et al. 2014, in the 'inverted' form.
#[derive(Clone, Debug)]
pub struct Dropout {
    p: f32,
    shape: Shape,
}

impl Dropout {
    fn scale<T: Element>(&self) -> T {
        T::from_f64(1.0 / (1.0 - f64::from(self.p)))
    }
}

impl<T: Element> Layer<T> for Dropout {
    fn kind(&self) -> &'static str {
        "dropout"
    }

    fn settings(&self) -> String {
        format!("p {}", self.p)
    }

    fn input_shape(&self) -> Shape {
        self.shape
    }

    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn locality(&self) -> Locality {
        Locality::Any
    }

    fn saved_size(&self) -> SavedSize {
        SavedSize { bytes: self.shape.len(), ..SavedSize::default() }
    }

    fn forward(
        &self,
        ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        if ctx.mode == Mode::Eval {
            return output.data.copy_from_slice(input.data);
        }
        let scale = self.scale::<T>();
        let kept = saved.bytes.chunks_exact_mut(self.shape.len());
        for (i, ((x, y), kept)) in input.samples().zip(output.samples()).zip(kept).enumerate() {
            let index = (ctx.layer as u64) << 32 | (ctx.first_sample + i) as u64;
            let mut stream = Stream::new(ctx.seed, Purpose::Dropout, ctx.step, index);
            for ((y, &x), kept) in y.iter_mut().zip(x).zip(kept) {
                *kept = u8::from(!stream.chance(self.p));
                *y = if *kept == 1 { x * scale } else { T::ZERO };
            }
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
        let Some(grad_input) = grad_input else { return };
        let scale = self.scale::<T>();
        let kept = past.saved.bytes.iter();
        for ((dx, &dy), &kept) in grad_input.data.iter_mut().zip(grad_output.data).zip(kept) {
            *dx = if kept == 1 { dy * scale } else { T::ZERO };
        }
    }
}
