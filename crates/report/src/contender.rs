//! Runs put together: what is trained the same way but for its seed is one contender.

use std::collections::BTreeSet;
use std::fmt;

use train::history::{EpochRecord, Metrics, RunSummary};

use crate::published::{KNOWN_MODELS, model_title};
use crate::stats::Stats;

/// A finished run and where its files lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Short name, unique in the report: usually the run folder's.
    pub name: String,
    /// What the run left behind in numbers.
    pub summary: RunSummary,
    /// Files to link to.
    pub files: Vec<RunFile>,
}

/// A file of a run, such as its best weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// Such as `best weights`.
    pub label: String,
    /// Relative to the report's folder, with `/` between folders.
    pub path: String,
}

/// Which accuracy a table or figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accuracy {
    /// The right class has the highest score.
    Top1,
    /// The right class is among the five highest.
    Top5,
}

impl Accuracy {
    /// The number in question; `None` if no photo was scored, as on a split that is not there.
    pub fn of(self, metrics: &Metrics) -> Option<f64> {
        let value = match self {
            Accuracy::Top1 => metrics.top1,
            Accuracy::Top5 => metrics.top5,
        };
        Some(value).filter(|_| metrics.samples > 0)
    }

    /// What guessing reaches among so many classes.
    pub fn chance(self, num_classes: usize) -> f64 {
        let hits = match self {
            Accuracy::Top1 => 1,
            Accuracy::Top5 => 5,
        };
        hits.min(num_classes) as f64 / num_classes.max(1) as f64
    }

    /// The word for titles.
    pub fn title(self) -> &'static str {
        match self {
            Accuracy::Top1 => "Top-1",
            Accuracy::Top5 => "Top-5",
        }
    }

    /// The word for files and columns.
    pub fn key(self) -> &'static str {
        match self {
            Accuracy::Top1 => "top1",
            Accuracy::Top5 => "top5",
        }
    }
}

/// One row of Tables IV and V: the runs of one model by one recipe that differ only in their seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// Name to print, unique in the report: with the recipe where the model comes with several.
    pub title: String,
    /// The same without the recipe, for tables that have a column of recipes.
    pub name: String,
    /// At least one.
    pub runs: Vec<Run>,
}

impl Contender {
    /// Groups runs by model and recipe: the published models first, in their order, then others as they come.
    ///
    /// The recipe is added to the name where one model comes with several. Runs that share even the seed can't
    /// be repeats of one experiment: each becomes a contender of its own, told apart by its run's name.
    pub fn group(runs: &[Run]) -> Vec<Self> {
        let mut groups: Vec<Vec<Run>> = Vec::new();
        for run in runs {
            let same =
                |g: &&mut Vec<Run>| g.first().is_some_and(|other| experiment(other) == experiment(run));
            match groups.iter_mut().find(same) {
                Some(group) => group.push(run.clone()),
                None => groups.push(vec![run.clone()]),
            }
        }
        groups.sort_by_key(|g| g.first().map(|run| rank(&run.summary.model)));
        groups.into_iter().flat_map(|group| Self::of_group(group, runs)).collect()
    }

    fn of_group(group: Vec<Run>, all: &[Run]) -> Vec<Self> {
        let seeds: BTreeSet<u64> = group.iter().map(|r| r.summary.seed).collect();
        let repeats = seeds.len() == group.len();
        let contender = |runs: Vec<Run>| {
            let run = runs.first()?;
            let RunSummary { model, recipe, .. } = &run.summary;
            let mixed = all.iter().any(|r| &r.summary.model == model && &r.summary.recipe != recipe);
            let apart = if repeats { String::new() } else { format!(" ({})", run.name) };
            let name = format!("{}{apart}", model_title(model));
            let title = if mixed { format!("{}, {recipe}{apart}", model_title(model)) } else { name.clone() };
            Some(Self { title, name, runs })
        };
        let parts = if repeats { vec![group] } else { group.into_iter().map(|run| vec![run]).collect() };
        parts.into_iter().filter_map(contender).collect()
    }

    /// The model's name in commands and files.
    pub fn model(&self) -> &str {
        self.runs.first().map_or("", |r| &r.summary.model)
    }

    /// A name for files and programs: the model's, and what sets the contender apart if anything does, in
    /// letters, digits and dashes.
    pub fn slug(&self) -> String {
        let rest = self.title.strip_prefix(model_title(self.model())).unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let text: String = format!("{}{rest}", self.model()).to_lowercase().chars().map(plain).collect();
        let parts: Vec<&str> = text.split('-').filter(|p| !p.is_empty()).collect();
        if parts.is_empty() { "model".to_owned() } else { parts.join("-") }
    }

    /// The recipe's name.
    pub fn recipe(&self) -> &str {
        self.runs.first().map_or("", |r| &r.summary.recipe)
    }

    /// Classes to choose from.
    pub fn num_classes(&self) -> usize {
        self.runs.first().map_or(0, |r| r.summary.num_classes)
    }

    /// Validation accuracy: over the epochs of a single run, as published, or over the best epochs of several.
    pub fn val(&self, accuracy: Accuracy) -> Option<Stats> {
        match self.runs.as_slice() {
            [run] => Stats::of(run.summary.epochs.iter().filter_map(|e| accuracy.of(&e.val))),
            runs => Stats::of(runs.iter().filter_map(best_epoch).filter_map(|e| accuracy.of(&e.val))),
        }
    }

    /// Validation accuracy of the kept weights; the highest of several runs.
    pub fn best_val(&self, accuracy: Accuracy) -> Option<f64> {
        let values = self.runs.iter().filter_map(best_epoch).filter_map(|e| accuracy.of(&e.val));
        values.reduce(f64::max)
    }

    /// Test accuracy of the kept weights, over the runs that have a test split.
    pub fn test(&self, accuracy: Accuracy) -> Option<Stats> {
        Stats::of(self.runs.iter().filter_map(|r| accuracy.of(r.summary.test.as_ref()?)))
    }

    /// Photos that the test figures were counted on, in one run.
    pub fn test_samples(&self) -> Option<usize> {
        self.runs.iter().find_map(|r| r.summary.test.map(|m| m.samples))
    }

    /// What the ± of [`val`](Self::val) is over.
    pub fn spread_over(&self) -> SpreadOver {
        match self.runs.as_slice() {
            [run] => SpreadOver::Epochs(run.summary.epochs.len()),
            runs => SpreadOver::Seeds(runs.len()),
        }
    }
}

/// What a mean and its standard deviation are over; prints as `10 epochs`, `3 seeds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpreadOver {
    /// The epochs of a single run, as in the published report.
    Epochs(usize),
    /// Several runs, each at its best epoch.
    Seeds(usize),
}

impl fmt::Display for SpreadOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            SpreadOver::Epochs(count) => counted(*count, "epoch"),
            SpreadOver::Seeds(count) => counted(*count, "seed"),
        })
    }
}

/// The epoch whose weights a run kept.
pub(crate) fn best_epoch(run: &Run) -> Option<&EpochRecord> {
    let best = run.summary.best_epoch?;
    run.summary.epochs.iter().find(|e| e.epoch == best)
}

/// `1 epoch`, `2 epochs`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

fn experiment(run: &Run) -> (&str, &str, usize) {
    (&run.summary.model, &run.summary.recipe, run.summary.num_classes)
}

fn rank(model: &str) -> usize {
    KNOWN_MODELS.iter().position(|m| m.name == model).unwrap_or(KNOWN_MODELS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::run;

    fn titles(runs: &[Run]) -> Vec<String> {
        Contender::group(runs).into_iter().map(|c| c.title).collect()
    }

    #[test]
    fn published_models_come_first_in_their_order_then_others_as_given() {
        let runs = ["zeta", "lenet5-modified", "alpha", "perceptron"].map(|m| run(m, "tuned", 0, 2));
        assert_eq!(titles(&runs), ["Two-layer perceptron", "Modified LeNet5", "zeta", "alpha"]);
    }

    #[test]
    fn two_recipes_of_one_model_are_told_apart() {
        let runs =
            [run("lenet5", "tuned", 0, 2), run("lenet5", "published", 0, 2), run("mine", "tuned", 0, 2)];
        assert_eq!(titles(&runs), ["LeNet5, tuned", "LeNet5, published", "mine"]);
        assert!(Contender::group(&runs).iter().all(|c| !c.name.contains("tuned")));
    }

    #[test]
    fn runs_with_the_same_seed_are_not_taken_for_repeats() {
        let mut runs = [run("lenet5", "tuned", 0, 2), run("lenet5", "tuned", 0, 2)];
        runs[0].name = "slow".into();
        runs[1].name = "fast".into();
        assert_eq!(titles(&runs), ["LeNet5 (slow)", "LeNet5 (fast)"]);
    }

    #[test]
    fn the_best_of_several_seeds_is_the_highest_best_epoch() {
        let runs: Vec<Run> = (0..3).map(|s| run("lenet5", "tuned", s, 5)).collect();
        let best = runs.iter().filter_map(best_epoch).map(|e| e.val.top1).fold(0.0, f64::max);
        let contenders = Contender::group(&runs);
        assert_eq!(contenders[0].best_val(Accuracy::Top1), Some(best));
        assert_eq!(contenders[0].val(Accuracy::Top1).unwrap().count, 3);
    }
}
