//! Any batch of a run, made again: which pictures it was fed with, and what they looked like.

use crate::{
    args::{BatchNumber, InspectArgs},
    commands::{
        grid::{Side, grid},
        open, tell_cache, tell_skipped,
    },
    exit::Failure,
    progress::{Console, Decoding},
    resolve::{DataPlan, check_apart},
};
use ::data::Batch;
use std::path::Path;
use train::{
    ErrorKind, Job, Pictures, Recipe,
    store::{Place, RunDir, write_file},
};

/// Whether a folder is that of a run.
pub(super) fn is_run(path: &Path) -> bool {
    RunDir::open(path).config().is_file()
}

/// The pictures of the batch that `--batch` names; `--sheet` draws them.
pub(super) fn describe(args: &InspectArgs, console: Console) -> Result<String, Failure> {
    let Some(number) = args.batch else {
        let message = format!("{}: a run folder; inspect shows its batches", args.what);
        return Err(
            Failure::usage(message).hint("name one, such as --batch 1:1, the first of the first epoch")
        );
    };
    let config = RunDir::open(&args.what).config();
    let text = std::fs::read_to_string(&config).map_err(|error| Failure::reading(&config, &error))?;
    let recipe = Recipe::from_toml(&text, &config.display().to_string())?;
    let Some(folder) = &recipe.data else {
        let what = format!("{}: does not say which data the run was fed with", config.display());
        return Err(Failure::new(ErrorKind::Config, what).hint("write it there: data = \"photos\""));
    };
    let plan = DataPlan::parse(folder)?;
    if let Some(path) = &args.sheet {
        check_apart(&plan, &Place::New(path.clone()), &[])?;
    }
    let data = open(&plan, recipe.class_order, console)?;
    let decoding = Decoding::new(console, "read");
    let splits = Pictures::new(data, recipe.on_bad)
        .with_cache(::data::Cache::of_user())
        .splits(&recipe.input.preprocess(), &|split, done, all| decoding.told(split, done, all))?;
    tell_cache(splits.cache_note(), console);
    tell_skipped(splits.skipped(), console);
    let job = Job::new(recipe, &splits)?;
    let loader = job.train_loader();
    let Some(batch) = job.replay(&loader, number.epoch - 1, number.batch - 1) else {
        let all = job.info().steps_per_epoch;
        let what = format!("{}: no batch {} in an epoch, it has {all}", args.what, number.batch);
        return Err(Failure::usage(what));
    };
    if let Some(path) = &args.sheet {
        let Some(png) = Job::sheet(&loader, &batch) else {
            let what = format!("{}: no sheet of a run that is fed with histograms", args.what);
            return Err(Failure::new(ErrorKind::Usage, what).hint("leave --sheet out"));
        };
        write_file(path, &png)?;
    }
    Ok(table(&job, number, &batch))
}

/// One line a picture: its place in the batch, class and path, and what is mixed into it.
fn table(job: &Job, number: BatchNumber, batch: &Batch) -> String {
    let splits = job.splits();
    let class = |label: u32| splits.class_names[label as usize].clone();
    let mut columns = vec![("", Side::Right), ("class", Side::Left), ("picture", Side::Left)];
    if !batch.shares.is_empty() {
        columns.extend([("mixed with", Side::Left), ("share", Side::Right)]);
    }
    let rows: Vec<Vec<String>> = (0..batch.len())
        .map(|i| {
            let name = splits.train.names[batch.indices[i] as usize].clone();
            let mut row = vec![(i + 1).to_string(), class(batch.targets[i]), name];
            if let Some(&share) = batch.shares.get(i).filter(|&&share| share > 0.0) {
                row.extend([class(batch.others[i]), format!("{share:.3}")]);
            }
            row
        })
        .collect();
    let BatchNumber { epoch, batch } = number;
    format!("epoch {epoch}, batch {batch} of {}\n\n{}", job.info().steps_per_epoch, grid(&columns, &rows))
}
