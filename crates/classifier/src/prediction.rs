//! What a model says of a picture.

use serde::Serialize;

/// The likeliest classes of one picture, best first.
///
/// As JSON: `{"top":[{"label":"cat","index":3,"prob":0.91}, …]}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// As many as were asked for, or as there are classes.
    pub top: Vec<Guess>,
}

/// One class and its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Guess {
    /// Name of the class.
    pub label: String,
    /// Its place among the model's scores.
    pub index: usize,
    /// Softmax of the scores, in [0, 1].
    pub prob: f64,
}

impl Prediction {
    /// The `count` classes of highest score; equal scores in the order of their class. Scores that are not numbers
    /// come last, with probability 0.
    pub(crate) fn of(logits: &[f32], class_names: &[String], count: usize) -> Self {
        let probs = softmax(logits);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| probs[b].total_cmp(&probs[a]));
        let guess = |index: usize| Guess { label: class_names[index].clone(), index, prob: probs[index] };
        Self { top: order.into_iter().take(count).map(guess).collect() }
    }

    /// The likeliest class; none if none was asked for.
    #[must_use]
    pub fn best(&self) -> Option<&Guess> {
        self.top.first()
    }
}

/// In `f64`, shifted by the largest score so that nothing overflows.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().filter(|z| !z.is_nan()).fold(f32::NEG_INFINITY, f32::max);
    let power = |z: f32| if z.is_nan() { 0.0 } else { f64::from(z - largest).exp() };
    let powers: Vec<f64> = logits.iter().map(|&z| power(z)).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| if sum > 0.0 { p / sum } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(logits: &[f32], count: usize) -> Vec<(usize, f64)> {
        let names: Vec<String> = (0..logits.len()).map(|i| format!("class {i}")).collect();
        Prediction::of(logits, &names, count).top.into_iter().map(|g| (g.index, g.prob)).collect()
    }

    #[test]
    fn the_likeliest_come_first_and_all_sum_to_one() {
        let all = top(&[0.0, 2.0, 1.0, 2.0], 9);
        assert_eq!(all.iter().map(|g| g.0).collect::<Vec<_>>(), [1, 3, 2, 0]);
        assert!((all.iter().map(|g| g.1).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(top(&[0.0, 2.0, 1.0, 2.0], 2), all[..2]);
    }

    #[test]
    fn huge_and_broken_scores_give_no_nonsense() {
        assert_eq!(top(&[-1e30, 1e30], 1), [(1, 1.0)]);
        assert_eq!(top(&[f32::NAN, 0.0, 0.0], 3), [(1, 0.5), (2, 0.5), (0, 0.0)]);
        assert_eq!(top(&[f32::NAN; 2], 1), [(0, 0.0)]);
    }

    #[test]
    fn json_has_the_promised_form() {
        let prediction = Prediction::of(&[0.0, 0.0], &["cat".into(), "dog".into()], 1);
        let json = serde_json::to_string(&prediction).unwrap();
        assert_eq!(json, r#"{"top":[{"label":"cat","index":0,"prob":0.5}]}"#);
    }
}
