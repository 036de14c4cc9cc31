//! What is in a weights file.

use super::model;
use crate::{
    commands::grid::{Side, grid},
    exit::Failure,
    layers,
    progress::thousands,
};
use data::DataSpec;
use nn::{ModelFile, StoredTensor};
use std::{fmt::Write, path::Path};
use train::{RECIPE_KEY, TrainError};

/// Class names that are shown; more are counted.
const SHOWN: usize = 10;

/// Model, preprocessing, classes, recipe and tensors.
pub(super) fn describe(path: &Path) -> Result<String, Failure> {
    let file = ModelFile::read(path)?;
    let data = DataSpec::from_metadata(&file.metadata)
        .map_err(|source| TrainError::StoredEntry { path: path.into(), source })?;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = match &data {
        Some(data) => writeln!(
            text,
            "pictures: {}\nclasses:  {}\n",
            layers::input_words(&data.preprocess),
            names(&data.class_names)
        ),
        None => writeln!(text, "pictures: not said\nclasses:  not said\n"),
    };
    match &file.spec {
        Some(spec) => text += &model::table(spec)?,
        None => text += "The file does not say its model: name it with --model to use it.\n",
    }
    let _ = writeln!(text, "\n{}", tensors(&file));
    if let Some(recipe) = file.metadata.get(RECIPE_KEY) {
        let _ = writeln!(text, "trained by this recipe:\n\n{}", recipe.trim_end());
    }
    Ok(text)
}

fn names(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("{}: {shown}{more}", names.len())
}

fn tensors(file: &ModelFile) -> String {
    let columns = [
        ("tensor", Side::Left),
        ("shape", Side::Left),
        ("numbers", Side::Right),
        ("mean", Side::Right),
        ("std", Side::Right),
        ("smallest", Side::Right),
        ("largest", Side::Right),
    ];
    let row = |(name, tensor): (&String, &StoredTensor)| {
        let [mean, std, smallest, largest] = spread(&tensor.data).map(|x| format!("{x:.4}"));
        let shape = tensor.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
        vec![name.clone(), shape, thousands(tensor.data.len()), mean, std, smallest, largest]
    };
    grid(&columns, &file.tensors.iter().map(row).collect::<Vec<_>>())
}

/// Mean, standard deviation, smallest and largest.
fn spread(numbers: &[f32]) -> [f64; 4] {
    let count = numbers.len().max(1) as f64;
    let all = || numbers.iter().map(|&x| f64::from(x));
    let mean = all().sum::<f64>() / count;
    let variance = all().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    let [smallest, largest] = [all().fold(f64::NAN, f64::min), all().fold(f64::NAN, f64::max)];
    [mean, variance.sqrt(), smallest, largest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_numbers_is_told() {
        assert_eq!(spread(&[1.0, 3.0, 2.0, 2.0]), [2.0, 0.5_f64.sqrt(), 1.0, 3.0]);
        assert!(spread(&[]).iter().skip(2).all(|x| x.is_nan()));
    }

    #[test]
    fn many_classes_are_cut() {
        let many: Vec<String> = (0..50).map(|i| i.to_string()).collect();
        assert_eq!(names(&many), "50: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...");
        assert_eq!(names(&many[..2]), "2: 0, 1");
    }
}
