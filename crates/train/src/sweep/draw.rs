//! Which values a trial has.

use super::{Range, Scale, Space, Value, Values};
use nn::rng::{Purpose, Stream};
use twox_hash::XxHash3_64;

impl Space {
    /// How many combinations of listed values there are; none if they are too many to count, or some values are not listed.
    pub(super) fn combinations(&self) -> Option<usize> {
        self.iter().try_fold(1_usize, |count, (_, values)| match values {
            Values::List(list) => count.checked_mul(list.len()),
            Values::Range(_) => None,
        })
    }

    /// The combination of this index, the last key changing quickest.
    pub(super) fn combination(&self, index: usize) -> Vec<(String, Value)> {
        let mut rest = index;
        let mut values: Vec<_> = self
            .lists()
            .rev()
            .map(|(key, list)| {
                let value = list[rest % list.len()].clone();
                rest /= list.len();
                (key.to_owned(), value)
            })
            .collect();
        values.reverse();
        values
    }

    /// Random values, those of a key a function of `seed`, `trial` and its name alone.
    pub(super) fn draw(&self, seed: u64, trial: u64) -> Vec<(String, Value)> {
        let of = |(key, values): (&str, &Values)| {
            let mut stream = Stream::new(seed, Purpose::Sweep, trial, XxHash3_64::oneshot(key.as_bytes()));
            let value = match values {
                Values::List(list) => list[stream.below(list.len() as u64) as usize].clone(),
                Values::Range(range) => range.draw(&mut stream),
            };
            (key.to_owned(), value)
        };
        self.iter().map(of).collect()
    }
}

impl Range {
    /// A number of the range; one that is not whole has four digits, so that it can be typed again.
    fn draw(self, stream: &mut Stream) -> Value {
        let Self { lo, hi, scale, whole } = self;
        // Each whole number owns the stretch up to the next.
        let end = if whole { hi + 1.0 } else { hi };
        let number = match scale {
            Scale::Linear => lo + (end - lo) * stream.uniform_f64(),
            Scale::Log => stream.log_range(lo, end),
        };
        match whole {
            true => Value::Integer(number.floor().min(hi) as i64),
            false => Value::Float(rounded(number).clamp(lo, hi)),
        }
    }
}

fn rounded(number: f64) -> f64 {
    format!("{number:.3e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(text: &str) -> Vec<Value> {
        let range: Range = text.parse().unwrap();
        (0..2000).map(|trial| range.draw(&mut Stream::new(0, Purpose::Sweep, trial, 0))).collect()
    }

    #[test]
    fn a_logarithmic_draw_stays_in_its_range_and_serves_each_power_of_ten() {
        let numbers: Vec<f64> = draws("0.0001..0.1:log").iter().filter_map(Value::as_float).collect();
        assert!(numbers.len() == 2000 && numbers.iter().all(|x| (1e-4..=0.1).contains(x)));
        let lowest = numbers.iter().filter(|&&x| x < 1e-3).count();
        assert!((560..780).contains(&lowest), "{lowest}");
        assert!(numbers.iter().all(|x| format!("{x:e}").len() <= "1.234e-4".len()));
    }

    #[test]
    fn whole_draws_reach_both_ends() {
        for text in ["3..6:int", "3..6:log:int"] {
            let mut numbers: Vec<i64> = draws(text).iter().filter_map(Value::as_integer).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers, [3, 4, 5, 6], "{text}");
        }
    }

    #[test]
    fn a_linear_draw_is_even() {
        let numbers: Vec<f64> = draws("-1..3").iter().filter_map(Value::as_float).collect();
        let mean = numbers.iter().sum::<f64>() / 2000.0;
        assert!((mean - 1.0).abs() < 0.1 && numbers.iter().all(|x| (-1.0..=3.0).contains(x)), "{mean}");
    }

    /// Stored results depend on these: if this test fails, the draws have changed, not the test.
    #[test]
    fn golden_draws_never_change() {
        let drawn = draws("0.0001..0.1:log");
        assert_eq!(
            drawn[..3].iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["0.001255", "0.0003824", "0.0296"]
        );
    }
}
