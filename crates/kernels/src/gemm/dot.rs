//! `c = a · bᵀ`: both operands are read along their rows, 16 terms of the sum in the 16 lanes.
//!
//! ```text
//!            b: NR rows          c[i, j] = Σ chunks Σ lanes acc[i][j]
//!           ┌────────────┐       acc[i][j] += a[i, p..p+16] · b[j, p..p+16]
//!  a:  MR   │ acc 8 × 3  │
//!  rows     │            │       p in blocks that stay in L1 for all rows of a and 12 of b
//!           └────────────┘
//! ```
//!
//! Long sums are cut into chunks, one a task: each number of `a` is then copied once, each of `b` read once. Tested against
//! [`super::matmul_nt_reference`]. The order of a sum depends on `k` alone: in a chunk, lane `l` adds the terms `l, l+16, …`,
//! then the lanes are folded, then the chunks added.

use std::ops::Range;

use crate::isa;
use crate::parallel::{SharedMut, for_each_block};
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Terms of a chunk, about: 120 rows of 4 KiB are a quarter of a 2 MiB L2.
const CHUNK: usize = 1024;
/// Chunks come in fours, so that two or four threads get the same.
const CHUNKS: usize = 4;
/// Terms that are done before moving on to the next rows: 16 rows of 2 KiB fill two thirds of L1.
const K_BLOCK: usize = 512;
/// Rows of `a` whose block stays in L1.
const M_BLOCK: usize = 16;
/// Rows of `b` that pass over it.
const N_BLOCK: usize = 12;

/// What becomes of what a product's place held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Replace,
    Add,
}

/// So few rows of `a` take less time than reading `b`, which then is read row by row from end to end.
const FEW: usize = 8;

pub(super) fn matmul_nt((m, n, k): (usize, usize, usize), a: &[f32], b: &[f32], c: &mut [f32]) {
    if m == 0 || n == 0 || k == 0 {
        return c.fill(0.0);
    }
    let chunks = if k < 2 * CHUNK { 1 } else { (k / CHUNK).next_multiple_of(CHUNKS) };
    let len = k.div_ceil(chunks).next_multiple_of(LANES);
    let terms = |chunk: usize| (chunk * len).min(k)..((chunk + 1) * len).min(k);
    if chunks == 1 || m < FEW {
        let out = SharedMut::new(c);
        return for_each_block(n, N_BLOCK, m * n * k, |columns| {
            for chunk in 0..chunks {
                let write = if chunk == 0 { Write::Replace } else { Write::Add };
                product((m, n, k), a, b, columns.clone(), terms(chunk), out, write);
            }
        });
    }
    with_scratch(chunks * m * n, |parts| {
        let out = SharedMut::new(parts);
        for_each_block(chunks, 1, m * n * k, |some| {
            for chunk in some {
                // SAFETY: each chunk has a part of its own, `m · n` numbers.
                let part = unsafe { out.part(chunk * m * n, m * n) };
                product((m, n, k), a, b, 0..n, terms(chunk), part, Write::Replace);
            }
        });
        c.copy_from_slice(&parts[..m * n]);
        for part in parts[m * n..].chunks_exact(m * n) {
            crate::reduce::add_assign(c, part);
        }
    });
}

/// Some columns of `c`, as far as some terms go.
fn product(
    (m, n, k): (usize, usize, usize),
    a: &[f32],
    b: &[f32],
    columns: Range<usize>,
    terms: Range<usize>,
    out: SharedMut<'_>,
    write: Write,
) {
    // Blocks of about equal length.
    let blocks = terms.len().div_ceil(K_BLOCK);
    let block = terms.len().div_ceil(blocks.max(1)).next_multiple_of(LANES);
    for first in (0..m).step_by(M_BLOCK) {
        let rows = M_BLOCK.min(m - first);
        let a = &a[first * k..(first + rows) * k];
        with_scratch(blocks * rows * K_BLOCK + rows * N_BLOCK * LANES, |scratch| {
            let (packed, sums) = scratch.split_at_mut(blocks * rows * K_BLOCK);
            for (i, row) in a.chunks_exact(k).enumerate() {
                for (q, from) in row[terms.clone()].chunks(block).enumerate() {
                    let to = &mut packed[(q * rows + i) * K_BLOCK..][..block];
                    to[..from.len()].copy_from_slice(from);
                    to[from.len()..].fill(0.0);
                }
            }
            for start in columns.clone().step_by(N_BLOCK) {
                let columns = start..(start + N_BLOCK).min(columns.end);
                let sums = &mut sums[..rows * columns.len() * LANES];
                let b = &b[columns.start * k..columns.end * k];
                isa::run(Panel { rows, k, terms: terms.clone(), block, a: packed, b, sums: &mut *sums });
                for (j, own) in columns.zip(sums.chunks_exact(rows)) {
                    for (i, &sum) in own.iter().enumerate() {
                        // SAFETY: row `first + i < m`, column `j < n`; each column of `out` belongs to one thread.
                        let to = unsafe { &mut *out.at((first + i) * n + j) };
                        *to = if write == Write::Add { *to + sum } else { sum };
                    }
                }
            }
        });
    }
}

/// Up to [`N_BLOCK`] columns, up to [`M_BLOCK`] rows of `a`. Leaves the sums of the lanes, `[column][row]`.
struct Panel<'a> {
    rows: usize,
    k: usize,
    terms: Range<usize>,
    /// Terms of a block.
    block: usize,
    /// The terms of `a`, `[block][row][K_BLOCK]`, zeros behind the last.
    a: &'a [f32],
    b: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Panel<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Panel { rows, k, terms, block, a, b, sums } = self;
        let columns = b.len() / k;
        sums.fill(0.0);
        for (start, a) in terms.clone().step_by(block).zip(a.chunks_exact(rows * K_BLOCK)) {
            let len = block.min(terms.end - start);
            // Where the next block of the same row lies; after the last, the first of the rows that come next.
            let ahead = if start + len < terms.end { len } else { N_BLOCK * k - (start - terms.start) };
            let mut j = 0;
            while j < columns {
                let step = if columns - j >= 3 { 3 } else { 1 };
                let b = &b[j * k + start..];
                let sums = &mut sums[j * rows * LANES..];
                let mut i = 0;
                while i < rows {
                    let a = &a[i * K_BLOCK..];
                    let sums = &mut sums[i * LANES..];
                    // The rows of `b` are new to the first rows of `a` alone. Few rows wait for memory anyhow, which hints slow down.
                    let at = Tile { len, k, rows, ahead: (i == 0 && rows >= FEW).then_some(ahead) };
                    let tall = if S::ACCUMULATORS >= 24 { 8 } else { 2 };
                    i += match (rows - i, step) {
                        (left, 3) if left >= tall && tall == 8 => tile::<S, 8, 3>(s, at, a, b, sums),
                        (left, 1) if left >= 8 => tile::<S, 8, 1>(s, at, a, b, sums),
                        (left, 3) if left >= 2 => tile::<S, 2, 3>(s, at, a, b, sums),
                        (_, 3) => tile::<S, 1, 3>(s, at, a, b, sums),
                        _ => tile::<S, 1, 1>(s, at, a, b, sums),
                    };
                }
                j += step;
            }
        }
        let many = columns * rows;
        for first in (0..many).step_by(LANES) {
            let mut each = [s.splat(0.0); LANES];
            for (each, lanes) in each.iter_mut().zip(sums[first * LANES..].chunks_exact(LANES)) {
                // SAFETY: the chunk has 16 numbers.
                *each = unsafe { s.load(lanes.as_ptr()) };
            }
            // SAFETY: `sums` holds 16 numbers for each that is written, and these 16 are read already.
            unsafe { s.store_first(sums.as_mut_ptr().add(first), many - first, s.sums(each)) };
        }
    }
}

#[derive(Clone, Copy)]
struct Tile {
    len: usize,
    k: usize,
    rows: usize,
    /// How far behind what is read of `b` lies what to ask for.
    ahead: Option<usize>,
}

/// `MR × NR` sums, moved on by `len` terms. Returns `MR`.
#[inline(always)]
fn tile<S: Simd, const MR: usize, const NR: usize>(
    s: S,
    at: Tile,
    a: &[f32],
    b: &[f32],
    sums: &mut [f32],
) -> usize {
    let place = |i: usize, j: usize| (j * at.rows + i) * LANES;
    assert!(a.len() >= (MR - 1) * K_BLOCK + at.len.next_multiple_of(LANES));
    assert!(b.len() >= (NR - 1) * at.k + at.len && sums.len() >= place(MR - 1, NR - 1) + LANES);
    let mut acc = [[s.splat(0.0); NR]; MR];
    // SAFETY: the assertions above cover every address: row `i` of `a` at `i·K_BLOCK`, row `j` of `b` at `j·k`,
    // both read up to `len` (`a` is padded to whole vectors), sums at `place(i, j)`.
    unsafe {
        for (i, acc) in acc.iter_mut().enumerate() {
            for (j, acc) in acc.iter_mut().enumerate() {
                *acc = s.load(sums.as_ptr().add(place(i, j)));
            }
        }
        let whole = at.len / LANES * LANES;
        let mut p = 0;
        while p < whole {
            if let Some(ahead) = at.ahead {
                for j in 0..NR {
                    s.prefetch(b.as_ptr().wrapping_add(j * at.k + p + ahead));
                }
            }
            let vb: [S::F; NR] = std::array::from_fn(|j| s.load(b.as_ptr().add(j * at.k + p)));
            for (i, acc) in acc.iter_mut().enumerate() {
                let va = s.load(a.as_ptr().add(i * K_BLOCK + p));
                for (acc, &vb) in acc.iter_mut().zip(&vb) {
                    *acc = s.mul_add(va, vb, *acc);
                }
            }
            p += LANES;
        }
        if p < at.len {
            let left = at.len - p;
            let vb: [S::F; NR] = std::array::from_fn(|j| s.load_first(b.as_ptr().add(j * at.k + p), left));
            for (i, acc) in acc.iter_mut().enumerate() {
                let va = s.load(a.as_ptr().add(i * K_BLOCK + p));
                for (acc, &vb) in acc.iter_mut().zip(&vb) {
                    *acc = s.mul_add(va, vb, *acc);
                }
            }
        }
        for (i, acc) in acc.iter().enumerate() {
            for (j, &acc) in acc.iter().enumerate() {
                s.store(sums.as_mut_ptr().add(place(i, j)), acc);
            }
        }
    }
    MR
}
