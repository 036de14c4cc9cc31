//! What is wrong or odd with a data set: files that can't be read, duplicates, leaks between splits, imbalance, tiny or
//! flat pictures, likely wrong labels. Nothing is ever written.

mod duplicates;
mod facts;
mod forms;
mod labels;
mod thumbnail;

pub use duplicates::{Duplicates, Near};
pub use facts::{Facts, Survey, survey};
pub use forms::forms;
pub use labels::{Suspect, suspects};
pub use thumbnail::{sheet, thumbnail, to_jpeg, to_png};

use crate::{error::DataError, source::Dataset};
use forms::ranked;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Shortest side of a picture that is not called tiny, in pixels.
pub const TINY_SIDE: usize = 16;
/// Largest class over smallest class of the training split from which on they are called imbalanced.
pub const IMBALANCE: f64 = 3.0;

/// Words and how often they occur, the commonest first.
pub type Tally = Vec<(String, usize)>;

/// A picture of the data set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Which {
    /// Name of its split.
    pub split: String,
    /// Its name.
    pub path: String,
    /// Name of its class.
    pub class: String,
}

/// A picture, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Which picture.
    #[serde(flatten)]
    pub which: Which,
    /// One line.
    pub what: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CheckReport {
    /// The data set.
    pub data: String,
    /// Pictures in each split, in the order of the splits.
    pub splits: Vec<(String, usize)>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// `[class][split]`.
    pub counts: Vec<Vec<usize>>,
    /// Largest class over smallest of the training split (or the first), 0 if one has no picture.
    pub imbalance: f64,
    /// Pictures that can't be used.
    pub unreadable: Vec<Remark>,
    /// Pictures that can, but are odd: called as another format, tiny, of one colour.
    pub odd: Vec<Remark>,
    /// Same pixels.
    pub exact: Vec<Vec<Which>>,
    /// Almost the same pixels.
    pub near: Vec<Near>,
    /// Groups and pairs of those that lie in more than one split.
    pub leaks: usize,
    /// Groups and pairs whose pictures have different classes.
    pub conflicts: usize,
    /// Formats and modes.
    pub modes: Tally,
    /// Width × height.
    pub sizes: Tally,
    /// Labels that are likely wrong, worst first; only with weights.
    pub suspects: Vec<SuspectLabel>,
}

/// A label that is likely wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuspectLabel {
    /// Which picture.
    #[serde(flatten)]
    pub which: Which,
    /// What the model takes it for.
    pub likely: String,
    /// The model's probability of the given class.
    pub given_prob: f32,
    /// The model's probability of the likely class.
    pub likely_prob: f32,
}

impl CheckReport {
    /// Whether anything was found that spoils results: files that can't be read, or pictures in more than one split.
    pub fn is_serious(&self) -> bool {
        !self.unreadable.is_empty() || self.leaks > 0
    }
}

/// Reads every picture of every split and says what was found, on all threads of the current pool.
///
/// `progress` is told how many of how many are done of which split.
///
/// # Errors
/// Whatever is wrong with lists or classes; a bad picture is no error here but a finding.
pub fn check(
    data: &Dataset,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> Result<CheckReport, DataError> {
    let survey = survey(data, progress)?;
    let classes = data.class_names();
    let which = |facts: &Facts| survey.which(facts, classes);
    let splits: Vec<(String, usize)> = survey
        .splits
        .iter()
        .enumerate()
        .map(|(i, name)| (name.clone(), survey.all.iter().filter(|facts| facts.split == i).count()))
        .collect();
    let mut counts = vec![vec![0; splits.len()]; classes.len()];
    let (mut unreadable, mut odd) = (Vec::new(), Vec::new());
    let (mut modes, mut sizes) = (BTreeMap::new(), BTreeMap::new());
    for facts in &survey.all {
        counts[facts.label as usize][facts.split] += 1;
        if let Some(what) = &facts.error {
            unreadable.push(Remark { which: which(facts), what: what.clone() });
        } else {
            *modes.entry(facts.mode.clone()).or_insert(0) += 1;
            *sizes.entry(format!("{}×{}", facts.width, facts.height)).or_insert(0) += 1;
        }
        odd.extend(facts.oddities().map(|what| Remark { which: which(facts), what }));
    }
    let Duplicates { exact, near } = duplicates::find(&survey, classes);
    let groups = || exact.iter().map(|group| group.iter().collect()).chain(near.iter().map(Near::both));
    let differ = |of: fn(&Which) -> &str| {
        let several = |group: &Vec<&Which>| group.iter().map(|w| of(w)).collect::<BTreeSet<_>>().len() > 1;
        groups().filter(several).count()
    };
    Ok(CheckReport {
        data: data.name().to_owned(),
        imbalance: imbalance(&counts),
        leaks: differ(|which| &which.split),
        conflicts: differ(|which| &which.class),
        splits,
        classes: classes.to_vec(),
        counts,
        unreadable,
        odd,
        modes: ranked(modes),
        sizes: ranked(sizes),
        exact,
        near,
        suspects: Vec::new(),
    })
}

fn imbalance(counts: &[Vec<usize>]) -> f64 {
    let first = || counts.iter().filter_map(|row| row.first().copied());
    match (first().max(), first().min()) {
        (Some(largest), Some(smallest)) if smallest > 0 => largest as f64 / smallest as f64,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;
