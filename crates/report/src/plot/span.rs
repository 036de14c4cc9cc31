//! Axes of settings that were tried: numbers, numbers by their logarithm, or words side by side.

use super::ticks::Ticks;

/// From one end of an axis to the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Span {
    /// Numbers, evenly.
    Even(Ticks),
    /// Numbers by their logarithm, both ends over 0.
    Log {
        /// The lower end.
        lo: f64,
        /// The upper end.
        hi: f64,
    },
    /// Things side by side; their coordinate is their index.
    Words(Vec<String>),
}

/// A named axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is tried.
    pub name: String,
    /// From where to where.
    pub span: Span,
}

/// What trials are judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Such as `val top-1`.
    pub name: String,
    /// From where to where.
    pub ticks: Ticks,
    /// Whether low values are good: they stand at the top then.
    pub low_is_good: bool,
}

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its coordinate on each axis.
    pub at: Vec<f64>,
    /// How good it is; none if it failed.
    pub score: Option<f64>,
}

/// Longest list of words that gets a label each.
const MOST_WORDS: usize = 12;

impl Span {
    /// Where a coordinate lies, as a share of the axis in [0, 1].
    pub fn share(&self, at: f64) -> f64 {
        let share = match self {
            Span::Even(ticks) => {
                let (lo, hi) = ticks.range();
                (at - lo) / (hi - lo)
            }
            Span::Log { lo, hi } => (at / lo).ln() / (hi / lo).ln(),
            // The outer words keep a distance from the ends.
            Span::Words(words) => (at + 0.5) / words.len().max(1) as f64,
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
    }

    /// Marks as shares of the axis, ascending, with their labels. Those of logarithms begin and end at the ends.
    pub fn marks(&self) -> Vec<(f64, String)> {
        match self {
            Span::Even(ticks) => ticks.values().iter().map(|&v| (self.share(v), ticks.label(v))).collect(),
            Span::Log { lo, hi } => {
                let inner =
                    log_values(*lo, *hi).into_iter().filter(|v| (0.12..=0.88).contains(&self.share(*v)));
                let all = std::iter::once(*lo).chain(inner).chain([*hi]);
                all.map(|v| (self.share(v), number_label(v))).collect()
            }
            Span::Words(words) => {
                let step = words.len().div_ceil(MOST_WORDS).max(1);
                let labelled = words.iter().enumerate().step_by(step);
                labelled.map(|(i, word)| (self.share(i as f64), word.clone())).collect()
            }
        }
    }
}

/// Powers of ten, with their double and fivefold where there are few, and fewer where there are many.
fn log_values(lo: f64, hi: f64) -> Vec<f64> {
    let (first, last) = (lo.log10().floor() as i32, hi.log10().ceil() as i32);
    let leads: &[f64] = if hi / lo < 150.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let step = ((last - first) as usize).div_ceil(8).max(1);
    let powers = (first..=last).step_by(step);
    powers.flat_map(|power| leads.iter().map(move |lead| lead * 10f64.powi(power))).collect()
}

/// Short numbers as they are, very large and small ones as `3e-5`, three digits at most.
fn number_label(value: f64) -> String {
    let value = format!("{value:.2e}").parse().unwrap_or(value);
    let text = if (1e-4..1e5).contains(&value) { value.to_string() } else { format!("{value:e}") };
    text.replace('-', "\u{2212}")
}

impl Score {
    /// How good a value is: 1 at the better end of the axis, 0 at the other.
    pub fn share(&self, value: f64) -> f64 {
        let share = Span::Even(self.ticks.clone()).share(value);
        if self.low_is_good { 1.0 - share } else { share }
    }

    /// Marks as [`Score::share`]s with their labels.
    pub fn marks(&self) -> Vec<(f64, String)> {
        self.ticks.values().iter().map(|&v| (self.share(v), self.ticks.label(v))).collect()
    }
}

/// Failed ones first, then from poor to good: the good are painted over the others.
pub(super) fn painted_order<'a>(samples: &'a [Sample], score: &Score) -> Vec<&'a Sample> {
    let good = |sample: &Sample| sample.score.map_or(-1.0, |value| score.share(value));
    let mut order: Vec<&Sample> = samples.iter().collect();
    order.sort_by(|a, b| good(a).total_cmp(&good(b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn logarithms_are_marked_with_round_numbers_and_their_ends() {
        let labels =
            |lo, hi| -> Vec<String> { Span::Log { lo, hi }.marks().into_iter().map(|mark| mark.1).collect() };
        assert_eq!(labels(1e-4, 1e-1), ["0.0001", "0.001", "0.01", "0.1"]);
        assert_eq!(labels(3e-4, 0.5), ["0.0003", "0.001", "0.01", "0.1", "0.5"]);
        assert_eq!(labels(8.0, 64.0), ["8", "20", "64"], "none beside an end");
        assert_eq!(labels(1e-6, 1e-5)[0], "1e−6");
    }

    #[test]
    fn words_stand_apart_and_many_are_thinned() {
        let words = Span::Words(vec!["sgd".into(), "adamw".into()]);
        assert_eq!(words.marks(), [(0.25, "sgd".to_owned()), (0.75, "adamw".to_owned())]);
        let many = Span::Words((0..100).map(|i| i.to_string()).collect());
        assert!(many.marks().len() <= MOST_WORDS);
    }

    #[test]
    fn where_low_is_good_the_axis_is_turned_over() {
        let score = Score { name: "val loss".into(), ticks: Ticks::covering(1.0, 3.0, 4), low_is_good: true };
        assert_eq!((score.share(1.0), score.share(3.0)), (1.0, 0.0));
    }

    proptest! {
        #[test]
        fn no_coordinate_leaves_its_axis(lo in 1e-12f64..1e6, factor in 1.0f64..1e9, at in any::<f64>()) {
            for span in [Span::Log { lo, hi: lo * factor }, Span::Even(Ticks::covering(lo, lo * factor, 5)), Span::Words(vec![])] {
                prop_assert!((0.0..=1.0).contains(&span.share(at)));
                prop_assert!(span.marks().iter().all(|(share, _)| (0.0..=1.0).contains(share)));
            }
        }
    }
}
