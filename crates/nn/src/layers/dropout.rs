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

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: usize = 500;

    fn forward(p: f32, ctx: Ctx, batch: usize) -> (Vec<f32>, Vec<u8>) {
        let layer = DropoutConfig { p }.build("d", Shape::Flat(LEN)).unwrap();
        let (input, mut output) = (vec![3.0; LEN * batch], vec![0.0; LEN * batch]);
        let mut bytes = vec![0; LEN * batch];
        layer.forward(
            &ctx,
            Weights { params: &[], packed: &[] },
            View { batch, data: &input },
            ViewMut { batch, data: &mut output },
            SavedMut { numbers: &mut [], bytes: &mut bytes },
        );
        (output, bytes)
    }

    fn ctx(first_sample: usize) -> Ctx {
        Ctx { mode: Mode::Train, seed: 1, step: 2, layer: 3, first_sample }
    }

    #[test]
    fn what_is_kept_is_scaled_so_that_the_mean_stays() {
        let (y, kept) = forward(0.25, ctx(0), 40);
        assert!(y.iter().zip(&kept).all(|(&y, &k)| y == if k == 1 { 4.0 } else { 0.0 }));
        let mean = y.iter().sum::<f32>() / y.len() as f32;
        assert!((mean - 3.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn a_sample_drops_the_same_wherever_the_batch_is_cut() {
        let (together, _) = forward(0.5, ctx(0), 3);
        let (alone, _) = forward(0.5, ctx(2), 1);
        assert_eq!(together[2 * LEN..], alone);
        assert_ne!(together[..LEN], together[LEN..2 * LEN]);
    }

    #[test]
    fn seed_step_and_layer_each_change_what_is_dropped() {
        let (y, _) = forward(0.5, ctx(0), 1);
        for other in [Ctx { seed: 9, ..ctx(0) }, Ctx { step: 9, ..ctx(0) }, Ctx { layer: 9, ..ctx(0) }] {
            assert_ne!(forward(0.5, other, 1).0, y, "{other:?}");
        }
    }

    #[test]
    fn nothing_is_dropped_in_evaluation_or_with_p_zero() {
        assert!(forward(0.5, Ctx { mode: Mode::Eval, ..ctx(0) }, 2).0.iter().all(|&y| y == 3.0));
        assert!(forward(0.0, ctx(0), 2).0.iter().all(|&y| y == 3.0));
    }
}
