//! `predictions.csv`: what a model said of every picture.

use crate::metrics::{rank, top_k};
use std::fmt::Write;

/// First line of `predictions.csv`. `label` and `predicted` are names of classes; `prob` is the predicted class's
/// probability in [0, 1]; `rank` is the label's place among the classes, from 1; `top5` are the five best names, best
/// first, with `|` between them.
pub const PREDICTIONS_HEADER: &str = "path,label,predicted,prob,rank,top5";

/// What a model said of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Index of the picture in its split.
    pub index: u32,
    /// Its class.
    pub label: u32,
    /// Indices of the five best classes, best first.
    pub top5: Vec<usize>,
    /// Probability of the best.
    pub prob: f64,
    /// Place of `label` among the classes, from 0.
    pub rank: usize,
}

impl Prediction {
    pub(crate) fn of(index: u32, label: u32, logits: &[f32]) -> Self {
        let top5 = top_k(logits, 5);
        // The softmax of the best alone: all exponents are at most 0.
        let best = top5.first().map_or(f32::NAN, |&class| logits[class]);
        let prob = 1.0 / logits.iter().map(|&z| f64::from(z - best).exp()).sum::<f64>();
        Self { index, label, top5, prob, rank: rank(logits, label as usize) }
    }
}

/// The text of `predictions.csv`; `paths` and `class_names` are those of the split.
///
/// # Panics
/// If a prediction names a picture or class that is not there.
#[must_use]
pub fn predictions_csv(predictions: &[Prediction], paths: &[String], class_names: &[String]) -> String {
    let mut text = format!("{PREDICTIONS_HEADER}\n");
    let name = |class: usize| class_names[class].as_str();
    for Prediction { index, label, top5, prob, rank } in predictions {
        let best = top5.first().map_or("", |&class| name(class));
        let names = top5.iter().map(|&class| name(class)).collect::<Vec<_>>().join("|");
        let [path, label, best, names] =
            [&paths[*index as usize], name(*label as usize), best, &names].map(quoted);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{path},{label},{best},{prob:.6},{},{names}", rank + 1);
    }
    text
}

/// A cell as RFC 4180 wants it.
pub(crate) fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_and_quotes_survive() {
        let names: Vec<String> = ["goldfish, carp", "the \"cat\"", "dog"].map(String::from).into();
        let rows =
            [Prediction::of(1, 2, &[0.0, 3.0_f32.ln(), 0.0]), Prediction::of(0, 0, &[9.0, 9.0, -200.0])];
        let text = predictions_csv(&rows, &["a.jpg".into(), "b c.jpg".into()], &names);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], PREDICTIONS_HEADER);
        assert_eq!(lines[1], r#"b c.jpg,dog,"the ""cat""",0.600000,3,"the ""cat""|goldfish, carp|dog""#);
        assert_eq!(
            lines[2],
            r#"a.jpg,"goldfish, carp","goldfish, carp",0.500000,1,"goldfish, carp|the ""cat""|dog""#
        );
    }
}
