//! What is tried: lists and ranges of values for keys of a recipe, and their text.

use super::{Keys, Value};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Values for keys of a recipe, keys in the order of the alphabet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space(BTreeMap<String, Values>);

/// What is tried of one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// These, at least one, no two the same.
    List(Vec<Value>),
    /// Numbers between two ends.
    Range(Range),
}

/// Numbers between two ends, both included; as text `1e-4..1e-1:log`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The lower end.
    pub lo: f64,
    /// The upper end, over `lo`.
    pub hi: f64,
    /// How draws are spread.
    pub scale: Scale,
    /// Whether only whole numbers are drawn.
    pub whole: bool,
}

/// How draws are spread over a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Their logarithms evenly: as many from 0.001 to 0.01 as from 0.01 to 0.1.
    Log,
}

impl Space {
    /// Reads `KEY=A,B,C` or `KEY=LO..HI`, with `:log` or `:int` after it.
    ///
    /// # Errors
    /// In words, what is wrong with key or values.
    pub fn set(&mut self, keys: &Keys, text: &str) -> Result<(), String> {
        let (key, values) = text
            .split_once('=')
            .ok_or_else(|| "expected KEY=VALUES, such as lr=0.001,0.01 or lr=1e-4..1e-1:log".to_owned())?;
        self.put(keys, key.trim(), values.parse()?)
    }

    /// Sets what is tried of a key, in place of what was before.
    ///
    /// # Errors
    /// As [`Keys::dotted`]; a key whose whole table is tried already; ends of a range of whole numbers that are none.
    pub fn put(&mut self, keys: &Keys, key: &str, values: Values) -> Result<(), String> {
        let key = keys.dotted(key)?;
        let within =
            |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        if let Some(other) = self.0.keys().find(|other| within(other, &key) || within(&key, other)) {
            return Err(format!("{key} and {other} cannot both be tried: one is a part of the other"));
        }
        let values = match values {
            Values::Range(range) => {
                let range = Range { whole: range.whole || keys.is_whole(&key), ..range };
                range.check().map_err(|what| format!("{key}: {what}"))?;
                Values::Range(range)
            }
            list => list,
        };
        self.0.insert(key, values);
        Ok(())
    }

    /// Keys and what is tried of them, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.0.iter().map(|(key, values)| (key.as_str(), values))
    }

    /// Keys that have a list.
    pub(super) fn lists(&self) -> impl DoubleEndedIterator<Item = (&str, &[Value])> {
        self.0.iter().filter_map(|(key, values)| match values {
            Values::List(list) => Some((key.as_str(), list.as_slice())),
            Values::Range(_) => None,
        })
    }

    /// Whether there is nothing to try.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first key that has a range.
    #[must_use]
    pub fn first_range(&self) -> Option<&str> {
        self.iter().find(|(_, values)| matches!(values, Values::Range(_))).map(|(key, _)| key)
    }
}

impl Values {
    /// Of a file: a list, a single value, or a range as a string.
    ///
    /// # Errors
    /// In words, as [`Values::from_str`].
    pub fn from_toml(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(list) => Self::list(list.clone()),
            Value::String(text) => text.parse(),
            one => Self::list(vec![one.clone()]),
        }
    }

    /// What a file says for these.
    #[must_use]
    pub fn to_toml(&self) -> Value {
        match self {
            Self::List(list) => Value::Array(list.clone()),
            Self::Range(range) => Value::String(range.to_string()),
        }
    }

    fn list(list: Vec<Value>) -> Result<Self, String> {
        if list.is_empty() {
            return Err("no values".into());
        }
        match (1..list.len()).find(|&i| list[..i].contains(&list[i])) {
            Some(i) => Err(format!("{} comes twice", super::words(&list[i]))),
            None => Ok(Self::List(list)),
        }
    }
}

/// `A,B,C`, each as in TOML but that words need no quotes, or a range.
impl FromStr for Values {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((lo, _)) = text.split_once("..")
            && number(lo).is_some()
        {
            return text.parse().map(Self::Range);
        }
        Self::list(pieces(text).into_iter().map(value).collect::<Result<_, _>>()?)
    }
}

/// The text between commas, but not between those inside of brackets and quotes.
fn pieces(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut from, mut pieces) = (0_i32, None, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                pieces.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[from..]);
    pieces
}

fn value(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a value is missing between the commas".into());
    }
    let whole = || text.parse().ok().map(Value::Integer);
    let toml = || format!("v = {text}").parse::<toml::Table>().ok()?.remove("v");
    Ok(whole().or_else(|| number(text).map(Value::Float)).or_else(toml).unwrap_or_else(|| text.into()))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

impl Range {
    fn check(self) -> Result<(), String> {
        let Self { lo, hi, scale, whole } = self;
        if lo >= hi {
            return Err(format!("the range {lo}..{hi} is empty; write its lower end first"));
        }
        if scale == Scale::Log && lo <= 0.0 {
            return Err(format!("a logarithmic range begins over 0, not at {lo}"));
        }
        // Beyond this a float does not hold every whole number.
        if whole && (lo.fract() != 0.0 || hi.fract() != 0.0 || lo.abs().max(hi.abs()) > 1e15) {
            return Err(format!("{lo}..{hi} has ends that are no whole numbers"));
        }
        Ok(())
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no range, such as 0.1..0.5, 1e-4..1e-1:log or 8..64:int");
        let mut words = text.split(':').map(str::trim);
        let (lo, hi) = words.next().and_then(|ends| ends.split_once("..")).ok_or_else(bad)?;
        let (lo, hi) = number(lo).zip(number(hi)).ok_or_else(bad)?;
        let mut range = Self { lo, hi, scale: Scale::Linear, whole: false };
        for word in words {
            match word {
                "log" => range.scale = Scale::Log,
                "linear" => range.scale = Scale::Linear,
                "int" => range.whole = true,
                _ => return Err(bad()),
            }
        }
        range.check()?;
        Ok(range)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.lo, self.hi)?;
        f.write_str(if self.scale == Scale::Log { ":log" } else { "" })?;
        f.write_str(if self.whole { ":int" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Preset, Recipe};

    fn list(text: &str) -> Vec<Value> {
        match text.parse() {
            Ok(Values::List(list)) => list,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn values_are_read_as_they_are_typed() {
        assert_eq!(list("1, 1e-3,.5"), [Value::Integer(1), Value::Float(1e-3), Value::Float(0.5)]);
        assert_eq!(list("true,adamw"), [Value::Boolean(true), "adamw".into()]);
        assert_eq!(list("'a,b',\"c\""), [Value::from("a,b"), "c".into()]);
        assert_eq!(list("[0.1, 0.2],[1.0]")[1], Value::Array(vec![1.0.into()]));
        assert_eq!(list("{ kind = \"cosine\", min_factor = 0.1 }").len(), 1);
        assert_eq!(list("../a.safetensors"), ["../a.safetensors".into()]);
        for bad in ["", "1,,2", "1,1", "a,a"] {
            assert!(bad.parse::<Values>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_survive_their_text() {
        for text in ["0.0001..0.1:log", "-1..1", "8..64:log:int", "0..5:int"] {
            assert_eq!(text.parse::<Range>().unwrap().to_string(), text);
        }
        for (bad, words) in [
            ("1..1", "empty"),
            ("2..1", "empty"),
            ("0..1:log", "over 0"),
            ("0.5..2:int", "whole"),
            ("1..x", "no range"),
            ("1..2:lag", "no range"),
            ("1..inf", "no range"),
        ] {
            let told = bad.parse::<Values>().unwrap_err();
            assert!(told.contains(words), "{bad}: {told}");
        }
    }

    #[test]
    fn a_key_of_whole_numbers_gets_whole_numbers() {
        let keys = Keys::of(&Recipe::builtin("lenet5", Preset::Tuned).unwrap());
        let mut space = Space::default();
        space.set(&keys, "batch_size=8..64:log").unwrap();
        space.set(&keys, "lr=1..2").unwrap();
        let whole = |(_, values): (&str, &Values)| matches!(values, Values::Range(range) if range.whole);
        assert_eq!(space.iter().map(whole).collect::<Vec<_>>(), [true, false]);
        assert!(space.set(&keys, "epochs=1.5..2").unwrap_err().contains("epochs: 1.5..2 has ends"));
        assert!(space.set(&keys, "lr").unwrap_err().contains("KEY=VALUES"));
        assert!(space.set(&keys, "schedule={ lr = 1 }").unwrap_err().contains("cannot both be tried"));
    }
}
