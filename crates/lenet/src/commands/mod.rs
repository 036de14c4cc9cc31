//! One file a verb: resolve, call the library, print.

mod bench;
mod cache;
mod check;
mod compare;
mod doctor;
mod evaluate;
mod find_lr;
mod grid;
mod inspect;
mod predict;
mod sweep;
mod synth;
mod train;

use crate::{
    args::{Cli, Verb},
    exit::Failure,
    progress::Console,
    resolve::DataPlan,
};
use ::data::{BadFile, ClassOrder, Dataset};
use ::train::{
    ErrorKind, Pictures, Progress, Recipe, TrainError,
    store::{Place, RunDir},
};

/// Bad pictures that are named one by one; more are counted.
const NAMED: usize = 20;

/// Does what was typed, on one pool of threads (benchmarks: on one for each number of threads).
///
/// # Errors
/// Why it could not.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let console = Console::new(cli.quiet);
    if let Verb::Bench(args) = cli.verb {
        return bench::run(args, &cli.threads, console);
    }
    let threads = match *cli.threads {
        [] => 0,
        [threads] => usize::from(threads),
        _ => return Err(Failure::usage("several numbers of threads; only bench takes more than one")),
    };
    let pool = pool(threads)?;
    pool.install(|| match cli.verb {
        Verb::Compare(args) => compare::run(args, console),
        Verb::Train(args) => train::run(*args, console),
        Verb::Sweep(args) => sweep::run(*args, console),
        Verb::Doctor(args) => doctor::run(args),
        Verb::Evaluate(args) => evaluate::run(args, console),
        Verb::Predict(args) => predict::run(args),
        Verb::Inspect(args) => inspect::run(args, console),
        Verb::Synth(args) => synth::run(args, console),
        Verb::Check(args) => check::run(args, console),
        Verb::Cache(args) => cache::run(args),
        Verb::Bench(_) => Ok(()), // has pools of its own, above
    })
}

/// The failure, with how to go on if a signal interrupted.
fn told_how(error: TrainError, how: String) -> Failure {
    let interrupted = matches!(error, TrainError::Interrupted { .. });
    let failure = Failure::from(error);
    if interrupted { failure.hint(how) } else { failure }
}

/// A pool of `threads` threads; 0: RAYON_NUM_THREADS, or as many as the machine or its cgroup gives.
fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("lenet-{i}"))
        .build()
        .map_err(|error| Failure::new(ErrorKind::Runtime, format!("cannot start threads: {error}")))
}

/// Opens data, its classes in the order that was asked for, and says what should be known about it.
fn open(plan: &DataPlan, order: Option<ClassOrder>, console: Console) -> Result<Dataset, Failure> {
    let mut data = plan.open()?;
    if let Some(order) = order {
        data = data.in_class_order(order)?;
    }
    for note in data.notes() {
        console.line(&format!("note: {note}"));
    }
    Ok(data)
}

/// A named folder, before all pictures are read only to hear that it is taken. A numbered one is made when nothing can be
/// wrong any more, so that failed starts leave none behind.
fn early(place: &Place) -> Result<Option<RunDir>, Failure> {
    match place {
        Place::Next { .. } => Ok(None),
        place => Ok(Some(RunDir::create(place)?)),
    }
}

/// Reads the pictures of all recipes, once for each size and colour, and says what should be known about them.
fn read_all<'a>(
    pictures: &mut Pictures,
    recipes: impl IntoIterator<Item = &'a Recipe>,
    console: Console,
    told: Progress<'_>,
) -> Result<(), Failure> {
    let (mut skipped, mut note) = (Vec::new(), None);
    for recipe in recipes {
        let splits = pictures.splits(&recipe.input.preprocess(), told)?;
        note = note.or_else(|| splits.cache_note().map(str::to_owned));
        skipped.extend(splits.skipped().map(|(split, bad)| (split, bad.clone())));
        // A model that wants other colours or sizes meets the same bad files again.
        skipped.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
        skipped.dedup();
    }
    tell_cache(note.as_deref(), console);
    tell_skipped(skipped.iter().map(|(split, bad)| (*split, bad)), console);
    Ok(())
}

/// Says why pictures are not kept from start to start, if they can't be.
fn tell_cache(note: Option<&str>, console: Console) {
    if let Some(note) = note {
        console.line(&format!("warning: {note}"));
    }
}

/// Names the pictures that were left out.
fn tell_skipped<'a, 'b>(skipped: impl Iterator<Item = (&'a str, &'b BadFile)>, console: Console) {
    let skipped: Vec<_> = skipped.collect();
    for (split, bad) in skipped.iter().take(NAMED) {
        console.line(&format!("skipped ({split}): {}: {}", bad.path, bad.reason));
    }
    if skipped.len() > NAMED {
        console.line(&format!("skipped: {} more, {} in all", skipped.len() - NAMED, skipped.len()));
    }
}
