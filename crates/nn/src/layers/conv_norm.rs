//! Convolution, batch normalisation, activation and 2×2 max pooling as one layer: what [`crate::fuse`] makes of them.

use kernels::conv_norm::{ConvNorm as Kernel, Grads, Params, Past as KernelPast};
use kernels::conv2d::{Filters, Passes};
use kernels::{Activation, Element};

use crate::layer::{Ctx, Layer, Locality, Mode, Past, Saved, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::layers::{BatchNorm2d, BatchNorm2dConfig, Conv2d};
use crate::param::{PARAM_ALIGN, ParamSpec};
use crate::shape::Shape;

/// `output = max_pool2d(f(batch_norm2d(conv2d(input))))`, where the activation and the pooling may be missing.
///
/// Parameters are the convolution's and then the normalisation's, each under its own layer's name and in its own slots. Forward the
/// bits of the layers one by one; gradients are summed in another order, and the convolution's bias, which the mean takes out again, has
/// a gradient of zero where one by one it would be rounding.
#[derive(Clone, Debug)]
pub struct ConvNorm {
    kernel: Kernel,
    config: BatchNorm2dConfig,
    params: Vec<ParamSpec>,
    /// Where the normalisation's parameters begin.
    norm_at: usize,
}

/// The parameters, by what they are.
struct Parts<N> {
    w: N,
    b: N,
    scale: N,
    shift: N,
    /// Running means, then variances.
    running: N,
}

impl ConvNorm {
    /// `None` where the layers are better left apart: [`kernels::conv_norm::ConvNorm::new`] says where, and convolutions that want
    /// the whole batch.
    #[must_use]
    pub fn new(conv: &Conv2d, norm: &BatchNorm2d, f: Option<Activation>, pooled: bool) -> Option<Self> {
        let config = *norm.config();
        let kernel = conv.is_local().then(|| Kernel::new(*conv.geom(), config.eps, f, pooled))??;
        let own = Layer::<f32>::params(conv);
        let norm_at = own.iter().map(ParamSpec::len).sum::<usize>().next_multiple_of(PARAM_ALIGN);
        let params = [own, Layer::<f32>::params(norm)].concat();
        Some(ConvNorm { kernel, config, params, norm_at })
    }

    fn has_bias(&self) -> bool {
        // Weight and bias, then the norm's four.
        self.params.len() == 6
    }

    fn parts<'a, T>(&self, params: &'a [T]) -> Parts<&'a [T]> {
        let (len, c) = (self.kernel.geom().weight_len(), self.kernel.geom().out_channels);
        let (conv, norm) = params.split_at(self.norm_at);
        let (w, b) = conv.split_at(len);
        let b = &b[..if self.has_bias() { c } else { 0 }];
        Parts { w, b, scale: &norm[..c], shift: &norm[c..2 * c], running: &norm[2 * c..4 * c] }
    }

    fn kernel_params<'a, T>(&self, weights: Weights<'a, T>) -> (Params<'a, T>, &'a [T]) {
        let Parts { w, b, scale, shift, running } = self.parts(weights.params);
        let b = (!b.is_empty()).then_some(b);
        (Params { filters: Filters { w, packed: weights.packed }, b, scale, shift }, running)
    }
}

impl<T: Element> Layer<T> for ConvNorm {
    fn kind(&self) -> &'static str {
        match (self.kernel.activation(), self.kernel.pool().is_some()) {
            (None, false) => "conv2d+batch_norm2d",
            (None, true) => "conv2d+batch_norm2d+max_pool2d",
            (Some(Activation::LeakyRelu(_)), false) => "conv2d+batch_norm2d+leaky_relu",
            (Some(Activation::LeakyRelu(_)), true) => "conv2d+batch_norm2d+leaky_relu+max_pool2d",
            (Some(_), false) => "conv2d+batch_norm2d+relu",
            (Some(_), true) => "conv2d+batch_norm2d+relu+max_pool2d",
        }
    }

    fn settings(&self) -> String {
        let g = self.kernel.geom();
        let pool = if self.kernel.pool().is_some() { ", pool 2×2" } else { "" };
        format!("{}×{}, {}→{}{pool}", g.kernel_h, g.kernel_w, g.in_channels, g.out_channels)
    }

    fn input_shape(&self) -> Shape {
        let g = self.kernel.geom();
        Shape::image(g.in_channels, g.in_h, g.in_w)
    }

    fn output_shape(&self) -> Shape {
        let g = self.kernel.geom();
        let (h, w) = self.kernel.pool().map_or((g.out_h, g.out_w), |p| (p.out_h, p.out_w));
        Shape::image(g.out_channels, h, w)
    }

    fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    fn macs(&self) -> u64 {
        let g = self.kernel.geom();
        g.macs() + g.output_len() as u64
    }

    fn locality(&self) -> Locality {
        Locality::Batch
    }

    fn saved_size(&self) -> SavedSize {
        SavedSize {
            numbers: self.kernel.kept_numbers(),
            bytes: self.kernel.kept_bytes(),
            numbers_per_batch: 2 * self.kernel.geom().out_channels + 1,
        }
    }

    fn packed_len(&self) -> usize {
        self.kernel.plan().packed_len::<T>()
    }

    fn pack(&self, mode: Mode, params: &[T], packed: &mut [T]) {
        let passes = if mode == Mode::Train { Passes::Both } else { Passes::Forward };
        self.kernel.plan().pack(passes, self.parts(params).w, packed);
    }

    fn forward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        let (params, running) = self.kernel_params(weights);
        match ctx.mode {
            Mode::Train => {
                self.kernel.forward(input.data, &params, output.data, saved.numbers, saved.bytes);
            }
            Mode::Eval => {
                let (mean, variance) = running.split_at(running.len() / 2);
                self.kernel.forward_fixed(input.data, &params, mean, variance, output.data);
            }
        }
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
        let (params, _) = self.kernel_params(weights);
        let Saved { numbers, bytes } = past.saved;
        let past = KernelPast { x: past.input.data, y: past.output.data, numbers, bytes };
        let c = self.kernel.geom().out_channels;
        let (conv, norm) = grad_params.split_at_mut(self.norm_at);
        let dw = &mut conv[..self.kernel.geom().weight_len()];
        let (dscale, rest) = norm.split_at_mut(c);
        let grads = Grads { dw, dscale, dshift: &mut rest[..c] };
        self.kernel.backward(&past, &params, grad_output.data, grad_input.map(|d| d.data), grads);
    }

    fn update_stats(&self, saved: Saved<'_, T>, params: &mut [T]) {
        let c = self.kernel.geom().out_channels;
        let moments = &saved.numbers[saved.numbers.len() - (2 * c + 1)..];
        let first = self.norm_at + 2 * c;
        self.config.move_stats(moments, &mut params[first..first + 2 * c]);
    }
}
