//! How long each layer takes: a network in which every layer looks at the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kernels::Element;

use crate::join::Join;
use crate::layer::{Ctx, Layer, Locality, Mode, Past, Saved, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::param::ParamSpec;
use crate::sequential::Sequential;
use crate::shape::Shape;

/// The time that one layer has taken so far, summed over the threads that called it.
#[derive(Debug, Default)]
pub struct LayerClock {
    forward: AtomicU64,
    backward: AtomicU64,
}

impl LayerClock {
    /// In forward passes, arranging the weights for them included.
    #[must_use]
    pub fn forward(&self) -> Duration {
        Duration::from_nanos(self.forward.load(Ordering::Relaxed))
    }

    /// In backward passes.
    #[must_use]
    pub fn backward(&self) -> Duration {
        Duration::from_nanos(self.backward.load(Ordering::Relaxed))
    }

    /// Starts anew.
    pub fn reset(&self) {
        self.forward.store(0, Ordering::Relaxed);
        self.backward.store(0, Ordering::Relaxed);
    }
}

/// The same network, and a clock for each of its layers. Looking at the clock takes some 50 ns a layer and call.
///
/// # Examples
/// ```
/// use nn::{Mode, StepId, zoo};
/// let (net, clocks) = nn::timed(zoo::perceptron(50).build::<f32>()?);
/// let params = net.init_params(&Default::default(), 1);
/// let mut memory = net.workspace(8, Mode::Eval);
/// net.forward(&params, &[0.1; 8 * 64], StepId::default(), &mut memory);
/// assert!(clocks[0].forward().as_nanos() > 0 && clocks[0].backward().as_nanos() == 0);
/// # Ok::<(), nn::BuildError>(())
/// ```
#[must_use]
pub fn timed<T: Element>(net: Sequential<T>) -> (Sequential<T>, Vec<Arc<LayerClock>>) {
    let mut clocks = Vec::new();
    let nodes = net.into_nodes().into_iter().map(|mut node| {
        let clock = Arc::new(LayerClock::default());
        clocks.push(Arc::clone(&clock));
        node.layer = Box::new(Timed { layer: node.layer, clock });
        node
    });
    let net = Sequential::connect(nodes.collect());
    (net, clocks)
}

/// A layer and its clock. It must hand on every method of the trait, those with defaults too.
#[derive(Debug)]
struct Timed<T: Element> {
    layer: Box<dyn Layer<T>>,
    clock: Arc<LayerClock>,
}

fn measured(clock: &AtomicU64, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    clock.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
}

impl<T: Element> Layer<T> for Timed<T> {
    fn kind(&self) -> &'static str {
        self.layer.kind()
    }

    fn settings(&self) -> String {
        self.layer.settings()
    }

    fn input_shape(&self) -> Shape {
        self.layer.input_shape()
    }

    fn output_shape(&self) -> Shape {
        self.layer.output_shape()
    }

    fn params(&self) -> &[ParamSpec] {
        self.layer.params()
    }

    fn macs(&self) -> u64 {
        self.layer.macs()
    }

    fn locality(&self) -> Locality {
        self.layer.locality()
    }

    fn overwrites_grads(&self) -> bool {
        self.layer.overwrites_grads()
    }

    fn join(&self) -> Option<&Join> {
        self.layer.join()
    }

    fn saved_size(&self) -> SavedSize {
        self.layer.saved_size()
    }

    fn packed_len(&self) -> usize {
        self.layer.packed_len()
    }

    fn pack(&self, mode: Mode, params: &[T], packed: &mut [T]) {
        measured(&self.clock.forward, || self.layer.pack(mode, params, packed));
    }

    fn forward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        measured(&self.clock.forward, || self.layer.forward(ctx, weights, input, output, saved));
    }

    fn backward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) {
        let layer = &self.layer;
        measured(&self.clock.backward, || {
            layer.backward(ctx, weights, past, grad_output, grad_input, grad_params);
        });
    }

    fn backward_checked(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) -> bool {
        let layer = &self.layer;
        let mut finite = true;
        measured(&self.clock.backward, || {
            finite = layer.backward_checked(ctx, weights, past, grad_output, grad_input, grad_params);
        });
        finite
    }

    fn product(&self) -> Option<(usize, usize)> {
        self.layer.product()
    }

    fn backward_besides(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) -> bool {
        let layer = &self.layer;
        let mut finite = true;
        measured(&self.clock.backward, || {
            finite = layer.backward_besides(ctx, weights, past, grad_output, grad_input, grad_params);
        });
        finite
    }

    fn update_stats(&self, saved: Saved<'_, T>, params: &mut [T]) {
        self.layer.update_stats(saved, params);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Mode;
    use crate::sequential::StepId;
    use crate::zoo;

    #[test]
    fn a_timed_network_computes_the_same_and_times_both_passes() {
        let spec = zoo::lenet5_modified(Shape::image(1, 20, 20), 3);
        let run = |net: &Sequential| {
            let params = net.init_params(&Default::default(), 1);
            let input: Vec<f32> = (0..3 * 400).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
            let mut ws = net.workspace(3, Mode::Train);
            net.forward(&params, &input, StepId::default(), &mut ws);
            ws.logits_and_grad().1.fill(1.0);
            let mut grads = vec![0.0; net.num_slots()];
            net.backward(&params, &input, StepId::default(), &mut ws, &mut grads);
            grads
        };
        let build = || crate::fuse(spec.build::<f32>().unwrap());
        let (net, clocks) = timed(build());
        assert_eq!(run(&net), run(&build()));
        assert!(clocks.iter().all(|c| c.forward().as_nanos() > 0 && c.backward().as_nanos() > 0));
        clocks[0].reset();
        assert_eq!(clocks[0].forward() + clocks[0].backward(), Duration::ZERO);
    }
}
