//! Taking the time of something, again and again.

use super::{Effort, peak};
use std::time::{Duration, Instant};

/// One repetition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repetition {
    /// Images a second.
    pub(super) rate: f64,
    /// The most multiply-adds a second that the pool could do just before.
    pub(super) peak: f64,
}

/// Does `work`, which is `images` images, for a warm-up and then again and again, on the current pool.
pub(super) fn repeat(effort: Effort, images: usize, mut work: impl FnMut()) -> Vec<Repetition> {
    run_for(effort.time / 2, &mut work);
    let repetition = |_| {
        let peak = peak::multiply_adds_per_sec();
        let (calls, took) = run_for(effort.time, &mut work);
        Repetition { rate: (calls * images) as f64 / took.as_secs_f64(), peak }
    };
    (0..effort.repetitions).map(repetition).collect()
}

/// Does `work` at least once and until `time` has passed: how often, and how long it took.
pub(super) fn run_for(time: Duration, mut work: impl FnMut()) -> (usize, Duration) {
    let start = Instant::now();
    let mut calls = 0;
    loop {
        work();
        calls += 1;
        let took = start.elapsed();
        if took >= time {
            return (calls, took);
        }
    }
}

/// Median, smallest and largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// Of some numbers; of none all zero.
    pub(super) fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.collect();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return Self { median: 0.0, min: 0.0, max: 0.0 };
        };
        let median = f64::midpoint(sorted[last / 2], sorted[last.div_ceil(2)]);
        Self { median, min: sorted[0], max: sorted[last] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let spread = |numbers: &[f64]| Spread::of(numbers.iter().copied());
        assert_eq!(spread(&[3.0, 1.0, 9.0]), Spread { median: 3.0, min: 1.0, max: 9.0 });
        assert_eq!(spread(&[4.0, 1.0, 9.0, 2.0]).median, 3.0);
        assert_eq!(spread(&[7.0]).median, 7.0);
    }

    #[test]
    fn slow_work_is_done_once_and_quick_work_often() {
        let mut done = 0;
        let (calls, took) = run_for(Duration::from_millis(2), || done += 1);
        assert!(calls == done && calls > 1 && took >= Duration::from_millis(2));
        assert_eq!(run_for(Duration::ZERO, || {}).0, 1);
    }
}
