//! Rows weighed and added: the vertical half of a resize.

use super::{HALF, Spans, round, weighed};
use crate::isa;
use crate::simd::{Kernel, Simd};

/// Pixels whose sums are kept in registers at a time.
const BLOCK: usize = 64;

/// `out[y][i] = round(Σ_k weight[y][k] · source[first[y] + k][i])`, the definition of [`weigh_down`].
///
/// # Panics
/// As [`weigh_down`].
pub fn weigh_down_reference(source: &[u8], stride: usize, spans: &Spans, out: &mut [u8]) {
    for ((first, weights), out) in spans.iter().zip(out.chunks_exact_mut(stride.max(1))) {
        for (i, v) in out.iter_mut().enumerate() {
            *v = weighed((0..weights.len()).map(|k| source[(first + k) * stride + i]), weights);
        }
    }
}

/// `out[y][i] = round(Σ_k weight[y][k] · source[first[y] + k][i])`, the weights in fixed point.
///
/// # Shapes
/// `source` is rows of `stride` pixels, `out` `[spans.runs.len(), stride]`.
///
/// # Panics
/// If a run goes outside of the rows or of the weights, or a length does not fit.
///
/// # Examples
/// ```
/// use kernels::pixels::{Spans, weigh_down};
///
/// let mut out = [0; 2];
/// let mean = Spans { runs: vec![(0, 2)], weights: vec![1 << 21, 1 << 21] };
/// weigh_down(&[10, 20, 30, 41], 2, &mean, &mut out);
/// assert_eq!(out, [20, 31]);
/// ```
pub fn weigh_down(source: &[u8], stride: usize, spans: &Spans, out: &mut [u8]) {
    assert!(spans.fit(source.len() / stride.max(1)), "a run outside of the rows or of the weights");
    assert_eq!(spans.runs.len() * stride, out.len(), "length of out");
    isa::run(WeighDown { source, stride, spans, out });
}

struct WeighDown<'a> {
    source: &'a [u8],
    stride: usize,
    spans: &'a Spans,
    out: &'a mut [u8],
}

impl Kernel for WeighDown<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { source, stride, spans, out } = self;
        for ((first, weights), out) in spans.iter().zip(out.chunks_exact_mut(stride.max(1))) {
            let rows = &source[first * stride..][..weights.len() * stride];
            match *weights {
                // Where a picture grows: no loop over taps.
                [a, b] => weigh_row(rows, stride, &[a, b], out),
                _ => weigh_row(rows, stride, weights, out),
            }
        }
    }
}

#[inline(always)]
fn weigh_row(rows: &[u8], stride: usize, weights: &[i32], out: &mut [u8]) {
    let mut blocks = out.chunks_exact_mut(BLOCK);
    let mut at = 0;
    for out in &mut blocks {
        let mut sums = [HALF; BLOCK];
        for (row, &w) in rows.chunks_exact(stride).zip(weights) {
            let row: &[u8; BLOCK] = row[at..at + BLOCK].first_chunk().unwrap_or(&[0; BLOCK]);
            for (sum, &v) in sums.iter_mut().zip(row) {
                *sum = sum.wrapping_add(i32::from(v).wrapping_mul(w));
            }
        }
        for (v, &sum) in out.iter_mut().zip(&sums) {
            *v = round(sum);
        }
        at += BLOCK;
    }
    for (i, v) in blocks.into_remainder().iter_mut().enumerate() {
        *v = weighed(rows.iter().skip(at + i).step_by(stride).copied(), weights);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    #[test]
    fn rows_are_weighed_alike_on_each_isa_and_size() {
        for stride in [1, 63, 64, 65, 200] {
            for rows in [2, 3, 9] {
                let source: Vec<u8> = (0..stride * rows).map(|i| (i * i * 31 % 251) as u8).collect();
                let runs = vec![(0, rows), (1, 1), (rows - 2, 2), (0, 2)];
                let taps: usize = runs.iter().map(|&(_, count)| count).sum();
                let weights = (0..taps).map(|k| ((k % 5 + 1) << 22) as i32 / 14).collect();
                let spans = Spans { runs, weights };
                let mut expected = vec![0; 4 * stride];
                weigh_down_reference(&source, stride, &spans, &mut expected);
                for isa in Isa::available() {
                    let mut out = vec![9; 4 * stride];
                    isa.run(WeighDown { source: &source, stride, spans: &spans, out: &mut out });
                    assert_eq!(out, expected, "{} of {rows} × {stride}", isa.name());
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "a run outside")]
    fn a_run_that_goes_outside_is_refused() {
        let spans = Spans { runs: vec![(1, 2)], weights: vec![1, 1] };
        weigh_down(&[1, 2, 3, 4], 2, &spans, &mut [0; 2]);
    }

    #[test]
    fn nothing_becomes_nothing() {
        weigh_down(&[], 0, &Spans::default(), &mut []);
    }
}
