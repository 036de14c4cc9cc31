//! JSON in which no object may say a thing twice.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// A JSON object of objects, without a key that comes twice in either; its values are not kept.
///
/// A reader that takes the last of two equal keys and one that takes the first would load different weights from
/// the same bytes.
pub(super) struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Outer)
    }
}

struct Outer;

impl<'de> Visitor<'de> for Outer {
    type Value = UniqueKeys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueKeys, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Inner>()?;
            insert(&mut seen, key)?;
        }
        Ok(UniqueKeys)
    }
}

struct Inner;

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Inner)
    }
}

impl<'de> Visitor<'de> for Inner {
    type Value = Inner;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inner, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            insert(&mut seen, key)?;
        }
        Ok(Inner)
    }
}

fn insert<E: Error>(seen: &mut BTreeSet<String>, key: String) -> Result<(), E> {
    if seen.contains(&key) {
        return Err(E::custom(format!("'{key}' comes twice")));
    }
    seen.insert(key);
    Ok(())
}
