//! `c = a · bᵀ`: both operands are read along their rows, 16 terms of the sum in the 16 lanes.
//!
//! ```text
//!            b: NR rows          c[i, j] = Σ lanes acc[i][j]
//!           ┌────────────┐       acc[i][j] += a[i, k..k+16] · b[j, k..k+16]
//!  a:  MR   │ acc 8 × 3  │
//!  rows     │            │       k in blocks that stay in L1 for all rows of a and b
//!           └────────────┘
//! ```
//!
//! Tested against [`super::matmul_nt_reference`]. The order of a sum depends on `k` alone: lane `l` adds the
//! terms `l, l+16, …`, then the lanes are folded.

use crate::isa;
use crate::parallel::{SharedMut, for_each_block};
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// Terms of a sum that are done before moving on to the next rows: 32 rows of 1 KiB fill two thirds of L1.
const K_BLOCK: usize = 256;
/// Rows of `a` whose block stays in L1.
const M_BLOCK: usize = 32;
/// Rows of `b` handed to a thread at once.
const N_BLOCK: usize = 12;

pub(super) fn matmul_nt((m, n, k): (usize, usize, usize), a: &[f32], b: &[f32], c: &mut [f32]) {
    if m == 0 || n == 0 || k == 0 {
        return c.fill(0.0);
    }
    let out = SharedMut::new(c);
    for_each_block(n, N_BLOCK, m * n * k, |columns| {
        for first in (0..m).step_by(M_BLOCK) {
            let rows = M_BLOCK.min(m - first);
            // Room for a block of `a` side by side, and for the sums in progress, 16 lanes each.
            let sums = rows * columns.len() * LANES;
            with_scratch(rows * K_BLOCK + sums, |scratch| {
                let (block, sums) = scratch.split_at_mut(rows * K_BLOCK);
                let a = &a[first * k..(first + rows) * k];
                let b = &b[columns.start * k..columns.end * k];
                isa::run(Panel { rows, k, a, b, block, sums });
                for (j, own) in columns.clone().zip(sums.chunks_exact(rows * LANES)) {
                    for (i, lanes) in own.chunks_exact(LANES).enumerate() {
                        // SAFETY: row `first + i < m`, column `j < n`; each column belongs to one thread.
                        unsafe { *out.at((first + i) * n + j) = lanes[0] }
                    }
                }
            });
        }
    });
}

/// All columns of one thread, for up to [`M_BLOCK`] rows of `a`. Leaves each sum in the first of its lanes.
struct Panel<'a> {
    rows: usize,
    k: usize,
    a: &'a [f32],
    b: &'a [f32],
    block: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Kernel for Panel<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Panel { rows, k, a, b, block, sums } = self;
        let columns = b.len() / k;
        sums.fill(0.0);
        for start in (0..k).step_by(K_BLOCK) {
            let len = K_BLOCK.min(k - start);
            let padded = len.next_multiple_of(LANES);
            for (to, from) in block.chunks_exact_mut(K_BLOCK).zip(a.chunks_exact(k)) {
                to[..len].copy_from_slice(&from[start..start + len]);
                to[len..padded].fill(0.0);
            }
            let mut j = 0;
            while j < columns {
                let step = if columns - j >= 3 { 3 } else { 1 };
                let b = &b[j * k + start..];
                let sums = &mut sums[j * rows * LANES..];
                let mut i = 0;
                while i < rows {
                    let block = &block[i * K_BLOCK..];
                    let sums = &mut sums[i * LANES..];
                    let at = Tile { len, k, rows };
                    let tall = if S::ACCUMULATORS >= 24 { 8 } else { 2 };
                    i += match (rows - i, step) {
                        (left, 3) if left >= tall && tall == 8 => tile::<S, 8, 3>(s, at, block, b, sums),
                        (left, 1) if left >= 8 => tile::<S, 8, 1>(s, at, block, b, sums),
                        (left, 3) if left >= 2 => tile::<S, 2, 3>(s, at, block, b, sums),
                        (_, 3) => tile::<S, 1, 3>(s, at, block, b, sums),
                        _ => tile::<S, 1, 1>(s, at, block, b, sums),
                    };
                }
                j += step;
            }
        }
        for lanes in sums.chunks_exact_mut(LANES) {
            // SAFETY: the chunk has 16 numbers.
            lanes[0] = s.sum(unsafe { s.load(lanes.as_ptr()) });
        }
    }
}

#[derive(Clone, Copy)]
struct Tile {
    len: usize,
    k: usize,
    rows: usize,
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
