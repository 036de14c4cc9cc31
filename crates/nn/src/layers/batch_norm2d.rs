//! Batch normalisation of images.

use kernels::batch_norm::{self, BatchNormGeom, Norm};
use kernels::{Activation, Element};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::init::Init;
use crate::layer::{Ctx, Layer, Locality, Mode, Past, Saved, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::param::{ParamSpec, Role};
use crate::shape::Shape;

/// Settings of a [`BatchNorm2d`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchNorm2dConfig {
    /// Added to the variance before its root; default 1e-5.
    pub eps: f64,
    /// Share of a batch in the running statistics, in [0, 1]; default 0.1.
    pub momentum: f64,
}

impl Default for BatchNorm2dConfig {
    fn default() -> Self {
        BatchNorm2dConfig { eps: 1e-5, momentum: 0.1 }
    }
}

impl BatchNorm2dConfig {
    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// If the input is no image, `eps` is not positive, or `momentum` not in [0, 1].
    pub fn build(&self, name: &str, input: Shape) -> Result<BatchNorm2d, BuildError> {
        let kind = "batch_norm2d";
        let Shape::Image { channels, height, width } = input else {
            let needed = "an image, channels × height × width".to_owned();
            return Err(BuildError::Shape { layer: name.into(), kind, needed, found: input });
        };
        let positive = self.eps > 0.0 && self.eps.is_finite();
        if !positive || !(0.0..=1.0).contains(&self.momentum) {
            let what = format!(
                "eps = {} must be positive and momentum = {} between 0 and 1",
                self.eps, self.momentum
            );
            return Err(BuildError::Setting { layer: name.into(), kind, what });
        }
        let tensor = |name, init, role| ParamSpec { name, shape: vec![channels], init, role };
        let params = vec![
            tensor("weight", Init::Ones, Role::Bias),
            tensor("bias", Init::Zeros, Role::Bias),
            tensor("running_mean", Init::Zeros, Role::Statistic),
            tensor("running_var", Init::Ones, Role::Statistic),
        ];
        Ok(BatchNorm2d { config: *self, input, channels, plane: height * width, params, f: None })
    }
}

impl BatchNorm2dConfig {
    /// Moves the running means and variances towards a batch's `mean`, `variance`, and the count of numbers behind them.
    pub(crate) fn move_stats<T: Element>(&self, batch: &[T], running: &mut [T]) {
        let share = T::from_f64(self.momentum);
        let (moments, count) = batch.split_at(batch.len() - 1);
        let count = count[0].to_f64();
        let unbiased = T::from_f64(count / (count - 1.0).max(1.0));
        let (mean, variance) = moments.split_at(moments.len() / 2);
        let (running_mean, running_var) = running.split_at_mut(running.len() / 2);
        for (running, &batch) in running_mean.iter_mut().zip(mean) {
            *running += share * (batch - *running);
        }
        for (running, &batch) in running_var.iter_mut().zip(variance) {
            *running += share * (batch * unbiased - *running);
        }
    }
}

/// Each channel shifted and scaled to mean 0 and variance 1 over the batch, then by two learned numbers.
///
/// `output = (input − mean) / √(variance + eps) · weight + bias`. In training mean and variance are the batch's
/// own, and the running statistics move towards them by `momentum` after the step (the variance there is the
/// unbiased one); in evaluation the running statistics are used.
///
/// # Shapes
/// `input` and `output` `[batch, channels, h, w]`; all four parameters `[channels]`.
///
/// # Source
/// Ioffe & Szegedy 2015, arXiv 1502.03167; conventions as `torch.nn.BatchNorm2d`, but for its counter
/// `num_batches_tracked`, which nothing here would read: PyTorch supplies it when it loads a state without it.
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    config: BatchNorm2dConfig,
    input: Shape,
    channels: usize,
    plane: usize,
    params: Vec<ParamSpec>,
    /// Applied to what is above, when [`crate::fuse`] has made one layer of the two.
    f: Option<Activation>,
}

impl BatchNorm2d {
    /// The same followed by an activation, whose input is never stored.
    #[must_use]
    pub fn activated(self, f: Activation) -> Self {
        BatchNorm2d { f: Some(f), ..self }
    }

    pub(crate) fn config(&self) -> &BatchNorm2dConfig {
        &self.config
    }

    fn geom(&self, batch: usize) -> BatchNormGeom {
        BatchNormGeom { batch, channels: self.channels, plane: self.plane }
    }

    /// The four tensors: weight, bias, running mean, running variance.
    fn tensors<'a, T>(&self, params: &'a [T]) -> [&'a [T]; 4] {
        let c = self.channels;
        [&params[..c], &params[c..2 * c], &params[2 * c..3 * c], &params[3 * c..4 * c]]
    }
}

impl<T: Element> Layer<T> for BatchNorm2d {
    fn kind(&self) -> &'static str {
        match self.f {
            None => "batch_norm2d",
            Some(Activation::Relu) => "batch_norm2d+relu",
            Some(Activation::LeakyRelu(_)) => "batch_norm2d+leaky_relu",
            Some(Activation::Gelu) => "batch_norm2d+gelu",
            Some(Activation::Sigmoid) => "batch_norm2d+sigmoid",
            Some(Activation::Silu) => "batch_norm2d+silu",
            Some(Activation::Tanh) => "batch_norm2d+tanh",
        }
    }

    fn settings(&self) -> String {
        let default = BatchNorm2dConfig::default();
        let mut text = format!("{} channels", self.channels);
        for (name, value, usual) in
            [("eps", self.config.eps, default.eps), ("momentum", self.config.momentum, default.momentum)]
        {
            if value != usual {
                text += &format!(", {name} {value}");
            }
        }
        text
    }

    fn input_shape(&self) -> Shape {
        self.input
    }

    fn output_shape(&self) -> Shape {
        self.input
    }

    fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    fn macs(&self) -> u64 {
        self.input.len() as u64
    }

    fn locality(&self) -> Locality {
        Locality::Batch
    }

    /// The batch's means, its variances, and how many numbers each is over.
    fn saved_size(&self) -> SavedSize {
        SavedSize { numbers_per_batch: 2 * self.channels + 1, ..SavedSize::default() }
    }

    fn forward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        let g = self.geom(input.batch);
        let [scale, shift, running_mean, running_var] = self.tensors(weights.params);
        let (mean, variance) = match ctx.mode {
            Mode::Eval => (running_mean, running_var),
            Mode::Train => {
                let (mean, rest) = saved.numbers.split_at_mut(self.channels);
                let (variance, count) = rest.split_at_mut(self.channels);
                batch_norm::moments(&g, input.data, mean, variance);
                count[0] = T::from_f64((input.batch * self.plane) as f64);
                (&*mean, &*variance)
            }
        };
        let norm = Norm { mean, variance, scale, shift, eps: self.config.eps, f: self.f };
        batch_norm::normalize(&g, input.data, &norm, output.data);
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) {
        let [scale, shift, ..] = self.tensors(weights.params);
        let (mean, rest) = past.saved.numbers.split_at(self.channels);
        let variance = &rest[..self.channels];
        let norm = Norm { mean, variance, scale, shift, eps: self.config.eps, f: self.f };
        let (dscale, rest) = grad_params.split_at_mut(self.channels);
        batch_norm::backward(
            &self.geom(past.input.batch),
            batch_norm::Past { x: past.input.data, y: past.output.data, dy: grad_output.data },
            &norm,
            grad_input.map(|d| d.data),
            dscale,
            &mut rest[..self.channels],
        );
    }

    fn update_stats(&self, saved: Saved<'_, T>, params: &mut [T]) {
        self.config.move_stats(saved.numbers, &mut params[2 * self.channels..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LayerSpec, ModelSpec, NamedLayer, StepId};

    fn net() -> crate::Sequential<f64> {
        let layers = vec![NamedLayer::new("n", LayerSpec::BatchNorm2d(BatchNorm2dConfig::default()))];
        ModelSpec { name: "m".into(), input: Shape::image(2, 1, 2), layers }.build().unwrap()
    }

    /// `n = torch.nn.BatchNorm2d(2); n(torch.tensor(INPUT).view(2, 2, 1, 2)); n.running_mean, n.running_var`
    /// gives [0.25, -0.025], [1.4666667, 0.9083333].
    const INPUT: [f64; 8] = [1.0, 2.0, 0.0, -0.5, 1.0, 6.0, 0.0, -0.5];

    #[test]
    fn running_statistics_move_as_in_torch() {
        let net = net();
        let mut params = net.init_params(&crate::init::InitScheme::default(), 0);
        assert_eq!(params[..8], [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
        let mut ws = net.workspace(4, Mode::Train);
        net.forward(&params, &INPUT, StepId::default(), &mut ws);
        net.update_stats(&mut params, &ws);
        for (found, expected) in params[4..8].iter().zip([0.25, -0.025, 0.9 + 17.0 / 30.0, 0.9 + 0.1 / 12.0])
        {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn evaluation_uses_the_running_statistics() {
        let net = net();
        let mut params = vec![0.0; net.num_slots()];
        params[..8].copy_from_slice(&[2.0, 1.0, 0.5, 0.0, 1.0, 0.0, 4.0, 1.0]);
        let y = net.forward_node(0, &params, &INPUT, Mode::Eval);
        let expected = (6.0 - 1.0) / (4.0_f64 + 1e-5).sqrt() * 2.0 + 0.5;
        assert!((y[5] - expected).abs() < 1e-12);
        assert!((y[3] + 0.5 / (1.0_f64 + 1e-5).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_number_a_channel_stays_finite() {
        let layers = vec![NamedLayer::new("n", LayerSpec::BatchNorm2d(BatchNorm2dConfig::default()))];
        let spec = ModelSpec { name: "m".into(), input: Shape::image(1, 1, 1), layers };
        let net = spec.build::<f32>().unwrap();
        let mut params = net.init_params(&crate::init::InitScheme::default(), 0);
        let mut ws = net.workspace(1, Mode::Train);
        net.forward(&params, &[3.0], StepId::default(), &mut ws);
        net.update_stats(&mut params, &ws);
        assert_eq!(ws.logits(), [0.0]);
        assert!(params.iter().all(|p| p.is_finite()));
    }
}
