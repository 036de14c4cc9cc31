//! The pictures of a sweep: all settings at once, and each by itself, against what the trials are judged by.

use std::path::{Path, PathBuf};

use train::history::Metrics;
use train::sweep::{
    Metric, Outcome, Scale, Sweep, SweepSummary, TrialRecord, Value, Values, short_names, words,
};

use crate::ReportError;
use crate::contender::counted;
use crate::figures::Figure;
use crate::plot::{Axis, ParallelChart, Sample, ScatterChart, Score, Span, Ticks};
use crate::store::write_whole;

/// How much farther than the middle loss the axis goes from the best one.
const LOSS_SPAN: f64 = 3.0;

/// `parallel` and `scatter`; none while no trial has come to its end.
pub fn sweep_figures(sweep: &Sweep, summary: &SweepSummary) -> Vec<Figure> {
    let ended: Vec<&TrialRecord> = summary.trials.iter().filter(|t| t.outcome != Outcome::Waiting).collect();
    if ended.is_empty() {
        return vec![];
    }
    let axes = axes(sweep, &ended);
    let samples: Vec<Sample> = ended.iter().map(|trial| sample(sweep, trial)).collect();
    let score = score(sweep.metric, &samples);
    let subtitle = subtitle(summary) + &beyond(&score, &samples);
    let title = format!("Sweep over {}", sweep.base.model);
    let parallel = ParallelChart {
        title: title.clone(),
        subtitle: subtitle.clone(),
        axes: axes.clone(),
        score: score.clone(),
        samples: samples.clone(),
    };
    let scatter = ScatterChart { title: title.clone(), subtitle, axes, score, samples };
    let figure =
        |stem: &str, drawing| Figure { number: None, stem: stem.to_owned(), title: title.clone(), drawing };
    vec![figure("parallel", parallel.draw()), figure("scatter", scatter.draw())]
}

/// Writes [`sweep_figures`] into `dir/figures`, each as SVG and PNG, and gives back their paths.
///
/// # Errors
/// [`ReportError::Write`] if the disk refuses, [`ReportError::Draw`] if a picture can't be made.
pub fn write_sweep(dir: &Path, sweep: &Sweep, summary: &SweepSummary) -> Result<Vec<PathBuf>, ReportError> {
    let mut paths = Vec::new();
    for figure in sweep_figures(sweep, summary) {
        for (path, bytes) in figure.files(dir)? {
            write_whole(&path, &bytes)?;
            paths.push(path);
        }
    }
    Ok(paths)
}

fn subtitle(summary: &SweepSummary) -> String {
    let count = summary.trials.len();
    let waiting = summary.trials.iter().filter(|t| t.outcome == Outcome::Waiting).count();
    let ended = match waiting {
        0 => counted(count, "trial"),
        _ => format!("{} of {}", count - waiting, counted(count, "trial")),
    };
    match summary.winner().and_then(|best| Some((best.trial, best.val()?))) {
        None => ended,
        Some((trial, val)) => {
            format!("{ended}; best is trial {trial}: val top-1 {:.3}, val loss {:.3}", val.top1, val.loss)
        }
    }
}

/// How many losses went astray, if some did.
fn beyond(score: &Score, samples: &[Sample]) -> String {
    let end = score.ticks.range().1;
    // The last mark may lie below the highest value by a rounding error.
    let over = |value| value > end * (1.0 + 1e-6);
    match samples.iter().filter(|sample| sample.score.is_some_and(over)).count() {
        0 => String::new(),
        count => format!("; {count} over {} drawn at the end", score.ticks.label(end)),
    }
}

/// A listed key has its values side by side, a range its numbers.
fn axes(sweep: &Sweep, ended: &[&TrialRecord]) -> Vec<Axis> {
    let keys: Vec<&str> = sweep.space.iter().map(|(key, _)| key).collect();
    let named = short_names(&keys).into_iter().zip(sweep.space.iter());
    named
        .map(|(name, (key, values))| Axis { name: name.to_owned(), span: span(key, values, ended) })
        .collect()
}

fn span(key: &str, values: &Values, ended: &[&TrialRecord]) -> Span {
    match values {
        Values::List(list) => Span::Words(sorted(list).iter().map(label).collect()),
        Values::Range(range) if range.scale == Scale::Log => Span::Log { lo: range.lo, hi: range.hi },
        Values::Range(range) => {
            let drawn = ended.iter().filter_map(|trial| number(trial.values.get(key)?));
            let (lo, hi) = drawn.fold((range.lo, range.hi), |(lo, hi), x| (lo.min(x), hi.max(x)));
            Span::Even(Ticks::covering(lo, hi, 5))
        }
    }
}

/// Numbers ascending, whatever the order in which they were listed; anything else as it is.
fn sorted(list: &[Value]) -> Vec<Value> {
    let mut sorted = list.to_vec();
    if list.iter().all(|value| number(value).is_some()) {
        sorted.sort_by(|a, b| number(a).unwrap_or(f64::NAN).total_cmp(&number(b).unwrap_or(f64::NAN)));
    }
    sorted
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

/// A value on an axis: of a table its kind first, then its other settings.
fn label(value: &Value) -> String {
    let Value::Table(table) = value else { return words(value) };
    let (kind, others): (Vec<_>, Vec<_>) = table.iter().partition(|(key, _)| *key == "kind");
    let others = others.into_iter().map(|(key, value)| format!("{key}={}", words(value)));
    kind.into_iter().map(|(_, kind)| words(kind)).chain(others).collect::<Vec<_>>().join(", ")
}

fn sample(sweep: &Sweep, trial: &TrialRecord) -> Sample {
    let at = sweep.space.iter().map(|(key, values)| {
        let value = trial.values.get(key)?;
        match values {
            Values::List(list) => sorted(list).iter().position(|one| one == value).map(|index| index as f64),
            Values::Range(_) => number(value),
        }
    });
    let at = at.map(|at| at.unwrap_or(f64::NAN)).collect();
    Sample { at, score: trial.val().map(|val| of(sweep.metric, val)) }
}

fn of(metric: Metric, val: &Metrics) -> f64 {
    match metric {
        Metric::Top1 => val.top1,
        Metric::Loss => val.loss,
    }
}

/// From the poorest to the best trial. A loss that went astray is drawn at the end of the axis, or all others would be one.
fn score(metric: Metric, samples: &[Sample]) -> Score {
    let mut scores: Vec<f64> = samples.iter().filter_map(|sample| sample.score).collect();
    scores.sort_by(f64::total_cmp);
    let at = |index: usize| scores.get(index).copied().unwrap_or(f64::NAN);
    let (lo, middle, highest) = (at(0), at(scores.len() / 2), at(scores.len().saturating_sub(1)));
    let (name, low_is_good, hi) = match metric {
        Metric::Top1 => ("val top-1", false, highest),
        Metric::Loss => ("val loss", true, highest.min(lo + LOSS_SPAN * (middle - lo))),
    };
    Score { name: name.to_owned(), ticks: Ticks::covering(lo, hi, 6), low_is_good }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::to_svg;
    use train::sweep::{Keys, Search, Space};
    use train::{Preset, Recipe};

    fn sweep() -> Sweep {
        let base = Recipe::builtin("lenet5-modified", Preset::Tuned).unwrap();
        let (keys, mut space) = (Keys::of(&base), Space::default());
        for set in ["lr=1e-4..1e-1:log", "optimizer.kind=sgd,adamw", "batch_size=64,8,16", "hflip=0..0.5"] {
            space.set(&keys, set).unwrap();
        }
        Sweep { base, space, search: Search::Random { trials: 6 }, metric: Metric::Top1 }
    }

    fn summary(sweep: &Sweep) -> SweepSummary {
        let record = |trial: train::sweep::Trial| {
            let val = Metrics { loss: 3.0, top1: 0.1 * trial.number as f64, top5: 0.9, samples: 9 };
            let outcome = match trial.number {
                1 => Outcome::Failed { reason: "NaN".into(), time_secs: 1.0 },
                6 => Outcome::Waiting,
                _ => Outcome::Done { epoch: Some(1), val: Some(val), time_secs: 1.0 },
            };
            let folder = trial.folder();
            TrialRecord { trial: trial.number, folder, values: trial.values.into_iter().collect(), outcome }
        };
        let trials = sweep.trials().unwrap().into_iter().map(record).collect();
        SweepSummary { metric: sweep.metric, best: Some(5), trials, version: String::new() }
    }

    #[test]
    fn both_pictures_name_every_key_and_the_best_trial() {
        let sweep = sweep();
        let figures = sweep_figures(&sweep, &summary(&sweep));
        assert_eq!(figures.iter().map(|f| f.stem.as_str()).collect::<Vec<_>>(), ["parallel", "scatter"]);
        for figure in figures {
            let svg = to_svg(&figure.drawing);
            for word in
                ["lr", "optimizer.kind", "batch_size", "hflip", "val top-1", "0.0001", "adamw", "failed (1)"]
            {
                assert!(svg.contains(&format!(">{word}</text>")), "no {word} in {}", figure.stem);
            }
            assert!(svg.contains("5 of 6 trials; best is trial 5: val top-1 0.500, val loss 3.000"));
        }
    }

    #[test]
    fn listed_numbers_stand_in_their_order() {
        let sweep = sweep();
        let ended = summary(&sweep);
        let axes = axes(&sweep, &ended.trials.iter().collect::<Vec<_>>());
        assert_eq!(axes[1].span, Span::Words(["8", "16", "64"].map(String::from).into()));
    }

    #[test]
    fn tables_are_labelled_by_their_kind() {
        let cosine = Value::Table("min_factor = 0.1\nkind = \"cosine\"".parse().unwrap());
        assert_eq!(label(&cosine), "cosine, min_factor=0.1");
    }

    #[test]
    fn a_loss_that_went_astray_leaves_room_for_the_others() {
        let samples = [3.0, 3.5, 3.6, 12_640.0].map(|loss| Sample { at: vec![], score: Some(loss) });
        let (_, hi) = score(Metric::Loss, &samples).ticks.range();
        assert!((3.6..8.0).contains(&hi), "{hi}");
        let score = score(Metric::Loss, &samples);
        assert_eq!(score.share(12_640.0), 0.0);
        assert!(beyond(&score, &samples).starts_with("; 1 over "));
        assert_eq!(beyond(&score, &samples[..3]), "");
    }

    #[test]
    fn without_a_trial_there_is_no_picture() {
        let sweep = sweep();
        let none = SweepSummary { trials: vec![], ..summary(&sweep) };
        assert!(sweep_figures(&sweep, &none).is_empty());
    }

    #[test]
    fn all_files_are_written() {
        let (folder, sweep) = (tempfile::tempdir().unwrap(), sweep());
        let paths = write_sweep(folder.path(), &sweep, &summary(&sweep)).unwrap();
        assert_eq!(paths.len(), 4);
        assert!(
            paths.iter().all(|path| path.is_file()) && folder.path().join("figures/parallel.png").is_file()
        );
    }
}
