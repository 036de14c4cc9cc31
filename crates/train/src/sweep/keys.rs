//! Which keys of a recipe can be tried.

use crate::{
    Recipe,
    error::nearest,
    recipe::{ClassWeights, Sampling},
};
use nn::optim::{Clip, Ema};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// What is the same for all trials, since their pictures are.
const FIXED: [&str; 4] = ["data", "class_order", "on_bad", "recipe"];

/// The dotted keys of a recipe, tables and those that it leaves out among them.
///
/// # Examples
/// ```
/// use train::{Preset, Recipe, sweep::Keys};
///
/// let keys = Keys::of(&Recipe::builtin("lenet5", Preset::Tuned)?);
/// assert_eq!(keys.dotted("lr"), Ok("schedule.lr".to_owned()));
/// assert!(keys.dotted("lrr").unwrap_err().contains("did you mean 'schedule.lr'?"));
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Keys {
    /// Each key, and whether its values are whole numbers.
    all: BTreeMap<String, bool>,
}

impl Keys {
    /// The keys of trials over `base`.
    #[must_use]
    pub fn of(base: &Recipe) -> Self {
        let one = Some(1);
        let every = Recipe {
            weights: Some("".into()),
            max_steps: Some(1),
            patience: one,
            freeze: vec![String::new()],
            sampling: Sampling::Balanced,
            class_weights: ClassWeights::Balanced,
            clip: Some(Clip { value: Some(1.0), norm: Some(1.0) }),
            ema: Some(Ema { decay: 0.5 }),
            augment: data::Augment { scale: Some([0.5, 1.0]), ..base.augment },
            ..base.clone()
        };
        let mut all = BTreeMap::new();
        collect(&every.to_toml().parse().unwrap_or_default(), "", &mut all);
        Self { all }
    }

    /// Whether the values of a key are whole numbers.
    pub(super) fn is_whole(&self, key: &str) -> bool {
        self.all.get(key).copied().unwrap_or(false)
    }

    /// The dotted key that `typed` means: itself, or the only one that ends in it.
    ///
    /// # Errors
    /// In words: no key of a recipe, several, or one that is the same for all trials.
    pub fn dotted(&self, typed: &str) -> Result<String, String> {
        if FIXED.contains(&typed) {
            return Err(format!("{typed} is the same for all trials"));
        }
        if self.all.contains_key(typed) {
            return Ok(typed.to_owned());
        }
        let last = last_word(typed);
        let same: Vec<&str> =
            self.all.keys().map(String::as_str).filter(|key| last_word(key) == last).collect();
        match (same.as_slice(), typed.rsplit_once('.')) {
            ([only], None) => Ok((*only).to_owned()),
            // Another kind of optimizer or curve has other keys: whether this is one is seen with the trial's recipe.
            ([], Some((table, _)))
                if self.all.contains_key(&format!("{table}.kind")) || table == "class_weights" =>
            {
                Ok(typed.to_owned())
            }
            ([], _) => Err(self.unknown(typed)),
            ([only], Some(_)) => Err(format!("unknown key '{typed}' (did you mean '{only}'?)")),
            (several, _) => Err(format!("'{typed}' may be {}; write it out", several.join(" or "))),
        }
    }

    fn unknown(&self, typed: &str) -> String {
        let known: Vec<&str> = self.all.keys().map(String::as_str).collect();
        let ends: Vec<&str> = known.iter().map(|key| last_word(key)).collect();
        let by_end = nearest(last_word(typed), &ends).and_then(|end| ends.iter().position(|e| *e == end));
        let guess = nearest(typed, &known).or(by_end.map(|at| known[at]));
        let guess = guess.map_or(String::new(), |key| format!(" (did you mean '{key}'?)"));
        format!(
            "unknown key '{typed}'{guess}; keys are those of a run's config.toml, such as lr or optimizer.weight_decay"
        )
    }
}

fn last_word(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(_, last)| last)
}

fn collect(table: &Table, path: &str, all: &mut BTreeMap<String, bool>) {
    for (key, value) in table {
        let key = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if FIXED.contains(&key.as_str()) {
            continue;
        }
        if let Value::Table(inner) = value {
            collect(inner, &key, all);
        }
        all.insert(key, value.is_integer());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    #[test]
    fn a_key_is_found_by_its_end_and_a_slip_is_told_its_neighbour() {
        let keys = Keys::of(&Recipe::builtin("lenet5-modified", Preset::Tuned).unwrap());
        let dotted = |typed| keys.dotted(typed).unwrap();
        assert_eq!(dotted("batch_size"), "batch_size");
        assert_eq!(dotted("weight_decay"), "optimizer.weight_decay");
        assert_eq!(dotted("label_smoothing"), "loss.label_smoothing");
        assert_eq!(dotted("norm"), "clip.norm", "also what the base leaves out");
        assert_eq!(dotted("max_steps"), "max_steps");
        assert_eq!(dotted("optimizer.nesterov"), "optimizer.nesterov", "of another kind of optimizer");
        let fault = |typed| keys.dotted(typed).unwrap_err();
        for (typed, words) in [
            ("optimizer.lr", "did you mean 'schedule.lr'?"),
            ("epocs", "did you mean 'epochs'?"),
            ("wieght_decay", "did you mean 'optimizer.weight_decay'?"),
            ("kind", "init.kind or "),
            ("data", "the same for all trials"),
            ("qqq", "keys are those of a run's config.toml"),
        ] {
            assert!(fault(typed).contains(words), "{typed}: {}", fault(typed));
        }
        assert!(keys.is_whole("epochs") && keys.is_whole("patience") && !keys.is_whole("schedule.lr"));
    }
}
