//! A run that is ready to go: everything that can be wrong with it has been looked at.

use crate::{
    Event, Observer, Recipe, RunInfo, Session, Splits, TrainError, Trained, frozen,
    keeper::Keeper,
    model,
    recipe::{Start, steps_per_epoch},
    start::StartWeights,
    state::RunState,
    trainer,
};
use data::{Augment, DataSpec, Loader, Order, Preprocess};
use nn::{
    Buffer, ModelFile, ModelSpec, Sequential,
    init::{InitScheme, init_from_data},
};
use std::sync::Arc;

/// A recipe, its network and its data.
#[derive(Debug)]
pub struct Job {
    recipe: Recipe,
    spec: ModelSpec,
    /// For work.
    net: Sequential,
    /// The same layer by layer, which start values are fitted on.
    plain: Sequential,
    preprocess: Preprocess,
    splits: Splits,
    start: Option<StartWeights>,
    class_weights: Option<Vec<f32>>,
}

/// Where in a weights file's metadata the recipe stands, as TOML.
pub const RECIPE_KEY: &str = "lenet.recipe";

impl Job {
    /// Builds the model of `recipe` for the classes of `splits`, fits the preprocessing to the training split, and reads
    /// the weights to start from, if the recipe names some.
    ///
    /// Weights that bring a preprocessing of their own keep it where the recipe would fit one to the data: they were
    /// trained on nothing else. A recipe that says how to standardize is obeyed. Weights for another number of classes give
    /// all but the last layer, see [`Job::new_head`].
    ///
    /// # Errors
    /// [`TrainError`]: a recipe out of range, a weight for an unknown class, an unknown or impossible model, weights of another model, planes of another
    /// size.
    pub fn new(recipe: Recipe, splits: &Splits) -> Result<Self, TrainError> {
        recipe.check(&recipe.origin())?;
        let classes = splits.num_classes();
        let input = recipe.input.shape();
        let spec = model::spec_of(&recipe.model, input, classes)?;
        let plain = model::build(&spec, input, classes)?;
        let net = nn::fuse(model::build(&spec, input, classes)?);
        if steps_per_epoch(splits.train.len(), recipe.batch_size, recipe.last_batch) == 0 {
            let what = format!(
                "the {} training samples do not fill one batch of {}; lower batch_size or keep the last batch",
                splits.train.len(),
                recipe.batch_size
            );
            return Err(TrainError::Recipe { origin: recipe.origin(), what });
        }
        if let Some(what) = frozen::fault(&net, &recipe.freeze) {
            return Err(TrainError::Recipe { origin: recipe.origin(), what });
        }
        let class_weights = recipe.class_weights.of_classes(&splits.train.labels, &splits.class_names)?;
        let start = recipe.weights.as_ref().map(|path| StartWeights::read(path, &net)).transpose()?;
        let preprocess = match start.as_ref().and_then(|start| start.preprocess().cloned()) {
            Some(stored)
                if recipe.input.standardize.is_learned()
                    && stored.same_planes(&recipe.input.preprocess())
                    && stored.input_shape() == recipe.input.preprocess().input_shape() =>
            {
                stored
            }
            _ => fitted(&recipe, splits),
        };
        if !splits.serve(&preprocess) {
            let what = format!(
                "the pictures were prepared as {:?}, which is not the input's size",
                splits.train.shape
            );
            return Err(TrainError::Recipe { origin: recipe.origin(), what });
        }
        Ok(Self { recipe, spec, net, plain, preprocess, splits: splits.clone(), start, class_weights })
    }

    /// The recipe.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The model as data.
    #[must_use]
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The network, fused: parameters have the names and places of [`Job::spec`]'s layers.
    #[must_use]
    pub fn net(&self) -> &Sequential {
        &self.net
    }

    /// The network layer by layer, nothing fused, with the same parameters in the same places.
    #[must_use]
    pub fn plain(&self) -> &Sequential {
        &self.plain
    }

    /// The preprocessing, fitted.
    #[must_use]
    pub fn preprocess(&self) -> &Preprocess {
        &self.preprocess
    }

    /// The data.
    #[must_use]
    pub fn splits(&self) -> &Splits {
        &self.splits
    }

    /// How much the loss of a sample of each class counts, `[num_classes]`; none: all the same.
    #[must_use]
    pub fn class_weights(&self) -> Option<&[f32]> {
        self.class_weights.as_deref()
    }

    /// The layer that begins anew because the weights to start from are for another number of classes.
    #[must_use]
    pub fn new_head(&self) -> Option<&str> {
        self.start.as_ref().and_then(StartWeights::new_head)
    }

    /// What the run will be like.
    #[must_use]
    pub fn info(&self) -> RunInfo {
        let recipe = &self.recipe;
        let samples = self.splits.train.len();
        let steps_per_epoch = steps_per_epoch(samples, recipe.batch_size, recipe.last_batch) as u64;
        let all = steps_per_epoch * recipe.epochs as u64;
        RunInfo {
            model: self.spec.name.clone(),
            recipe: recipe.recipe.clone(),
            seed: recipe.seed,
            epochs: recipe.epochs,
            steps_per_epoch,
            total_steps: all.min(recipe.max_steps.unwrap_or(u64::MAX)),
            samples_per_epoch: samples.min(steps_per_epoch as usize * recipe.batch_size),
            val_samples: self.splits.val.as_ref().map_or(0, |set| set.len()),
            num_classes: self.splits.num_classes(),
            num_params: self.net.num_params(),
        }
    }

    /// The weights before the first step, `[net.num_slots()]`.
    ///
    /// # Errors
    /// [`TrainError::OtherModel`] if the weights to start from do not fit.
    pub fn initial_params(&self) -> Result<Buffer<f32>, TrainError> {
        let seed = self.recipe.seed;
        let (scheme, fit) = match self.recipe.init {
            Start::Drawn { weight, bias } => (InitScheme { weight, bias }, None),
            Start::FromData { target_std, last_std, samples } => {
                (InitScheme::default(), Some((target_std, last_std, samples)))
            }
        };
        let mut params = self.net.init_params(&scheme, seed);
        if let Some(start) = &self.start {
            start.load(&self.net, &mut params)?;
        } else if let Some((target_std, last_std, samples)) = fit {
            let input = self.first_samples(samples);
            init_from_data(&self.plain, &mut params, &input, target_std, last_std, seed);
        }
        Ok(params)
    }

    /// The first training samples in the order of the first epoch, not augmented.
    fn first_samples(&self, count: usize) -> Vec<f32> {
        let set = &self.splits.train;
        let order = Order::Shuffled { seed: self.recipe.seed }.epoch(0, set.len() as u32);
        let length = self.preprocess.feature_len();
        let chosen = &order[..count.min(order.len())];
        let mut input = vec![0.0; chosen.len() * length];
        for (row, &index) in input.chunks_exact_mut(length).zip(chosen) {
            self.preprocess.features(set.plane(index as usize), row);
        }
        input
    }

    /// Makes the training batches, augmented.
    #[must_use]
    pub fn train_loader(&self) -> Loader {
        self.loader(&self.splits.train, self.recipe.augment)
    }

    /// Makes the validation batches; none without a validation split.
    #[must_use]
    pub fn val_loader(&self) -> Option<Loader> {
        self.splits.val.as_ref().map(|set| self.loader(set, Augment::NONE))
    }

    /// Makes the test batches; none without a test split.
    #[must_use]
    pub fn test_loader(&self) -> Option<Loader> {
        self.splits.test.as_ref().map(|set| self.loader(set, Augment::NONE))
    }

    fn loader(&self, set: &Arc<data::PreparedSet>, augment: Augment) -> Loader {
        Loader::new(Arc::clone(set), self.preprocess.clone(), augment, self.recipe.seed)
    }

    /// The weights file of `params`: with model, preprocessing, class names and recipe, so that it stands alone.
    ///
    /// # Panics
    /// If `params` has not the network's length.
    #[must_use]
    pub fn weights_file(&self, params: &[f32]) -> ModelFile {
        let mut metadata = self.data_spec().to_metadata();
        // Neither machine nor user belong into a file that is handed on: where data and weights lay is left out.
        let recipe = Recipe { data: None, weights: None, ..self.recipe.clone() };
        metadata.insert(RECIPE_KEY.to_owned(), recipe.to_toml());
        // What Python's loaders look for before they take tensors for torch's.
        metadata.insert("format".to_owned(), "pt".to_owned());
        ModelFile::of(&self.spec, &self.net, params, metadata)
    }

    fn data_spec(&self) -> DataSpec {
        DataSpec { preprocess: self.preprocess.clone(), class_names: self.splits.class_names.clone() }
    }

    /// Trains, on the current rayon pool; nothing is written but what `observer` writes.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`], [`TrainError::BadEpoch`], and the observer's own.
    pub fn train(&self, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
        let (info, session) = (self.info(), Session::default());
        observer.on(&Event::Started(&info))?;
        trainer::run(self, &info, RunState::new(self)?, &mut Keeper::new(&session, None, 0.0), observer)
    }
}

fn fitted(recipe: &Recipe, splits: &Splits) -> Preprocess {
    let mut preprocess = recipe.input.preprocess();
    if recipe.input.standardize.is_learned() {
        preprocess.fit(&splits.train.planes);
    }
    preprocess
}
