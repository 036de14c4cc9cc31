//! `lenet sweep`: many runs that differ in a few settings, and which did best.

use super::{
    early,
    grid::{Side, grid},
    open, read_all, told_how,
};
use crate::{
    args::SweepArgs,
    exit::Failure,
    out,
    progress::{Console, Decoding, RunProgress, clock, percent},
    resolve::{self, check_apart},
    signals,
};
use std::{fmt::Write, fs, time::Duration};
use train::{
    ErrorKind, Pictures, Sitting,
    store::RunDir,
    sweep::{Outcome, SweepSummary, Trial, TrialRecord, run_sweep, short_names, words},
};

/// Rows of the table; trials.csv has all.
const SHOWN: usize = 20;

/// Runs all trials, draws the pictures, prints the table.
pub(super) fn run(args: SweepArgs, console: Console) -> Result<(), Failure> {
    let (cache, json) = (args.read.cache(), args.json);
    let plan = resolve::sweep(args)?;
    let trials = plan.sweep.trials()?;
    check_apart(&plan.data, &plan.place, &[])?;
    let base = &plan.sweep.base;
    let mut pictures =
        Pictures::new(open(&plan.data, base.class_order, console)?, base.on_bad).with_cache(cache);
    let early = early(&plan.place)?;
    let decoding = Decoding::new(console, "read");
    let told = |split: &str, done, all| decoding.told(split, done, all);
    read_all(&mut pictures, trials.iter().map(|trial| &trial.recipe), console, &told)?;
    let dir = early.map_or_else(|| RunDir::create(&plan.place), Ok)?;
    signals::watch(&plan.session.interrupt)?;
    let sitting = if plan.resume { Sitting::GoOn(&plan.session) } else { Sitting::Begin(&plan.session) };
    let begun =
        |trial: &Trial, all| console.line(&format!("trial {}/{all}: {}", trial.number, trial.words()));
    let mut progress = RunProgress::new(console);
    let summary = run_sweep(&plan.sweep, &mut pictures, &dir, &told, sitting, &begun, &mut progress)
        // Only a folder that is still empty goes: nothing had begun.
        .inspect_err(|_| drop(fs::remove_dir(dir.path())))
        .map_err(|error| told_how(error, format!("lenet sweep --resume --out {}", dir.path().display())))?;
    if summary.is_finished() {
        report::write_sweep(dir.path(), &plan.sweep, &summary)?;
    }
    out::print(&if json { in_json(&dir)? } else { in_words(&summary, &dir) })?;
    all_failed(&summary, &dir)
}

/// The sweep's `summary.json`.
fn in_json(dir: &RunDir) -> Result<String, Failure> {
    fs::read_to_string(dir.summary()).map_err(|error| Failure::reading(&dir.summary(), &error))
}

/// A failure if no trial came to its end, and none will.
fn all_failed(summary: &SweepSummary, dir: &RunDir) -> Result<(), Failure> {
    let reasons: Vec<&str> = summary.trials.iter().filter_map(TrialRecord::reason).collect();
    match reasons.first() {
        Some(first) if reasons.len() == summary.trials.len() => {
            let message = format!("all {} trials failed; the first: {first}", reasons.len());
            let folder = dir.path().join(&summary.trials[0].folder);
            Err(Failure::new(ErrorKind::Runtime, message)
                .hint(format!("'lenet doctor {}' says more", folder.display())))
        }
        _ => Ok(()),
    }
}

fn in_words(summary: &SweepSummary, dir: &RunDir) -> String {
    let ranked = summary.ranked();
    let keys: Vec<&str> =
        ranked.first().map(|trial| trial.values.keys().map(String::as_str).collect()).unwrap_or_default();
    let mut columns = vec![("trial", Side::Right)];
    columns.extend(short_names(&keys).into_iter().map(|name| (name, Side::Right)));
    columns.extend(["epoch", "val loss", "val top-1", "val top-5", "time"].map(|name| (name, Side::Right)));
    columns.push(("status", Side::Left));
    let rows: Vec<Vec<String>> = ranked.iter().take(SHOWN).map(|trial| row(trial)).collect();
    let mut text = grid(&columns, &rows);
    let path = dir.path().display();
    // Writing to a string cannot fail.
    if ranked.len() > SHOWN {
        let _ = writeln!(text, "… {} more in {path}/trials.csv", ranked.len() - SHOWN);
    }
    for (trial, reason) in summary.trials.iter().filter_map(|trial| Some((trial, trial.reason()?))) {
        let _ = writeln!(text, "trial {} failed: {reason}", trial.trial);
    }
    if let Some(best) = summary.winner() {
        let folder = dir.path().join(&best.folder);
        let folder = folder.display();
        let _ = writeln!(text, "\nbest by {}: trial {}, {folder}", summary.metric.name(), best.trial);
        let _ = writeln!(text, "its settings again: lenet train --config {folder}/config.toml");
        let _ = writeln!(text, "its weights: {folder}/weights/best.safetensors");
    }
    let left = summary.trials.iter().filter(|trial| trial.outcome == Outcome::Waiting).count();
    let _ = match left {
        0 => writeln!(text, "sweep folder: {path} (figures/parallel.png shows all trials)"),
        _ => writeln!(text, "{left} trials are left: lenet sweep --resume --out {path}"),
    };
    text
}

fn row(trial: &TrialRecord) -> Vec<String> {
    let share = |share: f64| percent(share).trim_start().to_owned();
    let none = || "–".to_owned();
    let (epoch, time) = match &trial.outcome {
        Outcome::Waiting => (None, None),
        Outcome::Done { epoch, time_secs, .. } => (*epoch, Some(*time_secs)),
        Outcome::Failed { time_secs, .. } => (None, Some(*time_secs)),
    };
    let mut cells = vec![trial.trial.to_string()];
    cells.extend(trial.values.values().map(words));
    cells.push(epoch.map_or_else(none, |epoch| epoch.to_string()));
    match trial.val() {
        Some(val) => cells.extend([format!("{:.4}", val.loss), share(val.top1), share(val.top5)]),
        None => cells.extend([none(), none(), none()]),
    }
    cells.push(time.map_or_else(none, |secs| clock(Duration::from_secs_f64(secs.max(0.0)))));
    cells.push(trial.outcome.word().to_owned());
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use train::{history::Metrics, sweep::Metric};

    fn record(trial: usize, outcome: Outcome) -> TrialRecord {
        let values = [("schedule.lr".to_owned(), 0.01.into()), ("epochs".to_owned(), 3.into())];
        TrialRecord { trial, folder: format!("trial-{trial:03}"), values: values.into(), outcome }
    }

    #[test]
    fn the_best_trial_stands_first_with_how_to_go_on() {
        let val = Metrics { loss: 1.5, top1: 0.25, top5: 1.0, samples: 4 };
        let failed = Outcome::Failed { reason: "the loss became NaN".into(), time_secs: 0.0 };
        let done = Outcome::Done { epoch: Some(2), val: Some(val), time_secs: 61.0 };
        let trials = vec![record(1, failed), record(2, done)];
        let summary = SweepSummary { metric: Metric::Top1, best: Some(2), trials, version: String::new() };
        let text = in_words(&summary, &RunDir::open("s"));
        let expected = "\
trial  epochs    lr  epoch  val loss  val top-1  val top-5  time  status
────────────────────────────────────────────────────────────────────────
    2       3  0.01      2    1.5000      25.0%     100.0%  1:01  done
    1       3  0.01      –         –          –          –  0:00  failed
trial 1 failed: the loss became NaN

best by val/top1: trial 2, s/trial-002
its settings again: lenet train --config s/trial-002/config.toml
its weights: s/trial-002/weights/best.safetensors
sweep folder: s (figures/parallel.png shows all trials)
";
        assert_eq!(text, expected);
        assert!(all_failed(&summary, &RunDir::open("s")).is_ok());
        let none = SweepSummary { trials: summary.trials[..1].to_vec(), best: None, ..summary };
        assert!(all_failed(&none, &RunDir::open("s")).is_err());
    }
}
