//! Seeds of repeated runs: `0..3`, `0,5,7` or `4`.

use std::str::FromStr;

/// More runs than this are a slip of the fingers.
const MOST: u64 = 1000;

/// The seeds of a comparison, each once, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seeds(pub(crate) Vec<u64>);

impl FromStr for Seeds {
    type Err = String;

    /// `a..b` is without `b`, `a..=b` with it, as in Rust.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |word: &str| {
            word.trim()
                .parse::<u64>()
                .map_err(|_| "expected seeds such as 0..3 (which are 0, 1, 2), 0,5,7 or 4".to_owned())
        };
        let seeds: Vec<u64> = match text.split_once("..") {
            Some((first, end)) => {
                let (first, end) = match end.strip_prefix('=') {
                    Some(last) => (number(first)?, number(last)?.saturating_add(1)),
                    None => (number(first)?, number(end)?),
                };
                if end.saturating_sub(first) > MOST {
                    return Err(format!("more than {MOST} seeds"));
                }
                (first..end).collect()
            }
            None => text.split(',').map(number).collect::<Result<_, _>>()?,
        };
        if seeds.is_empty() {
            return Err("no seed in this range; 0..3 are 0, 1, 2".into());
        }
        if (1..seeds.len()).any(|i| seeds[..i].contains(&seeds[i])) {
            return Err("a seed occurs twice".into());
        }
        Ok(Self(seeds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists_are_read() {
        let seeds = |text: &str| text.parse::<Seeds>().map(|s| s.0);
        assert_eq!(seeds("0..3"), Ok(vec![0, 1, 2]));
        assert_eq!(seeds("2..=3"), Ok(vec![2, 3]));
        assert_eq!(seeds("7,1, 4"), Ok(vec![7, 1, 4]));
        assert_eq!(seeds("5"), Ok(vec![5]));
        for bad in ["", "3..3", "a..b", "1,1", "0..99999999", "-1", "0..=18446744073709551615"] {
            assert!(seeds(bad).is_err(), "{bad}");
        }
    }
}
