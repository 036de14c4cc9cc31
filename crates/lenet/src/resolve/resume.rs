//! `--resume`: which run goes on, and with what.

use super::{PROJECT, TrainPlan, base, over};
use crate::{
    args::{BaseArgs, PlaceArgs, RecipeWord, TrainArgs},
    exit::Failure,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use train::{ErrorKind, Recipe, store::RunDir, sweep::SweepSummary};

/// What `lenet train --resume` comes to.
#[derive(Debug)]
pub(crate) enum Resume {
    /// A run goes on.
    GoOn(Box<TrainPlan>),
    /// The run in this folder is at its end.
    Finished(PathBuf),
}

/// Finds the run folder and its recipe. Flags over the recipe must say what it says already: a run that went on with
/// another recipe would be none that anyone could repeat.
///
/// # Errors
/// No run to go on with, or one of another recipe.
pub(crate) fn resume(mut args: TrainArgs) -> Result<Resume, Failure> {
    let folder = folder(&args.place)?;
    let dir = RunDir::open(&folder);
    if dir.finished()?.is_some() {
        return Ok(Resume::Finished(folder));
    }
    let stored = stored(&dir)?;
    args.place = PlaceArgs { out: Some(folder.clone()), exist_ok: true, ..PlaceArgs::default() };
    let complete = is_complete(&args.base);
    let plan = match &stored {
        Some(stored) if !complete => {
            check_words(stored, &args.base, &folder)?;
            over(stored.clone(), args)?
        }
        None if !complete => {
            let what = format!("{}: no run to go on with, it has no config.toml", folder.display());
            return Err(Failure::new(ErrorKind::NoInput, what).hint("--out names the folder of a run"));
        }
        _ => over(base(&args.base)?, args)?,
    };
    match stored.and_then(|stored| stored.difference(&plan.recipe)) {
        Some(what) => Err(other_run(&folder, &what)),
        None => Ok(Resume::GoOn(Box::new(TrainPlan { resume: true, ..plan }))),
    }
}

/// Whether the flags say all that a run is made from.
pub(super) fn is_complete(args: &BaseArgs) -> bool {
    args.config.is_some() || (args.model.is_some() && args.data.is_some())
}

/// The recipe that the run was begun with; none if it did not come so far.
fn stored(dir: &RunDir) -> Result<Option<Recipe>, Failure> {
    let path = dir.config();
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Recipe::from_toml(&text, &path.display().to_string())?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::reading(&path, &error)),
    }
}

/// Words that choose a recipe, and that nothing is overlaid by.
pub(super) fn check_words(stored: &Recipe, args: &BaseArgs, folder: &Path) -> Result<(), Failure> {
    let recipe = args.recipe.map(|word| match word {
        RecipeWord::Tuned => "tuned",
        RecipeWord::Published => "published",
    });
    let words = [("model", args.model.as_deref(), &stored.model), ("recipe", recipe, &stored.recipe)];
    for (key, asked, kept) in words {
        if let Some(asked) = asked.filter(|asked| asked != kept) {
            return Err(other_run(
                folder,
                &format!("the recipe says {key} = \"{asked}\" now, not \"{kept}\""),
            ));
        }
    }
    Ok(())
}

fn other_run(folder: &Path, what: &str) -> Failure {
    let message = format!("{}: {what}; a run goes on with what it began with", folder.display());
    Failure::usage(message).hint("leave the flag out, or begin a new run from its weights with --weights")
}

/// The folder of the comparison to go on with: the one that was named, or the newest without a report, or the newest.
///
/// # Errors
/// No comparison to go on with.
pub(super) fn comparison(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    newest(place, "compare", "comparison", |path| !path.join("report.html").exists())
}

/// The folder of the sweep to go on with: the one that was named, or the newest that is not through, or the newest.
///
/// # Errors
/// No sweep to go on with.
pub(super) fn sweep(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    newest(place, "sweep", "sweep", |path| {
        !SweepSummary::read(&RunDir::open(path)).is_some_and(|summary| summary.is_finished())
    })
}

/// The folder that was named, or the newest run that is not finished, or the newest.
fn folder(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    newest(place, "train", "run", |path| {
        let dir = RunDir::open(path);
        dir.config().exists() && !matches!(dir.finished(), Ok(Some(_)))
    })
}

/// The folder that was named, or the newest of the verb's that is unfinished, or the newest; `what` is what lies in it.
fn newest(
    place: &PlaceArgs,
    verb: &str,
    what: &str,
    unfinished: impl Fn(&Path) -> bool,
) -> Result<PathBuf, Failure> {
    if let Some(out) = &place.out {
        return Ok(out.clone());
    }
    let project = place.project.clone().unwrap_or_else(|| PROJECT.into());
    let name = place.name.as_deref().unwrap_or(verb);
    let mut folders = numbered(&project, name);
    folders.sort();
    let newest = folders.iter().rev().find(|(_, path)| unfinished(path)).or(folders.last());
    newest.map(|(_, path)| path.clone()).ok_or_else(|| {
        let message = format!("{}: no {what} called '{name}' to go on with", project.display());
        Failure::new(ErrorKind::NoInput, message).hint(format!("--out names the folder of a {what}"))
    })
}

/// `name`, `name2`, `name3` … in a folder, with their numbers.
fn numbered(project: &Path, name: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(project) else { return Vec::new() };
    let number = |path: PathBuf| {
        let digits = path.file_name()?.to_str()?.strip_prefix(name)?;
        let number = if digits.is_empty() { 1 } else { digits.parse().ok()? };
        Some((number, path))
    };
    entries.flatten().filter_map(|entry| number(entry.path())).collect()
}
