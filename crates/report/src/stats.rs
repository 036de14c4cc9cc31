//! Mean and standard deviation, as Tables IV and V give them.

/// Mean and spread of a few numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n − 1 below the line); `None` for a single number, which has no spread.
    pub std: Option<f64>,
    /// How many numbers there were.
    pub count: usize,
}

impl Stats {
    /// Mean and standard deviation of `values`; `None` if there are none.
    ///
    /// # Examples
    /// ```
    /// let stats = report::Stats::of([0.2, 0.3, 0.4]).ok_or("no values")?;
    /// assert!((stats.mean - 0.3).abs() < 1e-12);
    /// assert!((stats.std.ok_or("no spread")? - 0.1).abs() < 1e-12);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len();
        let first = *values.first()?;
        // Sums of differences from the first value: a constant series then has a spread of exactly 0.
        let mean = first + values.iter().map(|v| v - first).sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let std = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { mean, std, count })
    }
}

/// Half the width of the 95% interval of a fraction counted on `samples` photos (normal approximation).
///
/// Two models whose test accuracies differ by less than about this may well be equally good.
pub(crate) fn counting_error(fraction: f64, samples: usize) -> Option<f64> {
    let p = fraction.clamp(0.0, 1.0);
    (samples > 0 && fraction.is_finite()).then(|| 1.96 * (p * (1.0 - p) / samples as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_series_has_no_spread_and_one_value_none_at_all() {
        assert_eq!(Stats::of([0.1; 10]), Some(Stats { mean: 0.1, std: Some(0.0), count: 10 }));
        assert_eq!(Stats::of([0.1]), Some(Stats { mean: 0.1, std: None, count: 1 }));
        assert_eq!(Stats::of([]), None);
    }

    #[test]
    fn the_counting_error_of_a_hundred_coin_tosses_is_a_tenth() {
        assert!((counting_error(0.5, 100).unwrap() - 0.098).abs() < 1e-12);
        assert_eq!(counting_error(0.5, 0), None);
        assert_eq!(counting_error(f64::NAN, 10), None);
    }
}
