//! `c = a · b` and `c = aᵀ · b`: lanes run along the rows of `b` and `c`, terms of the sum one by one.
//!
//! ```text
//!                   b strip: k rows × 48 columns
//!                  ┌───────────────┐
//!   a: 8 numbers   │ acc 8 × 3 × 16│   acc[i][v] += a[i, p] · b[p, v]
//!   a term ──────► └───────────────┘
//!   broadcast
//! ```
//!
//! `a` is copied once, its numbers in the order in which they are asked for; `b` is read where it lies. Meanwhile each tile asks for
//! some of the next strip, and for where the next tile will be written: those lie on pages of their own that no prefetcher foresees.
//!
//! Tested against [`super::matmul_nn_reference`] and [`super::matmul_tn_reference`]. Each sum is one chain
//! over `p` in order, in one lane.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

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
/// Rows of the largest tile.
const TALL: usize = 8;
/// How `a` is stored, seen as `[m, k]`.
#[derive(Clone, Copy)]
pub(super) struct Strides {
    pub(super) row: usize,
    pub(super) term: usize,
}

/// Whether it matters that a product is finite.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    No,
    Yes,
}

/// Gives whether all of `c` is finite, if that was to be looked for.
pub(super) fn matmul(
    (m, n, k): (usize, usize, usize),
    a: &[f32],
    strides: Strides,
    b: &[f32],
    c: &mut [f32],
    look: Look,
) -> bool {
    if m == 0 || n == 0 {
        return true;
    }
    if k == 0 {
        c.fill(0.0);
        return true;
    }
    assert!(a.len() > (m - 1) * strides.row + (k - 1) * strides.term);
    assert!(b.len() >= k * n && c.len() >= m * n);
    let out = SharedMut::new(c);
    let finite = AtomicBool::new(true);
    with_scratch(m.next_multiple_of(TALL) * k, |tall| {
        arrange((m, k), a, strides, tall);
        let a = &*tall;
        for_each_block(n.div_ceil(STRIP), STRIPS, m * n * k, |strips| {
            for strip in strips {
                if !isa::run(Strip { m, n, k, a, b, first: strip * STRIP, out, look }) {
                    finite.store(false, Ordering::Relaxed);
                }
            }
        });
    });
    finite.into_inner()
}

/// `[m, k]` to `[m / 8][k][8]`; rows past the last are whatever was there.
fn arrange((m, k): (usize, usize), a: &[f32], strides: Strides, to: &mut [f32]) {
    for (block, to) in to.chunks_exact_mut(TALL * k).enumerate() {
        for (p, to) in to.chunks_exact_mut(TALL).enumerate() {
            for (i, to) in (block * TALL..m).zip(to) {
                *to = a[i * strides.row + p * strides.term];
            }
        }
    }
}

/// All rows of the columns `first..first + STRIP` of `c`.
struct Strip<'a> {
    m: usize,
    n: usize,
    k: usize,
    /// As `arrange` left it.
    a: &'a [f32],
    b: &'a [f32],
    first: usize,
    out: SharedMut<'a>,
    look: Look,
}

impl Kernel for Strip<'_> {
    type Out = bool;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> bool {
        let mut i = 0;
        let mut finite = s.splat(0.0);
        while i < self.m {
            let cut = self.columns().len() < STRIP;
            let (rows, seen) = match (self.m - i, cut) {
                (TALL.., false) if S::ACCUMULATORS >= TALL * VECTORS => self.rows::<S, TALL, false>(s, i),
                (TALL.., true) if S::ACCUMULATORS >= TALL * VECTORS => self.rows::<S, TALL, true>(s, i),
                (2.., false) => self.rows::<S, 2, false>(s, i),
                (2.., true) => self.rows::<S, 2, true>(s, i),
                (_, false) => self.rows::<S, 1, false>(s, i),
                (_, true) => self.rows::<S, 1, true>(s, i),
            };
            i += rows;
            finite = s.add(finite, seen);
        }
        s.sum(finite) == 0.0
    }
}

impl Strip<'_> {
    /// `MR` rows of the strip, which may be `CUT` short by the end of the rows. Returns `MR`, and a sum of zeros unless one was not finite.
    #[inline(always)]
    fn rows<S: Simd, const MR: usize, const CUT: bool>(&self, s: S, first_row: usize) -> (usize, S::F) {
        let Strip { m, n, k, .. } = *self;
        let zero = s.splat(0.0);
        let mut acc = [[zero; VECTORS]; MR];
        // Where the next tile will be written, and one vector's worth of the next strip.
        let after = if first_row + MR < m { (first_row + MR) * n } else { STRIP };
        let to = self.out.start().wrapping_add(self.first + after);
        let tile = first_row / MR;
        let (mut hint, step) = match tile {
            0..VECTORS => (self.b.as_ptr().wrapping_add(self.first + STRIP + tile * LANES), n),
            _ => (self.a.as_ptr(), 0),
        };
        // SAFETY: `matmul` arranged all rows of `a` and checked that `c` has m rows of n; the strip belongs to this thread.
        unsafe {
            let a = self.a.as_ptr().add(first_row / TALL * TALL * k + first_row % TALL);
            let mut p = 0;
            for v in 0..VECTORS {
                let mut row = 0;
                while row < MR && p < k {
                    s.prefetch(to.wrapping_add(row * n + v * LANES));
                    s.prefetch(hint);
                    hint = hint.wrapping_add(step);
                    self.term::<S, MR, CUT>(s, a, p, &mut acc);
                    row += 1;
                    p += 1;
                }
            }
            while !CUT && p + 1 < k {
                s.prefetch(hint);
                s.prefetch(hint.wrapping_add(step));
                hint = hint.wrapping_add(2 * step);
                self.term::<S, MR, CUT>(s, a, p, &mut acc);
                self.term::<S, MR, CUT>(s, a, p + 1, &mut acc);
                p += 2;
            }
            while p < k {
                s.prefetch(hint);
                hint = hint.wrapping_add(step);
                self.term::<S, MR, CUT>(s, a, p, &mut acc);
                p += 1;
            }
            let columns = self.columns();
            for (i, acc) in acc.iter().enumerate() {
                let row = (first_row + i) * n + columns.start;
                for (v, &acc) in acc.iter().enumerate() {
                    let lanes = columns.len().saturating_sub(v * LANES);
                    s.store_first(self.out.start().cast_mut().wrapping_add(row + v * LANES), lanes, acc);
                }
            }
        }
        let mut finite = [zero; VECTORS];
        if self.look == Look::Yes {
            // A number times 0 is 0, but NaN if it is not finite.
            for acc in acc {
                for (finite, acc) in finite.iter_mut().zip(acc) {
                    *finite = s.mul_add(acc, zero, *finite);
                }
            }
        }
        (MR, finite.into_iter().fold(zero, |a, b| s.add(a, b)))
    }

    fn columns(&self) -> Range<usize> {
        self.first..(self.first + STRIP).min(self.n)
    }

    /// Adds term `p`.
    ///
    /// # Safety
    /// `MR` numbers can be read at `a + 8·p`; `p` is below `k`.
    #[inline(always)]
    unsafe fn term<S: Simd, const MR: usize, const CUT: bool>(
        &self,
        s: S,
        a: *const f32,
        p: usize,
        acc: &mut [[S::F; VECTORS]; MR],
    ) {
        let mut vb = [s.splat(0.0); VECTORS];
        // SAFETY: the caller's promise; `b` has `k` rows of `n`, of which the strip's columns are read.
        unsafe {
            let from = self.b.as_ptr().add(p * self.n + self.first);
            for (v, vb) in vb.iter_mut().enumerate() {
                let left = if CUT { self.columns().len().saturating_sub(v * LANES) } else { LANES };
                *vb = s.load_first(from.wrapping_add(v * LANES), left);
            }
            for (i, acc) in acc.iter_mut().enumerate() {
                let va = s.splat(*a.add(p * TALL + i));
                for (acc, &vb) in acc.iter_mut().zip(&vb) {
                    *acc = s.mul_add(va, vb, *acc);
                }
            }
        }
    }
}
