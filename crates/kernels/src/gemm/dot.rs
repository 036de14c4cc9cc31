//! `c = a · bᵀ`: both operands are read along their rows, where they lie, 16 terms of the sum in the 16 lanes.
//!
//! ```text
//!            b: NR rows          c[i, j] = Σ chunks Σ lanes acc[i][j]
//!           ┌────────────┐       acc[i][j] += a[i, p..p+16] · b[j, p..p+16]
//!  a:  MR   │ acc 8 × 3  │
//!  rows     │            │       p along a chunk, which 8 rows of a fill L1 with; all rows of b pass over them from L2
//!           └────────────┘
//! ```
//!
//! Long sums are cut into chunks, one a task, and while a task multiplies it asks for the next chunk, one row a tile, so that memory
//! and multiply-adds are busy at once: each number of `a` and `b` comes from memory once. Tested against
//! [`super::matmul_nt_reference`]. The order of a sum depends on `k` alone: in a chunk, lane `l` adds the terms `l, l+16, …`,
//! then the lanes are folded, then the chunks added.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use std::cell::Cell;
use std::ops::Range;

use crate::isa;
use crate::parallel::{SharedMut, for_each_block};
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// The most terms of a chunk: 8 rows of 3 KiB are half of L1, 120 rows a fifth of a 2 MiB L2.
const CHUNK: usize = 768;
/// Many chunks come in fours, so that two or four threads get the same.
const CHUNKS: usize = 4;
/// Columns that a task takes where chunks are none.
const N_BLOCK: usize = 12;
/// So few rows of `a` take less time than reading `b`, which then is read row by row from end to end.
const FEW: usize = 8;
/// Terms that a turn of the inner loop adds.
const UNROLLED: usize = 4 * LANES;
/// Rows and columns of the largest tile.
const TALL: usize = 8;
const WIDE: usize = 3;

thread_local! {
    /// Calls with few rows go through `b` forwards and backwards in turn: where the last one ended, the thread's L2 still holds some of it.
    /// No sum is added in another order.
    static BACKWARDS: Cell<bool> = const { Cell::new(false) };
}

/// What becomes of what a product's place held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Replace,
    Add,
}

/// How `b` is stored: numbers, or halves of them, which are widened on the way into registers.
pub(super) trait Stored: Copy + Sync {
    /// How many lie between the starts of two rows of `k` numbers.
    fn pitch(k: usize) -> usize;

    /// Up to 16 numbers, of which `left` are there, zeros behind.
    ///
    /// # Safety
    /// They are at `from`, in a row as long as [`Stored::pitch`] says.
    unsafe fn load<S: Simd>(s: S, from: *const Self, left: usize) -> S::F;
}

impl Stored for f32 {
    fn pitch(k: usize) -> usize {
        k
    }

    /// A whole vector without a mask where `left` allows it.
    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, from: *const f32, left: usize) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { if left >= LANES { s.load(from) } else { s.load_first(from, left) } }
    }
}

pub(super) fn matmul_nt<B: Stored>((m, n, k): (usize, usize, usize), a: &[f32], b: &[B], c: &mut [f32]) {
    assert!(a.len() >= m * k && b.len() >= n * B::pitch(k) && c.len() >= m * n);
    if m == 0 || n == 0 || k == 0 {
        return c.fill(0.0);
    }
    let chunks = if k <= 2 * CHUNK { k.div_ceil(CHUNK) } else { k.div_ceil(CHUNK).next_multiple_of(CHUNKS) };
    let len = k.div_ceil(chunks).next_multiple_of(LANES);
    let terms = |chunk: usize| (chunk * len).min(k)..((chunk + 1) * len).min(k);
    if chunks < CHUNKS || m < FEW {
        let out = SharedMut::new(c);
        return for_each_block(n, N_BLOCK, m * n * k, |columns| {
            let blocks = columns.len().div_ceil(N_BLOCK);
            let backwards = BACKWARDS.replace(!BACKWARDS.get());
            for block in 0..blocks {
                let block = if backwards { blocks - 1 - block } else { block };
                let start = columns.start + block * N_BLOCK;
                let columns = start..(start + N_BLOCK).min(columns.end);
                for chunk in 0..chunks {
                    let write = if chunk == 0 { Write::Replace } else { Write::Add };
                    let (columns, terms) = (columns.clone(), terms(chunk));
                    isa::run(Product { m, n, k, a, b, columns, terms, next: None, write, out });
                }
            }
        });
    }
    with_scratch(chunks * m * n, |parts| {
        let out = SharedMut::new(parts);
        for_each_block(chunks, 1, m * n * k, |some| {
            for chunk in some {
                // SAFETY: each chunk has a part of its own, `m · n` numbers.
                let out = unsafe { out.part(chunk * m * n, m * n) };
                let (columns, terms) = (0..n, terms(chunk));
                let next = (terms.end < k).then_some(terms.end);
                isa::run(Product { m, n, k, a, b, columns, terms, next, write: Write::Replace, out });
            }
        });
        c.copy_from_slice(&parts[..m * n]);
        for part in parts[m * n..].chunks_exact(m * n) {
            crate::reduce::add_assign(c, part);
        }
    });
}

/// Some columns of `c`, as far as some terms go. [`matmul_nt`] has checked the lengths.
struct Product<'a, B> {
    m: usize,
    n: usize,
    k: usize,
    a: &'a [f32],
    b: &'a [B],
    columns: Range<usize>,
    terms: Range<usize>,
    /// Where the terms begin that will be asked for next.
    next: Option<usize>,
    write: Write,
    /// `[m, n]`; the columns belong to this thread.
    out: SharedMut<'a>,
}

impl<B: Stored> Kernel for Product<'_, B> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut sums = [0.0; TALL * WIDE * LANES];
        let (mut i, mut tiles) = (0, 0);
        while i < self.m {
            let mut j = self.columns.start;
            let mut rows = 0;
            while j < self.columns.end {
                let hint = self.hint(tiles);
                tiles += 1;
                let tall = S::ACCUMULATORS >= TALL * WIDE && self.m - i >= TALL;
                let columns;
                (rows, columns) = match (self.m - i, self.columns.end - j) {
                    (_, WIDE..) if tall => self.tile::<S, TALL, WIDE>(s, (i, j), hint, &mut sums),
                    _ if tall => self.tile::<S, TALL, 1>(s, (i, j), hint, &mut sums),
                    // With the operands 14 of AVX2's 16 registers, 28 of NEON's 32.
                    (2.., 2..) => self.tile::<S, 2, 2>(s, (i, j), hint, &mut sums),
                    (2.., _) => self.tile::<S, 2, 1>(s, (i, j), hint, &mut sums),
                    (_, WIDE..) => self.tile::<S, 1, WIDE>(s, (i, j), hint, &mut sums),
                    _ => self.tile::<S, 1, 1>(s, (i, j), hint, &mut sums),
                };
                j += columns;
            }
            i += rows;
        }
    }
}

impl<B: Stored> Product<'_, B> {
    /// The row of the next terms that tile number `tile` asks for, and bytes of a number there: first those of `b`, then those of `a`.
    #[inline(always)]
    fn hint(&self, tile: usize) -> Option<(*const u8, usize)> {
        let next = self.next?;
        match tile {
            tile if tile < self.n => {
                Some((self.b.as_ptr().wrapping_add(tile * B::pitch(self.k) + next).cast(), size_of::<B>()))
            }
            tile if tile < self.n + self.m => {
                Some((self.a.as_ptr().wrapping_add((tile - self.n) * self.k + next).cast(), size_of::<f32>()))
            }
            _ => None,
        }
    }

    /// `MR × NR` sums from row `i` and column `j` on. Returns `MR` and `NR`.
    #[inline(always)]
    fn tile<S: Simd, const MR: usize, const NR: usize>(
        &self,
        s: S,
        (i, j): (usize, usize),
        hint: Option<(*const u8, usize)>,
        sums: &mut [f32; TALL * WIDE * LANES],
    ) -> (usize, usize) {
        let (k, pitch, len) = (self.k, B::pitch(self.k), self.terms.len());
        let mut acc = [[s.splat(0.0); NR]; MR];
        // SAFETY: `matmul_nt` checked that rows `i..i + MR` of `a` and `j..j + NR` of `b`, `k` numbers each, are there, and that
        // `out` has `m` rows of `n`; the terms end at `k`. `sums` has room for the largest tile.
        unsafe {
            let a = self.a.as_ptr().add(i * k + self.terms.start);
            let b = self.b.as_ptr().add(j * pitch + self.terms.start);
            // Four vectors at once: what counts the loop takes turns with the multiply-adds on the same ports.
            let mut p = 0;
            while p + UNROLLED <= len {
                for p in (p..p + UNROLLED).step_by(LANES) {
                    if let Some((hint, bytes)) = hint {
                        s.prefetch(hint.wrapping_add(p * bytes).cast());
                    }
                }
                for q in 0..UNROLLED / LANES {
                    step(s, (k, pitch), a.add(p + q * LANES), b.add(p + q * LANES), LANES, &mut acc);
                }
                p += UNROLLED;
            }
            while p < len {
                step(s, (k, pitch), a.add(p), b.add(p), len - p, &mut acc);
                p += LANES;
            }
            for i in 0..MR {
                for j in 0..NR {
                    s.store(sums.as_mut_ptr().add((i * NR + j) * LANES), acc[i][j]);
                }
            }
            fold(s, sums, MR * NR);
            for (row, sums) in sums[..MR * NR].chunks_exact(NR).enumerate() {
                for (column, &sum) in sums.iter().enumerate() {
                    let to = self.out.at((i + row) * self.n + j + column);
                    *to = if self.write == Write::Add { *to + sum } else { sum };
                }
            }
        }
        (MR, NR)
    }
}

/// Up to 16 terms, of which `left` are there.
///
/// # Safety
/// They can be read in `MR` rows of `a` and `NR` rows of `b`, so many cells apart.
#[inline(always)]
unsafe fn step<S: Simd, B: Stored, const MR: usize, const NR: usize>(
    s: S,
    (k, pitch): (usize, usize),
    a: *const f32,
    b: *const B,
    left: usize,
    acc: &mut [[S::F; NR]; MR],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut vb = [s.splat(0.0); NR];
        for j in 0..NR {
            vb[j] = B::load(s, b.add(j * pitch), left);
        }
        for i in 0..MR {
            let va = f32::load(s, a.add(i * k), left);
            for j in 0..NR {
                acc[i][j] = s.mul_add(va, vb[j], acc[i][j]);
            }
        }
    }
}

/// Folds `count` vectors into their sums, which take the first places.
#[inline(always)]
fn fold<S: Simd>(s: S, sums: &mut [f32; TALL * WIDE * LANES], count: usize) {
    // SAFETY: `count` is at most `TALL · WIDE`; what is read behind them, up to the next 16, is not past the end or is not read.
    unsafe {
        for first in (0..count).step_by(LANES) {
            let from = sums.as_ptr().add(first * LANES);
            let many = (count - first).min(LANES);
            let mut each = [s.splat(0.0); LANES];
            for (lane, each) in each.iter_mut().enumerate().take(many) {
                *each = s.load(from.add(lane * LANES));
            }
            s.store_first(sums.as_mut_ptr().add(first), many, s.sums(each));
        }
    }
}
