//! A data set: class names and named splits.

use super::{
    Content, Sample, Source,
    class_order::{ClassOrder, natural},
    list_file::{ListClasses, class_file_names, read_list},
};
use crate::error::DataError;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Name of the split that models learn from.
pub const TRAIN: &str = "train";
/// Name of the split that choices are made on.
pub const VAL: &str = "val";
/// Name of the split that is scored once, at the end.
pub const TEST: &str = "test";

/// Class names and splits of one data folder (or of the synthetic set).
///
/// Labels of all its sources index [`Dataset::class_names`].
#[derive(Clone)]
pub struct Dataset {
    name: String,
    class_names: Vec<String>,
    splits: Vec<(String, Split)>,
    relabel: Option<Relabel>,
    notes: Vec<String>,
}

/// A split, or the list file that it will be read from when asked for.
#[derive(Clone)]
pub(super) enum Split {
    Ready(Arc<dyn Source>),
    List { root: PathBuf, list: PathBuf, classes: Arc<ListClasses> },
}

/// From this data's labels to another order of classes; `None` for a class that the other does not have.
#[derive(Clone)]
struct Relabel {
    to: Arc<[Option<u32>]>,
    own_names: Vec<String>,
}

impl Dataset {
    pub(super) fn new(name: String, class_names: Vec<String>, mut splits: Vec<(String, Split)>) -> Self {
        let rank = |name: &str| [TRAIN, VAL, TEST].iter().position(|&n| n == name).unwrap_or(3);
        splits.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
        Self { name, class_names, splits, relabel: None, notes: Vec::new() }
    }

    pub(super) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// The data folder, or `synthetic`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the classes; a label is an index into them.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Names of the splits: `train`, `val`, `test` first, as far as they exist, then the others by name.
    pub fn split_names(&self) -> impl Iterator<Item = &str> {
        self.splits.iter().map(|(name, _)| name.as_str())
    }

    /// Whether there is a split of that name.
    pub fn has_split(&self, name: &str) -> bool {
        self.split_names().any(|n| n == name)
    }

    /// What a user should know about this data though it is no error, one line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The split of that name, and no other in its place.
    ///
    /// # Errors
    /// [`DataError::NoSplit`] if there is none; errors of its list file, if it is read only now;
    /// [`DataError::UnknownClass`] if after [`Dataset::align_to`] it holds a class that the names lack.
    pub fn split(&self, name: &str) -> Result<Arc<dyn Source>, DataError> {
        let Some((_, split)) = self.splits.iter().find(|(n, _)| n == name) else {
            return Err(DataError::NoSplit {
                split: name.into(),
                data: self.name.clone(),
                available: self.split_names().map(str::to_owned).collect(),
            });
        };
        let source: Arc<dyn Source> = match split {
            Split::Ready(source) => Arc::clone(source),
            Split::List { root, list, classes } => Arc::new(read_list(root, list)?.resolve(classes)?),
        };
        match &self.relabel {
            None => Ok(source),
            Some(relabel) => Ok(Arc::new(Relabelled::new(source, relabel, self.class_names.len())?)),
        }
    }

    /// The same data with its labels in the order of `class_names`, matched by name: so weights are scored on the
    /// classes they learned, whatever the order or number of folders here.
    ///
    /// Data whose classes have no names (list files with numbers only) keeps its numbers. A class that occurs here but
    /// not in `class_names` is an error only when a split that holds it is asked for.
    #[must_use]
    pub fn align_to(&self, class_names: &[String]) -> Self {
        let position: BTreeMap<&str, u32> =
            class_names.iter().enumerate().map(|(i, name)| (name.as_str(), i as u32)).collect();
        // Splits are read with their own labels, whatever order was asked for before.
        let own_names = self.relabel.as_ref().map_or(&self.class_names, |relabel| &relabel.own_names);
        let numbered = own_names.iter().enumerate().all(|(i, name)| *name == i.to_string());
        let to = own_names.iter().enumerate().map(|(i, name)| match position.get(name.as_str()) {
            Some(&label) => Some(label),
            None => (numbered && i < class_names.len()).then_some(i as u32),
        });
        let relabel = Relabel { to: to.collect(), own_names: own_names.clone() };
        Self { class_names: class_names.to_vec(), relabel: Some(relabel), ..self.clone() }
    }
}

impl Dataset {
    /// The same data with its classes, hence labels, in this order.
    ///
    /// [`ClassOrder::File`] is the order of `classes.txt` in the data folder; without it that in which classes first occur in
    /// the training split (in a folder of folders: by name), those that don't occur last.
    ///
    /// # Errors
    /// [`DataError::BadList`] if `classes.txt` has not just these classes; whatever is wrong with the training split.
    pub fn in_class_order(&self, order: ClassOrder) -> Result<Self, DataError> {
        let mut names = self.class_names.clone();
        match order {
            ClassOrder::String => names.sort(),
            ClassOrder::Natural => names.sort_by(|a, b| natural(a, b)),
            ClassOrder::File => match class_file_names(Path::new(&self.name))? {
                Some(listed) => {
                    let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
                    if sorted(&listed) != sorted(&names) {
                        return Err(DataError::BadList {
                            path: Path::new(&self.name).join("classes.txt"),
                            line: 1,
                            what: format!(
                                "names {} classes, the data has {} others",
                                listed.len(),
                                names.len()
                            ),
                        });
                    }
                    names = listed;
                }
                None if self.has_split(TRAIN) => {
                    let train = self.split(TRAIN)?;
                    let mut first = vec![usize::MAX; names.len()];
                    for (at, sample) in train.samples().iter().enumerate().rev() {
                        first[sample.label as usize] = at;
                    }
                    let mut ranked: Vec<(usize, String)> = first.into_iter().zip(names).collect();
                    ranked.sort();
                    names = ranked.into_iter().map(|(_, name)| name).collect();
                }
                None => {}
            },
        }
        Ok(self.align_to(&names))
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset")
            .field("name", &self.name)
            .field("classes", &self.class_names.len())
            .field("splits", &self.split_names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

struct Relabelled {
    inner: Arc<dyn Source>,
    samples: Vec<Sample>,
}

impl Relabelled {
    fn new(inner: Arc<dyn Source>, relabel: &Relabel, known: usize) -> Result<Self, DataError> {
        let new_label = |(index, sample): (usize, &Sample)| match relabel.to[sample.label as usize] {
            Some(label) => Ok(Sample { label, ..sample.clone() }),
            None => Err(DataError::UnknownClass {
                class: relabel.own_names[sample.label as usize].clone(),
                origin: inner.origin(index),
                known,
                known_from: "the weights".into(),
            }),
        };
        let samples = inner.samples().iter().enumerate().map(new_label).collect::<Result<_, _>>()?;
        Ok(Self { inner, samples })
    }
}

impl Source for Relabelled {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        self.inner.read(index)
    }

    fn origin(&self, index: usize) -> String {
        self.inner.origin(index)
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        self.inner.stamp(index)
    }
}
