//! A search over the settings of a recipe: every combination of listed values, or random draws.
//!
//! A [`Sweep`] is the search as data: a base recipe, a [`Space`] of values for some of its keys, how they are gone through, and
//! what the trials are compared by. [`Sweep::trials`] resolves and checks every trial's recipe before anything is trained;
//! [`run_sweep`] runs them, each in its own folder, and may be stopped and gone on with.

mod draw;
mod file;
mod keys;
mod record;
mod run;
mod space;
mod trial;

pub use file::{SearchWord, SweepFile};
pub use keys::Keys;
pub use record::{Outcome, SweepSummary, TrialRecord, trials_csv};
pub use run::run_sweep;
pub use space::{Range, Scale, Space, Values};
pub use toml::Value;
pub use trial::{Trial, short_names, words};

use crate::{Recipe, TrainError, history::Metrics};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use toml::Table;

/// More trials than this are a slip of the fingers.
pub const MOST_TRIALS: usize = 1000;

/// A search as data; its text is `sweep.toml`, which runs it again.
///
/// # Examples
/// ```
/// use train::{Preset, Recipe, sweep::{Keys, Metric, Search, Space, Sweep}};
///
/// let base = Recipe::builtin("lenet5", Preset::Tuned)?;
/// let keys = Keys::of(&base);
/// let mut space = Space::default();
/// space.set(&keys, "lr=0.001,0.01").unwrap();
/// space.set(&keys, "batch_size=16,32").unwrap();
/// let sweep = Sweep { base, space, search: Search::Grid, metric: Metric::Top1 };
/// let trials = sweep.trials()?;
/// assert_eq!(trials.len(), 4);
/// assert_eq!(trials[1].words(), "batch_size=16 lr=0.01");
/// assert_eq!(trials[1].recipe.schedule.lr, 0.01);
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// What every trial begins from; its seed fixes the draws too.
    pub base: Recipe,
    /// What is tried.
    pub space: Space,
    /// How the space is gone through.
    pub search: Search,
    /// What trials are compared by.
    pub metric: Metric,
}

/// How a space is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Every combination once, keys in the order of the alphabet, the last one changing quickest.
    Grid,
    /// So many trials, each key drawn by itself.
    Random {
        /// At least 1.
        trials: usize,
    },
}

/// What trials are compared by: always a figure of the validation split, at a trial's best epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// Highest first.
    #[default]
    #[serde(rename = "val/top1")]
    Top1,
    /// Lowest first.
    #[serde(rename = "val/loss")]
    Loss,
}

impl Metric {
    /// `val/top1` or `val/loss`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Top1 => "val/top1",
            Self::Loss => "val/loss",
        }
    }

    /// The better one first; where they are equal the other figure decides.
    #[must_use]
    pub fn order(self, a: &Metrics, b: &Metrics) -> Ordering {
        let (loss, top1) = (a.loss.total_cmp(&b.loss), b.top1.total_cmp(&a.top1));
        match self {
            Self::Top1 => top1.then(loss),
            Self::Loss => loss.then(top1),
        }
    }
}

impl Sweep {
    /// Every trial, resolved and checked.
    ///
    /// # Errors
    /// [`TrainError::Recipe`]: an empty space, a range in a grid, no trials or too many, a value that the recipe does not take.
    pub fn trials(&self) -> Result<Vec<Trial>, TrainError> {
        let count = self.count()?;
        (0..count).map(|index| self.trial(index)).collect()
    }

    fn count(&self) -> Result<usize, TrainError> {
        let wrong = |what: String| Err(TrainError::Recipe { origin: "the sweep".into(), what });
        if self.space.is_empty() {
            return wrong("nothing to try; name a key and its values".into());
        }
        let (count, what) = match self.search {
            Search::Random { trials } => (Some(trials), "the random search"),
            Search::Grid => match self.space.first_range() {
                Some(key) => {
                    return wrong(format!(
                        "{key} is a range, and a grid needs values; list some, or search at random"
                    ));
                }
                None => (self.space.combinations(), "the grid"),
            },
        };
        match count {
            Some(0) => wrong("no trials; ask for at least 1".into()),
            Some(count) if count <= MOST_TRIALS => Ok(count),
            _ => {
                let count = count.map_or("more trials than can be counted".into(), |n| format!("{n} trials"));
                wrong(format!(
                    "{what} has {count}, at most are {MOST_TRIALS}; list fewer values, or draw some at random"
                ))
            }
        }
    }

    fn trial(&self, index: usize) -> Result<Trial, TrainError> {
        let values = match self.search {
            Search::Grid => self.space.combination(index),
            Search::Random { .. } => self.space.draw(self.base.seed, index as u64),
        };
        let mut said = Table::new();
        for (key, value) in &values {
            put(&mut said, key, value.clone());
        }
        let trial = Trial { number: index + 1, values, recipe: self.base.clone() };
        let recipe = self.base.overlay_table(said, "", &trial.origin())?;
        Ok(Trial { recipe, ..trial })
    }
}

/// Sets a dotted key, making the tables on its way.
fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            // Always a table: `Space::put` takes no key that is a part of another.
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    fn sweep(search: Search, sets: &[&str]) -> Sweep {
        let base = Recipe::builtin("lenet5-modified", Preset::Tuned).unwrap();
        let (keys, mut space) = (Keys::of(&base), Space::default());
        sets.iter().for_each(|set| space.set(&keys, set).unwrap());
        Sweep { base, space, search, metric: Metric::Top1 }
    }

    fn words_of(sweep: &Sweep) -> Vec<String> {
        sweep.trials().unwrap().iter().map(Trial::words).collect()
    }

    fn message(search: Search, sets: &[&str]) -> String {
        sweep(search, sets).trials().unwrap_err().to_string()
    }

    #[test]
    fn a_grid_has_every_combination_and_its_last_key_changes_quickest() {
        let grid = sweep(Search::Grid, &["lr=0.1,0.01", "epochs=1,2,3"]);
        let expected = ["1 lr=0.1", "1 lr=0.01", "2 lr=0.1", "2 lr=0.01", "3 lr=0.1", "3 lr=0.01"];
        assert_eq!(words_of(&grid), expected.map(|rest| format!("epochs={rest}")));
        let last = grid.trials().unwrap().pop().unwrap();
        assert_eq!((last.recipe.epochs, last.recipe.schedule.lr), (3, 0.01));
        assert_eq!(last.folder(), "trial-006");
    }

    #[test]
    fn draws_depend_on_seed_trial_and_key_alone() {
        let random = |trials, sets: &[&str]| sweep(Search::Random { trials }, sets);
        let lr = "lr=1e-4..1e-1:log";
        let (one, two) = (random(5, &[lr]), random(9, &[lr, "batch_size=8..64"]));
        let lrs = |sweep: &Sweep| -> Vec<f64> {
            sweep.trials().unwrap().iter().map(|trial| trial.recipe.schedule.lr).collect()
        };
        assert_eq!(lrs(&one), lrs(&two)[..5], "another key and more trials change no draw");
        let other = Sweep { base: Recipe { seed: 1, ..one.base.clone() }, ..one.clone() };
        assert_ne!(lrs(&one), lrs(&other));
        assert!(lrs(&two).iter().all(|lr| (1e-4..=1e-1).contains(lr)));
        assert!(two.trials().unwrap().iter().all(|t| (8..=64).contains(&t.recipe.batch_size)));
    }

    #[test]
    fn what_cannot_be_gone_through_is_told_before_anything_runs() {
        let grid = |sets: &[&str]| message(Search::Grid, sets);
        assert!(grid(&[]).contains("nothing to try"));
        assert!(grid(&["lr=0.1..0.2"]).contains("schedule.lr is a range"));
        let many = (1..=200).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let (epochs, seed) = (format!("epochs={many}"), format!("seed={many}"));
        let (patience, steps) = (format!("patience={many}"), format!("max_steps={many}"));
        assert!(grid(&[&epochs, &seed]).contains("the grid has 40000 trials, at most are 1000"));
        assert!(grid(&[&epochs, &seed, &patience, &steps]).contains("the grid has 1600000000 trials"));
        assert!(message(Search::Random { trials: 1001 }, &["seed=1,2"]).contains("at most are 1000"));
        assert!(message(Search::Random { trials: 0 }, &["seed=1,2"]).contains("at least 1"));
    }

    #[test]
    fn a_value_that_the_recipe_does_not_take_is_told_with_its_key() {
        let bad = message(Search::Grid, &["lr=0.1,-1"]);
        assert_eq!(bad, "trial 2 (lr=-1): schedule.lr is -1, expected a number over 0");
        let bad = message(Search::Grid, &["lr=0.1,fast"]);
        assert!(bad.starts_with("trial 2 (lr=fast): ") && bad.contains("invalid type"), "{bad}");
        let bad = message(Search::Grid, &["optimizer.momentum=0.9"]);
        assert!(bad.contains("unknown key 'momentum'"), "{bad}");
    }

    #[test]
    fn another_optimizer_and_tables_as_a_whole_can_be_tried() {
        let trials =
            sweep(Search::Grid, &["optimizer.kind=sgd,adamw", "weight_decay=0,0.5"]).trials().unwrap();
        assert!(
            matches!(trials[1].recipe.optimizer, nn::optim::OptimizerConfig::Sgd(sgd) if sgd.weight_decay == 0.5)
        );
        let curves =
            sweep(Search::Grid, &["curve={ kind = \"constant\" },{ kind = \"cosine\", min_factor = 0.1 }"]);
        let cosine = nn::schedule::Curve::Cosine { min_factor: 0.1 };
        assert_eq!(curves.trials().unwrap()[1].recipe.schedule.curve, cosine);
    }

    #[test]
    fn the_better_trial_comes_first() {
        let of = |loss, top1| Metrics { loss, top1, ..Metrics::default() };
        assert_eq!(Metric::Top1.order(&of(2.0, 0.5), &of(1.0, 0.4)), Ordering::Less);
        assert_eq!(Metric::Loss.order(&of(2.0, 0.5), &of(1.0, 0.4)), Ordering::Greater);
        assert_eq!(Metric::Top1.order(&of(1.0, 0.5), &of(2.0, 0.5)), Ordering::Less);
    }
}
