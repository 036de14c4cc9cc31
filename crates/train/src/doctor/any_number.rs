//! Numbers in JSON that may be none: a run that breaks off has the most to tell.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// As it is in the file: `1.5`, or `"inf"`, `"-inf"`, `"NaN"`; null is how earlier versions wrote all three.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Number(f64),
    Word(String),
    Null(()),
}

pub(super) fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match x.is_finite() {
        true => Form::Number(*x).serialize(serializer),
        false => Form::Word(x.to_string()).serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Form::deserialize(deserializer)? {
        Form::Number(x) => Ok(x),
        Form::Word(word) => word.parse().map_err(serde::de::Error::custom),
        Form::Null(()) => Ok(f64::NAN),
    }
}

/// The same of a number that may not be there, which has null for itself.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Form, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(x: &Option<f64>, s: S) -> Result<S::Ok, S::Error> {
        match x {
            Some(x) => super::serialize(x, s),
            None => s.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
        match Form::deserialize(d)? {
            Form::Number(x) => Ok(Some(x)),
            Form::Word(word) => word.parse().map(Some).map_err(serde::de::Error::custom),
            Form::Null(()) => Ok(None),
        }
    }
}
