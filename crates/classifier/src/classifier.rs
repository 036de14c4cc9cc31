//! A trained model at work.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use data::{DataSpec, DecodeError, Preprocess};
use nn::{Buffer, Mode, ModelSpec, Sequential, StepId, Workspace};
use rayon::prelude::*;

use crate::error::ClassifierError;
use crate::prediction::Prediction;

/// Pictures a pass; the result does not depend on it.
const PASS: usize = 32;

/// A model with its weights, its preprocessing and the names of its classes.
///
/// Work is done on the current rayon pool, and results do not depend on its size.
///
/// # Examples
/// ```
/// use classifier::{Assumed, Classifier};
///
/// let spec = nn::zoo::perceptron(3);
/// let net = spec.build::<f32>()?;
/// let params = net.init_params(&Default::default(), 1);
/// let file = nn::ModelFile::of(&spec, &net, &params, Default::default());
/// let names = ["cat", "dog", "eel"].map(str::to_owned).to_vec();
/// let assumed = Assumed { class_names: Some(names), ..Assumed::default() };
/// let classifier = Classifier::from_file(&file, &assumed, "cats.safetensors".as_ref())?;
///
/// let picture = b"P5 2 2 255\n\x00\x40\x80\xff"; // a PGM file
/// let prediction = classifier.predict(picture, 2)?;
/// assert_eq!(prediction.top.len(), 2);
/// assert!(prediction.top[0].prob >= prediction.top[1].prob);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Classifier {
    spec: ModelSpec,
    net: Sequential,
    params: Buffer<f32>,
    data: DataSpec,
    /// Workspaces that no call uses now, and for how many threads they are: making one takes a tenth of a single picture's time.
    idle: Mutex<Vec<(usize, Workspace)>>,
}

impl Classifier {
    pub(crate) fn new(spec: ModelSpec, net: Sequential, params: Buffer<f32>, data: DataSpec) -> Self {
        Self { spec, net, params, data, idle: Mutex::default() }
    }

    /// The same, with large fully connected layers' weights rounded to bf16: sooner with one picture at a time, other scores
    /// ([`nn::in_bf16`]).
    #[must_use]
    pub fn in_bf16(self) -> Self {
        let Self { spec, net, params, data, .. } = self;
        Self::new(spec, nn::in_bf16(net, &params), params, data)
    }

    /// The model as data.
    #[must_use]
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The network, fused: parameters have the names and places of [`Classifier::spec`]'s layers.
    #[must_use]
    pub fn net(&self) -> &Sequential {
        &self.net
    }

    /// The weights, flat, in the places that [`Classifier::net`] names.
    #[must_use]
    pub fn params(&self) -> &[f32] {
        &self.params
    }

    /// How pictures are prepared.
    #[must_use]
    pub fn preprocess(&self) -> &Preprocess {
        &self.data.preprocess
    }

    /// Names of the classes, in the order of the scores.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.data.class_names
    }

    /// What the model says of an encoded picture: its `count` likeliest classes.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no picture.
    pub fn predict(&self, bytes: &[u8], count: usize) -> Result<Prediction, DecodeError> {
        let plane = self.preprocess().plane(bytes)?;
        Ok(Prediction::of(&self.logits(&[&plane]), self.class_names(), count))
    }

    /// The same of a picture file.
    ///
    /// # Errors
    /// [`ClassifierError::Read`] if it can't be read, [`ClassifierError::Picture`] if it is no picture.
    pub fn predict_file(&self, path: &Path, count: usize) -> Result<Prediction, ClassifierError> {
        let plane = self.plane_of_file(path)?;
        Ok(Prediction::of(&self.logits(&[&plane]), self.class_names(), count))
    }

    /// The same of many picture files, decoded side by side; one that can't be used does not stop the others.
    ///
    /// Each result is given to `done` as soon as it and all before it are known, in the order of `paths`.
    ///
    /// # Errors
    /// Whatever `done` returns as one; it ends the work.
    pub fn predict_files<P, E>(
        &self,
        paths: &[P],
        count: usize,
        mut done: impl FnMut(&Path, Result<Prediction, ClassifierError>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        P: AsRef<Path> + Sync,
    {
        for paths in paths.chunks(PASS) {
            let planes: Vec<_> = paths.par_iter().map(|path| self.plane_of_file(path.as_ref())).collect();
            let good: Vec<&[u8]> = planes.iter().flatten().map(Vec::as_slice).collect();
            let logits = self.logits(&good);
            let mut rows = logits.chunks_exact(self.class_names().len().max(1));
            for (path, plane) in paths.iter().zip(planes) {
                let row = plane.map(|_| rows.next().unwrap_or_default());
                done(path.as_ref(), row.map(|row| Prediction::of(row, self.class_names(), count)))?;
            }
        }
        Ok(())
    }

    /// The model's scores, before softmax.
    ///
    /// # Shapes
    /// Each plane is `[channels, height, width]` as [`Preprocess::plane`] makes it; the result is
    /// `[planes, num_classes]`.
    ///
    /// # Panics
    /// If a plane has another size.
    #[must_use]
    pub fn logits(&self, planes: &[&[u8]]) -> Vec<f32> {
        if planes.is_empty() {
            return Vec::new();
        }
        let preprocess = self.preprocess();
        let length = preprocess.feature_len();
        let mut ws = self.workspace(planes.len().min(PASS));
        let mut logits = Vec::with_capacity(planes.len() * self.class_names().len());
        for planes in planes.chunks(PASS) {
            let mut input = vec![0.0; planes.len() * length];
            input.par_chunks_exact_mut(length).zip(planes).for_each(|(out, plane)| {
                assert_eq!(plane.len(), preprocess.plane_len(), "bytes of a plane");
                preprocess.features(plane, out);
            });
            self.net.forward(&self.params, &input, StepId::default(), &mut ws);
            logits.extend_from_slice(ws.logits());
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((rayon::current_num_threads(), ws));
        logits
    }

    /// An idle workspace that is large enough and for as many threads, or a new one, which takes the place of an idle one.
    fn workspace(&self, pictures: usize) -> Workspace {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |(threads, ws): &(usize, Workspace)| {
            *threads == rayon::current_num_threads() && ws.capacity() >= pictures
        };
        if let Some(at) = idle.iter().position(fits) {
            return idle.swap_remove(at).1;
        }
        let other = idle.pop();
        drop(idle);
        drop(other);
        self.net.workspace(pictures, Mode::Eval)
    }

    fn plane_of_file(&self, path: &Path) -> Result<Vec<u8>, ClassifierError> {
        let bytes = fs::read(path).map_err(|source| ClassifierError::Read { path: path.into(), source })?;
        self.preprocess()
            .plane(&bytes)
            .map_err(|source| ClassifierError::Picture { path: path.into(), source })
    }
}
