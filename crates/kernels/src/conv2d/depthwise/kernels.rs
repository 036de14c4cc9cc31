//! The two inner loops of a depthwise convolution.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::{MOST_TAPS, SLACK};
use crate::simd::{Kernel, LANES, Simd};

/// Vectors that are done at a time.
const VECTORS: usize = 4;

/// `to[t] = start + Σ_tap w · from[t + offset]` for `t` in `0..len`, and whatever comes after it up to a whole tile.
pub(super) struct Correlate<'a, I> {
    pub(super) from: &'a [f32],
    /// Offset and weight.
    pub(super) taps: I,
    pub(super) start: f32,
    pub(super) len: usize,
    pub(super) to: &'a mut [f32],
}

impl<I: Iterator<Item = (usize, f32)>> Kernel for Correlate<'_, I> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (mut offsets, mut weights, mut count) = ([0; MOST_TAPS], [0.0; MOST_TAPS], 0);
        for (offset, weight) in self.taps {
            (offsets[count], weights[count]) = (offset, weight);
            count += 1;
            assert!(offset + self.len + SLACK <= self.from.len());
        }
        assert!(self.len + SLACK <= self.to.len());
        let mut t = 0;
        while t < self.len {
            let mut acc = [s.splat(self.start); VECTORS];
            // SAFETY: a tile begins before `len` and is as long as the slack that both slices were checked to have.
            unsafe {
                for tap in 0..count {
                    let from = self.from.as_ptr().add(offsets[tap] + t);
                    let w = s.splat(weights[tap]);
                    for v in 0..VECTORS {
                        acc[v] = s.mul_add(w, s.load(from.add(v * LANES)), acc[v]);
                    }
                }
                for v in 0..VECTORS {
                    s.store(self.to.as_mut_ptr().add(t + v * LANES), acc[v]);
                }
            }
            t += VECTORS * LANES;
        }
    }
}

/// Taps whose sums stay in registers at a time.
const TAPS: usize = 3;

/// `sums[tap] += grad[t] · from[t + offset]` lane by lane, and behind the taps `Σ grad[t]`.
pub(super) struct GradWeight<'a> {
    pub(super) from: &'a [f32],
    pub(super) taps: &'a [usize],
    /// Zero between rows and from `len` on.
    pub(super) grad: &'a [f32],
    pub(super) len: usize,
    /// 16 lanes a tap.
    pub(super) sums: &'a mut [f32],
}

impl Kernel for GradWeight<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { from, taps, grad, len, sums } = self;
        assert!(taps.iter().all(|&offset| offset + len + SLACK <= from.len()) && len + SLACK <= grad.len());
        assert!(sums.len() >= (taps.len() + 1) * LANES);
        let mut first = 0;
        // SAFETY: vectors begin before `len`, and the slack is longer than a vector; `sums` has a vector for each tap, and one more.
        unsafe {
            while first < taps.len() {
                let there = (taps.len() - first).min(TAPS);
                let mut acc = [[s.splat(0.0); 2]; TAPS];
                let mut offsets = [taps[first]; TAPS];
                offsets[..there].copy_from_slice(&taps[first..first + there]);
                let mut t = 0;
                while t < len {
                    for half in 0..2 {
                        let d = s.load(grad.as_ptr().add(t + half * LANES));
                        for k in 0..TAPS {
                            let x = s.load(from.as_ptr().add(offsets[k] + t + half * LANES));
                            acc[k][half] = s.mul_add(d, x, acc[k][half]);
                        }
                    }
                    t += 2 * LANES;
                }
                for k in 0..TAPS {
                    if k < there {
                        let to = sums.as_mut_ptr().add((first + k) * LANES);
                        s.store(to, s.add(s.load(to), s.add(acc[k][0], acc[k][1])));
                    }
                }
                first += there;
            }
            let to = sums.as_mut_ptr().add(taps.len() * LANES);
            let mut total = s.load(to);
            let mut t = 0;
            while t < len {
                total = s.add(total, s.load(grad.as_ptr().add(t)));
                t += LANES;
            }
            s.store(to, total);
        }
    }
}
