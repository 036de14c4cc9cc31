//! Numbers on the command line, refused where they make no sense.

/// A number over 0.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    number(text, |x| x > 0.0, "a number over 0")
}

/// A number from 0.
pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |x| x >= 0.0, "a number from 0")
}

/// A number from 0 to below 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    number(text, |x| (0.0..1.0).contains(&x), "a number from 0 to below 1")
}

/// A number from 0 to 1.
pub(super) fn probability(text: &str) -> Result<f32, String> {
    number(text, |x| (0.0..=1.0).contains(&x), "a number from 0 to 1").map(|x| x as f32)
}

/// Any number that is one.
pub(super) fn finite(text: &str) -> Result<f32, String> {
    number(text, |_| true, "a number").map(|x| x as f32)
}

/// A number over 0, as a pixel's scale.
pub(super) fn scale(text: &str) -> Result<f32, String> {
    positive(text).map(|x| x as f32)
}

/// A whole number from 1.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a whole number from 1".into()),
    }
}

fn number(text: &str, fits: fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && fits(number) => Ok(number),
        _ => Err(format!("expected {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(positive("1e-3"), Ok(1e-3));
        assert_eq!((count("3"), not_negative("0")), (Ok(3), Ok(0.0)));
        for bad in [positive("0"), positive("nan"), not_negative("-0.1"), share("1"), positive("inf")] {
            assert!(bad.unwrap_err().starts_with("expected a number"));
        }
        assert!(count("0").is_err() && count("-1").is_err() && count("x").is_err());
        assert!(probability("1.5").is_err() && finite("nan").is_err() && scale("0").is_err());
    }
}
