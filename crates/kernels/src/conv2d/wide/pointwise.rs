//! A window of one cell at stride 1: `y[o, cell] = Σ_c w[o, c] · x[c, cell] + b[o]`, a matrix product of planes as they lie.

use rayon::prelude::*;

use crate::gemm;

/// Every sample's `w · x`, or, transposed, `wᵀ · dy`; `w` is `[out, in]`.
pub(super) fn each_sample(
    transposed: bool,
    (out, inp, cells): (usize, usize, usize),
    w: &[f32],
    bias: Option<&[f32]>,
    from: &[f32],
    to: &mut [f32],
) {
    let (rows, terms) = if transposed { (inp, out) } else { (out, inp) };
    assert_eq!(from.len() / (terms * cells), to.len() / (rows * cells), "samples");
    from.par_chunks(terms * cells).zip(to.par_chunks_mut(rows * cells)).for_each(|(from, to)| {
        if transposed {
            gemm::matmul_tn((rows, cells, terms), w, from, to);
        } else {
            gemm::matmul_nn((rows, cells, terms), w, from, to);
        }
        for (plane, &b) in to.chunks_exact_mut(cells).zip(bias.unwrap_or_default()) {
            plane.iter_mut().for_each(|y| *y += b);
        }
    });
}
