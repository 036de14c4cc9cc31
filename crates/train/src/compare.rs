//! Several models and seeds over one data set, whose pictures are decoded once.

use crate::{
    Job, Observer, Recipe, Session, Sitting, TrainError,
    splits::{Pictures, Progress},
    store::{RunDir, SummaryFile},
};
use nn::ModelSpec;

/// One run of a comparison.
#[derive(Clone, Debug)]
pub struct ComparedRun {
    /// Its numbers.
    pub summary: SummaryFile,
    /// Its files.
    pub dir: RunDir,
    /// Its model, for the table of its layers.
    pub spec: ModelSpec,
}

/// Runs every recipe with every seed, recipe by recipe, each into a folder of its own in `dir`: `lenet5/`, or
/// `lenet5-seed3/` where there are several seeds.
///
/// All runs are checked before the first one begins. `observer` is told of all runs, one after the other, each from its
/// `Started` to its `Finished`; `progress` of the decoding.
///
/// # Errors
/// Those of the first run that fails; earlier ones keep their files.
pub fn run_compare(
    recipes: &[Recipe],
    seeds: &[u64],
    pictures: &mut Pictures,
    dir: &RunDir,
    progress: Progress<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<ComparedRun>, TrainError> {
    let session = Session::default();
    sit_compare(recipes, seeds, pictures, dir, progress, Sitting::Begin(&session), observer)
}

/// [`run_compare`] that may be stopped and gone on with: by [`Sitting::GoOn`] with the same recipes, seeds and pictures, to the
/// same bits as if it had never stopped.
///
/// # Errors
/// As [`run_compare`]; [`TrainError::Interrupted`] once the state of the run under way is saved, [`TrainError::Recipe`] if a
/// finished run had another recipe, and those of [`Job::resume_in`].
pub fn sit_compare(
    recipes: &[Recipe],
    seeds: &[u64],
    pictures: &mut Pictures,
    dir: &RunDir,
    progress: Progress<'_>,
    sitting: Sitting<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<ComparedRun>, TrainError> {
    let jobs = jobs(recipes, seeds, pictures, progress)?;
    let mut runs = Vec::with_capacity(jobs.len());
    for job in jobs {
        let dir = dir.sub(&folder(&job, seeds))?;
        let summary = match sitting.kept(&job, &dir)? {
            Some(summary) => summary,
            None => sitting.run(&job, &dir, observer)?,
        };
        runs.push(ComparedRun { summary, dir, spec: job.spec().clone() });
    }
    Ok(runs)
}

fn jobs(
    recipes: &[Recipe],
    seeds: &[u64],
    pictures: &mut Pictures,
    progress: Progress<'_>,
) -> Result<Vec<Job>, TrainError> {
    let mut jobs: Vec<Job> = Vec::new();
    for recipe in recipes {
        let splits = pictures.splits(&recipe.input.preprocess(), progress)?;
        for &seed in seeds {
            let job = Job::new(Recipe { seed, ..recipe.clone() }, &splits)?;
            if jobs.iter().any(|other| folder(other, seeds) == folder(&job, seeds)) {
                let what =
                    "occurs twice in the comparison; give each model a name, and each seed once".into();
                return Err(TrainError::Model { model: job.spec().name.clone(), what });
            }
            jobs.push(job);
        }
    }
    Ok(jobs)
}

fn folder(job: &Job, seeds: &[u64]) -> String {
    let name = &job.spec().name;
    if seeds.len() == 1 { name.clone() } else { format!("{name}-seed{}", job.recipe().seed) }
}
