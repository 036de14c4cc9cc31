//! What `lenet sweep` was asked for: a base recipe, a space, and how it is gone through.

use super::{
    DataPlan, base, flags_over, place,
    resume::{self, check_words, is_complete},
};
use crate::{
    args::{MetricArg, SearchArg, SweepArgs},
    exit::Failure,
};
use std::fs;
use train::{
    ErrorKind, Recipe, Session,
    store::Place,
    sweep::{Keys, Metric, Search, SearchWord, Space, Sweep, SweepFile},
};

/// Trials of a random search where nothing says how many.
const USUAL_TRIALS: usize = 16;

/// Many runs that differ in a few settings.
#[derive(Debug)]
pub(crate) struct SweepPlan {
    /// The search.
    pub(crate) sweep: Sweep,
    /// Photos of all trials.
    pub(crate) data: DataPlan,
    /// The folder of all.
    pub(crate) place: Place,
    /// When trials save themselves, and when the sweep rests.
    pub(crate) session: Session,
    /// Whether the sweep in the folder goes on.
    pub(crate) resume: bool,
}

/// What was asked for; its trials are not looked at yet. With `--resume` flags may only say what the sweep was begun with.
///
/// # Errors
/// Whatever is wrong with files, keys or values; a sweep of another space to go on with.
pub(crate) fn sweep(mut args: SweepArgs) -> Result<SweepPlan, Failure> {
    let (resume, session) = (args.session.resume, args.session.session());
    let place_args = std::mem::take(&mut args.place);
    let (place, stored) = match resume {
        false => (place(place_args, "sweep"), None),
        true => {
            let folder = resume::sweep(&place_args)?;
            let stored = Sweep::stored(&folder.join("sweep.toml"))?;
            (Place::Existing(folder), stored)
        }
    };
    let (sweep, data) = asked(&args, stored.as_ref())?;
    if let (Some(stored), Place::Existing(folder)) = (&stored, &place)
        && let Some(what) = stored.difference(&sweep)
    {
        let message = format!("{}: {what}; a sweep goes on with what it began with", folder.display());
        return Err(Failure::new(ErrorKind::Config, message).hint("leave the flag out, or begin a new sweep"));
    }
    Ok(SweepPlan { sweep, data, place, session, resume })
}

/// The search that the flags say, over the search file, over what is stored.
fn asked(args: &SweepArgs, stored: Option<&Sweep>) -> Result<(Sweep, DataPlan), Failure> {
    let file = args.space.as_ref().map(|path| {
        let text = fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?;
        let origin = path.display().to_string();
        Ok::<_, Failure>((SweepFile::parse(&text, &origin)?, origin))
    });
    let file = file.transpose()?;
    let (base, data) = flags_over(base_of(args, file.as_ref(), stored)?, &args.base)?;
    let keys = Keys::of(&base);
    let mut space = match (&file, stored) {
        (Some((file, origin)), _) => file.space(origin, &keys)?,
        (None, Some(stored)) if args.set.is_empty() => stored.space.clone(),
        _ => Space::default(),
    };
    for set in &args.set {
        space.set(&keys, set).map_err(|what| Failure::usage(format!("--set {set}: {what}")))?;
    }
    if space.is_empty() {
        return Err(Failure::usage(
            "nothing to try; add --set KEY=VALUES, such as --set lr=0.001,0.01, or --space FILE",
        ));
    }
    let file = file.map(|(file, _)| file).unwrap_or_default();
    let search = search(args, &file, stored, &space)?;
    let metric = args.metric.map(|word| match word {
        MetricArg::Top1 => Metric::Top1,
        MetricArg::Loss => Metric::Loss,
    });
    let metric = metric.or(file.metric).or(stored.map(|stored| stored.metric)).unwrap_or_default();
    Ok((Sweep { base, space, search, metric }, data))
}

/// The recipe before single flags.
fn base_of(
    args: &SweepArgs,
    file: Option<&(SweepFile, String)>,
    stored: Option<&Sweep>,
) -> Result<Recipe, Failure> {
    let model = args.base.model.as_deref();
    let in_file = file.and_then(|(file, origin)| Some((file.base(origin, model)?, origin)));
    match (in_file, stored) {
        (Some((_, origin)), _) if args.base.config.is_some() => {
            let message = format!("both --config and [recipe] of {origin} say what trials begin from");
            Err(Failure::usage(message).hint("leave one of them out"))
        }
        (Some((recipe, _)), _) => Ok(recipe?),
        (None, Some(stored)) if !is_complete(&args.base) => {
            check_words(&stored.base, &args.base, "the sweep".as_ref())?;
            Ok(stored.base.clone())
        }
        (None, None) if args.session.resume && !is_complete(&args.base) => {
            let message = "no sweep to go on with: the folder has no sweep.toml";
            Err(Failure::new(ErrorKind::NoInput, message).hint("--out names the folder of a sweep"))
        }
        (None, _) => base(&args.base),
    }
}

fn search(
    args: &SweepArgs,
    file: &SweepFile,
    stored: Option<&Sweep>,
    space: &Space,
) -> Result<Search, Failure> {
    let asked = args.search.map(|word| match word {
        SearchArg::Grid => SearchWord::Grid,
        SearchArg::Random => SearchWord::Random,
    });
    let random = |trials: Option<usize>| trials.map(|_| SearchWord::Random);
    let said = asked.or(random(args.trials)).or(file.search).or(random(file.trials));
    match (said, stored, space.first_range()) {
        (Some(SearchWord::Grid), ..) if args.trials.is_some() => {
            let message = "--trials is for a random search; a grid tries every combination";
            Err(Failure::usage(message).hint("leave it out, or add --search random"))
        }
        (Some(SearchWord::Grid), ..) | (None, None, None) => Ok(Search::Grid),
        (None, Some(stored), _) => Ok(stored.search),
        (Some(SearchWord::Random), ..) | (None, None, Some(_)) => {
            let before = stored.and_then(|stored| match stored.search {
                Search::Random { trials } => Some(trials),
                Search::Grid => None,
            });
            Ok(Search::Random { trials: args.trials.or(file.trials).or(before).unwrap_or(USUAL_TRIALS) })
        }
    }
}
