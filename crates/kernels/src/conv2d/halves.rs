//! A padded image with its even and its odd columns apart: what pooled windows read, 16 side by side.
//!
//! Column `2j + b` of a convolution, with tap `q`, reads column `2j + b + q`: number `j + (b + q) / 2` of the even columns if
//! `b + q` is even, else of the odd ones.
//!
//! ```text
//!  row      0 1 2 3 4 5 …        even   0 2 4 …  zeros │ odd   1 3 5 …  zeros │ next row
//! ```

use super::Conv2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// Where the halves of each row lie.
#[derive(Clone, Debug)]
pub(super) struct Halves {
    size: (usize, usize),
    padding: usize,
    rows: usize,
    /// Numbers of half a row, with room for 16 windows from any on.
    pub(super) pitch: usize,
}

impl Halves {
    pub(super) fn new(g: &Conv2dGeom) -> Self {
        let columns = (g.in_w + 2 * g.padding).div_ceil(2);
        let pitch = (columns + g.kernel_w.div_ceil(2) + LANES).next_multiple_of(LANES);
        Halves { size: (g.in_h, g.in_w), padding: g.padding, rows: g.in_h + 2 * g.padding, pitch }
    }

    pub(super) fn len(&self, channels: usize) -> usize {
        channels * self.rows * 2 * self.pitch
    }

    /// Where the even columns of a padded row begin; the odd ones follow after [`Halves::pitch`].
    #[inline(always)]
    pub(super) fn at(&self, channel: usize, row: usize) -> usize {
        (channel * self.rows + row) * 2 * self.pitch
    }
}

/// Writes both halves of every row.
pub(super) struct Split<'a> {
    pub(super) form: &'a Halves,
    pub(super) x: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Kernel for Split<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Halves { size: (height, width), padding, pitch, .. } = *self.form;
        let channels = self.x.len() / (height * width);
        assert!(self.to.len() >= self.form.len(channels));
        assert!(padding.div_ceil(2) + width.div_ceil(2).next_multiple_of(LANES) <= pitch);
        if padding > 0 {
            self.to.fill(0.0);
        }
        // An odd padding swaps the halves.
        let firsts = if padding.is_multiple_of(2) {
            [padding / 2, pitch + padding / 2]
        } else {
            [pitch + padding / 2, padding.div_ceil(2)]
        };
        for (r, row) in self.x.chunks_exact(width).enumerate() {
            let to = self.form.at(r / height, r % height + padding);
            let end = if padding == 0 { pitch } else { width.div_ceil(2) };
            for k in (0..end).step_by(LANES) {
                let left = width.saturating_sub(2 * k);
                // SAFETY: no more is read than the row has left, and half a row has room for whole vectors.
                unsafe {
                    let from = row.as_ptr().wrapping_add(2 * k);
                    s.prefetch_ahead(from);
                    s.prefetch_ahead(from.wrapping_add(LANES));
                    let low = s.load_first(from, left.min(LANES));
                    let high = s.load_first(from.wrapping_add(LANES), left.saturating_sub(LANES).min(LANES));
                    let (even, odd) = s.deinterleave(low, high);
                    let to = self.to.as_mut_ptr().add(to + k);
                    s.store(to.add(firsts[0]), even);
                    s.store(to.add(firsts[1]), odd);
                }
            }
        }
    }
}
