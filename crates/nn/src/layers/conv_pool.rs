//! Convolution, 2×2 max pooling and activation as one layer: what [`crate::fuse`] makes of the three.

use kernels::conv2d::{ConvPool as Kernel, Filters, Grads, Passes, Past as KernelPast};
use kernels::{Activation, Element};

use crate::layer::{Ctx, Layer, Locality, Mode, Past, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::layers::Conv2d;
use crate::param::ParamSpec;
use crate::shape::Shape;

/// `output = f(max_pool2d(conv2d(input)))`, without ever keeping the convolution's output.
///
/// Parameters are the convolution's, under its name. Equal bits as the three layers one by one, but for the bias's
/// gradient, which is summed in another order.
#[derive(Clone, Debug)]
pub struct ConvPool {
    kernel: Kernel,
    params: Vec<ParamSpec>,
}

impl ConvPool {
    /// `None` where the three layers have to stay apart: a stride, a dilation, groups.
    #[must_use]
    pub fn new(conv: &Conv2d, pool_padding: usize, f: Option<Activation>) -> Option<Self> {
        let kernel = Kernel::new(*conv.geom(), pool_padding, f)?;
        Some(ConvPool { kernel, params: Layer::<f32>::params(conv).to_vec() })
    }
}

impl<T: Element> Layer<T> for ConvPool {
    fn kind(&self) -> &'static str {
        match self.kernel.activation() {
            None => "conv2d+max_pool2d",
            Some(Activation::LeakyRelu(_)) => "conv2d+max_pool2d+leaky_relu",
            Some(Activation::Gelu) => "conv2d+max_pool2d+gelu",
            Some(Activation::Relu) => "conv2d+max_pool2d+relu",
            Some(Activation::Sigmoid) => "conv2d+max_pool2d+sigmoid",
            Some(Activation::Silu) => "conv2d+max_pool2d+silu",
            Some(Activation::Tanh) => "conv2d+max_pool2d+tanh",
        }
    }

    fn settings(&self) -> String {
        let g = self.kernel.geom();
        format!("{}×{}, {}→{}, pool 2×2", g.kernel_h, g.kernel_w, g.in_channels, g.out_channels)
    }

    fn input_shape(&self) -> Shape {
        let g = self.kernel.geom();
        Shape::image(g.in_channels, g.in_h, g.in_w)
    }

    fn output_shape(&self) -> Shape {
        let p = self.kernel.pool();
        Shape::image(p.channels, p.out_h, p.out_w)
    }

    fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    fn macs(&self) -> u64 {
        self.kernel.geom().macs()
    }

    fn locality(&self) -> Locality {
        Locality::Sample
    }

    fn saved_size(&self) -> SavedSize {
        let (numbers, bytes) = (self.kernel.saved_numbers(), self.kernel.saved_bytes());
        SavedSize { numbers, bytes, numbers_per_batch: 0 }
    }

    fn packed_len(&self) -> usize {
        self.kernel.plan().packed_len::<T>()
    }

    fn pack(&self, mode: Mode, params: &[T], packed: &mut [T]) {
        let passes = if mode == Mode::Train { Passes::Both } else { Passes::Forward };
        self.kernel.plan().pack(passes, &params[..self.kernel.geom().weight_len()], packed);
    }

    fn forward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        let (w, b) = weights.params.split_at(self.kernel.geom().weight_len());
        let b = (!b.is_empty()).then_some(b);
        let filters = Filters { w, packed: weights.packed };
        let (numbers, bytes) = match ctx.mode {
            Mode::Train => (self.kernel.saved_numbers(), self.kernel.saved_bytes()),
            Mode::Eval => (0, 0),
        };
        for (i, (x, y)) in input.samples().zip(output.samples()).enumerate() {
            let slope = &mut saved.numbers[i * numbers..(i + 1) * numbers];
            let winners = &mut saved.bytes[i * bytes..(i + 1) * bytes];
            self.kernel.forward(x, filters, b, y, slope, winners);
        }
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        mut grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) {
        let len = self.kernel.geom().weight_len();
        let (numbers, bytes) = (self.kernel.saved_numbers(), self.kernel.saved_bytes());
        let (dw, db) = grad_params.split_at_mut(len);
        let mut dxs = grad_input.as_mut().map(ViewMut::samples);
        let samples = past.input.samples().zip(past.output.samples()).zip(grad_output.samples());
        for (i, ((x, y), dy)) in samples.enumerate() {
            let past = KernelPast {
                x,
                filters: Filters { w: &weights.params[..len], packed: weights.packed },
                y,
                slope: &past.saved.numbers[i * numbers..(i + 1) * numbers],
                winners: &past.saved.bytes[i * bytes..(i + 1) * bytes],
            };
            let db = if db.is_empty() { None } else { Some(&mut *db) };
            let dx = dxs.as_mut().and_then(Iterator::next);
            self.kernel.backward(&past, dy, dx, Grads { dw: &mut *dw, db });
        }
    }
}
