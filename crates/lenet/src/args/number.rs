//! Numbers on the command line, refused where they make no sense.

use std::time::Duration;

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

/// A number from 0, in single precision.
pub(super) fn limit(text: &str) -> Result<f32, String> {
    not_negative(text).map(|x| x as f32)
}

/// An angle either way.
pub(super) fn degrees(text: &str) -> Result<f32, String> {
    number(text, |x| (0.0..=180.0).contains(&x), "degrees from 0 to 180").map(|x| x as f32)
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

/// A time such as `90s`, `30m` or `1.5h`, over 0.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let units = [("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let secs = units.iter().find_map(|(unit, secs)| Some(positive(text.strip_suffix(unit)?).ok()? * secs));
    secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok())
        .ok_or_else(|| "expected a time such as 90s, 30m or 2h".to_owned())
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
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert!(duration("90").is_err() && duration("0s").is_err() && duration("-1h").is_err());
        assert!(degrees("181").is_err() && limit("-1").is_err());
        assert!(probability("1.5").is_err() && finite("nan").is_err() && scale("0").is_err());
    }
}
