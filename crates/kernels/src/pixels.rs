//! Weighted sums of 8-bit pixels in fixed point, the two halves of a resize.
//!
//! Sums of integers are exact, so every instruction set gives the same bits; the loops are plain and compiled once for each.

use crate::isa;
use crate::simd::{Kernel, Simd};

/// Bits after the point of a weight: 32 less the 8 of a pixel, less 2 for sign and overshoot.
pub const FRACTION_BITS: u32 = 22;
const HALF: i32 = 1 << (FRACTION_BITS - 1);
/// Pixels whose sums are kept at a time.
const BLOCK: usize = 64;

/// `out[i] = round(Σ_k weights[k] · rows[k·stride + i])`, the weights with [`FRACTION_BITS`] bits after the point.
///
/// # Shapes
/// `rows` holds `weights.len()` rows of `stride` pixels, `out` one.
///
/// # Panics
/// If `rows` or `out` is too short.
///
/// # Examples
/// ```
/// let mut out = [0; 2];
/// kernels::pixels::weigh_rows(&[10, 20, 30, 41], 2, &[1 << 21, 1 << 21], &mut out);
/// assert_eq!(out, [20, 31]);
/// ```
pub fn weigh_rows(rows: &[u8], stride: usize, weights: &[i32], out: &mut [u8]) {
    assert!(rows.len() >= stride * weights.len() && out.len() == stride, "lengths of rows and out");
    isa::run(WeighRows { rows, stride, weights, out });
}

struct WeighRows<'a> {
    rows: &'a [u8],
    stride: usize,
    weights: &'a [i32],
    out: &'a mut [u8],
}

impl Kernel for WeighRows<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, stride, weights, out } = self;
        let mut blocks = out.chunks_exact_mut(BLOCK);
        let mut at = 0;
        for out in &mut blocks {
            let mut sums = [HALF; BLOCK];
            for (row, &w) in rows.chunks_exact(stride).zip(weights) {
                let row: &[u8; BLOCK] = row[at..at + BLOCK].first_chunk().unwrap_or(&[0; BLOCK]);
                for (sum, &v) in sums.iter_mut().zip(row) {
                    *sum += i32::from(v) * w;
                }
            }
            for (v, &sum) in out.iter_mut().zip(&sums) {
                *v = round(sum);
            }
            at += BLOCK;
        }
        for v in blocks.into_remainder() {
            let column = rows.chunks_exact(stride).map(|row| i32::from(row[at]));
            *v = round(column.zip(weights).fold(HALF, |sum, (v, &w)| sum + v * w));
            at += 1;
        }
    }
}

/// Where an output pixel comes from: two neighbours and their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Index of the first.
    pub first: u32,
    /// Weight of the first, and of the one after it.
    pub weights: [i32; 2],
}

/// `out[x] = round(Σ_k weights[k] · row[first + k])` with two taps a pixel, for each of `C` interleaved channels and every row.
///
/// # Shapes
/// `source` is `[rows, width, C]`, `out` `[rows, pairs.len(), C]`.
///
/// # Panics
/// If a pair points outside of its row, or a length does not fit.
pub fn weigh_pairs<const C: usize>(source: &[u8], width: usize, pairs: &[Pair], out: &mut [u8]) {
    assert!(pairs.iter().all(|pair| (pair.first as usize) + 1 < width), "a pair outside of its row");
    assert_eq!(source.len() / (width * C).max(1) * pairs.len() * C, out.len(), "length of out");
    let rows = source.chunks_exact(width * C).zip(out.chunks_exact_mut((pairs.len() * C).max(1)));
    for (row, out) in rows {
        for (pair, out) in pairs.iter().zip(out.chunks_exact_mut(C)) {
            let near = &row[pair.first as usize * C..][..2 * C];
            for (c, v) in out.iter_mut().enumerate() {
                let [a, b] = pair.weights;
                *v = round(HALF + i32::from(near[c]) * a + i32::from(near[C + c]) * b);
            }
        }
    }
}

#[inline(always)]
fn round(sum: i32) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    #[test]
    fn rows_are_weighed_alike_on_each_isa_and_size() {
        for stride in [0, 1, 63, 64, 65, 200] {
            for taps in [1, 2, 7] {
                let rows: Vec<u8> = (0..stride * taps).map(|i| (i * i * 31 % 251) as u8).collect();
                let weights: Vec<i32> = (0..taps).map(|k| ((k + 1) << FRACTION_BITS) as i32 / 28).collect();
                let expected: Vec<u8> = (0..stride)
                    .map(|i| {
                        let sum: f64 =
                            (0..taps).map(|k| f64::from(rows[k * stride + i]) * f64::from(weights[k])).sum();
                        (sum / f64::from(1 << FRACTION_BITS) + 0.5) as u8
                    })
                    .collect();
                for isa in Isa::available() {
                    let mut out = vec![9; stride];
                    let (rows, weights) = (&rows[..], &weights[..]);
                    if stride > 0 {
                        isa.run(WeighRows { rows, stride, weights, out: &mut out });
                    }
                    assert_eq!(out, expected, "{} of {stride} × {taps}", isa.name());
                }
            }
        }
    }

    #[test]
    fn pairs_of_each_channel_are_weighed_on_their_own() {
        let pairs =
            [Pair { first: 0, weights: [1 << 22, 0] }, Pair { first: 1, weights: [1 << 21, 1 << 21] }];
        let mut out = [0; 12];
        weigh_pairs::<3>(&[1, 2, 3, 4, 5, 6, 8, 9, 10, 7, 7, 7, 0, 0, 0, 2, 4, 6], 3, &pairs, &mut out);
        assert_eq!(out, [1, 2, 3, 6, 7, 8, 7, 7, 7, 1, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "outside of its row")]
    fn a_pair_that_points_outside_is_refused() {
        weigh_pairs::<1>(&[1, 2], 2, &[Pair { first: 1, weights: [0, 0] }], &mut [0]);
    }
}
