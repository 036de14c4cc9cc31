//! A layer of a model file: its name, what it reads, its settings.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::spec::LayerSpec;

/// A layer and its name, which prefixes the names of its parameters.
///
/// Stored as one table, e.g. in TOML `name = "conv1"`, `kind = "conv2d"`, `out_channels = 6`, `kernel_size = 5`. A layer that
/// does not read the one before it says `from = "conv1"`; one that joins branches, `from = ["conv2", "conv1"]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedLayer {
    /// Unique in the model, e.g. `conv1`.
    pub name: String,
    /// Names of the layers that it reads, `input` for the samples; none: the layer before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// What it computes.
    #[serde(flatten)]
    pub layer: LayerSpec,
}

impl NamedLayer {
    /// `layer` under this name.
    #[must_use]
    pub fn new(name: impl Into<String>, layer: LayerSpec) -> Self {
        NamedLayer { name: name.into(), from: Vec::new(), layer }
    }

    /// The same, reading the outputs of these layers instead of the one before it.
    #[must_use]
    pub fn reading<const N: usize>(self, from: [&str; N]) -> Self {
        NamedLayer { from: from.map(str::to_owned).to_vec(), ..self }
    }
}

impl<'de> Deserialize<'de> for NamedLayer {
    /// Through a table of values, so that every message names the layer and no setting is silently ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = serde_json::Map::deserialize(deserializer)?;
        let name = match table.remove("name") {
            Some(serde_json::Value::String(name)) => name,
            Some(other) => {
                return Err(D::Error::custom(format!("a layer's name must be a string, not {other}")));
            }
            None => return Err(D::Error::custom("a layer without a `name`")),
        };
        let from = match table.remove("from") {
            None => Vec::new(),
            Some(value) => names(value).ok_or_else(|| {
                D::Error::custom(format!("layer '{name}': `from` is the name of a layer, or a list of names"))
            })?,
        };
        let settings: Vec<String> = table.keys().filter(|k| *k != "kind").cloned().collect();
        let layer: LayerSpec = serde_json::from_value(table.into())
            .map_err(|e| D::Error::custom(format!("layer '{name}': {e}")))?;
        match (layer.has_settings(), settings.first()) {
            (false, Some(unknown)) => Err(D::Error::custom(format!(
                "layer '{name}': unknown field `{unknown}`, this kind has no settings"
            ))),
            _ => Ok(NamedLayer { name, from, layer }),
        }
    }
}

/// One name or a list of them; none for anything else.
fn names(value: serde_json::Value) -> Option<Vec<String>> {
    use serde_json::Value;
    let text = |value| if let Value::String(text) = value { Some(text) } else { None };
    match value {
        Value::Array(list) if !list.is_empty() => list.into_iter().map(text).collect(),
        other => text(other).map(|name| vec![name]),
    }
}
