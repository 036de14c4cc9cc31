//! `lenet compare`: the whole experiment and its report.

use super::{early, open, read_all, told_how};
use crate::{
    args::CompareArgs,
    exit::Failure,
    layers, machine, out,
    progress::{Console, Decoding, RunProgress},
    resolve::{self, ComparePlan, check_apart},
    signals,
};
use report::{CompareReport, ModelLayers, Provenance, Run, RunFile};
use std::{fs, path::Path};
use train::{ComparedRun, Pictures, Session, Sitting, sit_compare, store::RunDir};

/// Trains all, writes the report, prints the tables.
pub(super) fn run(args: CompareArgs, console: Console) -> Result<(), Failure> {
    let cache = args.read.cache();
    let plan = resolve::compare(args)?;
    check_apart(&plan.data, &plan.place, &[])?;
    let mut pictures =
        Pictures::new(open(&plan.data, plan.class_order, console)?, plan.on_bad).with_cache(cache);
    let early = early(&plan.place)?;
    let decoding = Decoding::new(console, "read");
    let told = |split: &str, done, all| decoding.told(split, done, all);
    read_all(&mut pictures, &plan.recipes, console, &told)?;
    let mut progress = RunProgress::new(console);
    let dir = early.map_or_else(|| RunDir::create(&plan.place), Ok)?;
    let session = Session::default();
    signals::watch(&session.interrupt)?;
    let sitting = if plan.resume { Sitting::GoOn(&session) } else { Sitting::Begin(&session) };
    let runs = sit_compare(&plan.recipes, &plan.seeds, &mut pictures, &dir, &told, sitting, &mut progress)
        // Only a folder that is still empty goes: nothing had begun.
        .inspect_err(|_| drop(fs::remove_dir(dir.path())))
        .map_err(|error| {
            told_how(error, format!("the same command with --resume --out {}", dir.path().display()))
        })?;
    let report = CompareReport {
        title: "Small image classifiers compared".to_owned(),
        provenance: provenance(&plan, &runs),
        models: models(&plan, &runs)?,
        runs: runs.iter().map(|run| run_of(run, dir.path())).collect(),
    };
    let files = report::write_compare(dir.path(), &report)?;
    out::print(&report.to_terminal(out::width()))?;
    let page = files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let dir = dir.path().display();
    out::print(&format!("\nReport: {page}\nTables: {dir}/tables.md, .csv, .tex; figures: {dir}/figures\n"))
}

/// The layers of each model once, whatever the number of its runs.
fn models(plan: &ComparePlan, runs: &[ComparedRun]) -> Result<Vec<ModelLayers>, Failure> {
    let of_recipe = runs.chunks(plan.seeds.len()).filter_map(|runs| runs.first()).zip(&plan.recipes);
    let model = |(run, recipe): (&ComparedRun, &train::Recipe)| {
        layers::of_model(&run.spec, layers::input_words(&recipe.input.preprocess()))
    };
    Ok(of_recipe.map(model).collect::<Result<_, _>>()?)
}

fn run_of(run: &ComparedRun, root: &Path) -> Run {
    let relative = |path: &Path| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    let files = [
        ("config", run.dir.config()),
        ("results", run.dir.results()),
        ("summary", run.dir.summary()),
        ("predictions", run.dir.predictions()),
        ("best weights", run.dir.best()),
        ("last weights", run.dir.last()),
    ];
    let file = |(label, path): (&str, std::path::PathBuf)| {
        path.is_file().then(|| RunFile { label: label.to_owned(), path: relative(&path) })
    };
    Run {
        name: relative(run.dir.path()),
        summary: run.summary.run.clone(),
        files: files.into_iter().filter_map(file).collect(),
    }
}

fn provenance(plan: &ComparePlan, runs: &[ComparedRun]) -> Provenance {
    let counts = runs.first().map(|run| run.summary.samples).unwrap_or_default();
    let splits = [("train", counts.train), ("val", counts.val), ("test", counts.test)];
    let skipped = runs.first().map_or(0, |run| run.summary.skipped.len());
    let mut more =
        vec![("recipe".to_owned(), plan.recipes.first().map(|r| r.recipe.clone()).unwrap_or_default())];
    if skipped > 0 {
        more.push(("skipped photos".to_owned(), format!("{skipped}, named in each summary.json")));
    }
    Provenance {
        command: command(),
        data: plan.data.lasting(),
        splits: splits.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        machine: machine::describe(),
        threads: rayon::current_num_threads(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        date: None,
        more,
    }
}

/// What was typed, as a shell would read it again.
fn command() -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+".contains(c);
    let word = |word: String| match word.chars().all(plain) && !word.is_empty() {
        true => word,
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    let typed = std::env::args_os().skip(1).map(|arg| word(arg.to_string_lossy().into_owned()));
    std::iter::once("lenet".to_owned()).chain(typed).collect::<Vec<_>>().join(" ")
}
