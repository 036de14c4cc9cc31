//! One trial, and the words for it.

use super::Value;
use crate::Recipe;

/// One trial, its recipe resolved and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Counted from 1.
    pub number: usize,
    /// What it tries: key and value, in the order of the space.
    pub values: Vec<(String, Value)>,
    /// The base with these values.
    pub recipe: Recipe,
}

impl Trial {
    /// Such as `lr=0.01 weight_decay=0.1`.
    #[must_use]
    pub fn words(&self) -> String {
        let keys: Vec<&str> = self.values.iter().map(|(key, _)| key.as_str()).collect();
        let pairs = short_names(&keys).into_iter().zip(&self.values);
        pairs.map(|(name, (_, value))| format!("{name}={}", words(value))).collect::<Vec<_>>().join(" ")
    }

    /// What stands in messages about it.
    pub(super) fn origin(&self) -> String {
        format!("trial {} ({})", self.number, self.words())
    }

    /// Its folder below the sweep's.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("trial-{:03}", self.number)
    }
}

/// A value as it is typed: strings without quotes, very large and small numbers as `3e-5`.
#[must_use]
pub fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(x) if *x != 0.0 && !(1e-4..1e6).contains(&x.abs()) => format!("{x:e}"),
        other => other.to_string(),
    }
}

/// For each dotted key its last word, where no other key ends in the same and it says enough: `kind` does not.
#[must_use]
pub fn short_names<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    let last = |key: &'a str| key.rsplit_once('.').map_or(key, |(_, last)| last);
    let alone = |name: &str| name != "kind" && keys.iter().filter(|key| last(key) == name).count() == 1;
    keys.iter().map(|&key| Some(last(key)).filter(|name| alone(name)).unwrap_or(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_where_that_is_clear() {
        assert_eq!(short_names(&["optimizer.eps", "schedule.lr"]), ["eps", "lr"]);
        assert_eq!(short_names(&["loss.kind", "init.kind", "seed"]), ["loss.kind", "init.kind", "seed"]);
        assert_eq!(short_names(&["optimizer.kind"]), ["optimizer.kind"]);
    }

    #[test]
    fn values_read_as_they_are_typed() {
        let values =
            [Value::Float(1e30), Value::Float(0.0), Value::Float(-3e-5), Value::Float(0.25), "sgd".into()];
        assert_eq!(values.each_ref().map(words), ["1e30", "0.0", "-3e-5", "0.25", "sgd"]);
    }
}
