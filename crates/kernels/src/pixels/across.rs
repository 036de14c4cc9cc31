//! Pixels of a row weighed and added: the horizontal half of a resize.
//!
//! ```text
//! growing     16 bytes of a row ─ one shuffle ─► a₀ b₀ a₁ b₁ … a₁₅ b₁₅ ─ two multiply-adds ─► 16 pixels
//! shrinking   16 bytes of four rows each, times the same 16 weights, sums within each row ─► 4 pixels of a column
//! ```
//!
//! A weight has 22 bits after the point, and the one instruction that multiplies and adds neighbours takes 16: so each sum is
//! made twice, with the weights' upper and lower parts.

use super::{HALF, Spans, round, weighed};
use crate::isa;
use crate::simd::{Kernel, LANES, PairTaps, Simd, Weights, halves};

/// `out[x] = round(Σ_k weight[x][k] · row[first[x] + k])` of each of `channels` interleaved channels and every row: the definition of
/// [`Across::run`].
///
/// # Panics
/// If a run goes outside of its row.
pub fn weigh_across_reference(source: &[u8], width: usize, channels: usize, spans: &Spans, out: &mut [u8]) {
    let rows = source.chunks_exact((width * channels).max(1));
    let outs = out.chunks_exact_mut((spans.runs.len() * channels).max(1));
    for (row, out) in rows.zip(outs) {
        for ((first, weights), out) in spans.iter().zip(out.chunks_exact_mut(channels)) {
            for (c, v) in out.iter_mut().enumerate() {
                *v = weighed(row[first * channels + c..].iter().step_by(channels).copied(), weights);
            }
        }
    }
}

/// How rows of one width become rows of another; made once for all rows and pictures of that width.
///
/// # Examples
/// ```
/// use kernels::pixels::{Across, Spans};
///
/// let mean = Spans { runs: vec![(0, 2)], weights: vec![1 << 21, 1 << 21] };
/// let mut out = [0; 2];
/// Across::new(2, 1, mean).run(&[10, 20, 30, 41], &mut out);
/// assert_eq!(out, [15, 36]);
/// ```
#[derive(Clone, Debug)]
pub struct Across {
    width: usize,
    channels: usize,
    spans: Spans,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// At most two taps each: windows of 16 bytes and what 16 output bytes take from them, the last from wherever ends the row.
    Pairs(Vec<(usize, PairTaps)>),
    /// For each output byte its window's begin, and weights of as many bytes as the longest run takes, the same number for all.
    Runs { begins: Vec<usize>, weights: Vec<Weights>, each: usize },
    /// Rows too short for a vector.
    Plain,
}

impl Across {
    /// From rows of `width` pixels of so many interleaved channels.
    ///
    /// # Panics
    /// If a run goes outside of its row or of the weights.
    pub fn new(width: usize, channels: usize, spans: Spans) -> Self {
        assert!(spans.fit(width), "a run outside of its row or of the weights");
        let form = Form::pairs(width * channels, channels, &spans)
            .or_else(|| Form::runs(width * channels, channels, &spans))
            .unwrap_or(Form::Plain);
        Self { width, channels, spans, form }
    }

    /// `out[x] = round(Σ_k weight[x][k] · row[first[x] + k])` of each channel and every row.
    ///
    /// # Shapes
    /// `source` is `[rows, width, channels]`, `out` `[rows, number of runs, channels]`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn run(&self, source: &[u8], out: &mut [u8]) {
        let (stride, out_stride) = (self.width * self.channels, self.spans.runs.len() * self.channels);
        let rows = source.len() / stride.max(1);
        assert_eq!(
            (rows * stride, rows * out_stride),
            (source.len(), out.len()),
            "lengths of source and out"
        );
        match &self.form {
            Form::Pairs(blocks) => isa::run(WeighPairs { source, stride, blocks, out, out_stride }),
            Form::Runs { begins, weights, each } => {
                isa::run(WeighRuns { source, stride, begins, weights, each: *each, out, out_stride });
            }
            Form::Plain => weigh_across_reference(source, self.width, self.channels, &self.spans, out),
        }
    }
}

impl Form {
    fn pairs(stride: usize, channels: usize, spans: &Spans) -> Option<Self> {
        let out_stride = spans.runs.len() * channels;
        if stride < LANES || out_stride < LANES || spans.runs.iter().any(|&(_, count)| count > 2) {
            return None;
        }
        let all: Vec<_> = spans.iter().collect();
        let block = |begin: usize| {
            // The last block ends with the row, and does some of the one before again.
            let begin = begin.min(out_stride - LANES);
            let first = |e: usize| all[e / channels].0 * channels + e % channels;
            let window = (begin..begin + LANES).map(first).min()?.min(stride - LANES);
            let mut taps = PairTaps { pick: [[0, 128]; 2 * LANES], upper: [0; 32], lower: [0; 32] };
            for i in 0..LANES {
                for (k, &weight) in all[(begin + i) / channels].1.iter().enumerate() {
                    let byte = u8::try_from(first(begin + i) + k * channels - window).ok()?;
                    // A window is 16 bytes: rows that hardly grow spread over more.
                    taps.pick[2 * i + k][0] = Some(byte).filter(|&byte| usize::from(byte) < LANES)?;
                    [taps.upper[2 * i + k], taps.lower[2 * i + k]] = halves(weight);
                }
            }
            Some((window, taps))
        };
        (0..out_stride).step_by(LANES).map(block).collect::<Option<_>>().map(Self::Pairs)
    }

    fn runs(stride: usize, channels: usize, spans: &Spans) -> Option<Self> {
        let longest = spans.runs.iter().map(|&(_, count)| count).max()?;
        let each = (longest.saturating_sub(1) * channels + 1).div_ceil(LANES);
        let last = stride.checked_sub(each * LANES)?;
        let (mut begins, mut weights) = (Vec::new(), Vec::new());
        for (first, taps) in spans.iter() {
            for c in 0..channels {
                let byte = first * channels + c;
                let begin = byte.min(last);
                let mut window = vec![Weights::default(); each];
                for (k, &weight) in taps.iter().enumerate() {
                    let lane = byte - begin + k * channels;
                    let part = &mut window[lane / LANES];
                    [part.upper[lane % LANES], part.lower[lane % LANES]] = halves(weight);
                }
                begins.push(begin);
                weights.append(&mut window);
            }
        }
        Some(Self::Runs { begins, weights, each })
    }
}

struct WeighPairs<'a> {
    source: &'a [u8],
    stride: usize,
    blocks: &'a [(usize, PairTaps)],
    out: &'a mut [u8],
    out_stride: usize,
}

impl Kernel for WeighPairs<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { source, stride, blocks, out, out_stride } = self;
        // By block, so that its weights stay in registers for all rows.
        for (i, (window, taps)) in blocks.iter().enumerate() {
            let begin = (i * LANES).min(out_stride - LANES);
            for (row, out) in source.chunks_exact(stride).zip(out.chunks_exact_mut(out_stride)) {
                let (from, to) = (&row[*window..][..LANES], &mut out[begin..][..LANES]);
                // SAFETY: both are slices of 16 bytes.
                unsafe { s.weigh_pairs(from.as_ptr(), taps, to.as_mut_ptr()) }
            }
        }
    }
}

struct WeighRuns<'a> {
    source: &'a [u8],
    stride: usize,
    begins: &'a [usize],
    weights: &'a [Weights],
    each: usize,
    out: &'a mut [u8],
    out_stride: usize,
}

/// Rows that go together: one vector of sums.
const ROWS: usize = 4;

impl Kernel for WeighRuns<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { source, stride, begins, weights, each, out, out_stride } = self;
        for (rows, out) in source.chunks(ROWS * stride).zip(out.chunks_mut(ROWS * out_stride)) {
            let count = rows.len() / stride;
            // Of fewer rows the last one is taken again, and written again.
            let at: [usize; ROWS] = std::array::from_fn(|r| r.min(count - 1));
            for (x, (&begin, weights)) in begins.iter().zip(weights.chunks_exact(each)).enumerate() {
                let runs = at.map(|r| rows[r * stride + begin..][..each * LANES].as_ptr());
                // SAFETY: each is a slice of 16 bytes for every element of `weights`.
                let sums = unsafe { s.weigh_runs(runs, weights) };
                for (r, sum) in at.into_iter().zip(sums) {
                    out[r * out_stride + x] = round(sum.wrapping_add(HALF));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::tests::on_each_isa;
    use proptest::prelude::*;

    fn check(width: usize, channels: usize, rows: usize, spans: Spans) {
        let source: Vec<u8> = (0..width * rows * channels).map(|i| (i * i * 31 % 251) as u8).collect();
        let mut expected = vec![9; spans.runs.len() * rows * channels];
        weigh_across_reference(&source, width, channels, &spans, &mut expected);
        let across = Across::new(width, channels, spans);
        for (isa, out) in on_each_isa(|| {
            let mut out = vec![7; expected.len()];
            across.run(&source, &mut out);
            out
        }) {
            assert_eq!(out, expected, "{isa}: {rows} rows of {width} × {channels}: {:?}", across.form);
        }
    }

    /// Weights of `taps` neighbours that add up to 1.
    fn spans(width: usize, to: usize, taps: usize) -> Spans {
        let count = taps.min(width);
        let runs: Vec<_> = (0..to).map(|x| ((x * width / to).min(width - count), count)).collect();
        let weights = (0..to * count).map(|k| ((k % 3 + 1) << 22) as i32 / (2 * count) as i32);
        Spans { weights: weights.collect(), runs }
    }

    proptest! {
        #[test]
        fn every_form_is_the_reference(width in 1_usize..90, to in 1_usize..90, taps in 1_usize..50, channels in prop_oneof![Just(1_usize), Just(3)], rows in 0_usize..10) {
            check(width, channels, rows, spans(width, to, taps));
        }
    }

    #[test]
    fn growing_takes_pairs_and_shrinking_takes_runs() {
        assert!(matches!(Across::new(64, 1, spans(64, 128, 2)).form, Form::Pairs(_)));
        assert!(matches!(Across::new(64, 3, spans(64, 128, 2)).form, Form::Pairs(_)));
        assert!(matches!(Across::new(500, 1, spans(500, 128, 8)).form, Form::Runs { each: 1, .. }));
        assert!(matches!(Across::new(500, 3, spans(500, 128, 8)).form, Form::Runs { each: 2, .. }));
        assert!(matches!(Across::new(15, 1, spans(15, 30, 2)).form, Form::Plain));
    }

    #[test]
    fn no_rows_and_no_columns_are_nothing() {
        check(40, 1, 0, spans(40, 8, 2));
        check(40, 1, 3, Spans::default());
    }

    #[test]
    fn as_many_taps_as_a_picture_may_be_wide_are_added_exactly() {
        // The lower parts alone overflow 32 bits on the way; the whole sum does not.
        let width = 1 << 16;
        let spans = Spans { runs: vec![(0, width)], weights: vec![64; width] };
        let mut out = [0];
        Across::new(width, 1, spans).run(&vec![255; width], &mut out);
        assert_eq!(out, [255]);
    }

    #[test]
    #[should_panic(expected = "outside of its row")]
    fn a_run_that_goes_outside_is_refused() {
        let _ = Across::new(2, 1, Spans { runs: vec![(1, 2)], weights: vec![1, 1] });
    }
}
