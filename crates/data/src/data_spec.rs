//! What a weights file says about data: without it, logits have no meaning.

use crate::preprocess::Preprocess;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// How a model's pictures are prepared, and what its outputs are called.
///
/// Stored in the `__metadata__` of a weights file, written by training and read by everything that uses the weights.
///
/// # Examples
/// ```
/// use data::{Colour, DataSpec, Feature, Preprocess};
///
/// let preprocess = Preprocess::new(32, 32, Colour::Gray, Feature::pixels(Colour::Gray));
/// let spec = DataSpec { preprocess, class_names: vec!["cat".into(), "dog".into()] };
/// assert_eq!(DataSpec::from_metadata(&spec.to_metadata()), Ok(Some(spec)));
/// assert_eq!(DataSpec::from_metadata(&Default::default()), Ok(None));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataSpec {
    /// From picture to input.
    pub preprocess: Preprocess,
    /// Names of the classes, in the order of the logits.
    pub class_names: Vec<String>,
}

/// A stored entry that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entry '{key}' stored with the weights can't be read: {what}")]
pub struct DataSpecError {
    /// Its key.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
}

impl DataSpec {
    /// Where the preprocessing stands, as JSON.
    pub const PREPROCESS_KEY: &'static str = "lenet.preprocess";
    /// Where the class names stand, as a JSON list.
    pub const CLASSES_KEY: &'static str = "lenet.classes";

    /// The entries of a weights file's metadata.
    pub fn to_metadata(&self) -> BTreeMap<String, String> {
        // Plain structs, numbers and strings always have a form in JSON.
        let preprocess = serde_json::to_string(&self.preprocess).unwrap_or_default();
        let classes = serde_json::to_string(&self.class_names).unwrap_or_default();
        [(Self::PREPROCESS_KEY.to_owned(), preprocess), (Self::CLASSES_KEY.to_owned(), classes)].into()
    }

    /// Reads the entries; none if one of them is not there, as in a file that was not written here.
    ///
    /// # Errors
    /// [`DataSpecError`] if an entry is no JSON, or a preprocessing that can't be carried out.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Result<Option<Self>, DataSpecError> {
        let preprocess: Option<Preprocess> = entry(metadata, Self::PREPROCESS_KEY)?;
        let class_names: Option<Vec<String>> = entry(metadata, Self::CLASSES_KEY)?;
        let (Some(preprocess), Some(class_names)) = (preprocess, class_names) else { return Ok(None) };
        let wrong =
            |error: crate::PreprocessError| DataSpecError { key: Self::PREPROCESS_KEY, what: error.what };
        preprocess.check().map_err(wrong)?;
        Ok(Some(Self { preprocess, class_names }))
    }
}

fn entry<T: DeserializeOwned>(
    metadata: &BTreeMap<String, String>,
    key: &'static str,
) -> Result<Option<T>, DataSpecError> {
    let read = |json: &String| {
        serde_json::from_str(json).map_err(|error| DataSpecError { key, what: error.to_string() })
    };
    metadata.get(key).map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colour, Feature};

    fn metadata() -> BTreeMap<String, String> {
        let preprocess = Preprocess::new(8, 8, Colour::Rgb, Feature::pixels(Colour::Rgb));
        DataSpec { preprocess, class_names: vec!["a \"quoted\" name".into()] }.to_metadata()
    }

    #[test]
    fn a_damaged_entry_is_named() {
        for key in [DataSpec::PREPROCESS_KEY, DataSpec::CLASSES_KEY] {
            let mut damaged = metadata();
            damaged.insert(key.into(), "{".into());
            assert_eq!(DataSpec::from_metadata(&damaged).unwrap_err().key, key);
        }
    }

    #[test]
    fn a_preprocessing_that_makes_no_sense_is_refused() {
        let mut changed = metadata();
        let json = changed[DataSpec::PREPROCESS_KEY].replace("\"height\":8", "\"height\":0");
        changed.insert(DataSpec::PREPROCESS_KEY.into(), json);
        let message = DataSpec::from_metadata(&changed).unwrap_err().to_string();
        assert!(message.contains("8×0 pixels"), "{message}");
    }

    #[test]
    fn half_an_entry_is_none() {
        let mut half = metadata();
        half.remove(DataSpec::CLASSES_KEY);
        assert_eq!(DataSpec::from_metadata(&half), Ok(None));
    }
}
