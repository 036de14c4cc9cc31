//! What is known of each picture: form, size, and two hashes.

use super::{TINY_SIDE, Which};
use crate::{
    decode::{Limits, decode, probe},
    error::DataError,
    picture::{Colour, Picture},
    prepared::reason,
    resize::resize,
    source::{Content, Dataset, Source},
};
use rayon::prelude::*;
use std::{
    hash::{Hash, Hasher},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};
use twox_hash::XxHash3_64;

/// Side of the small picture whose neighbours are compared.
const GRID: usize = 8;

/// What is known of one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Index of its split.
    pub split: usize,
    /// Its class.
    pub label: u32,
    /// Its name.
    pub name: String,
    /// Format, colours and depth.
    pub mode: String,
    /// In pixels, upright.
    pub width: usize,
    /// In pixels, upright.
    pub height: usize,
    /// Hash of its pixels.
    pub content: u64,
    /// A bit for each of 64 places: whether it gets brighter to the right, and whether downwards. Stays the same, but for a
    /// few bits, when a picture is scaled or packed anew.
    pub gradient: [u64; 2],
    /// Gray levels at 9×9 places, row by row.
    pub small: Vec<u8>,
    /// Whether all its pixels are alike, or nearly so.
    pub flat: bool,
    /// Whether its name ends as those of another format do.
    pub misnamed: Option<String>,
    /// Why it can't be used.
    pub error: Option<String>,
}

/// All pictures of a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Names of the splits.
    pub splits: Vec<String>,
    /// Facts of all pictures, split by split.
    pub all: Vec<Facts>,
}

impl Survey {
    pub(super) fn which(&self, facts: &Facts, classes: &[String]) -> Which {
        let class = classes.get(facts.label as usize).cloned().unwrap_or_default();
        Which { split: self.splits[facts.split].clone(), path: facts.name.clone(), class }
    }
}

impl Facts {
    /// What is odd about it, a line each.
    pub(super) fn oddities(&self) -> impl Iterator<Item = String> {
        let readable = self.error.is_none();
        let tiny = readable && self.width.min(self.height) < TINY_SIDE;
        let tiny = tiny.then(|| format!("tiny: {}×{} pixels", self.width, self.height));
        let flat = (readable && self.flat).then(|| "of a single colour".to_owned());
        [self.misnamed.clone(), tiny, flat].into_iter().flatten()
    }
}

/// Reads every picture of every split.
///
/// # Errors
/// Whatever is wrong with a split's list; a bad picture is a fact.
pub fn survey(data: &Dataset, progress: &(dyn Fn(&str, usize, usize) + Sync)) -> Result<Survey, DataError> {
    let mut survey = Survey::default();
    let names: Vec<String> = data.split_names().map(str::to_owned).collect();
    for (split, name) in names.iter().enumerate() {
        let source = data.split(name)?;
        let (count, done) = (source.samples().len(), AtomicUsize::new(0));
        let facts = (0..count).into_par_iter().map(|index| {
            let facts = facts_of(&*source, index, split);
            progress(name, done.fetch_add(1, Ordering::Relaxed) + 1, count);
            facts
        });
        let facts: Vec<Facts> = facts.collect();
        survey.all.extend(facts);
    }
    survey.splits = names;
    Ok(survey)
}

fn facts_of(source: &dyn Source, index: usize, split: usize) -> Facts {
    let sample = &source.samples()[index];
    let mut facts = Facts { split, label: sample.label, name: sample.name.clone(), ..Facts::default() };
    match picture_of(source, index, &mut facts) {
        Ok(picture) => look_at(picture, &mut facts),
        Err(error) => facts.error = Some(error),
    }
    facts
}

fn picture_of(source: &dyn Source, index: usize, facts: &mut Facts) -> Result<Picture, String> {
    let bytes = match source.read(index).map_err(reason)? {
        Content::Picture(picture) => {
            facts.mode = if picture.colour == Colour::Gray { "raw gray 8" } else { "raw RGB 8" }.into();
            return Ok(picture);
        }
        Content::File(bytes) => bytes,
    };
    if let Ok(probe) = probe(&bytes) {
        facts.mode = format!("{} {}", probe.format, probe.mode);
        let extension = Path::new(&facts.name).extension().and_then(|e| e.to_str()).unwrap_or_default();
        if !extension.is_empty() && !probe.has_extension(extension) {
            facts.misnamed = Some(format!("a {} called .{extension}", probe.format));
        }
    }
    decode(&bytes, Colour::Rgb, &Limits::default()).map_err(|error| error.to_string())
}

fn look_at(picture: Picture, facts: &mut Facts) {
    (facts.width, facts.height) = (picture.width, picture.height);
    // Pixels as colours, whatever the file: a gray picture saved in colour is the same picture.
    let picture = picture.into_colour(Colour::Rgb);
    let mut hash = XxHash3_64::default();
    (picture.width, picture.height).hash(&mut hash);
    hash.write(&picture.data);
    facts.content = hash.finish();
    let gray = picture.into_colour(Colour::Gray);
    let (low, high) = gray.data.iter().fold((255, 0), |(low, high), &v| (v.min(low), v.max(high)));
    facts.flat = high <= low.saturating_add(2);
    facts.small = resize(&gray, GRID + 1, GRID + 1);
    facts.gradient = gradient(&facts.small);
}

fn gradient(small: &[u8]) -> [u64; 2] {
    let at = |x: usize, y: usize| small[y * (GRID + 1) + x];
    let bits = |brighter: &dyn Fn(usize, usize) -> bool| {
        (0..GRID * GRID).fold(0, |bits, i| bits << 1 | u64::from(brighter(i % GRID, i / GRID)))
    };
    [bits(&|x, y| at(x + 1, y) > at(x, y)), bits(&|x, y| at(x, y + 1) > at(x, y))]
}
