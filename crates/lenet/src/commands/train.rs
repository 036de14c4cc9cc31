//! `lenet train`: one run into a folder.

use super::{early, find_lr, open, tell_cache, tell_skipped, told_how};
use crate::{
    args::TrainArgs,
    exit::Failure,
    out,
    progress::{Console, Decoding, RunProgress, percent},
    resolve::{self, Resume, check_apart},
    signals,
};
use std::fmt::Write;
use train::{
    Job, Observer, Pictures, StepLog,
    history::Metrics,
    recipe::Tested,
    store::{RunDir, SummaryFile},
};

/// Trains.
pub(super) fn run(args: TrainArgs, console: Console) -> Result<(), Failure> {
    let cache = args.read.cache();
    let json = args.find.json;
    let plan = match args.session.resume {
        false => resolve::train(args)?,
        true => match resolve::resume(args)? {
            Resume::GoOn(plan) => *plan,
            Resume::Finished(folder) => {
                return out::print(&format!("{}: finished already, nothing to resume\n", folder.display()));
            }
        },
    };
    let others: Vec<_> = plan.log_steps.as_deref().into_iter().collect();
    check_apart(&plan.data, &plan.place, &others)?;
    let data = open(&plan.data, plan.recipe.class_order, console)?;
    let early = early(&plan.place)?;
    let open_log = if plan.resume { StepLog::resume } else { StepLog::create };
    let mut log = plan.log_steps.as_deref().map(open_log).transpose()?;
    let decoding = Decoding::new(console, "read");
    let splits = Pictures::new(data, plan.recipe.on_bad)
        .with_cache(cache)
        .splits(&plan.recipe.input.preprocess(), &|split, done, all| decoding.told(split, done, all))?;
    tell_cache(splits.cache_note(), console);
    tell_skipped(splits.skipped(), console);
    if splits.val.is_none() {
        console.line("note: no validation split, so no epoch is the best");
    }
    let job = Job::new(plan.recipe, &splits)?;
    if let Some(head) = job.new_head() {
        console.line(&format!("note: the weights are for another number of classes, so {head} begins anew"));
    }
    if let Some(test) = &plan.find_lr {
        return find_lr::run(&job, test, (&plan.place, early), json, console);
    }
    let dir = early.map_or_else(|| RunDir::create(&plan.place), Ok)?;
    let mut progress = RunProgress::new(console);
    let mut observers: Vec<&mut dyn Observer> = vec![&mut progress];
    if let Some(log) = &mut log {
        observers.push(log);
    }
    signals::watch(&plan.session.interrupt)?;
    let run = if plan.resume { Job::resume_in } else { Job::begin_in };
    let summary = run(&job, &dir, &plan.session, &mut observers)
        .map_err(|error| told_how(error, format!("lenet train --resume --out {}", dir.path().display())))?;
    out::print(&told(&summary, &dir))
}

/// The run's result in a few lines.
fn told(summary: &SummaryFile, dir: &RunDir) -> String {
    let mut text = String::new();
    let run = &summary.run;
    let best = run.best_epoch.and_then(|best| run.epochs.iter().find(|record| record.epoch == best));
    // Writing to a string cannot fail.
    if let Some(best) = best {
        let _ = writeln!(text, "best epoch {}: {}", best.epoch, scores("val", &best.val));
    }
    if let Some(test) = &run.test {
        let weights = match summary.tested {
            Tested::Best => "best weights",
            Tested::Last => "last weights",
            Tested::Untrained => "untrained weights, as published",
        };
        let _ = writeln!(text, "{weights}: {}", scores("test", test));
    }
    let _ = writeln!(text, "run folder: {}", dir.path().display());
    text
}

fn scores(split: &str, metrics: &Metrics) -> String {
    let [top1, top5] = [metrics.top1, metrics.top5].map(|share| percent(share).trim_start().to_owned());
    format!("{split} loss {:.4}, top-1 {top1}, top-5 {top5} of {} pictures", metrics.loss, metrics.samples)
}
