//! Convolutions of every channel alone, plane by plane: square windows of 3 or 5, stride 1 or 2.
//!
//! `y[c, i, j] = b[c] + Σ_{p,q} w[c, p, q] · x[c, i·s + p − pad, j·s + q − pad]`, and its gradients.
//!
//! A plane is copied into a border of zeros, for a stride of 2 dealt out to even and odd columns; the border is written once a call
//! and serves all channels. Then every tap of the window reads 16 neighbouring columns:
//!
//! ```text
//!  forward         acc[4 rows] += w[p, q] · x̃[row·s + p, q mod s, j + q / s ..+16]
//!  weight          acc[taps]   += dy[row, j..j+16] · x̃[row·s + p, q mod s, j + q / s ..+16]
//!  input           as forward, on dỹ; for a stride of 2 even and odd columns apart, interleaved when stored
//! ```
//!
//! Tested against `reference.rs`.

use super::Conv2dGeom;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Rows of a tile.
const ROWS: usize = 4;

/// A plane inside a border of zeros, its columns dealt out to `stride` parts.
#[derive(Clone, Debug)]
struct Framed {
    height: usize,
    width: usize,
    border: usize,
    stride: usize,
    pitch: usize,
    part: usize,
}

impl Framed {
    /// Room for at least `rows × columns` cells of a part behind the border, and a border behind them.
    fn new(
        (height, width): (usize, usize),
        border: usize,
        stride: usize,
        rows: usize,
        columns: usize,
    ) -> Self {
        let pitch = (columns.max(width.div_ceil(stride)) + 2 * border).next_multiple_of(LANES) + LANES;
        let part = (height.max(rows) + 2 * border + ROWS * stride) * pitch;
        Framed { height, width, border, stride, pitch, part }
    }

    fn len(&self) -> usize {
        self.stride * self.part + LANES
    }

    /// Where framed row `p`, column `q` lies.
    fn at(&self, p: usize, q: usize) -> usize {
        q % self.stride * self.part + p * self.pitch + q / self.stride
    }

    /// Copies a plane into its frame.
    #[inline(always)]
    fn put<S: Simd>(&self, s: S, x: &[f32], to: &mut [f32]) {
        assert!(x.len() == self.height * self.width && to.len() >= self.len());
        for i in 0..self.height {
            let (row, to) = (x[i * self.width..].as_ptr(), to.as_mut_ptr());
            let places = [0, 1].map(|k| self.at(i + self.border, k + self.border));
            for j in (0..self.width.div_ceil(self.stride)).step_by(LANES) {
                let left = self.width - self.stride * j;
                // SAFETY: no more numbers are read than the row has left, nor written than a row of a part has room for.
                unsafe {
                    let low = s.load_first(row.add(self.stride * j), left);
                    if self.stride == 1 {
                        s.store_first(to.add(places[0] + j), left, low);
                        continue;
                    }
                    let more = left.saturating_sub(LANES);
                    let high = s.load_first(row.wrapping_add(2 * j + LANES), more);
                    let (even, odd) = s.deinterleave(low, high);
                    s.store_first(to.add(places[0] + j), left.div_ceil(2), even);
                    s.store_first(to.add(places[1] + j), left / 2, odd);
                }
            }
        }
    }
}

/// A depthwise convolution made ready.
#[derive(Clone, Debug)]
pub(super) struct Depthwise {
    geom: Conv2dGeom,
    input: Framed,
    /// Of each tap.
    taps: Vec<(usize, usize)>,
    grad: Framed,
    /// The taps that reach each phase `(u, v)` of the input, with their weights' numbers.
    phases: Vec<Vec<(usize, usize)>>,
}

impl Depthwise {
    pub(super) fn new(g: &Conv2dGeom) -> Option<Self> {
        let (k, s) = (g.kernel_h, g.stride);
        let alone = g.groups > 1 && (g.in_channels, g.out_channels) == (g.groups, g.groups);
        let fits = (k == 3 || k == 5) && g.kernel_w == k && s <= 2 && g.dilation == 1 && g.padding < k;
        if !alone || !fits {
            return None;
        }
        let input = Framed::new((g.in_h, g.in_w), g.padding, s, (g.out_h - 1) * s + k, g.out_w + k);
        let taps = (0..k * k).map(|t| (t, input.at(t / k, t % k))).collect();
        let grad = Framed::new((g.out_h, g.out_w), k, 1, g.in_h.div_ceil(s) + k, g.in_w.div_ceil(s) + k);
        // Framed row of `dy` that tap `p` reads for the first row of a phase.
        let row = |phase: usize, p: usize| {
            let ahead = phase + g.padding + s * k;
            (ahead - p).is_multiple_of(s).then_some((ahead - p) / s)
        };
        let reach = |u: usize, v: usize| {
            let taps = (0..k * k).filter_map(|t| Some((t, grad.at(row(u, t / k)?, row(v, t % k)?))));
            taps.collect()
        };
        let phases = (0..s * s).map(|at| reach(at / s, at % s)).collect();
        Some(Depthwise { geom: *g, input, taps, grad, phases })
    }

    /// `w` as stored, with `step` numbers from one channel's to the next.
    pub(super) fn forward(&self, x: &[f32], w: &[f32], step: usize, bias: Option<&[f32]>, y: &mut [f32]) {
        with_scratch(self.input.len(), |framed| {
            framed.fill(0.0);
            isa::run(Forward { form: self, x, w, step, bias, framed, y });
        });
    }

    pub(super) fn backward_input(&self, dy: &[f32], w: &[f32], step: usize, dx: &mut [f32]) {
        with_scratch(self.grad.len(), |framed| {
            framed.fill(0.0);
            isa::run(InputGradient { form: self, dy, w, step, framed, dx });
        });
    }

    /// Adds to `dw`.
    pub(super) fn weight_gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        with_scratch(self.input.len(), |framed| {
            framed.fill(0.0);
            match self.geom.kernel_h {
                3 => isa::run(WeightGradient::<9> { form: self, x, dy, framed, dw }),
                _ => isa::run(WeightGradient::<25> { form: self, x, dy, framed, dw }),
            }
        });
    }
}

/// `start + Σ w[t] · from[offset_t ..+16]` for `ROWS` rows, `down` numbers apart.
///
/// # Safety
/// 16 numbers can be read at every row plus every offset; the weights are there.
#[inline(always)]
unsafe fn correlate<S: Simd>(
    s: S,
    from: *const f32,
    down: usize,
    taps: &[(usize, usize)],
    w: &[f32],
    start: f32,
) -> [S::F; ROWS] {
    let mut acc = [s.splat(start); ROWS];
    for &(t, offset) in taps {
        let w = s.splat(w[t]);
        for (r, acc) in acc.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *acc = s.mul_add(w, unsafe { s.load(from.add(offset + r * down)) }, *acc);
        }
    }
    acc
}

struct Forward<'a> {
    form: &'a Depthwise,
    x: &'a [f32],
    w: &'a [f32],
    step: usize,
    bias: Option<&'a [f32]>,
    framed: &'a mut [f32],
    y: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Depthwise { geom: g, input, taps, .. } = self.form;
        let (plane, down) = (g.out_h * g.out_w, g.stride * input.pitch);
        assert!(self.y.len() == g.groups * plane);
        let last = taps.iter().map(|t| t.1).max().unwrap_or(0);
        let rows = g.out_h.next_multiple_of(ROWS);
        assert!((rows - 1) * down + g.out_w.next_multiple_of(LANES) + last <= self.framed.len());
        for (c, x) in self.x.chunks_exact(g.in_h * g.in_w).enumerate() {
            input.put(s, x, self.framed);
            let (w, b) = (&self.w[c * self.step..], self.bias.map_or(0.0, |b| b[c]));
            for i in (0..g.out_h).step_by(ROWS) {
                for j in (0..g.out_w).step_by(LANES) {
                    // SAFETY: the assertions cover the last vector of the last tile's rows, and each row of the output.
                    unsafe {
                        let acc = correlate(s, self.framed.as_ptr().add(i * down + j), down, taps, w, b);
                        let to = self.y.as_mut_ptr().add(c * plane + i * g.out_w + j);
                        for (r, &acc) in acc.iter().enumerate() {
                            if i + r < g.out_h {
                                s.store_first(to.add(r * g.out_w), g.out_w - j, acc);
                            }
                        }
                    }
                }
            }
        }
    }
}

struct InputGradient<'a> {
    form: &'a Depthwise,
    dy: &'a [f32],
    w: &'a [f32],
    step: usize,
    framed: &'a mut [f32],
    dx: &'a mut [f32],
}

impl Kernel for InputGradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Depthwise { geom: g, grad, phases, .. } = self.form;
        let (plane, stride) = (g.in_h * g.in_w, g.stride);
        let (rows, columns) = (g.in_h.div_ceil(stride), g.in_w.div_ceil(stride));
        assert!(self.dx.len() == g.groups * plane);
        let last = phases.iter().flatten().map(|t| t.1).max().unwrap_or(0);
        let end = (rows.next_multiple_of(ROWS) - 1) * grad.pitch + columns.next_multiple_of(LANES);
        assert!(end + last <= self.framed.len());
        for (c, dy) in self.dy.chunks_exact(g.out_h * g.out_w).enumerate() {
            grad.put(s, dy, self.framed);
            let w = &self.w[c * self.step..];
            for (u, phases) in phases.chunks_exact(stride).enumerate() {
                for m in (0..rows).step_by(ROWS) {
                    for n in (0..columns).step_by(LANES) {
                        // SAFETY: the assertions cover the last vector of the last tile's rows; rows and columns past the
                        // end of the image are not stored.
                        unsafe {
                            let from = self.framed.as_ptr().add(m * grad.pitch + n);
                            let even = correlate(s, from, grad.pitch, &phases[0], w, 0.0);
                            let odd = match phases.get(1) {
                                Some(taps) => correlate(s, from, grad.pitch, taps, w, 0.0),
                                None => even,
                            };
                            for r in 0..ROWS {
                                let (i, left) = ((m + r) * stride + u, g.in_w - stride * n);
                                if i >= g.in_h {
                                    continue;
                                }
                                let to = self.dx.as_mut_ptr().add(c * plane + i * g.in_w + stride * n);
                                if stride == 1 {
                                    s.store_first(to, left, even[r]);
                                    continue;
                                }
                                let (low, high) = s.interleave(even[r], odd[r]);
                                s.store_first(to, left, low);
                                s.store_first(to.wrapping_add(LANES), left.saturating_sub(LANES), high);
                            }
                        }
                    }
                }
            }
        }
    }
}

struct WeightGradient<'a, const TAPS: usize> {
    form: &'a Depthwise,
    x: &'a [f32],
    dy: &'a [f32],
    framed: &'a mut [f32],
    dw: &'a mut [f32],
}

impl<const TAPS: usize> Kernel for WeightGradient<'_, TAPS> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Depthwise { geom: g, input, taps, .. } = self.form;
        let (plane, down) = (g.out_h * g.out_w, g.stride * input.pitch);
        assert!(self.dy.len() == g.groups * plane && self.dw.len() == g.groups * TAPS && taps.len() == TAPS);
        let last = taps.iter().map(|t| t.1).max().unwrap_or(0);
        assert!((g.out_h - 1) * down + g.out_w.next_multiple_of(LANES) + last <= self.framed.len());
        let mut offsets = [0; TAPS];
        for (to, tap) in offsets.iter_mut().zip(taps) {
            *to = tap.1;
        }
        for (c, x) in self.x.chunks_exact(g.in_h * g.in_w).enumerate() {
            input.put(s, x, self.framed);
            let mut acc = [s.splat(0.0); TAPS];
            for i in 0..g.out_h {
                for j in (0..g.out_w).step_by(LANES) {
                    // SAFETY: the assertions cover the last vector of the last row; lanes behind it have `dy = 0`.
                    unsafe {
                        let dy = s.load_first(self.dy.as_ptr().add(c * plane + i * g.out_w + j), g.out_w - j);
                        let from = self.framed.as_ptr().add(i * down + j);
                        for (acc, &offset) in acc.iter_mut().zip(&offsets) {
                            *acc = s.mul_add(dy, s.load(from.add(offset)), *acc);
                        }
                    }
                }
            }
            for (dw, acc) in self.dw[c * TAPS..].iter_mut().zip(acc) {
                *dw += s.sum(acc);
            }
        }
    }
}
