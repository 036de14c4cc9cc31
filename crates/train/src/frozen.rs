//! Parameters that a run leaves as they are.

use nn::Sequential;
use std::ops::Range;

/// Places of frozen parameters, and what they hold.
///
/// They are put back after every update: whatever an optimizer, a decay or a layer's running statistics do, they stay.
#[derive(Debug)]
pub(crate) struct Frozen(Vec<(Range<usize>, Vec<f32>)>);

impl Frozen {
    /// The parameters that a pattern names, by their own name or their layer's.
    pub(crate) fn new(net: &Sequential, patterns: &[String], params: &[f32]) -> Self {
        let entries = net.params().iter().filter(|entry| patterns.iter().any(|p| names(p, &entry.name)));
        let ranges = entries.map(|entry| entry.range.clone());
        Self(ranges.map(|range| (range.clone(), params[range].to_vec())).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Frozen parameters count neither for clipping nor for the optimizer's memory.
    pub(crate) fn silence(&self, grads: &mut [f32]) {
        for (range, _) in &self.0 {
            grads[range.clone()].fill(0.0);
        }
    }

    /// Undoes what was done to them.
    pub(crate) fn put_back(&self, params: &mut [f32]) {
        for (range, kept) in &self.0 {
            params[range.clone()].copy_from_slice(kept);
        }
    }
}

/// The first pattern that names no parameter, or none if each does and something is left to train.
pub(crate) fn fault(net: &Sequential, patterns: &[String]) -> Option<String> {
    let hits = |pattern: &String| net.params().iter().any(|entry| names(pattern, &entry.name));
    if let Some(stray) = patterns.iter().find(|pattern| !hits(pattern)) {
        let mut layers: Vec<&str> = net.params().iter().map(|entry| layer(&entry.name)).collect();
        layers.dedup();
        return Some(format!(
            "freeze: '{stray}' names no layer with parameters; there are {}",
            layers.join(", ")
        ));
    }
    let trained = net.params().iter().filter(|entry| entry.spec.is_trained());
    let left = trained.filter(|entry| !patterns.iter().any(|p| names(p, &entry.name))).count();
    (left == 0).then(|| "freeze: nothing is left to train".to_owned())
}

fn layer(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(layer, _)| layer)
}

/// Whether a pattern fits a parameter's name or its layer's.
fn names(pattern: &str, name: &str) -> bool {
    fits(pattern, name) || fits(pattern, layer(name))
}

/// `*` stands for any letters, also none.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, rest)) => text.strip_prefix(begin).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| fits(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        let cases = [
            ("conv1", "conv1.weight", true),
            ("conv1", "conv10.weight", false),
            ("conv*", "conv10.weight", true),
            ("*.bias", "fc1.bias", true),
            ("*.bias", "fc1.weight", false),
            ("c*1.w*t", "conv1.weight", true),
            ("*", "fc1.bias", true),
            ("", "fc1.bias", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(names(pattern, name), expected, "{pattern} {name}");
        }
    }
}
