//! From what was typed to what is meant: recipes, data, places.

mod augment;
mod changes;
mod data;
mod place;
mod resume;
mod sweep;

pub(crate) use self::data::DataPlan;
pub(crate) use place::{check_apart, place};
pub(crate) use resume::{Resume, resume};
pub(crate) use sweep::sweep;

use place::PROJECT;

use crate::{
    args::{BaseArgs, CompareArgs, FindLrArgs, OnBadWord, RecipeWord, TrainArgs},
    exit::Failure,
};
use ::data::{ClassOrder, OnBad};
use std::{fs, path::PathBuf};
use train::{Preset, RangeTest, Recipe, Session, store::Place};

/// One run.
#[derive(Debug)]
pub(crate) struct TrainPlan {
    /// All that decides its weights.
    pub(crate) recipe: Recipe,
    /// Its photos.
    pub(crate) data: DataPlan,
    /// Its folder.
    pub(crate) place: Place,
    /// Where the loss of every step goes.
    pub(crate) log_steps: Option<PathBuf>,
    /// When it saves itself and when it rests.
    pub(crate) session: Session,
    /// Whether it goes on from where it was.
    pub(crate) resume: bool,
    /// The range test to make in its place.
    pub(crate) find_lr: Option<RangeTest>,
}

/// Several runs.
#[derive(Debug)]
pub(crate) struct ComparePlan {
    /// One a model.
    pub(crate) recipes: Vec<Recipe>,
    /// Each recipe is run with each.
    pub(crate) seeds: Vec<u64>,
    /// The order of the classes, if one was asked for.
    pub(crate) class_order: Option<ClassOrder>,
    /// Photos of all runs.
    pub(crate) data: DataPlan,
    /// What happens to bad ones.
    pub(crate) on_bad: OnBad,
    /// The folder of all.
    pub(crate) place: Place,
    /// Whether the comparison in it goes on.
    pub(crate) resume: bool,
}

/// What `lenet train` was asked for: the recipe file or the built-in recipe, then the flags over it.
///
/// # Errors
/// Whatever is wrong with files, words or numbers.
pub(crate) fn train(args: TrainArgs) -> Result<TrainPlan, Failure> {
    over(base(&args.base)?, args)
}

/// The recipe before single flags.
fn base(args: &BaseArgs) -> Result<Recipe, Failure> {
    Ok(match (&args.config, &args.model) {
        (Some(path), model) => {
            let text = fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?;
            Recipe::from_config(&text, &path.display().to_string(), model.as_deref())?
        }
        (None, Some(model)) => Recipe::builtin(model, preset(args.recipe.unwrap_or(RecipeWord::Tuned)))?,
        (None, None) => return Err(Failure::usage("no model; add --model or --config")),
    })
}

fn over(base: Recipe, args: TrainArgs) -> Result<TrainPlan, Failure> {
    let (recipe, data) = flags_over(base, &args.base)?;
    let find_lr = range_test(&args.find)?;
    let verb = if find_lr.is_some() { "find-lr" } else { "train" };
    Ok(TrainPlan {
        recipe,
        data,
        place: place(args.place, verb),
        log_steps: args.log_steps,
        session: args.session.session(),
        resume: false,
        find_lr,
    })
}

/// The range test that was asked for, if one was.
fn range_test(args: &FindLrArgs) -> Result<Option<RangeTest>, Failure> {
    if !args.find_lr {
        return Ok(None);
    }
    let usual = RangeTest::default();
    let (lowest, highest) = match args.lr_range.as_deref() {
        Some(&[lowest, highest]) => (lowest, highest),
        _ => (usual.lowest, usual.highest),
    };
    let test = RangeTest { lowest, highest, steps: args.lr_steps.unwrap_or(usual.steps) };
    match test.fault() {
        Some(what) => Err(Failure::usage(what).hint("such as --lr-range 1e-5 1 --lr-steps 200")),
        None => Ok(Some(test)),
    }
}

/// The recipe with what single flags say, and its data.
fn flags_over(base: Recipe, args: &BaseArgs) -> Result<(Recipe, DataPlan), Failure> {
    let mut recipe = changes::apply(base, &args.changes)?;
    recipe.seed = args.seed.unwrap_or(recipe.seed);
    recipe.on_bad = args.on_bad.map_or(recipe.on_bad, on_bad);
    let Some(word) = args.data.as_deref().or(recipe.data.as_deref()) else {
        return Err(Failure::usage("no data; add --data"));
    };
    let data = DataPlan::parse(word)?;
    recipe.data = Some(data.lasting());
    recipe.class_order = args.classes.order().or(recipe.class_order);
    recipe.weights = recipe.weights.map(data::lasting_path);
    recipe.check("the settings")?;
    Ok((recipe, data))
}

/// What `lenet compare` was asked for.
///
/// # Errors
/// As [`train`].
pub(crate) fn compare(args: CompareArgs) -> Result<ComparePlan, Failure> {
    let data = if args.full { DataPlan::full(&args.data)? } else { DataPlan::parse(&args.data)? };
    let on_bad = on_bad(args.on_bad);
    let class_order = args.classes.order();
    let mut recipes = Vec::with_capacity(args.models.len());
    for model in &args.models {
        let builtin = Recipe::builtin(model, preset(args.recipe))?;
        let epochs = args.epochs.unwrap_or(builtin.epochs);
        recipes.push(Recipe { epochs, on_bad, data: Some(data.lasting()), class_order, ..builtin });
    }
    let place = match args.resume {
        true => Place::Existing(resume::comparison(&args.place)?),
        false => place(args.place, "compare"),
    };
    Ok(ComparePlan { class_order, recipes, seeds: args.seeds.0, data, on_bad, place, resume: args.resume })
}

/// The word as the library has it.
pub(crate) fn on_bad(word: OnBadWord) -> OnBad {
    match word {
        OnBadWord::Skip => OnBad::Skip,
        OnBadWord::Fail => OnBad::Fail,
    }
}

fn preset(word: RecipeWord) -> Preset {
    match word {
        RecipeWord::Tuned => Preset::Tuned,
        RecipeWord::Published => Preset::Published,
    }
}
