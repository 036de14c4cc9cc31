//! The splits of a data set in memory, prepared once for any number of runs.

use std::sync::Arc;

use data::source::{TEST, TRAIN, VAL};
use data::{
    BadFile, Cache, DataError, Dataset, OnBad, PreparedSet, Preprocess, cache::CacheName, prepare,
    prepare_cached,
};

/// Training, validation and test split, decoded and brought to size.
#[derive(Clone, Debug)]
pub struct Splits {
    /// The data folder, or `synthetic`.
    pub data: String,
    /// What is learned from.
    pub train: Arc<PreparedSet>,
    /// What epochs are compared on; none if the data has no such split. The test split never takes its place.
    pub val: Option<Arc<PreparedSet>>,
    /// What is scored once, at the end; none if the data has no such split.
    pub test: Option<Arc<PreparedSet>>,
    /// Names of the classes; a label is an index into them.
    pub class_names: Vec<String>,
    planes: Preprocess,
}

/// Told how many of how many pictures of which split are done, from several threads at once.
pub type Progress<'a> = &'a (dyn Fn(&str, usize, usize) + Sync);

impl Splits {
    /// Prepares every split that the data has, on the current rayon pool.
    ///
    /// Only the size and colour of `preprocess` matter here.
    ///
    /// # Errors
    /// [`DataError::NoSplit`] without a training split, and whatever [`prepare`] finds.
    pub fn prepare(
        data: &Dataset,
        preprocess: &Preprocess,
        on_bad: OnBad,
        cache: Option<&Cache>,
        progress: Progress<'_>,
    ) -> Result<Self, DataError> {
        let one = |name: &str| prepare_split(data, name, preprocess, on_bad, cache, progress);
        let optional = |name: &str| data.has_split(name).then(|| one(name)).transpose();
        Ok(Self {
            data: data.name().to_owned(),
            train: one(TRAIN)?,
            val: optional(VAL)?,
            test: optional(TEST)?,
            class_names: data.class_names().to_vec(),
            planes: preprocess.clone(),
        })
    }

    /// Number of classes.
    #[must_use]
    pub fn num_classes(&self) -> usize {
        self.class_names.len()
    }

    /// Whether these planes serve this preprocessing.
    #[must_use]
    pub fn serve(&self, preprocess: &Preprocess) -> bool {
        self.planes.same_planes(preprocess)
    }

    /// The pictures that were left out, with the name of their split.
    pub fn skipped(&self) -> impl Iterator<Item = (&'static str, &BadFile)> {
        self.sets().flat_map(|(name, set)| set.skipped.iter().map(move |bad| (name, bad)))
    }

    /// Why the pictures are not in the cache though they should be, if so.
    #[must_use]
    pub fn cache_note(&self) -> Option<&str> {
        self.sets().find_map(|(_, set)| set.cache_note.as_deref())
    }

    fn sets(&self) -> impl Iterator<Item = (&'static str, &PreparedSet)> {
        let sets = [(TRAIN, Some(&self.train)), (VAL, self.val.as_ref()), (TEST, self.test.as_ref())];
        sets.into_iter().filter_map(|(name, set)| set.map(|set| (name, &**set)))
    }
}

/// One split, decoded and brought to size, on the current rayon pool; from the cache, if there is one and it is there.
///
/// # Errors
/// [`DataError::NoSplit`] if the data has none of that name, and whatever [`prepare`] finds.
pub fn prepare_split(
    data: &Dataset,
    name: &str,
    preprocess: &Preprocess,
    on_bad: OnBad,
    cache: Option<&Cache>,
    progress: Progress<'_>,
) -> Result<Arc<PreparedSet>, DataError> {
    let source = data.split(name)?;
    let told = |done: usize, all: usize| progress(name, done, all);
    let set = match cache {
        None => prepare(&*source, preprocess, on_bad, &told),
        Some(cache) => {
            let place = CacheName { data: data.name(), split: name };
            prepare_cached(&*source, place, preprocess, on_bad, cache, &told)
        }
    };
    match set {
        Ok(set) => Ok(Arc::new(set)),
        Err(DataError::NothingLeft { skipped, first, .. }) => {
            Err(DataError::NothingLeft { split: name.to_owned(), skipped, first })
        }
        Err(other) => Err(other),
    }
}

/// A data set whose splits are prepared when they are first needed, once for each size and colour.
#[derive(Debug)]
pub struct Pictures {
    data: Dataset,
    on_bad: OnBad,
    cache: Option<Cache>,
    prepared: Vec<Splits>,
}

impl Pictures {
    /// Nothing is read yet; without a cache.
    #[must_use]
    pub fn new(data: Dataset, on_bad: OnBad) -> Self {
        Self { data, on_bad, cache: None, prepared: Vec::new() }
    }

    /// The same, with planes kept in `cache` from start to start.
    #[must_use]
    pub fn with_cache(self, cache: Option<Cache>) -> Self {
        Self { cache, ..self }
    }

    /// The data set.
    #[must_use]
    pub fn data(&self) -> &Dataset {
        &self.data
    }

    /// The splits for this preprocessing.
    ///
    /// # Errors
    /// As [`Splits::prepare`].
    pub fn splits(&mut self, preprocess: &Preprocess, progress: Progress<'_>) -> Result<Splits, DataError> {
        if let Some(splits) = self.prepared.iter().find(|s| s.serve(preprocess)) {
            return Ok(splits.clone());
        }
        let splits = Splits::prepare(&self.data, preprocess, self.on_bad, self.cache.as_ref(), progress)?;
        self.prepared.push(splits.clone());
        Ok(splits)
    }
}
