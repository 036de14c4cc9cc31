//! The level axis of a line chart.

use super::ticks::Ticks;

/// What the level axis shows.
#[derive(Clone, Debug, PartialEq)]
pub enum XAxis {
    /// Epochs, counted from 1.
    Epochs,
    /// A positive quantity by its logarithm: equal factors are equally long.
    Log {
        /// What it is, below the axis.
        name: String,
    },
}

impl XAxis {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Epochs => "Epoch",
            Self::Log { name } => name,
        }
    }

    /// How far to the right a value lies.
    pub(super) fn place(&self, x: f64) -> f64 {
        match self {
            Self::Epochs => x,
            Self::Log { .. } => x.max(f64::MIN_POSITIVE).log10(),
        }
    }

    /// Where a value is, in a sentence.
    pub(super) fn words(&self, x: f64) -> String {
        match self {
            Self::Epochs => format!("after epoch {x}"),
            Self::Log { .. } => format!("at {x:.1e}"),
        }
    }

    /// Marks from `first` to `last` with their labels: powers of ten, with their double and fivefold where few lie between.
    pub(super) fn ticks(&self, first: f64, last: f64) -> Vec<(f64, String)> {
        match self {
            Self::Epochs => {
                let ticks = Ticks::whole(first as usize, last as usize, 10);
                ticks.values().iter().map(|&value| (value, ticks.label(value))).collect()
            }
            Self::Log { .. } => decades(first.max(f64::MIN_POSITIVE), last),
        }
    }
}

fn decades(first: f64, last: f64) -> Vec<(f64, String)> {
    let last = last.max(first);
    let (from, to) = (first.log10().floor() as i32, last.log10().ceil() as i32);
    let inside = |x: &f64| (first * (1.0 - 1e-9)..=last * (1.0 + 1e-9)).contains(x);
    // Read from text, so that a mark is the number nearest to its label.
    let value = |lead: u8, power: i32| format!("{lead}e{power}").parse::<f64>().unwrap_or(f64::NAN);
    let with = |leads: &[u8]| -> Vec<f64> {
        let all = (from..=to).flat_map(|power| leads.iter().map(move |&lead| value(lead, power)));
        all.filter(inside).collect()
    };
    let tens = with(&[1]);
    let marks = if tens.len() >= 3 { tens } else { with(&[1, 2, 5]) };
    // Of very many decades every second, third … has a mark.
    let every = marks.len().div_ceil(10).max(1);
    marks.into_iter().step_by(every).map(|x| (x, label(x))).collect()
}

/// `0.01`, `1`, `2e−5`.
fn label(x: f64) -> String {
    let text = if (1e-3..1e4).contains(&x) { format!("{x}") } else { format!("{x:e}") };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(first: f64, last: f64) -> Vec<String> {
        let axis = XAxis::Log { name: "rate".into() };
        axis.ticks(first, last).into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn decades_are_marked_and_short_ranges_between_them() {
        assert_eq!(labels(1e-6, 10.0), ["1e−6", "1e−5", "1e−4", "0.001", "0.01", "0.1", "1", "10"]);
        assert_eq!(labels(2e-3, 0.1), ["0.002", "0.005", "0.01", "0.02", "0.05", "0.1"]);
    }

    #[test]
    fn odd_ranges_have_marks_inside_or_none() {
        assert_eq!(labels(0.011, 0.012), Vec::<String>::new());
        assert_eq!(labels(1.0, 1.0), ["1"]);
        assert!((2..=11).contains(&labels(0.0, 1.0).len()));
        assert_eq!(labels(10.0, f64::NAN), ["10"]);
    }

    #[test]
    fn equal_factors_are_equally_long() {
        let axis = XAxis::Log { name: "rate".into() };
        let step = |a: f64, b: f64| axis.place(b) - axis.place(a);
        assert!((step(1e-4, 1e-3) - step(1.0, 10.0)).abs() < 1e-12);
    }
}
