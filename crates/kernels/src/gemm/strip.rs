//! `c = a · b` and `c = aᵀ · b`: lanes run along the rows of `b` and `c`, terms of the sum one by one.
//!
//! ```text
//!                 b strip: k rows × 48 columns, copied side by side
//!                ┌───────────────┐
//!   a[i, p]  ──► │ acc 8 × 3 × 16│   acc[i][v] += a[i, p] · b[p, v]
//!   broadcast    └───────────────┘
//! ```
//!
//! Tested against [`super::matmul_nn_reference`] and [`super::matmul_tn_reference`]. Each sum is one chain
//! over `p` in order, in one lane.

use crate::isa;
use crate::parallel::{SharedMut, for_each_block};
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Vectors in a strip.
const VECTORS: usize = 3;
/// Columns in a strip.
const STRIP: usize = VECTORS * LANES;
/// Strips handed to a thread at once.
const STRIPS: usize = 8;

/// How `a` is stored, seen as `[m, k]`.
#[derive(Clone, Copy)]
pub(super) struct Strides {
    pub(super) row: usize,
    pub(super) term: usize,
}

pub(super) fn matmul(
    (m, n, k): (usize, usize, usize),
    a: &[f32],
    strides: Strides,
    b: &[f32],
    c: &mut [f32],
) {
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        return c.fill(0.0);
    }
    assert!(a.len() > (m - 1) * strides.row + (k - 1) * strides.term);
    assert!(b.len() >= k * n && c.len() >= m * n);
    let out = SharedMut::new(c);
    for_each_block(n.div_ceil(STRIP), STRIPS, m * n * k, |strips| {
        with_scratch(k * STRIP, |packed| {
            for strip in strips {
                isa::run(Strip { m, n, k, a, strides, b, first: strip * STRIP, packed, out });
            }
        });
    });
}

/// All rows of the columns `first..first + STRIP` of `c`.
struct Strip<'a> {
    m: usize,
    n: usize,
    k: usize,
    a: &'a [f32],
    strides: Strides,
    b: &'a [f32],
    first: usize,
    packed: &'a mut [f32],
    out: SharedMut<'a>,
}

impl Kernel for Strip<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = STRIP.min(self.n - self.first);
        for (to, from) in self.packed.chunks_exact_mut(STRIP).zip(self.b.chunks_exact(self.n)) {
            if width == STRIP {
                to.copy_from_slice(&from[self.first..self.first + STRIP]);
            } else {
                to[..width].copy_from_slice(&from[self.first..]);
                to[width..].fill(0.0);
            }
        }
        let mut i = 0;
        while i < self.m {
            i += match self.m - i {
                8.. if S::ACCUMULATORS >= 24 => self.rows::<S, 8>(s, i, width),
                4.. if S::ACCUMULATORS >= 24 => self.rows::<S, 4>(s, i, width),
                2.. => self.rows::<S, 2>(s, i, width),
                _ => self.rows::<S, 1>(s, i, width),
            };
        }
    }
}

impl Strip<'_> {
    /// `MR` rows of the strip. Returns `MR`.
    #[inline(always)]
    fn rows<S: Simd, const MR: usize>(&self, s: S, first_row: usize, width: usize) -> usize {
        let mut acc = [[s.splat(0.0); VECTORS]; MR];
        // What the rows will be written to, and the next strip, lie on pages of their own that no prefetcher foresees.
        let to = self.out.start().wrapping_add(first_row * self.n + self.first);
        for line in 0..MR * VECTORS {
            s.prefetch(to.wrapping_add(line / VECTORS * self.n + line % VECTORS * LANES));
        }
        let next = self.b.as_ptr().wrapping_add(self.first + STRIP);
        // SAFETY: `matmul` checked that every `a[i, p]` with i < m, p < k is in the slice and that `c` has m rows
        // of n; `packed` has k strips; columns past `width` are not stored; the strip belongs to this thread.
        unsafe {
            let mut a = self.a.as_ptr().add(first_row * self.strides.row);
            let mut b = self.packed.as_ptr();
            for p in 0..self.k {
                if first_row == 0 {
                    for v in 0..VECTORS {
                        s.prefetch(next.wrapping_add(p * self.n + v * LANES));
                    }
                }
                let vb: [S::F; VECTORS] = std::array::from_fn(|v| s.load(b.add(v * LANES)));
                for (i, acc) in acc.iter_mut().enumerate() {
                    let va = s.splat(*a.add(i * self.strides.row));
                    for (acc, &vb) in acc.iter_mut().zip(&vb) {
                        *acc = s.mul_add(va, vb, *acc);
                    }
                }
                a = a.wrapping_add(self.strides.term);
                b = b.add(STRIP);
            }
            for (i, acc) in acc.iter().enumerate() {
                let row = (first_row + i) * self.n + self.first;
                for (v, &acc) in acc.iter().enumerate().take(width.div_ceil(LANES)) {
                    let lanes = (width - v * LANES).min(LANES);
                    let c = self.out.at(row + v * LANES);
                    s.store_first(c, lanes, acc);
                }
            }
        }
        MR
    }
}
