//! `lenet inspect`: what a model, a weights file, a data set or a batch of a run is.

mod batch;
mod data;
mod model;
mod weights;

use crate::{args::InspectArgs, exit::Failure, out, progress::Console, resolve::DataPlan};
use std::path::Path;
use train::TrainError;

/// What the word names.
enum Subject {
    /// A built-in model, or a model file.
    Model,
    /// A weights file.
    Weights,
    /// A run folder.
    Run,
    /// Photos.
    Data(DataPlan),
}

/// Shows it.
pub(super) fn run(args: InspectArgs, console: Console) -> Result<(), Failure> {
    let subject = subject(&args.what)?;
    if args.batch.is_some() && !matches!(subject, Subject::Run) {
        let message = format!("{}: no run folder, and --batch is of a run", args.what);
        return Err(Failure::usage(message).hint("name a run folder, such as runs/train"));
    }
    let text = match subject {
        Subject::Model => model::describe(&args.what, args.classes, args.imgsz)?,
        Subject::Weights => weights::describe(args.what.as_ref())?,
        Subject::Run => batch::describe(&args, console)?,
        Subject::Data(plan) => data::describe(&plan, &args, console)?,
    };
    out::print(&text)
}

/// Built-in names first, then what lies at the path; a word that is neither is a misspelt name, unless it looks like a
/// path.
fn subject(word: &str) -> Result<Subject, Failure> {
    let path = Path::new(word);
    let ending = path.extension().and_then(|ending| ending.to_str());
    if nn::zoo::ALL.contains(&word) || ending == Some("toml") {
        return Ok(Subject::Model);
    }
    if batch::is_run(path) {
        return Ok(Subject::Run);
    }
    let holds_photos = ["csv", "tsv", "tar", "parquet"];
    if (path.is_file() || ending == Some("safetensors")) && !ending.is_some_and(|e| holds_photos.contains(&e))
    {
        return Ok(Subject::Weights);
    }
    let plan = DataPlan::parse(word)?;
    if plan.folder().is_none() || path.exists() || word.contains(['/', '\\', '.']) {
        return Ok(Subject::Data(plan));
    }
    let known: Vec<&str> = nn::zoo::ALL.into_iter().chain(["synthetic"]).collect();
    Err(Failure::from(TrainError::unknown("model, file or folder", word, &known)))
}
