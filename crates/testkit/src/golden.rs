//! Golden files: numbers that a trusted program made, stored beside the script that made them.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};

/// The tensors of a safetensors file, by name.
///
/// # Examples
/// ```no_run
/// let golden = testkit::Golden::read("tests/golden/lenet5.safetensors");
/// let logits: Vec<f64> = golden.numbers("logits");
/// ```
#[derive(Clone, Debug)]
pub struct Golden {
    path: String,
    bytes: Vec<u8>,
}

impl Golden {
    /// Reads the file; relative paths start at the crate under test.
    #[must_use]
    #[track_caller]
    pub fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Golden { path: path.display().to_string(), bytes }
    }

    /// A tensor's numbers, whatever its type and shape.
    #[must_use]
    #[track_caller]
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let path = &self.path;
        let file = SafeTensors::deserialize(&self.bytes).unwrap_or_else(|e| panic!("{path}: {e}"));
        let tensor = file.tensor(name).unwrap_or_else(|e| panic!("{path}: {e}"));
        let data = tensor.data();
        match tensor.dtype() {
            Dtype::F64 => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
            Dtype::F32 => data.as_chunks().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))).collect(),
            Dtype::I64 => data.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b) as f64).collect(),
            other => panic!("{path}: '{name}' is {other:?}; golden files hold F64, F32, I64"),
        }
    }

    /// The names of all tensors, sorted.
    #[must_use]
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let path = &self.path;
        let file = SafeTensors::deserialize(&self.bytes).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        names
    }
}
