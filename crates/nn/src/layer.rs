//! The one trait everything turns around, and the few types in its signature.

use std::fmt;

use kernels::{Element, reduce};

use crate::join::Join;
use crate::param::ParamSpec;
use crate::shape::Shape;

/// One step of a network: a function of its input and its parameters, with its gradient.
///
/// `&self` is never written: parameters, gradients, saved values and statistics belong to the caller, so
/// threads and tests share one model. A layer is built for one input shape; after that nothing can fail.
///
/// Views hold any number of samples; a layer whose [`Locality`] is `Sample` or `Any` must give each sample the
/// same result whatever else is in the view.
pub trait Layer<T: Element = f32>: fmt::Debug + Send + Sync {
    /// Key in model files, word in tables and messages, e.g. `conv2d`.
    fn kind(&self) -> &'static str;

    /// The settings as a reader wants them in a table, e.g. `5×5, 1→6`. Empty if there are none.
    fn settings(&self) -> String {
        String::new()
    }

    /// Shape of one input sample.
    fn input_shape(&self) -> Shape;

    /// Shape of one output sample.
    fn output_shape(&self) -> Shape;

    /// The parameters in the order in which they lie in `params`.
    fn params(&self) -> &[ParamSpec] {
        &[]
    }

    /// Multiply-adds of the forward pass over one sample.
    fn macs(&self) -> u64 {
        0
    }

    /// Which part of a batch the layer wants to see at once.
    fn locality(&self) -> Locality;

    /// Whether `backward` overwrites `grad_params` instead of adding to it: of use to a layer of [`Locality::Batch`] with so
    /// many weights that setting their gradients to zero takes time.
    fn overwrites_grads(&self) -> bool {
        false
    }

    /// How several inputs become one, if this is the place where branches meet: then the executor calls [`Join`]
    /// instead of `forward` and `backward`.
    fn join(&self) -> Option<&Join> {
        None
    }

    /// What `forward` in training writes for `backward`, besides its output.
    fn saved_size(&self) -> SavedSize {
        SavedSize::default()
    }

    /// Numbers that [`Layer::pack`] writes.
    fn packed_len(&self) -> usize {
        0
    }

    /// Rearranges the parameters for the kernels, once a step (in [`Mode::Eval`] once as long as they stay the same); `forward` and, in [`Mode::Train`], `backward` receive
    /// the result.
    fn pack(&self, mode: Mode, params: &[T], packed: &mut [T]) {
        let _ = (mode, params, packed);
    }

    /// Computes `output` from `input`, overwriting it. In [`Mode::Train`] also fills `saved`; in [`Mode::Eval`]
    /// `saved` has the same size and is free for use, but nobody reads it.
    fn forward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    );

    /// Given `∂L/∂output`, overwrites `grad_input` with `∂L/∂input` (not asked for by the first layer) and
    /// adds `∂L/∂params` to `grad_params` (unless it [`Layer::overwrites_grads`]).
    fn backward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    );

    /// The same, and whether all of `grad_params` is finite then: a layer that sees its gradients anyway, while it writes them, spares
    /// another pass over memory. Asked of layers of [`Locality::Batch`].
    fn backward_checked(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) -> bool {
        self.backward(ctx, weights, past, grad_output, grad_input, grad_params);
        reduce::all_finite(grad_params)
    }

    /// Outputs and inputs of a weight `[out, in]` that comes first among the parameters and whose gradient is the product
    /// `grad_outputᵀ · input`, if there is one: it may be left to be made later ([`crate::Products`]).
    fn product(&self) -> Option<(usize, usize)> {
        None
    }

    /// [`Layer::backward_checked`] but for the gradient of the weight that [`Layer::product`] tells of, whose place is not written.
    fn backward_besides(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) -> bool {
        self.backward_checked(ctx, weights, past, grad_output, grad_input, grad_params)
    }

    /// After a training step, moves running statistics among the parameters (batch normalisation's).
    fn update_stats(&self, saved: Saved<'_, T>, params: &mut [T]) {
        let _ = (saved, params);
    }
}

/// Which part of a batch a layer wants to see at once. The executor splits a model into segments by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// One sample at a time, so that a chain of such layers stays in one core's cache.
    Sample,
    /// The whole batch at once: its work is shared out inside the layer.
    Batch,
    /// Cheap and indifferent: goes with the layer before it.
    Any,
}

/// Whether the pass is part of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Dropout drops, batch normalisation uses the batch, `saved` is filled.
    Train,
    /// The network as a fixed function.
    Eval,
}

/// What a layer may know of the step it runs in.
#[derive(Clone, Copy, Debug)]
pub struct Ctx {
    /// Training or not.
    pub mode: Mode,
    /// Seed of the run.
    pub seed: u64,
    /// Optimizer steps before this one; with the seed it names the step's random numbers.
    pub step: u64,
    /// Position of the layer in its network.
    pub layer: usize,
    /// Position in the batch of the first sample of the view.
    pub first_sample: usize,
}

/// A layer's parameters, and the same rearranged by [`Layer::pack`].
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, T> {
    /// As stored: the layer's [`ParamSpec`]s one after the other.
    pub params: &'a [T],
    /// As packed for the kernels.
    pub packed: &'a [T],
}

/// Samples to read, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// Number of samples.
    pub batch: usize,
    /// Their numbers.
    pub data: &'a [T],
}

/// Samples to write, one after the other.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    /// Number of samples.
    pub batch: usize,
    /// Their numbers.
    pub data: &'a mut [T],
}

impl<'a, T> View<'a, T> {
    /// The samples one by one.
    pub fn samples(&self) -> std::slice::ChunksExact<'a, T> {
        self.data.chunks_exact((self.data.len() / self.batch.max(1)).max(1))
    }
}

impl<T> ViewMut<'_, T> {
    /// The samples one by one.
    pub fn samples(&mut self) -> std::slice::ChunksExactMut<'_, T> {
        self.data.chunks_exact_mut((self.data.len() / self.batch.max(1)).max(1))
    }
}

/// How much a layer saves for its backward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavedSize {
    /// Numbers a sample.
    pub numbers: usize,
    /// Bytes a sample (winners of a max, masks).
    pub bytes: usize,
    /// Numbers a batch (batch statistics); they come after the samples' numbers.
    pub numbers_per_batch: usize,
}

/// Where `forward` saves what `backward` needs: sizes as [`SavedSize`] times the batch.
#[derive(Debug)]
#[allow(missing_docs, reason = "named in `SavedSize`")]
pub struct SavedMut<'a, T> {
    pub numbers: &'a mut [T],
    pub bytes: &'a mut [u8],
}

/// What `forward` saved.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named in `SavedSize`")]
pub struct Saved<'a, T> {
    pub numbers: &'a [T],
    pub bytes: &'a [u8],
}

/// What backward may read of the forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a, T> {
    /// What `forward` was given.
    pub input: View<'a, T>,
    /// What `forward` computed.
    pub output: View<'a, T>,
    /// What `forward` saved.
    pub saved: Saved<'a, T>,
}
