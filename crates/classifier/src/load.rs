//! From a weights file to a classifier.

use std::path::Path;

use data::{Colour, DataSpec, Feature, Preprocess, Space, Transform};
use nn::zoo::{self, HISTOGRAM_BINS, IMAGE_SIZE};
use nn::{ModelFile, ModelSpec, Shape};

use crate::classifier::Classifier;
use crate::error::ClassifierError;

/// What is taken for granted about a weights file that does not say it itself, such as one that PyTorch wrote.
///
/// What the file says always counts; a different `model` beside it is an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assumed {
    /// Name of a built-in model.
    pub model: Option<String>,
    /// Names of the classes; otherwise they are called by their numbers, as many as the last tensor has rows.
    pub class_names: Option<Vec<String>>,
    /// How pictures are prepared; otherwise 128×128 gray pixels divided by 255, or their plain histogram for the
    /// perceptron.
    pub preprocess: Option<Preprocess>,
}

impl Classifier {
    /// Reads a weights file that says everything itself, as all do that training leaves here.
    ///
    /// # Errors
    /// [`ClassifierError`]: no such file, no weights file, no model in it, parts that do not fit.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ClassifierError> {
        Self::load_assuming(path, &Assumed::default())
    }

    /// Reads a weights file; what it does not say is assumed.
    ///
    /// # Errors
    /// As [`Classifier::load`].
    pub fn load_assuming(path: impl AsRef<Path>, assumed: &Assumed) -> Result<Self, ClassifierError> {
        let path = path.as_ref();
        Self::from_file(&ModelFile::read(path)?, assumed, path)
    }

    /// The classifier of a weights file's content; `path` is for messages.
    ///
    /// # Errors
    /// As [`Classifier::load`].
    pub fn from_file(file: &ModelFile, assumed: &Assumed, path: &Path) -> Result<Self, ClassifierError> {
        let stored = DataSpec::from_metadata(&file.metadata)
            .map_err(|source| ClassifierError::Data { path: path.into(), source })?;
        let model = model_name(file, assumed, path)?;
        let data = match stored {
            Some(data) => data,
            None => assumed_data(file, assumed, &model),
        };
        let input = Shape::from(data.preprocess.input_shape());
        let spec = match &file.spec {
            Some(spec) => spec.clone(),
            None => zoo::by_name(&model, input, data.class_names.len())
                .ok_or(ClassifierError::UnknownModel { name: model })?,
        };
        check_fit(&spec, input, path)?;
        let net =
            nn::fuse(spec.build().map_err(|source| ClassifierError::Model { path: path.into(), source })?);
        let mut params = nn::Buffer::zeros(net.num_slots());
        file.load_into(&net, &mut params)
            .map_err(|source| ClassifierError::OtherModel { path: path.into(), source })?;
        let (scores, classes) = (net.output_shape().len(), data.class_names.len());
        if scores != classes {
            let what = format!("the model gives {scores} scores for {classes} class names");
            return Err(ClassifierError::Misfit { path: path.into(), what });
        }
        Ok(Self::new(spec, net, params, data))
    }
}

fn model_name(file: &ModelFile, assumed: &Assumed, path: &Path) -> Result<String, ClassifierError> {
    match (&file.spec, &assumed.model) {
        (None, None) => Err(ClassifierError::NoModel { path: path.into() }),
        (Some(spec), Some(asked)) if *asked != spec.name => Err(ClassifierError::Contradiction {
            path: path.into(),
            stored: spec.name.clone(),
            asked: asked.clone(),
        }),
        (Some(spec), _) => Ok(spec.name.clone()),
        (None, Some(asked)) => Ok(asked.clone()),
    }
}

fn check_fit(spec: &ModelSpec, input: Shape, path: &Path) -> Result<(), ClassifierError> {
    if spec.input == input {
        return Ok(());
    }
    let what = format!("the model's input is {}, but pictures are prepared as {input}", spec.input);
    Err(ClassifierError::Misfit { path: path.into(), what })
}

fn assumed_data(file: &ModelFile, assumed: &Assumed, model: &str) -> DataSpec {
    let preprocess = assumed.preprocess.clone().unwrap_or_else(|| usual_preprocess(file, model));
    let numbered = || (0..num_classes(file)).map(|i| i.to_string()).collect();
    DataSpec { preprocess, class_names: assumed.class_names.clone().unwrap_or_else(numbered) }
}

/// That of the published experiment: nothing was standardized.
fn usual_preprocess(file: &ModelFile, model: &str) -> Preprocess {
    let histogram = match &file.spec {
        Some(spec) => spec.input == Shape::Flat(HISTOGRAM_BINS),
        None => model == "perceptron",
    };
    let feature = if histogram {
        Feature::histogram(Space::Gray64, Transform::Plain)
    } else {
        Feature::pixels(Colour::Gray)
    };
    Preprocess::new(IMAGE_SIZE, IMAGE_SIZE, Colour::Gray, feature)
}

/// Rows of the last linear layer, which in the built-in models has the highest number: `fc2` or `fc3`.
fn num_classes(file: &ModelFile) -> usize {
    let mut biases =
        file.tensors.iter().filter(|(name, _)| name.starts_with("fc") && name.ends_with(".bias"));
    biases.next_back().and_then(|(_, tensor)| tensor.shape.first().copied()).unwrap_or(1)
}
