//! What the taps of a window read, multiplied with each other: `R[t, t'] = Σ_cell x_t · x_t'` and `S[t] = Σ_cell x_t`.
//!
//! ```text
//!  [tap t][taps, then a column for S], upper triangle    16 neighbouring columns in the lanes;
//!                                                         acc[t'] += x[cell + offset_t] · x[cell + offset_t']
//! ```
//!
//! With them the weight's gradient of a sum over channels can be corrected afterwards for anything linear in the window:
//! see `conv_norm/short.rs`. Tested below against the sums one by one.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::Plan;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Vectors that are summed in f32 at once.
const BLOCK: usize = 256;

impl Plan {
    /// Numbers that [`Plan::add_gram`] adds to.
    pub(crate) fn gram_len(&self) -> usize {
        self.offsets.len() * (self.offsets.len() + 1)
    }

    /// Adds one sample's sums; `R` where `t' >= t` alone.
    ///
    /// # Panics
    /// If a length does not match or the channels are in groups.
    pub(crate) fn add_gram(&self, x: &[f32], sums: &mut [f32]) {
        let g = &self.geom;
        assert_eq!((g.groups, x.len(), sums.len()), (1, g.input_len(), self.gram_len()), "groups, lengths");
        with_scratch(self.input.len(), |laid_out| {
            self.input.lay_out(x, laid_out);
            let (pitch, offsets) = (self.input.pitch, &self.offsets[..]);
            isa::run(Gram { x: laid_out, pitch, offsets, rows: g.out_h, columns: g.out_w, sums });
        });
    }
}

struct Gram<'a> {
    /// Readable 15 numbers past the last column of the last tap.
    x: &'a [f32],
    pitch: usize,
    offsets: &'a [usize],
    rows: usize,
    columns: usize,
    sums: &'a mut [f32],
}

impl Kernel for Gram<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let taps = self.offsets.len();
        let last = self.offsets.iter().copied().max().unwrap_or(0);
        assert!(self.x.len() >= (self.rows - 1) * self.pitch + self.columns + last);
        assert_eq!(self.sums.len(), taps * (taps + 1), "length of the sums");
        let wide = S::TILES_OF_24;
        let band = (BLOCK / self.columns.div_ceil(LANES)).max(1);
        for first in (0..self.rows).step_by(band) {
            let rows = (first, (first + band).min(self.rows));
            for t in 0..taps {
                let mut with = t;
                while with < taps {
                    with += match taps - with {
                        9.. if wide => self.tile::<S, 9>(s, rows, t, with),
                        8 if wide => self.tile::<S, 8>(s, rows, t, with),
                        7 if wide => self.tile::<S, 7>(s, rows, t, with),
                        6 if wide => self.tile::<S, 6>(s, rows, t, with),
                        5 if wide => self.tile::<S, 5>(s, rows, t, with),
                        4.. => self.tile::<S, 4>(s, rows, t, with),
                        3 => self.tile::<S, 3>(s, rows, t, with),
                        2 => self.tile::<S, 2>(s, rows, t, with),
                        _ => self.tile::<S, 1>(s, rows, t, with),
                    };
                }
            }
        }
    }
}

impl Gram<'_> {
    /// Tap `t` with `N` taps from `with` on, and where they begin with itself, its sum. Returns `N`.
    #[inline(always)]
    fn tile<S: Simd, const N: usize>(&mut self, s: S, rows: (usize, usize), t: usize, with: usize) -> usize {
        let (taps, mut sum, mut acc) = (self.offsets.len(), s.splat(0.0), [s.splat(0.0); N]);
        let whole = self.columns / LANES * LANES;
        let mut own = self.x[rows.0 * self.pitch + self.offsets[t]..].as_ptr();
        let mut other = [own; N];
        for n in 0..N {
            other[n] = self.x[rows.0 * self.pitch + self.offsets[with + n]..].as_ptr();
        }
        for _ in rows.0..rows.1 {
            // SAFETY: `columns` numbers of the row are left, which `run` checked for every tap.
            unsafe {
                for j in (0..whole).step_by(LANES) {
                    let own = s.load(own.add(j));
                    sum = s.add(sum, own);
                    for n in 0..N {
                        acc[n] = s.mul_add(own, s.load(other[n].add(j)), acc[n]);
                    }
                }
                if whole < self.columns {
                    let lanes = self.columns - whole;
                    let own = s.load_first(own.add(whole), lanes);
                    sum = s.add(sum, own);
                    for n in 0..N {
                        acc[n] = s.mul_add(own, s.load_first(other[n].add(whole), lanes), acc[n]);
                    }
                }
            }
            own = own.wrapping_add(self.pitch);
            for n in 0..N {
                other[n] = other[n].wrapping_add(self.pitch);
            }
        }
        let to = &mut self.sums[t * (taps + 1)..(t + 1) * (taps + 1)];
        for n in 0..N {
            to[with + n] += s.sum(acc[n]);
        }
        if with == t {
            to[taps] += s.sum(sum);
        }
        N
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv2d::Conv2dGeom;
    use crate::isa::tests::same_on_each_isa;
    use crate::noise::{assert_close, noise};

    fn check(g: Conv2dGeom) {
        let (plan, x) = (Plan::new(g), noise(1, g.input_len()));
        let found = same_on_each_isa(|| {
            let mut sums = vec![0.5; plan.gram_len()];
            plan.add_gram(&x, &mut sums);
            sums
        });
        let taps = g.in_channels * g.kernel_h * g.kernel_w;
        let read = |t: usize, i: usize, j: usize| {
            let (c, p, q) = (t / (g.kernel_h * g.kernel_w), t / g.kernel_w % g.kernel_h, t % g.kernel_w);
            let at = |k: usize, tap: usize| (k * g.stride + tap * g.dilation).checked_sub(g.padding);
            let (Some(i), Some(j)) = (at(i, p), at(j, q)) else { return 0.0 };
            let inside = i < g.in_h && j < g.in_w;
            if inside { f64::from(x[(c * g.in_h + i) * g.in_w + j]) } else { 0.0 }
        };
        let mut expected = vec![0.5; plan.gram_len()];
        for t in 0..taps {
            for cell in 0..g.out_h * g.out_w {
                let read = |t: usize| read(t, cell / g.out_w, cell % g.out_w);
                for with in t..taps {
                    expected[t * (taps + 1) + with] += read(t) * read(with);
                }
                expected[t * (taps + 1) + taps] += read(t);
            }
        }
        assert_close(&format!("{g:?}"), &found, &expected, 1e-5);
    }

    #[test]
    fn agrees_with_the_sums_one_by_one() {
        for (inp, size, kernel, stride, padding) in [
            (1, (16, 16), 3, 1, 1),
            (1, (37, 41), 3, 2, 1),
            (3, (12, 35), 3, 1, 1),
            (2, (9, 18), 2, 3, 1),
            (1, (70, 131), 5, 1, 0),
            (1, (5, 5), 1, 1, 0),
        ] {
            check(Conv2dGeom::square(inp, 2, size, kernel, stride, padding).unwrap());
        }
        check(Conv2dGeom::new(2, 3, (14, 20), (3, 2), 2, 2, 2, 1).unwrap());
    }
}
