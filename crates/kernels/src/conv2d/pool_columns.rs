//! Both gradients of a pooled convolution, from the winners alone: each window has one output that counts.
//!
//! `dw[o, c, p, q] += dz · x[c, y + p, u + q]`, `dx[c, y + p, u + q] += dz · w[o, c, p, q]`, for each window's winner `(y, u)`
//!
//! ```text
//!  column u of x and dx (see columns.rs):   5 neighbours × 2 vectors hold a 5×5 window of 6 channels
//!  in registers, for one o:                 w[o] and dw[o], laid out alike: 10 vectors each
//!  for each window of a row:                dw += dz · columns(x);   columns(dx) += dz · w
//! ```
//!
//! No product is made with the three zeros of four that the pooling lets through, and none is summed over lanes. A row of
//! windows is done for all `o` while its columns are in L1. Tested against the plain chain (closeness: another order of sums).

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::column_weights::{ColumnWeights, FromColumns, ToColumns};
use super::columns::{AddColumns, Columns, FillColumns};
use super::passes::{cut, room};
use super::{Conv2dGeom, cost};
use crate::isa;
use crate::pool2d::Pool2dGeom;
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Vectors of a window that the loops keep twice in registers.
const MOST: usize = 12;

/// The form for one convolution.
#[derive(Clone, Debug)]
pub(super) struct PoolColumns {
    g: Conv2dGeom,
    pool: Pool2dGeom,
    columns: Columns,
    weights: ColumnWeights,
}

impl PoolColumns {
    /// `None` if the window is not 3 or 5 columns wide or too many numbers, or the other way is cheaper.
    pub(super) fn new(g: &Conv2dGeom, pool: &Pool2dGeom, winograd: bool) -> Option<Self> {
        let columns = Columns::new(g, pool);
        let fits = matches!(g.kernel_w, 3 | 5) && g.kernel_w * columns.depth <= MOST;
        let pays = cost::pooled_columns(g, columns.depth, winograd);
        let weights = ColumnWeights {
            channels: g.out_channels,
            lanes: g.in_channels * g.kernel_h,
            columns: g.kernel_w,
        };
        (fits && pays).then_some(PoolColumns { g: *g, pool: *pool, columns, weights })
    }

    /// From `dz` as [`super::pool_slope::Slope`] leaves it, overwrites `dx` and adds to `dw`.
    pub(super) fn backward(
        &self,
        (x, w): (&[f32], &[f32]),
        (dz, winners): (&[f32], &[u8]),
        dx: &mut [f32],
        dw: &mut [f32],
    ) {
        let (g, p) = (&self.g, &self.pool);
        let (form, strip) = (self.weights, self.columns.apart());
        let lens = [2 * strip, 2 * strip, form.len(), form.len(), g.in_w, g.in_w];
        // Rows of pixels under no window.
        let reached = (self.outputs() + g.kernel_h - 1).saturating_sub(g.padding).min(g.in_h);
        for plane in dx.chunks_exact_mut(g.in_h * g.in_w) {
            plane[reached * g.in_w..].fill(0.0);
        }
        with_scratch(room(lens), |scratch| {
            let [pixels, grads, weights, sums, zeros, spare] = cut(scratch, lens);
            for part in [&mut *pixels, &mut *grads, &mut *sums, &mut *zeros, &mut *spare] {
                part.fill(0.0);
            }
            isa::run(ToColumns { form, w, to: &mut *weights });
            for i in 0..p.out_h {
                let zeros = &*zeros;
                for a in self.rows(i) {
                    let (row, to) = (2 * i + a - p.padding, &mut pixels[a * strip..(a + 1) * strip]);
                    isa::run(FillColumns { form: &self.columns, row, x, zeros, to });
                }
                let (x, w, grad, dw) = (&*pixels, &*weights, &mut *grads, &mut *sums);
                isa::run(WindowRow { form: self, i, x, w, dz, winners, grad, dw });
                for a in self.rows(i) {
                    let (row, from) = (2 * i + a - p.padding, &mut grads[a * strip..(a + 1) * strip]);
                    isa::run(AddColumns { form: &self.columns, row, from, spare: &mut *spare, dx: &mut *dx });
                }
            }
            isa::run(FromColumns { form, from: sums, dw });
        });
    }

    /// Of the two rows of outputs under row `i` of windows those that are not padding.
    fn rows(&self, i: usize) -> impl Iterator<Item = usize> {
        let inside = self.pool.padding..self.pool.padding + self.g.out_h;
        (0..2).filter(move |a| inside.contains(&(2 * i + a)))
    }

    /// Rows of outputs that lie under windows.
    fn outputs(&self) -> usize {
        (2 * self.pool.out_h - self.pool.padding).min(self.g.out_h)
    }
}

/// One row of windows, all output channels.
struct WindowRow<'a> {
    form: &'a PoolColumns,
    i: usize,
    /// Columns of the two rows of outputs.
    x: &'a [f32],
    w: &'a [f32],
    dz: &'a [f32],
    winners: &'a [u8],
    /// Columns, added to.
    grad: &'a mut [f32],
    /// As `w`, added to.
    dw: &'a mut [f32],
}

impl Kernel for WindowRow<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let PoolColumns { g, pool: p, columns, .. } = self.form;
        let vectors = p.out_w.div_ceil(LANES);
        assert!(self.x.len().min(self.grad.len()) >= columns.apart() + columns.row_len());
        assert!(2 * p.out_w <= g.out_w + 2 * p.padding && p.padding <= 1 && self.i < p.out_h);
        assert!(g.out_w + g.kernel_w <= g.in_w + 2 * g.padding + 1);
        assert!(self.dz.len() == p.channels * p.out_h * vectors * LANES);
        assert!(self.winners.len() == p.channels * p.out_h * vectors * 4);
        let weights = self.form.weights.len();
        assert!(self.w.len() >= weights && self.dw.len() >= weights);
        match (g.kernel_w, columns.depth) {
            (5, 1) => self.channels::<S, 5, 1>(s),
            (5, 2) => self.channels::<S, 5, 2>(s),
            (3, 1) => self.channels::<S, 3, 1>(s),
            (3, 2) => self.channels::<S, 3, 2>(s),
            (3, 3) => self.channels::<S, 3, 3>(s),
            (3, 4) => self.channels::<S, 3, 4>(s),
            _ => unreachable!("`PoolColumns::new` asks for these"),
        }
    }
}

/// One output channel of a row of windows: pointers to its numbers, columns where that of its first window begins.
struct Channel<S: Simd> {
    s: S,
    x: *const f32,
    grad: *mut f32,
    w: *const f32,
    dw: *mut f32,
    dz: *const f32,
}

impl WindowRow<'_> {
    #[inline(always)]
    fn channels<S: Simd, const Q: usize, const D: usize>(self, s: S) {
        let PoolColumns { g, pool: p, columns, .. } = self.form;
        let vectors = p.out_w.div_ceil(LANES);
        let windows = Windows { count: p.out_w, column: D * LANES, below: columns.apart() };
        for o in 0..g.out_channels {
            let (place, weights) = ((o * p.out_h + self.i) * vectors, o * Q * D * LANES);
            let winners = &self.winners[place * 4..(place + vectors) * 4];
            // SAFETY: `run` checked that there are whole vectors of weights for each channel, `dz` for each window, and columns
            // for two rows, of which the margins hold those of any cell of a window, were it padding.
            unsafe {
                let channel = Channel {
                    s,
                    x: self.x.as_ptr(),
                    grad: self.grad.as_mut_ptr(),
                    w: self.w.as_ptr().add(weights),
                    dw: self.dw.as_mut_ptr().add(weights),
                    dz: self.dz.as_ptr().add(place * LANES),
                };
                if S::ACCUMULATORS >= 2 * MOST {
                    channel.both::<Q, D>(windows, winners);
                } else {
                    let pairs = if 2 * D <= S::ACCUMULATORS { Q / 2 } else { 0 };
                    for q in 0..pairs {
                        channel.weights::<D, 2>(windows, winners, 2 * q);
                    }
                    for q in 2 * pairs..Q {
                        channel.weights::<D, 1>(windows, winners, q);
                    }
                    channel.input::<Q, D>(windows, winners);
                }
            }
        }
    }
}

/// The windows of a row, and where the columns of their outputs lie.
#[derive(Clone, Copy)]
struct Windows {
    count: usize,
    /// Numbers from one column to the next, and from the upper row's to the lower one's.
    column: usize,
    below: usize,
}

/// The winners of 16 windows, one after the other.
struct Winners {
    windows: Windows,
    bits: u32,
}

impl Windows {
    /// Those of vector `v`, and the windows in it.
    #[inline(always)]
    fn vector(self, winners: &[u8], v: usize) -> (Winners, std::ops::Range<usize>) {
        let bits = u32::from_le_bytes(winners[4 * v..4 * v + 4].try_into().expect("four bytes"));
        (Winners { windows: self, bits }, v * LANES..self.count.min((v + 1) * LANES))
    }
}

impl Winners {
    /// Where the first column of window `j`'s winner begins.
    #[inline(always)]
    fn next(&mut self, j: usize) -> usize {
        let (below, right) = ((self.bits & 1) as usize, (self.bits >> 16 & 1) as usize);
        self.bits >>= 1;
        below * self.windows.below + (2 * j + right) * self.windows.column
    }
}

impl<S: Simd> Channel<S> {
    /// Everything at once, where there are registers for it.
    ///
    /// # Safety
    /// There are numbers for all windows, `Q` columns of `D` vectors from each winner's on, and as many weights.
    #[inline(always)]
    unsafe fn both<const Q: usize, const D: usize>(&self, windows: Windows, winners: &[u8]) {
        let Channel { s, x, grad, w, dw, dz } = *self;
        let mut weights = [[s.splat(0.0); D]; Q];
        let mut sums = [[s.splat(0.0); D]; Q];
        // SAFETY: the caller's promise.
        unsafe {
            for q in 0..Q {
                for d in 0..D {
                    weights[q][d] = s.load(w.add((q * D + d) * LANES));
                    sums[q][d] = s.load(dw.add((q * D + d) * LANES));
                }
            }
            for v in 0..winners.len() / 4 {
                let (mut winners, windows) = windows.vector(winners, v);
                for j in windows {
                    let at = winners.next(j);
                    let (x, grad) = (x.wrapping_add(at), grad.wrapping_add(at));
                    let dz = s.splat(*dz.add(j));
                    for q in 0..Q {
                        for d in 0..D {
                            let k = (q * D + d) * LANES;
                            sums[q][d] = s.mul_add(dz, s.load(x.add(k)), sums[q][d]);
                            s.store(grad.add(k), s.mul_add(dz, weights[q][d], s.load(grad.add(k))));
                        }
                    }
                }
            }
            for q in 0..Q {
                for d in 0..D {
                    s.store(dw.add((q * D + d) * LANES), sums[q][d]);
                }
            }
        }
    }

    /// `N` columns of the weight's gradient alone, from `first` on, in the same order.
    ///
    /// # Safety
    /// As for [`Channel::both`].
    #[inline(always)]
    unsafe fn weights<const D: usize, const N: usize>(&self, windows: Windows, winners: &[u8], first: usize) {
        let Channel { s, x, dw, dz, .. } = *self;
        let mut sums = [[s.splat(0.0); D]; N];
        // SAFETY: the caller's promise.
        unsafe {
            let dw = dw.add(first * D * LANES);
            for q in 0..N {
                for d in 0..D {
                    sums[q][d] = s.load(dw.add((q * D + d) * LANES));
                }
            }
            for v in 0..winners.len() / 4 {
                let (mut winners, windows) = windows.vector(winners, v);
                for j in windows {
                    let x = x.wrapping_add(winners.next(j) + first * D * LANES);
                    let dz = s.splat(*dz.add(j));
                    for q in 0..N {
                        for d in 0..D {
                            sums[q][d] = s.mul_add(dz, s.load(x.add((q * D + d) * LANES)), sums[q][d]);
                        }
                    }
                }
            }
            for q in 0..N {
                for d in 0..D {
                    s.store(dw.add((q * D + d) * LANES), sums[q][d]);
                }
            }
        }
    }

    /// The input's gradient alone, in the same order.
    ///
    /// # Safety
    /// As for [`Channel::both`].
    #[inline(always)]
    unsafe fn input<const Q: usize, const D: usize>(&self, windows: Windows, winners: &[u8]) {
        let Channel { s, grad, w, dz, .. } = *self;
        // SAFETY: the caller's promise.
        unsafe {
            for v in 0..winners.len() / 4 {
                let (mut winners, windows) = windows.vector(winners, v);
                for j in windows {
                    let grad = grad.wrapping_add(winners.next(j));
                    let dz = s.splat(*dz.add(j));
                    for k in (0..Q * D * LANES).step_by(LANES) {
                        s.store(grad.add(k), s.mul_add(dz, s.load(w.add(k)), s.load(grad.add(k))));
                    }
                }
            }
        }
    }
}
