//! Labels that trained weights doubt.

use crate::{
    exit::Failure,
    progress::{Console, Decoding},
};
use classifier::{Assumed, Classifier};
use data::{
    Dataset, OnBad,
    check::{SuspectLabel, Which, suspects},
};
use nn::ModelFile;
use std::path::Path;
use train::prepare_split;

/// Pictures whose scores are computed at once.
const PASS: usize = 1024;

/// The suspects of one split or of all, worst first within each.
pub(super) fn find(
    data: &Dataset,
    weights: &Path,
    split: Option<&str>,
    console: Console,
) -> Result<Vec<SuspectLabel>, Failure> {
    let file = ModelFile::read(weights)?;
    let assumed = Assumed { class_names: Some(data.class_names().to_vec()), ..Assumed::default() };
    let classifier = Classifier::from_file(&file, &assumed, weights)?;
    let data = data.align_to(classifier.class_names());
    let names: Vec<String> = data.split_names().map(str::to_owned).collect();
    let wanted = split.map_or(names, |split| vec![split.to_owned()]);
    let decoding = Decoding::new(console, "score");
    let mut found = Vec::new();
    for split in wanted {
        let told = |split: &str, done, all| decoding.told(split, done, all);
        let set = prepare_split(&data, &split, classifier.preprocess(), OnBad::Skip, None, &told)?;
        let classes = classifier.class_names();
        let mut probs = Vec::with_capacity(set.len() * classes.len());
        for begin in (0..set.len()).step_by(PASS) {
            let planes: Vec<&[u8]> =
                (begin..(begin + PASS).min(set.len())).map(|index| set.plane(index)).collect();
            for row in classifier.logits(&planes).chunks_exact(classes.len()) {
                probs.extend(softmax(row));
            }
        }
        for suspect in suspects(&probs, &set.labels, classes.len()) {
            let row = &probs[suspect.index * classes.len()..][..classes.len()];
            let given = set.labels[suspect.index] as usize;
            found.push(SuspectLabel {
                which: Which {
                    split: split.clone(),
                    path: set.names[suspect.index].clone(),
                    class: classes[given].clone(),
                },
                likely: classes[suspect.likely as usize].clone(),
                given_prob: row[given],
                likely_prob: row[suspect.likely as usize],
            });
        }
    }
    Ok(found)
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|z| (z - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}
