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
//! A thread takes a panel of 8 strips, row block by row block, so that rows of `c` are written in runs. `a` is copied once, its numbers in
//! the order in which they are asked for; `b` is read where it lies. Meanwhile each tile asks for some of the next panel's `b`, also in runs
//! of a row, and for where the next tile will be written: those lie on pages of their own that no prefetcher foresees.
//!
//! What becomes of the sums is a [`Sink`]'s affair: they are stored, or an optimizer moves a weight by them.
//!
//! Tested against [`super::matmul_nn_reference`] and [`super::matmul_tn_reference`]. Each sum is one chain
//! over `p` in order, in one lane.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Sink;
use crate::isa;
use crate::parallel::for_each_block;
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Vectors in a strip.
const VECTORS: usize = 3;
/// Columns in a strip.
const STRIP: usize = VECTORS * LANES;
/// Strips of a panel, which a thread is handed at once.
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

/// Gives whether all sums are finite, if that was to be looked for. Sums of no terms (`k` 0) are not put anywhere. `less` is taken from the sums of each row, if it is not empty.
pub(super) fn matmul<K: Sink>(
    (m, n, k): (usize, usize, usize),
    a: &[f32],
    strides: Strides,
    b: &[f32],
    less: &[f32],
    sink: K,
    look: Look,
) -> bool {
    if m == 0 || n == 0 || k == 0 {
        return true;
    }
    assert!(a.len() > (m - 1) * strides.row + (k - 1) * strides.term);
    assert!(b.len() >= k * n && sink.len() >= m * n && (less.is_empty() || less.len() == m));
    let finite = AtomicBool::new(true);
    with_scratch(m.next_multiple_of(TALL) * k, |tall| {
        arrange((m, k), a, strides, tall);
        let a = &*tall;
        for_each_block(n.div_ceil(STRIP), STRIPS, m * n * k, |strips| {
            for first in strips.clone().step_by(STRIPS) {
                let strips = first..strips.end.min(first + STRIPS);
                if !isa::run(Panel { m, n, k, a, b, less, strips, sink, look }) {
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

/// All rows of some strips.
struct Panel<'a, K> {
    m: usize,
    n: usize,
    k: usize,
    /// As `arrange` left it.
    a: &'a [f32],
    b: &'a [f32],
    less: &'a [f32],
    strips: Range<usize>,
    sink: K,
    look: Look,
}

/// Cache lines of the next panel's part of `b`, row by row.
struct Ahead {
    next: *const f32,
    /// Lines left of this row, and of each.
    left: usize,
    lines: usize,
    /// From the end of one row's part to the next's.
    gap: usize,
}

impl Ahead {
    #[inline(always)]
    fn ask<S: Simd>(&mut self, s: S) {
        s.prefetch(self.next);
        // Without a branch, around which the compiler would move sums to memory and back.
        self.left -= 1;
        let ends = self.left == 0;
        self.left += if ends { self.lines } else { 0 };
        self.next = self.next.wrapping_add(LANES + if ends { self.gap } else { 0 });
    }
}

impl<K: Sink> Kernel for Panel<'_, K> {
    type Out = bool;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> bool {
        let mut finite = s.splat(0.0);
        let lines = VECTORS * STRIPS;
        let next = self.b.as_ptr().wrapping_add(self.strips.end * STRIP);
        let mut ahead = Ahead { next, left: lines, lines, gap: self.n - (lines * LANES).min(self.n) };
        let mut i = 0;
        while i < self.m {
            let tall = if S::ACCUMULATORS >= TALL * VECTORS { TALL } else { 2 };
            let rows = match self.m - i {
                left if left >= tall => tall,
                left if left >= 2 => 2,
                _ => 1,
            };
            for strip in self.strips.clone() {
                let cut = (strip + 1) * STRIP > self.n;
                let seen = match (rows, cut) {
                    (TALL, false) => self.tile::<S, TALL, false>(s, i, strip, &mut ahead),
                    (TALL, true) => self.tile::<S, TALL, true>(s, i, strip, &mut ahead),
                    (2, false) => self.tile::<S, 2, false>(s, i, strip, &mut ahead),
                    (2, true) => self.tile::<S, 2, true>(s, i, strip, &mut ahead),
                    (_, false) => self.tile::<S, 1, false>(s, i, strip, &mut ahead),
                    (_, true) => self.tile::<S, 1, true>(s, i, strip, &mut ahead),
                };
                finite = s.add(finite, seen);
            }
            i += rows;
        }
        s.sum(finite) == 0.0
    }
}

impl<K: Sink> Panel<'_, K> {
    /// `MR` rows of a strip, which may be `CUT` short by the end of the rows. Returns a sum of zeros unless one was not finite.
    #[inline(always)]
    fn tile<S: Simd, const MR: usize, const CUT: bool>(
        &self,
        s: S,
        first_row: usize,
        strip: usize,
        ahead: &mut Ahead,
    ) -> S::F {
        let Panel { m, n, k, .. } = *self;
        let zero = s.splat(0.0);
        let mut acc = [[zero; VECTORS]; MR];
        if !self.less.is_empty() {
            // By a known number of rows, so that the sums can stay in registers.
            for (i, acc) in acc.iter_mut().enumerate() {
                *acc = [s.splat(-self.less[first_row + i]); VECTORS];
            }
        }
        let first = strip * STRIP;
        let columns = first..(first + STRIP).min(n);
        // Where the next tile will be written.
        let to = if strip + 1 < self.strips.end {
            first_row * n + first + STRIP
        } else {
            (first_row + MR).min(m) * n + self.strips.start * STRIP
        };
        // SAFETY: `matmul` arranged all rows of `a` and checked that the sink has m rows of n; the strips belong to this thread.
        unsafe {
            let a = self.a.as_ptr().add(first_row / TALL * TALL * k + first_row % TALL);
            let mut p = 0;
            for v in 0..VECTORS {
                let mut row = 0;
                while row < MR && p < k {
                    self.sink.expect(s, to + row * n + v * LANES);
                    ahead.ask(s);
                    self.term::<S, MR, CUT>(s, a, p, &columns, &mut acc);
                    row += 1;
                    p += 1;
                }
            }
            while !CUT && p + 1 < k {
                ahead.ask(s);
                self.term::<S, MR, CUT>(s, a, p, &columns, &mut acc);
                self.term::<S, MR, CUT>(s, a, p + 1, &columns, &mut acc);
                p += 2;
            }
            while p < k {
                ahead.ask(s);
                self.term::<S, MR, CUT>(s, a, p, &columns, &mut acc);
                p += 1;
            }
            if K::IS_LONG {
                // A loop: unrolled it would be long, and sums that are picked by a variable would all be kept in memory from the start.
                let mut sums = [0.0; TALL * STRIP];
                for (i, acc) in acc.iter().enumerate() {
                    for (v, &acc) in acc.iter().enumerate() {
                        s.store(sums.as_mut_ptr().add(i * STRIP + v * LANES), acc);
                    }
                }
                for (i, sums) in sums.chunks_exact(STRIP).take(MR).enumerate() {
                    for (v, sums) in sums.as_chunks::<LANES>().0.iter().enumerate() {
                        self.put::<S, CUT>(s, first_row + i, &columns, v, s.load(sums.as_ptr()));
                    }
                }
            } else {
                for (i, acc) in acc.iter().enumerate() {
                    for (v, &acc) in acc.iter().enumerate() {
                        self.put::<S, CUT>(s, first_row + i, &columns, v, acc);
                    }
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
        finite.into_iter().fold(zero, |a, b| s.add(a, b))
    }

    /// Hands vector `v` of a row's columns to the sink.
    ///
    /// # Safety
    /// The row is one of the product's, the columns are this thread's.
    #[inline(always)]
    unsafe fn put<S: Simd, const CUT: bool>(
        &self,
        s: S,
        row: usize,
        columns: &Range<usize>,
        v: usize,
        sums: S::F,
    ) {
        let lanes = if CUT { columns.len().saturating_sub(v * LANES) } else { LANES };
        if lanes > 0 {
            // SAFETY: the caller's promise.
            unsafe { self.sink.put(s, row * self.n + columns.start + v * LANES, lanes, sums) };
        }
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
        columns: &Range<usize>,
        acc: &mut [[S::F; VECTORS]; MR],
    ) {
        let mut vb = [s.splat(0.0); VECTORS];
        // SAFETY: the caller's promise; `b` has `k` rows of `n`, of which the strip's columns are read.
        unsafe {
            let from = self.b.as_ptr().add(p * self.n + columns.start);
            for (v, vb) in vb.iter_mut().enumerate() {
                let left = if CUT { columns.len().saturating_sub(v * LANES) } else { LANES };
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
