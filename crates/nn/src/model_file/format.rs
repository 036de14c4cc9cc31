//! Bytes to content and back.
//!
//! Reading goes through the `safetensors` crate, which validates sizes, offsets, holes and overlaps before anything
//! is allocated, after two checks that it leaves out: a small header, and no key twice. Writing is done here,
//! because that crate writes its metadata in the order of a hash map, and the same content shall give the same
//! bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use safetensors::{Dtype, SafeTensors};
use thiserror::Error;

use super::duplicates::UniqueKeys;
use super::{MODEL_KEY, ModelFile, StoredTensor, TORCH_COUNTER};

/// Headers beyond this are refused: 16 MiB, thousands of times what a model needs.
pub(super) const MAX_HEADER_BYTES: u64 = 16 << 20;
/// The header's length comes first, in this many bytes.
pub(super) const LENGTH_BYTES: usize = 8;

/// Bytes that are no weights file this project can read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// Not a safetensors file, or a damaged one.
    #[error("not a valid safetensors file: {0}")]
    Broken(String),
    /// Numbers of another type.
    #[error("tensor '{name}' holds {dtype}, but only F32 is read: save it after `model.float()`")]
    Dtype {
        /// Which tensor.
        name: String,
        /// What it holds.
        dtype: String,
    },
    /// The stored model is none.
    #[error("the model stored under '{MODEL_KEY}' cannot be read: {0}")]
    Model(String),
}

/// Refuses a header length that is none, before the header is read.
pub(super) fn check_header_len(len: u64) -> Result<(), FormatError> {
    if len > MAX_HEADER_BYTES {
        let what = format!("its header claims {len} bytes, more than {MAX_HEADER_BYTES}");
        return Err(FormatError::Broken(what));
    }
    Ok(())
}

impl ModelFile {
    /// Reads a safetensors file, written here or by PyTorch.
    ///
    /// # Errors
    /// If the bytes are no valid file, a header is over 16 MiB, a key comes twice, tensors overlap or leave holes, a
    /// tensor is not f32, or the stored model is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let broken = |e: &dyn std::fmt::Display| FormatError::Broken(e.to_string());
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() else {
            return Err(FormatError::Broken("it is shorter than 8 bytes".into()));
        };
        let length = u64::from_le_bytes(*length);
        check_header_len(length)?;
        let Some(header) = rest.get(..length as usize) else {
            return Err(FormatError::Broken("it ends within its header".into()));
        };
        serde_json::from_slice::<UniqueKeys>(header).map_err(|e| broken(&e))?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| broken(&e))?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| broken(&e))?;
        let mut metadata: BTreeMap<String, String> =
            header.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
        let spec = metadata
            .remove(MODEL_KEY)
            .map(|json| serde_json::from_str(&json).map_err(|e| FormatError::Model(e.to_string())))
            .transpose()?;
        let mut names = header.offset_keys();
        names.retain(|name| !name.ends_with(TORCH_COUNTER));
        let mut tensors = BTreeMap::new();
        for name in names {
            let view = file.tensor(&name).map_err(|e| broken(&e))?;
            if view.dtype() != Dtype::F32 {
                return Err(FormatError::Dtype { name, dtype: view.dtype().to_string() });
            }
            let (numbers, _) = view.data().as_chunks::<4>();
            let data = numbers.iter().map(|&b| f32::from_le_bytes(b)).collect();
            tensors.insert(name, StoredTensor { shape: view.shape().to_vec(), data });
        }
        Ok(ModelFile { spec, tensors, metadata })
    }

    /// The file's bytes: the same content gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut header = self.header();
        while !header.len().is_multiple_of(LENGTH_BYTES) {
            header.push(' ');
        }
        let numbers: usize = self.tensors.values().map(|t| t.data.len()).sum();
        let mut bytes = Vec::with_capacity(LENGTH_BYTES + header.len() + 4 * numbers);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        for tensor in self.tensors.values() {
            bytes.extend(tensor.data.iter().flat_map(|x| x.to_le_bytes()));
        }
        bytes
    }

    fn header(&self) -> String {
        let mut metadata = self.metadata.clone();
        if let Some(spec) = &self.spec {
            metadata.insert(MODEL_KEY.into(), model_json(spec));
        }
        let entries: Vec<String> =
            metadata.iter().map(|(key, value)| format!("{}:{}", quoted(key), quoted(value))).collect();
        let mut header = format!("{{\"__metadata__\":{{{}}}", entries.join(","));
        let mut start = 0;
        for (name, tensor) in &self.tensors {
            let end = start + 4 * tensor.data.len();
            let sizes: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
            // Writing to a string cannot fail.
            let _ = write!(
                header,
                ",{}:{{\"dtype\":\"F32\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
                quoted(name),
                sizes.join(",")
            );
            start = end;
        }
        header.push('}');
        header
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A model is strings, numbers and lists with string keys, which JSON can always say.
fn model_json(spec: &crate::spec::ModelSpec) -> String {
    serde_json::to_string(spec).unwrap_or_default()
}
