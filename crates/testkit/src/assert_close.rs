//! Equality of numbers up to rounding, with a message that says where it fails and by how much.

/// How far two numbers may lie apart: `|found − expected| ≤ abs + rel · |expected|`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// In units of the number.
    pub abs: f64,
    /// As a share of the expected number.
    pub rel: f64,
}

impl Tolerance {
    /// Relative only.
    #[must_use]
    pub fn rel(rel: f64) -> Self {
        Tolerance { rel, abs: 0.0 }
    }

    /// Absolute only.
    #[must_use]
    pub fn abs(abs: f64) -> Self {
        Tolerance { abs, rel: 0.0 }
    }
}

/// Fails unless every number is within the tolerance of its counterpart; NaN is close to nothing.
///
/// The message has the number of failures, and of the worst its index, both values, the relative difference and the
/// distance in units in the last place of f32.
///
/// # Examples
/// ```
/// use testkit::{Tolerance, assert_close};
/// assert_close("sum", &[0.1_f32 + 0.2], &[0.3_f32], Tolerance::rel(1e-6));
/// ```
#[track_caller]
pub fn assert_close<T: Copy + Into<f64>>(what: &str, found: &[T], expected: &[T], tolerance: Tolerance) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    let mut failures = 0;
    let mut worst = (0, -1.0);
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let (f, e) = (f.into(), e.into());
        let excess = (f - e).abs() - (tolerance.abs + tolerance.rel * e.abs());
        // `!(<=)` so that NaN fails.
        let is_close = excess <= 0.0 || f == e;
        if !is_close {
            failures += 1;
            if excess > worst.1 || excess.is_nan() {
                worst = (i, excess);
            }
        }
    }
    if failures > 0 {
        let (f, e): (f64, f64) = (found[worst.0].into(), expected[worst.0].into());
        panic!(
            "{what}: {failures} of {} values differ; worst at {}: found {f:?}, expected {e:?} (relative {:.1e}, {} ulp of f32; allowed {tolerance:?})",
            found.len(),
            worst.0,
            ((f - e) / e).abs(),
            ulp_distance(f as f32, e as f32),
        );
    }
}

/// The same with a tolerance that is a share of the largest expected number: for tensors whose entries are sums of
/// many terms, where a small entry is what is left of large ones.
#[track_caller]
pub fn assert_close_to_largest<T: Copy + Into<f64>>(what: &str, found: &[T], expected: &[T], share: f64) {
    let largest = expected.iter().map(|&e| e.into().abs()).fold(0.0, f64::max);
    assert_close(what, found, expected, Tolerance::abs(share * largest));
}

/// Number of f32 values between two numbers; `u32::MAX` if one is NaN.
///
/// # Examples
/// ```
/// assert_eq!(testkit::ulp_distance(1.0, 1.0 + f32::EPSILON), 1);
/// assert_eq!(testkit::ulp_distance(0.0, -0.0), 0);
/// ```
#[must_use]
pub fn ulp_distance(a: f32, b: f32) -> u32 {
    if a.is_nan() || b.is_nan() {
        return u32::MAX;
    }
    // Maps the floats in their order onto integers in theirs.
    let place = |x: f32| match x.to_bits() as i32 {
        bits if bits < 0 => i64::from(i32::MIN) - i64::from(bits),
        bits => i64::from(bits),
    };
    u32::try_from((place(a) - place(b)).abs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "x: 1 of 3 values differ; worst at 1: found 2.5, expected 2.0")]
    fn the_message_names_the_place_and_both_values() {
        assert_close("x", &[1.0, 2.5, 3.0], &[1.0, 2.0, 3.0], Tolerance::rel(0.1));
    }

    #[test]
    #[should_panic(expected = "values differ")]
    fn nan_is_close_to_nothing() {
        assert_close("x", &[f64::NAN], &[f64::NAN], Tolerance::abs(f64::INFINITY));
    }

    #[test]
    fn equal_infinities_are_close() {
        assert_close("x", &[f32::INFINITY], &[f32::INFINITY], Tolerance::default());
    }

    #[test]
    fn ulps_count_across_zero() {
        assert_eq!(ulp_distance(f32::from_bits(1), -f32::from_bits(2)), 3);
        assert_eq!(ulp_distance(f32::NAN, 1.0), u32::MAX);
        assert_eq!(ulp_distance(f32::MAX, f32::INFINITY), 1);
    }
}
