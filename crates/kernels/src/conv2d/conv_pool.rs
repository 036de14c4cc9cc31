//! Convolution, 2×2 max pooling and activation as one step, and its gradients.
//!
//! `y[o, i, j] = f( max_{a,b ∈ {0,1}} conv[o, 2i + a − pad, 2j + b − pad] )`
//!
//! A 2×2 max lets one convolution output in four through, so neither the convolution's output nor a gradient of
//! its size is kept: a band of rows is convolved into L1, pooled there, and forgotten. What stays for the backward
//! pass is the winner of each window, two bits, and the activation's slope where it does not follow from `y`: the forward
//! pass has at hand what it costs.
//!
//! Tested against the plain chain of [`Plan`], [`crate::pool2d`] and [`crate::activation`].

use std::ops::Range;

use super::by_channel::{Tiled, pooled_weights};
use super::halves::{Halves, Split};
use super::passes::Planes;
use super::pool_columns::PoolColumns;
use super::pool_out::Outputs;
use super::pool_rows::{Expand, PoolRows};
use super::pool_slope::{Slope, slope_len};
use super::pool_taps::{self, PoolTaps};
use super::pool_tile::{HasRoom, PoolTile};
use super::winograd::Winograd;
use super::{Conv2dGeom, Filters, Plan};
use crate::activation::{Activation, Kept};
use crate::pool2d::Pool2dGeom;
use crate::scratch::with_scratch;
use crate::simd::LANES;
use crate::{Element, isa};

/// Numbers of a band of convolution rows: two thirds of a 48 KiB L1.
const BAND_NUMBERS: usize = 8192;

/// A convolution of stride 1, then max pooling 2×2 of stride 2, then perhaps an activation, over one sample.
///
/// # Shapes
/// `x` `[in_channels, in_h, in_w]`, `y` `[out_channels, pooled_h, pooled_w]`.
///
/// # Exactness
/// Values have the bits of the plain chain. Gradients of parameters are summed in another order, that of the input only in
/// `pool_columns.rs`. All are the same on every instruction set. (A NaN that shares its window with a number may be lost where the plain
/// max pool would pass it on.)
#[derive(Clone, Debug)]
pub struct ConvPool {
    pub(super) plan: Plan,
    pub(super) pool: Pool2dGeom,
    pub(super) f: Option<Activation>,
    /// For few input channels, the layout of the forms that pool in registers.
    halves: Option<Halves>,
    /// For many output channels, the weight's gradient with channels in the lanes.
    weights: Option<Tiled>,
    /// For few input channels, both gradients from the winners alone.
    pub(super) columns: Option<PoolColumns>,
}

impl ConvPool {
    /// `None` if the convolution has a stride, a dilation or groups, or the pooling does not fit.
    #[must_use]
    pub fn new(geom: Conv2dGeom, pool_padding: usize, f: Option<Activation>) -> Option<Self> {
        let plain = (geom.stride, geom.dilation, geom.groups) == (1, 1, 1);
        let pool = Pool2dGeom::new(geom.out_channels, (geom.out_h, geom.out_w), 2, 2, pool_padding)?;
        // Gradients are spread over whole vectors of windows.
        let columns = 2 * pool.out_w.next_multiple_of(LANES);
        plain.then(|| {
            let plan = Plan::with_room(geom, pool_padding, columns);
            let halves = (plan.winograd.is_none() && pool_padding == 0).then(|| Halves::new(&geom));
            let weights = pooled_weights(&geom, plan.winograd.is_some());
            let columns = PoolColumns::new(&geom, &pool, plan.winograd.is_some());
            ConvPool { plan, pool, f, halves, weights, columns }
        })
    }

    /// The convolution's sizes.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        self.plan.geom()
    }

    /// The pooling's sizes.
    #[must_use]
    pub fn pool(&self) -> &Pool2dGeom {
        &self.pool
    }

    /// The activation.
    #[must_use]
    pub fn activation(&self) -> Option<Activation> {
        self.f
    }

    /// Numbers that forward keeps for backward: the activation's slopes, if they cannot be had from `y`.
    #[must_use]
    pub fn saved_numbers(&self) -> usize {
        if self.f.is_some_and(Activation::needs_input) { self.pool.output_len() } else { 0 }
    }

    /// Bytes that forward keeps for backward: for every 16 windows of a row, 16 bits for the winner's row and 16
    /// for its column.
    #[must_use]
    pub fn saved_bytes(&self) -> usize {
        self.pool.channels * self.pool.out_h * self.row_bytes()
    }

    pub(super) fn row_bytes(&self) -> usize {
        self.pool.out_w.div_ceil(LANES) * 4
    }

    /// Computes `y`, and fills `slope` ([`ConvPool::saved_numbers`]) and `winners` ([`ConvPool::saved_bytes`]), both empty if
    /// there is to be no backward pass.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward<T: Element>(
        &self,
        x: &[T],
        filters: Filters<'_, T>,
        b: Option<&[T]>,
        y: &mut [T],
        slope: &mut [T],
        winners: &mut [u8],
    ) {
        self.check(x.len(), filters.w.len(), y.len());
        if !(slope.is_empty() && winners.is_empty()) {
            self.check_kept(slope.len(), winners.len());
        }
        match (T::as_f32(x), T::as_f32(filters.packed)) {
            (Some(x), Some(packed)) => {
                if let (Some(y), Some(slope)) = (T::as_f32_mut(y), T::as_f32_mut(slope)) {
                    let out = Outputs {
                        f: self.f,
                        columns: self.pool.out_w,
                        ahead: self.pool.out_w,
                        y,
                        slope,
                        winners,
                    };
                    self.forward_f32(x, packed, b.and_then(T::as_f32), out);
                }
            }
            _ => self.forward_reference(x, filters, b, y, slope, winners),
        }
    }

    /// The convolution, made ready: who packs the weights.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// From `dy`, overwrites `dx` (if wanted) and adds to `dw` and `db`; the rest as `forward` left it.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn backward<T: Element>(
        &self,
        past: &Past<'_, T>,
        dy: &[T],
        dx: Option<&mut [T]>,
        grads: Grads<'_, T>,
    ) {
        let Past { x, filters: Filters { w, packed }, y, slope, winners } = *past;
        self.check(x.len(), w.len(), y.len());
        self.check_kept(slope.len(), winners.len());
        assert_eq!((dy.len(), grads.dw.len()), (y.len(), w.len()), "lengths of dy, dw");
        let wide = (T::as_f32(w), T::as_f32(packed));
        match (T::as_f32(x), wide, T::as_f32(y), T::as_f32(slope), T::as_f32(dy)) {
            (Some(x), (Some(w), Some(packed)), Some(y), Some(slope), Some(dy)) => {
                let past = Past { x, filters: Filters { w, packed }, y, slope, winners };
                if let Some(dw) = T::as_f32_mut(grads.dw) {
                    let grads = Grads { dw, db: grads.db.and_then(T::as_f32_mut) };
                    self.backward_f32(&past, dy, dx.and_then(T::as_f32_mut), grads);
                }
            }
            _ => self.backward_reference(past, dy, dx, grads),
        }
    }

    fn check(&self, x: usize, w: usize, y: usize) {
        let g = self.geom();
        assert_eq!((x, w, y), (g.input_len(), g.weight_len(), self.pool.output_len()), "lengths of x, w, y");
    }

    fn check_kept(&self, slope: usize, winners: usize) {
        assert_eq!((slope, winners), (self.saved_numbers(), self.saved_bytes()), "lengths of what is kept");
    }

    fn forward_f32(&self, x: &[f32], packed: &[f32], b: Option<&[f32]>, out: Outputs<'_>) {
        let (packed, _) = self.plan.packed_of(packed, 0);
        if let Some(form) = &self.halves
            && isa::run(HasRoom)
        {
            let (g, pool) = (self.geom(), &self.pool);
            return with_scratch(form.len(g.in_channels), |halves| {
                isa::run(Split { form, x, to: &mut *halves });
                let (x, weights) = (&*halves, packed);
                isa::run(PoolTile { g, pool, form, x, weights, bias: b, out });
            });
        }
        with_scratch(self.plan.input.len(), |laid_out| match &self.plan.winograd {
            None => {
                self.plan.input.lay_out(x, laid_out);
                let convolve = |rows: Range<usize>, to: Planes<'_>| {
                    self.plan.rows_forward(laid_out, packed, b, rows, to)
                };
                self.pool_bands(&self.direct_band(), convolve, out);
            }
            Some(form) => with_scratch(form.input_len(), |input| {
                form.split(self.plan.winograd_source(x, laid_out), input);
                let convolve =
                    |rows: Range<usize>, to: Planes<'_>| form.rows(input, packed, b, rows, to.y, to.plane);
                self.pool_bands(&self.winograd_band(form), convolve, out);
            }),
        });
    }

    /// Rows of the band are as wide as the vectors of pooled pairs reach, after a margin that holds the padding: so
    /// the convolution writes whole cache lines.
    fn direct_band(&self) -> Band {
        let pitch = LANES + 2 * self.pool.out_w.next_multiple_of(LANES) + LANES;
        let windows = (BAND_NUMBERS / (self.geom().out_channels * pitch) / 2).clamp(1, self.pool.out_h);
        Band { windows, pitch, plane: 2 * windows * pitch }
    }

    /// Rows without a gap, as Winograd's form writes them.
    fn winograd_band(&self, form: &Winograd) -> Band {
        let windows = (form.band() / 2).clamp(1, self.pool.out_h);
        // Padding may shift rows down by one.
        let plane = form.room(2 * windows) + form.pitch();
        Band { windows, pitch: form.pitch(), plane }
    }

    /// Convolves and pools band by band.
    fn pool_bands(&self, band: &Band, convolve: impl Fn(Range<usize>, Planes<'_>), mut out: Outputs<'_>) {
        let (g, p) = (self.geom(), &self.pool);
        let Band { windows, pitch, plane } = *band;
        // Behind the last plane the vectors of a short row may reach over its end.
        let len = LANES + g.out_channels * plane + 2 * (p.out_w + LANES).next_multiple_of(LANES);
        with_scratch(len, |rows| {
            for first in (0..p.out_h).step_by(windows) {
                let count = windows.min(p.out_h - first);
                // Convolution rows of this band; row `r` lies at `r + padding − 2·first`.
                let from = (2 * first).saturating_sub(p.padding);
                let to = (2 * (first + count) - p.padding).min(g.out_h);
                let shift = from + p.padding - 2 * first;
                let y_rows = &mut rows[LANES + shift * pitch..];
                convolve(from..to, Planes { y: y_rows, plane, pitch });
                out.ahead = windows * p.out_w;
                isa::run(PoolRows {
                    channels: g.out_channels,
                    conv: &rows[LANES - p.padding..],
                    conv_h: g.out_h,
                    conv_w: g.out_w,
                    padding: p.padding,
                    plane,
                    pitch,
                    first,
                    count,
                    out_h: p.out_h,
                    out: out.again(),
                });
            }
        });
    }

    fn backward_f32(
        &self,
        past: &Past<'_, f32>,
        dy: &[f32],
        mut dx: Option<&mut [f32]>,
        grads: Grads<'_, f32>,
    ) {
        let p = &self.pool;
        if let (Some(form), None) = (&self.halves, &dx)
            && pool_taps::fits(self.geom(), p)
        {
            return self.backward_taps(form, past, dy, grads);
        }
        if let (Some(form), Some(dx)) = (&self.columns, dx.as_deref_mut()) {
            return self.backward_columns(form, past, dy, dx, grads);
        }
        with_scratch(self.plan.grad.len(), |grad| {
            self.plan.grad.clear_around(grad, 2 * p.out_h - p.padding, 2 * p.out_w - p.padding);
            isa::run(Expand {
                kept: Kept { f: self.f, y: past.y, slope: past.slope, dy },
                channels: p.channels,
                out_h: p.out_h,
                out_w: p.out_w,
                winners: past.winners,
                start: self.plan.grad.before(0, p.padding, p.padding),
                plane: self.plan.grad.plane,
                pitch: self.plan.grad.pitch,
                grad,
                db: grads.db,
            });
            if let Some(dx) = dx {
                self.plan.input_gradient(grad, self.plan.packed_of(past.filters.packed, 0).1, dx);
            }
            let layout = &self.plan.grad;
            match &self.weights {
                Some(form) => {
                    let apart = (layout.plane, layout.pitch);
                    form.add_weights_spread(past.x, &grad[layout.start()..], apart, grads.dw, None);
                }
                None => self.plan.weight_gradient(past.x, grad, grads.dw),
            }
        });
    }

    /// All gradients, from the winners.
    fn backward_columns(
        &self,
        form: &PoolColumns,
        past: &Past<'_, f32>,
        dy: &[f32],
        dx: &mut [f32],
        grads: Grads<'_, f32>,
    ) {
        let Past { x, y, slope, winners, filters } = *past;
        with_scratch(slope_len(&self.pool), |dz| {
            let kept = Kept { f: self.f, y, slope, dy };
            isa::run(Slope { kept, pool: &self.pool, dz: &mut *dz, db: grads.db });
            form.backward((x, filters.w), (dz, winners), dx, grads.dw);
        });
    }

    /// The gradients of the parameters alone, from the winners.
    fn backward_taps(&self, form: &Halves, past: &Past<'_, f32>, dy: &[f32], grads: Grads<'_, f32>) {
        let (g, pool) = (self.geom(), &self.pool);
        let Past { x, y, slope, winners, .. } = *past;
        with_scratch(form.len(g.in_channels), |halves| {
            isa::run(Split { form, x, to: &mut *halves });
            with_scratch(slope_len(pool), |dz| {
                let kept = Kept { f: self.f, y, slope, dy };
                isa::run(Slope { kept, pool, dz: &mut *dz, db: grads.db });
                isa::run(PoolTaps { g, pool, form, x: halves, dz, winners, dw: grads.dw });
            });
        });
    }
}

/// Convolution rows that are held at once: `windows` pairs, `pitch` numbers a row, `plane` a channel.
struct Band {
    windows: usize,
    pitch: usize,
    plane: usize,
}

/// What [`ConvPool::forward`] was given and left.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as the arguments of `ConvPool::forward`")]
pub struct Past<'a, T> {
    pub x: &'a [T],
    pub filters: Filters<'a, T>,
    pub y: &'a [T],
    pub slope: &'a [T],
    pub winners: &'a [u8],
}

/// Gradients to be added to.
#[derive(Debug)]
pub struct Grads<'a, T> {
    /// Of the weight.
    pub dw: &'a mut [T],
    /// Of the bias.
    pub db: Option<&'a mut [T]>,
}
