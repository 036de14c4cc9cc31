//! Numbers as people read them.

use std::time::Duration;

/// `63325` as `63,325`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.2814` as `28.1%`, five characters wide.
pub(crate) fn percent(share: f64) -> String {
    format!("{:>5}", format!("{:.1}%", 100.0 * share))
}

/// `0:07`, `12:34`, `1:02:03`.
pub(crate) fn clock(time: Duration) -> String {
    let secs = time.as_secs();
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, minutes, secs) => format!("{minutes}:{secs:02}"),
        (hours, minutes, secs) => format!("{hours}:{minutes:02}:{secs:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_631_826].map(thousands), ["0", "999", "1,000", "1,631,826"]);
        assert_eq!([0.0, 0.2814, 1.0].map(percent), [" 0.0%", "28.1%", "100.0%"]);
        let times = [7, 754, 3723].map(|s| clock(Duration::from_secs(s)));
        assert_eq!(times, ["0:07", "12:34", "1:02:03"]);
    }
}
