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

/// Rows that are weighed side by side by [`weigh_spans`].
const SIDE_BY_SIDE: usize = 16;

/// Where the pixels of a shrunken row come from: a run of neighbours each, and their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans<'a> {
    /// First source pixel, and how many, of each output pixel.
    pub runs: &'a [(usize, usize)],
    /// Weights of all runs, one after the other.
    pub weights: &'a [i32],
}

/// `out[x] = round(Σ_k weights[k] · row[first + k])` with any number of taps a pixel, for each of `C` interleaved channels and
/// every row.
///
/// Rows are turned to columns, so many at a time that they fill a vector: then a tap is one load, and no sum crosses
/// lanes.
///
/// # Shapes
/// `source` is `[rows, width, C]`, `out` `[rows, spans.runs.len(), C]`.
///
/// # Panics
/// If a run goes outside of its row or of the weights, or a length does not fit.
pub fn weigh_spans<const C: usize>(source: &[u8], width: usize, spans: Spans<'_>, out: &mut [u8]) {
    let taps: usize = spans.runs.iter().map(|&(_, count)| count).sum();
    assert_eq!(taps, spans.weights.len(), "number of weights");
    assert!(spans.runs.iter().all(|&(first, count)| first + count <= width), "a run outside of its row");
    assert_eq!(source.len() / (width * C).max(1) * spans.runs.len() * C, out.len(), "length of out");
    isa::run(WeighSpans::<C> { source, width, spans, out });
}

struct WeighSpans<'a, const C: usize> {
    source: &'a [u8],
    width: usize,
    spans: Spans<'a>,
    out: &'a mut [u8],
}

impl<const C: usize> Kernel for WeighSpans<'_, C> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { source, width, spans, out } = self;
        let (stride, out_stride) = (width * C, spans.runs.len() * C);
        let mut columns = vec![[0; SIDE_BY_SIDE]; stride.next_multiple_of(TILE)];
        let blocks =
            source.chunks(stride * SIDE_BY_SIDE).zip(out.chunks_mut((out_stride * SIDE_BY_SIDE).max(1)));
        for (rows, out) in blocks {
            turn(rows, stride, &mut columns);
            let mut rest = spans.weights;
            for (x, &(first, count)) in spans.runs.iter().enumerate() {
                let (weights, after) = rest.split_at(count);
                rest = after;
                for c in 0..C {
                    let mut sums = [HALF; SIDE_BY_SIDE];
                    for (column, &w) in columns[first * C + c..].iter().step_by(C).zip(weights) {
                        for (sum, &v) in sums.iter_mut().zip(column) {
                            *sum += i32::from(v) * w;
                        }
                    }
                    for (row, &sum) in out.chunks_exact_mut(out_stride).zip(&sums) {
                        row[x * C + c] = round(sum);
                    }
                }
            }
        }
    }
}

/// Side of the squares that rows are turned in: the bytes of a `u64`.
const TILE: usize = 8;

/// `columns[x][r] = rows[r][x]`; rows that are not there leave what was.
#[inline(always)]
fn turn(rows: &[u8], stride: usize, columns: &mut [[u8; SIDE_BY_SIDE]]) {
    let count = rows.len() / stride.max(1);
    for top in (0..count).step_by(TILE) {
        let high = TILE.min(count - top);
        for (tile, columns) in columns.chunks_exact_mut(TILE).enumerate() {
            let left = tile * TILE;
            let wide = TILE.min(stride.saturating_sub(left));
            let mut lines = [0; TILE];
            for (r, line) in lines.iter_mut().take(high).enumerate() {
                let bytes = &rows[(top + r) * stride + left..][..wide];
                *line = match bytes.first_chunk() {
                    Some(all) => u64::from_le_bytes(*all),
                    None => bytes.iter().rev().fold(0, |sum, &v| sum << 8 | u64::from(v)),
                };
            }
            for (column, line) in columns.iter_mut().zip(turned(lines)) {
                column[top..top + TILE].copy_from_slice(&line.to_le_bytes());
            }
        }
    }
}

/// A square of bytes with rows and columns exchanged, by halves: blocks of four, of two, of one.
#[inline(always)]
fn turned(mut lines: [u64; TILE]) -> [u64; TILE] {
    for (distance, mask) in
        [(4, 0x0000_0000_FFFF_FFFF_u64), (2, 0x0000_FFFF_0000_FFFF), (1, 0x00FF_00FF_00FF_00FF)]
    {
        let shift = distance as u32 * 8;
        for i in (0..TILE).filter(|i| i & distance == 0) {
            let (a, b) = (lines[i], lines[i + distance]);
            lines[i] = (a & mask) | (b & mask) << shift;
            lines[i + distance] = (a >> shift & mask) | (b & !mask);
        }
    }
    lines
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
    fn spans_are_weighed_alike_on_each_isa_and_size() {
        fn check<const C: usize>(width: usize, rows: usize) {
            let source: Vec<u8> = (0..width * rows * C).map(|i| (i * i * 31 % 251) as u8).collect();
            let runs = [(0, 1), (0, width), (width / 3, width - width / 3), (width - 1, 1)];
            let weights: Vec<i32> = runs
                .iter()
                .flat_map(|&(_, count)| (0..count).map(move |k| ((k + 1) << 16) as i32 / count as i32))
                .collect();
            let mut expected = Vec::new();
            for row in source.chunks_exact(width * C) {
                let mut at = 0;
                for (first, count) in runs {
                    for c in 0..C {
                        let term = |k| i32::from(row[(first + k) * C + c]) * weights[at + k];
                        expected.push(round((0..count).fold(HALF, |sum, k| sum + term(k))));
                    }
                    at += count;
                }
            }
            let spans = Spans { runs: &runs, weights: &weights };
            for isa in Isa::available() {
                let mut out = vec![9; expected.len()];
                isa.run(WeighSpans::<C> { source: &source, width, spans, out: &mut out });
                assert_eq!(out, expected, "{} of {width} × {rows} × {C}", isa.name());
            }
        }
        for width in [1, 7, 8, 9, 40] {
            for rows in [0, 1, 8, 15, 16, 17, 35] {
                check::<1>(width, rows);
                check::<3>(width, rows);
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
