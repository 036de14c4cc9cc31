//! Convolution and activation as one layer: what [`crate::fuse`] makes of the two.

use kernels::conv2d::{Activated, ConvActivate as Kernel, Filters, Passes};
use kernels::{Activation, Element};

use crate::layer::{Ctx, Layer, Locality, Mode, Past, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::layers::Conv2d;
use crate::param::ParamSpec;
use crate::shape::Shape;

/// `output = f(conv2d(input))`, without ever keeping the convolution's output.
///
/// Parameters are the convolution's, under its name. Equal bits as the two layers one by one, but for the bias's gradient, which may
/// be summed in another order.
#[derive(Clone, Debug)]
pub struct ConvActivate {
    conv: Conv2d,
    kernel: Kernel,
}

impl ConvActivate {
    /// `None` where the convolution wants the whole batch.
    #[must_use]
    pub fn new(conv: &Conv2d, f: Activation) -> Option<Self> {
        conv.is_local()
            .then(|| ConvActivate { kernel: Kernel::new(conv.plan().clone(), f), conv: conv.clone() })
    }
}

impl<T: Element> Layer<T> for ConvActivate {
    fn kind(&self) -> &'static str {
        match self.kernel.activation() {
            Activation::LeakyRelu(_) => "conv2d+leaky_relu",
            Activation::Gelu => "conv2d+gelu",
            Activation::Relu => "conv2d+relu",
            Activation::Sigmoid => "conv2d+sigmoid",
            Activation::Silu => "conv2d+silu",
            Activation::Tanh => "conv2d+tanh",
        }
    }

    fn settings(&self) -> String {
        Layer::<T>::settings(&self.conv)
    }

    fn input_shape(&self) -> Shape {
        Layer::<T>::input_shape(&self.conv)
    }

    fn output_shape(&self) -> Shape {
        Layer::<T>::output_shape(&self.conv)
    }

    fn params(&self) -> &[ParamSpec] {
        Layer::<T>::params(&self.conv)
    }

    fn macs(&self) -> u64 {
        Layer::<T>::macs(&self.conv)
    }

    fn locality(&self) -> Locality {
        Locality::Sample
    }

    fn saved_size(&self) -> SavedSize {
        SavedSize { numbers: self.kernel.saved_numbers(), ..SavedSize::default() }
    }

    fn packed_len(&self) -> usize {
        self.kernel.plan().packed_len::<T>()
    }

    fn pack(&self, mode: Mode, params: &[T], packed: &mut [T]) {
        let passes = if mode == Mode::Train { Passes::Both } else { Passes::Forward };
        self.kernel.plan().pack(passes, &params[..self.conv.geom().weight_len()], packed);
    }

    fn forward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        let (w, b) = weights.params.split_at(self.conv.geom().weight_len());
        let b = (!b.is_empty()).then_some(b);
        let filters = Filters { w, packed: weights.packed };
        let numbers = if ctx.mode == Mode::Train { self.kernel.saved_numbers() } else { 0 };
        for (i, (x, y)) in input.samples().zip(output.samples()).enumerate() {
            let slope = &mut saved.numbers[i * numbers..(i + 1) * numbers];
            self.kernel.forward(x, filters, b, y, slope);
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
        let (len, numbers) = (self.conv.geom().weight_len(), self.kernel.saved_numbers());
        let (dw, db) = grad_params.split_at_mut(len);
        let filters = Filters { w: &weights.params[..len], packed: weights.packed };
        let mut dxs = grad_input.as_mut().map(ViewMut::samples);
        let samples = past.input.samples().zip(past.output.samples()).zip(grad_output.samples());
        for (i, ((x, y), dy)) in samples.enumerate() {
            let slope = &past.saved.numbers[i * numbers..(i + 1) * numbers];
            let db = if db.is_empty() { None } else { Some(&mut *db) };
            let dx = dxs.as_mut().and_then(Iterator::next);
            self.kernel.backward(&Activated { x, filters, y, slope }, dy, dx, &mut *dw, db);
        }
    }
}
