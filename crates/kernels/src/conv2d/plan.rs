//! A convolution made ready to run: its sizes, and where each tap of the window lies.

use super::Conv2dGeom;
use super::by_channel::ByChannel;
use super::compact::Compact;
use super::cost;
use super::depthwise::Depthwise;
use super::layout::{Bordered, PhaseLayout};
use super::phases::{Phase, phase_size, phases};
use super::pointwise::Pointwise;
use super::reference::{accumulate_params_reference, backward_input_reference, forward_reference};
use super::winograd::Winograd;
use crate::Element;

/// A convolution over one sample, with its gradients.
///
/// Samples are independent, so the caller decides which thread runs which; nothing here starts a thread.
///
/// # Exactness
/// Equal bits on every instruction set and for every thread count. `f64` runs the textbook loops.
///
/// # Examples
/// ```
/// use kernels::{Conv2dGeom, conv2d::{Filters, Passes, Plan}};
/// let plan = Plan::new(Conv2dGeom::square(1, 1, (3, 3), 2, 1, 0).unwrap());
/// let w = [1.0_f32, 0., 0., 1.];
/// let mut packed = vec![0.0; plan.packed_len::<f32>()];
/// plan.pack(Passes::Both, &w, &mut packed);
/// let mut y = [0.0; 4];
/// plan.forward(&[1., 2., 3., 4., 5., 6., 7., 8., 9.], Filters { w: &w, packed: &packed }, Some(&[0.5]), &mut y);
/// assert_eq!(y, [6.5, 8.5, 12.5, 14.5]);
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) geom: Conv2dGeom,
    /// The input of one group.
    pub(super) input: PhaseLayout,
    pub(super) offsets: Vec<usize>,
    /// The output's gradient of one group.
    pub(super) grad: Bordered,
    /// For the input's gradient.
    pub(super) phases: Vec<Phase>,
    /// The input of the forward pass without gaps, where its columns do not fill vectors.
    pub(super) narrow: Option<Compact>,
    /// The same of the output's gradient, for the input's: the taps of all phases one after the other.
    pub(super) narrow_back: Option<Compact>,
    /// All passes, where the window is one cell or every channel is alone.
    pub(super) pointwise: Option<Pointwise>,
    pub(super) depthwise: Option<Depthwise>,
    /// The passes that are done with channels in the lanes.
    pub(super) by_channel: ByChannel,
    /// One group's forward pass by Winograd, where that is faster.
    pub(super) winograd: Option<Winograd>,
    /// Its weight gradient, whose sums follow the tiles: without spare columns, so that a pooled convolution has a plain one's bits.
    pub(super) winograd_weights: Option<Winograd>,
    /// The same for the input's gradient.
    pub(super) winograd_back: Option<Winograd>,
}

/// What weights are packed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// The forward pass alone; the packed weights' other part stays as it is.
    Forward,
    /// Forward pass and input gradient.
    Both,
}

/// The weights of a convolution, as they are and as [`Plan::pack`] rearranged them for the kernels.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct Filters<'a, T> {
    pub w: &'a [T],
    pub packed: &'a [T],
}

impl Plan {
    /// Settles where everything lies.
    #[must_use]
    pub fn new(geom: Conv2dGeom) -> Self {
        let plan = Self::with_room(geom, 0, 0);
        let tiles = (plan.winograd.is_some(), plan.winograd_back.is_some());
        Plan { by_channel: ByChannel::new(&geom, tiles), ..plan }
    }

    /// The same, with at least `border` rows and columns of zeros around a laid out gradient, and rows of at least
    /// `columns`.
    pub(super) fn with_room(geom: Conv2dGeom, border: usize, columns: usize) -> Self {
        let g = &geom;
        let input = PhaseLayout::new(g.in_channels / g.groups, (g.in_h, g.in_w), g.padding, g.stride);
        let window = || (0..g.kernel_h).flat_map(|p| (0..g.kernel_w).map(move |q| (p, q)));
        let offsets: Vec<usize> = (0..g.in_channels / g.groups)
            .flat_map(|c| window().map(move |(p, q)| (c, p * g.dilation, q * g.dilation)))
            .map(|(c, p, q)| input.offset(c, p, q))
            .collect();
        // Input row `yp` (padded) gets `dy` row `(yp − p·d) / s`: reach back as far as the last tap does.
        let reach = g.dilation * (g.kernel_h.max(g.kernel_w) - 1) / g.stride;
        let size = (g.out_h, g.out_w);
        // The first cell of a phase may lie some rows down.
        let (down, (phase_rows, phase_columns)) = (g.padding.div_ceil(g.stride), phase_size(g));
        let grad = Bordered::new(
            g.out_channels / g.groups,
            size,
            reach.max(border),
            (down + phase_rows, (down + phase_columns).max(columns)),
        );
        let phases = phases(g, &grad);
        let (winograd, winograd_back) = cost::by_winograd(g, border > 0);
        let (winograd_weights, _) = cost::by_winograd(g, false);
        let narrow =
            (winograd.is_none() && cost::has_gaps(size)).then(|| Compact::new(&offsets, input.pitch, size));
        let narrow_back = (winograd_back.is_none() && cost::has_gaps(phase_size(g))).then(|| {
            let all: Vec<usize> = phases.iter().flat_map(|p| p.offsets.iter().copied()).collect();
            Compact::new(&all, grad.pitch, phase_size(g))
        });
        let (pointwise, depthwise) = (Pointwise::new(g), Depthwise::new(g));
        Plan {
            geom,
            input,
            offsets,
            grad,
            phases,
            narrow,
            narrow_back,
            pointwise,
            depthwise,
            by_channel: ByChannel::none(),
            winograd,
            winograd_weights,
            winograd_back,
        }
    }

    /// The sizes.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        &self.geom
    }

    /// Numbers that [`Plan::pack`] writes; none for `f64`.
    #[must_use]
    pub fn packed_len<T: Element>(&self) -> usize {
        if T::as_f32(&[]).is_none() {
            return 0;
        }
        self.geom.groups * (self.packed_forward_len() + self.packed_backward_len())
    }

    /// Rearranges the weights for the kernels, once for all samples.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn pack<T: Element>(&self, passes: Passes, w: &[T], packed: &mut [T]) {
        assert_eq!(
            (w.len(), packed.len()),
            (self.geom.weight_len(), self.packed_len::<T>()),
            "lengths of w, packed"
        );
        if let (Some(w), Some(packed)) = (T::as_f32(w), T::as_f32_mut(packed)) {
            self.pack_f32(passes, w, packed);
        }
    }

    /// `y = w ⋆ x + b` over one sample, overwriting `y`.
    ///
    /// # Shapes
    /// As [`Conv2dGeom`] says; `b` is `[out_channels]`.
    ///
    /// # Panics
    /// If a slice's length does not match the geometry.
    pub fn forward<T: Element>(&self, x: &[T], filters: Filters<'_, T>, b: Option<&[T]>, y: &mut [T]) {
        self.check(x.len(), filters.w.len(), y.len());
        match (T::as_f32(x), T::as_f32(filters.packed), T::as_f32_mut(y)) {
            (Some(x), Some(packed), Some(y)) => self.forward_f32(x, packed, b.and_then(T::as_f32), y),
            _ => forward_reference(&self.geom, x, filters.w, b, y),
        }
    }

    /// `dx = ∂L/∂x` over one sample from `dy = ∂L/∂y`, overwriting `dx`.
    ///
    /// # Panics
    /// If a slice's length does not match the geometry.
    pub fn backward_input<T: Element>(&self, dy: &[T], filters: Filters<'_, T>, dx: &mut [T]) {
        self.check(dx.len(), filters.w.len(), dy.len());
        match (T::as_f32(dy), T::as_f32(filters.packed), T::as_f32_mut(dx)) {
            (Some(dy), Some(packed), Some(dx)) => self.backward_input_f32(dy, packed, dx),
            _ => backward_input_reference(&self.geom, dy, filters.w, dx),
        }
    }

    /// Adds one sample's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
    ///
    /// # Panics
    /// If a slice's length does not match the geometry.
    pub fn accumulate_params<T: Element>(&self, x: &[T], dy: &[T], dw: &mut [T], db: Option<&mut [T]>) {
        self.check(x.len(), dw.len(), dy.len());
        match (T::as_f32(x), T::as_f32(dy), T::as_f32_mut(dw)) {
            (Some(x), Some(dy), Some(dw)) => {
                self.accumulate_params_f32(x, dy, dw, db.and_then(T::as_f32_mut));
            }
            _ => accumulate_params_reference(&self.geom, x, dy, dw, db),
        }
    }

    fn check(&self, x: usize, w: usize, y: usize) {
        let g = &self.geom;
        assert_eq!(
            (x, w, y),
            (g.input_len(), g.weight_len(), g.output_len()),
            "lengths of x, w, y for {g:?}"
        );
    }
}
