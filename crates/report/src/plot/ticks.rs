//! Where an axis puts its marks.
//!
//! # Source
//! Heckbert, "Nice Numbers for Graph Labels", Graphics Gems, 1990: steps of 1, 2 or 5 times a power of ten.

/// Values beyond this are clamped: nobody reads them, and sums of them overflow.
const LARGEST: f64 = 1e100;
/// Ranges narrower than this share of their values are widened, or neighbouring marks would be one number.
const NARROWEST: f64 = 1e-9;
/// From here on labels are written as `1.5e6`.
const SCIENTIFIC_FROM: f64 = 1e6;
/// Below this power of ten as well.
const SCIENTIFIC_BELOW: i32 = -6;

/// Marks of one axis: round numbers, evenly spaced, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    values: Vec<f64>,
    /// The step is `factor · 10^power`.
    power: i32,
}

impl Ticks {
    /// About `target` marks whose first and last enclose `lo` and `hi`, in either order.
    ///
    /// Works for any input: what is not finite counts as 0, an empty range is widened around its value.
    ///
    /// # Examples
    /// ```
    /// let ticks = report::plot::Ticks::covering(3.9095, 3.9120, 5);
    /// let labels: Vec<_> = ticks.values().iter().map(|&v| ticks.label(v)).collect();
    /// assert_eq!(labels, ["3.9095", "3.9100", "3.9105", "3.9110", "3.9115", "3.9120"]);
    /// ```
    pub fn covering(lo: f64, hi: f64, target: usize) -> Self {
        let (lo, hi) = widened(lo, hi);
        let (factor, power) = nice_step((hi - lo) / target.clamp(1, 50) as f64);
        // The small slack keeps a rounding error from adding a whole empty step.
        let first = (scaled(lo, -power) / factor + 1e-6).floor() as i64;
        let last = (scaled(hi, -power) / factor - 1e-6).ceil() as i64;
        let values = (first..=last).map(|i| scaled(i as f64 * factor, power)).collect();
        Self { values, power }
    }

    /// Marks at whole numbers from `first` to `last`, which count epochs: `first` itself, then round steps.
    ///
    /// # Examples
    /// ```
    /// let ticks = report::plot::Ticks::whole(1, 50, 10);
    /// assert_eq!(ticks.values(), [1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0]);
    /// ```
    pub fn whole(first: usize, last: usize, target: usize) -> Self {
        let last = last.max(first);
        let (factor, power) = nice_step(((last - first) as f64 / target.clamp(1, 50) as f64).max(1.0));
        let step = scaled(factor, power) as usize;
        let round = (first.div_ceil(step)..=last / step).map(|i| i * step);
        // `first` gets its own mark if the next one leaves room for the label.
        let alone = Some(first).filter(|f| (f.div_ceil(step) * step - f) * 2 >= step);
        let values = alone.into_iter().chain(round).map(|v| v as f64).collect();
        Self { values, power: power.max(0) }
    }

    /// The marks, ascending, no two alike; at least one.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// First and last mark.
    pub fn range(&self) -> (f64, f64) {
        let first = self.values.first().copied().unwrap_or(0.0);
        (first, self.values.last().copied().unwrap_or(first))
    }

    /// Decimals of the marks' labels.
    pub(super) fn decimals(&self) -> usize {
        (-self.power).max(0) as usize
    }

    /// The label of a mark, with as many digits as tell neighbours apart.
    pub fn label(&self, value: f64) -> String {
        let (first, last) = self.range();
        let largest = first.abs().max(last.abs());
        if value == 0.0 {
            return "0".to_owned();
        }
        let text = if largest >= SCIENTIFIC_FROM || self.power < SCIENTIFIC_BELOW {
            let digits = (value.abs().log10().floor() as i32 - self.power).clamp(0, 12) as usize;
            format!("{value:.digits$e}")
        } else {
            format!("{value:.*}", self.decimals())
        };
        text.replace('-', "\u{2212}")
    }
}

fn widened(a: f64, b: f64) -> (f64, f64) {
    let tame = |v: f64| if v.is_finite() { v.clamp(-LARGEST, LARGEST) } else { 0.0 };
    let (lo, hi) = (tame(a).min(tame(b)), tame(a).max(tame(b)));
    let size = lo.abs().max(hi.abs());
    if hi - lo > (size * NARROWEST).max(1.0 / LARGEST) {
        return (lo, hi);
    }
    let pad = if size > 1.0 / LARGEST { size * 0.05 } else { 0.5 };
    (lo - pad, hi + pad)
}

/// The smallest of 1, 2, 5 times a power of ten that is at least about `raw`, as factor and power.
fn nice_step(raw: f64) -> (f64, i32) {
    let power = raw.log10().floor() as i32;
    let lead = scaled(raw, -power);
    match lead {
        lead if lead <= 1.000_001 => (1.0, power),
        lead if lead <= 2.000_001 => (2.0, power),
        lead if lead <= 5.000_001 => (5.0, power),
        _ => (1.0, power + 1),
    }
}

/// `value · 10^power`, dividing for negative powers: 3 / 10 is the nearest number to 0.3, 3 · 0.1 is not.
fn scaled(value: f64, power: i32) -> f64 {
    if power < 0 { value / 10f64.powi(-power) } else { value * 10f64.powi(power) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(lo: f64, hi: f64, target: usize) {
        let ticks = Ticks::covering(lo, hi, target);
        let values = ticks.values();
        assert!(values.len() >= 2 && values.len() <= 2 * target + 3, "{} marks", values.len());
        assert!(values.windows(2).all(|w| w[0] < w[1]), "ascending: {values:?}");
        let step = values[1] - values[0];
        let (first, last) = ticks.range();
        if lo.is_finite() && hi.is_finite() && lo.abs().max(hi.abs()) < LARGEST {
            let slack = step * 1e-4;
            assert!(first <= lo.min(hi) + slack && last >= lo.max(hi) - slack, "{values:?} hold {lo} {hi}");
        }
        let labels: Vec<_> = values.iter().map(|&v| ticks.label(v)).collect();
        assert!(labels.windows(2).all(|w| w[0] != w[1]), "labels differ: {labels:?}");
    }

    proptest! {
        #[test]
        fn marks_cover_any_range_without_repeats(lo in any::<f64>(), hi in any::<f64>(), target in 1usize..12) {
            check(lo, hi, target);
        }

        #[test]
        fn marks_cover_ordinary_ranges(lo in -10f64..10.0, width in 0f64..5.0, target in 2usize..12) {
            check(lo, lo + width, target);
        }

        #[test]
        fn marks_of_narrow_ranges_stay_apart(lo in -1e6f64..1e6, power in -18i32..0) {
            check(lo, lo + 10f64.powi(power), 6);
        }

        #[test]
        fn whole_marks_are_few_and_inside(first in 0usize..1000, more in 0usize..100_000, target in 1usize..12) {
            let ticks = Ticks::whole(first, first + more, target);
            let values = ticks.values();
            prop_assert!(!values.is_empty() && values.len() <= target + 2, "{values:?}");
            prop_assert!(values.windows(2).all(|w| w[0] < w[1]));
            prop_assert!(values.iter().all(|&v| v.fract() == 0.0 && v >= first as f64 && v <= (first + more) as f64));
        }
    }

    #[test]
    fn odd_values_have_marks_too() {
        let odd =
            [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324];
        for lo in odd {
            for hi in odd {
                check(lo, hi, 5);
            }
        }
    }

    #[test]
    fn accuracies_get_the_labels_one_would_write() {
        let ticks = Ticks::covering(0.0, 0.283, 5);
        let labels: Vec<_> = ticks.values().iter().map(|&v| ticks.label(v)).collect();
        assert_eq!(labels, ["0", "0.1", "0.2", "0.3"]);
        let ticks = Ticks::covering(-2e7, 2e7, 4);
        assert_eq!(ticks.label(-1e7), "−1e7");
    }

    #[test]
    fn epochs_are_marked_from_the_first() {
        assert_eq!(Ticks::whole(1, 1, 10).values(), [1.0]);
        assert_eq!(Ticks::whole(1, 10, 10).values().len(), 10);
        assert_eq!(Ticks::whole(1, 100, 6).values(), [1.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }
}
