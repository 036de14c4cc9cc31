//! The input's gradient for any stride: one convolution of stride 1 for each phase of the input.
//!
//! Input cell `(s·m + u, s·n + v)` is read by the taps with `p·d ≡ u + padding (mod s)` and `q·d ≡ v + padding` alone, and
//! each reads it at output row `m + (u + padding − p·d) / s`: for fixed `(u, v)` a convolution of the output's gradient.
//!
//! ```text
//!  dx, stride 2, 3 × 3, padding 1        phase (0, 0): 1 tap      (0, 1): 2 taps
//!  00 01 00 01                           phase (1, 0): 2 taps     (1, 1): 4 taps
//!  10 11 10 11
//! ```

use super::Conv2dGeom;
use super::layout::Bordered;
use crate::simd::{Kernel, LANES, Simd};

/// The taps that reach one phase of the input.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    /// Window cells `(p, q)`, in order.
    pub(super) cells: Vec<(usize, usize)>,
    /// Where each (output channel, cell) begins to read the laid out gradient.
    pub(super) offsets: Vec<usize>,
}

/// Every phase, row by row.
pub(super) fn phases(g: &Conv2dGeom, grad: &Bordered) -> Vec<Phase> {
    let window = || (0..g.kernel_h).flat_map(|p| (0..g.kernel_w).map(move |q| (p, q)));
    // Rows (columns) from the phase's first cell to what a tap reads for it.
    let shift = |phase: usize, tap: usize| {
        let (ahead, back) = (phase + g.padding, tap * g.dilation);
        let apart = ahead as isize - back as isize;
        (apart % g.stride as isize == 0).then_some(apart / g.stride as isize)
    };
    let phase = |u: usize, v: usize| {
        let cells: Vec<_> =
            window().filter(|&(p, q)| shift(u, p).is_some() && shift(v, q).is_some()).collect();
        let offsets = (0..g.out_channels / g.groups)
            .flat_map(|o| cells.iter().map(move |&(p, q)| (o, p, q)))
            .filter_map(|(o, p, q)| {
                let moved = shift(u, p)? * grad.pitch as isize + shift(v, q)?;
                grad.before(o, 0, 0).checked_add_signed(moved)
            })
            .collect();
        Phase { cells, offsets }
    };
    (0..g.stride).flat_map(|u| (0..g.stride).map(move |v| (u, v))).map(|(u, v)| phase(u, v)).collect()
}

/// Rows and columns of the largest phase.
pub(super) fn phase_size(g: &Conv2dGeom) -> (usize, usize) {
    (g.in_h.div_ceil(g.stride), g.in_w.div_ceil(g.stride))
}

/// Deals the phases `[u, v][channel][row][column]` out to the images `[channel][height][width]` they belong to.
pub(super) struct JoinPhases<'a> {
    pub(super) phases: &'a [f32],
    /// Numbers from one phase to the next.
    pub(super) phase_len: usize,
    pub(super) stride: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) dx: &'a mut [f32],
}

impl Kernel for JoinPhases<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let JoinPhases { stride, rows, columns, width, .. } = self;
        for (r, row) in self.dx.chunks_exact_mut(width).enumerate() {
            let (c, i) = (r / self.height, r % self.height);
            let at = i % stride * stride * self.phase_len + (c * rows + i / stride) * columns;
            if stride != 2 {
                for (j, x) in row.iter_mut().enumerate() {
                    *x = self.phases[at + j % stride * self.phase_len + j / stride];
                }
                continue;
            }
            let (even, odd) = (&self.phases[at..][..columns], &self.phases[at + self.phase_len..][..columns]);
            for j in (0..columns).step_by(LANES) {
                let (lanes, left) = (columns - j, width - 2 * j);
                // SAFETY: `lanes` numbers are left in both phases, `left` in the row.
                unsafe {
                    let even = s.load_first(even.as_ptr().add(j), lanes);
                    let odd = s.load_first(odd.as_ptr().add(j), lanes);
                    let (low, high) = s.interleave(even, odd);
                    let to = row.as_mut_ptr().add(2 * j);
                    s.store_first(to, left, low);
                    s.store_first(to.wrapping_add(LANES), left.saturating_sub(LANES), high);
                }
            }
        }
    }
}
