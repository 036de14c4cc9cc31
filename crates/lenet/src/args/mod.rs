//! What can be typed: the verbs and their flags, one file a verb.
//!
//! What it means is decided in `resolve`; here stand names, forms, ranges and help.

mod augment;
mod base;
mod bench;
mod cache;
mod check;
mod compare;
mod doctor;
mod evaluate;
mod find_lr;
mod inspect;
mod number;
mod place;
mod predict;
mod recipe;
mod seeds;
mod session;
mod source;
mod sweep;
mod synth;
mod train;

pub(crate) use augment::{AugmentArgs, BorderWord};
pub(crate) use base::BaseArgs;
pub(crate) use bench::{BenchArgs, ModeWord};
pub(crate) use cache::CacheArgs;
pub(crate) use check::CheckArgs;
pub(crate) use compare::CompareArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use evaluate::EvaluateArgs;
pub(crate) use find_lr::FindLrArgs;
pub(crate) use inspect::{BatchNumber, InspectArgs};
pub(crate) use place::PlaceArgs;
pub(crate) use predict::PredictArgs;
pub(crate) use recipe::{
    ChangeArgs, ClassWeightsWord, DecayedWord, FitWord, OnBadWord, OptimizerWord, RecipeWord, SamplingWord,
    ScheduleWord,
};
pub(crate) use seeds::Seeds;
pub(crate) use session::SessionArgs;
pub(crate) use source::{ClassOrderArgs, ReadArgs};
pub(crate) use sweep::{MetricArg, SearchArg, SweepArgs};
pub(crate) use synth::SynthArgs;
pub(crate) use train::TrainArgs;

use crate::exit::Failure;
use clap::{Parser, Subcommand, error::ErrorKind};

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "lenet",
    version,
    about = "Trains, compares and ships small image classifiers on the CPU you have",
    after_help = AFTER_HELP,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,

    /// Threads to compute with, no matter for the results [default: RAYON_NUM_THREADS, or what the CPU offers]; several
    /// with commas between are for bench
    #[arg(
        short = 'j',
        long,
        global = true,
        value_name = "N",
        help_heading = "General",
        value_delimiter = ','
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Vec<u16>,

    /// Tell nothing but results and errors
    #[arg(short, long, global = true, help_heading = "General")]
    pub(crate) quiet: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Train the three models on the same data and put them side by side: tables, figures, a page
    Compare(CompareArgs),
    /// Train one model
    Train(Box<TrainArgs>),
    /// Train one model with many settings, and say which did best
    Sweep(Box<SweepArgs>),
    /// Say what is wrong with a run, since when, and what to change
    Doctor(DoctorArgs),
    /// Score a split with trained weights
    Evaluate(EvaluateArgs),
    /// Say what is on pictures
    Predict(PredictArgs),
    /// Show a model's layers, what is in a weights file, or what is in a data set
    Inspect(InspectArgs),
    /// Write the built-in synthetic photo set as files
    Synth(SynthArgs),
    /// Look for what is wrong with photos: bad files, duplicates, leaks, imbalance, wrong labels
    Check(CheckArgs),
    /// Show or clear the cache of decoded photos
    Cache(CacheArgs),
    /// Measure images a second on this machine, and how near that is to the most it can do
    Bench(BenchArgs),
}

const AFTER_HELP: &str = "\
Examples:
  lenet compare                              the whole experiment, in minutes
  lenet train --data photos --model lenet5   your photos: photos/<class>/*.jpg
  lenet evaluate --weights runs/train/weights/best.safetensors --data photos
  lenet predict --weights runs/train/weights/best.safetensors cat.jpg

'lenet VERB --help' tells all of a verb. Exit codes: 0 done, 1 failed while
running, 2 usage, 65 bad data, 66 no such input, 74 disk or system, 78 bad
recipe or model, 130 and 143 stopped by a signal with the state saved.";

/// Reads the command line; prints help and ends if that is what was asked for.
///
/// # Errors
/// A usage failure with the nearest known word.
pub(crate) fn parse() -> Result<Cli, Failure> {
    Cli::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => told(&error.render().to_string()),
    })
}

/// Clap's paragraphs as one line and a hint.
fn told(text: &str) -> Failure {
    let lines = || text.lines().map(str::trim);
    let what: Vec<&str> = lines().take_while(|line| !line.is_empty()).collect();
    let tips: Vec<&str> = lines().filter_map(|line| line.strip_prefix("tip: ")).collect();
    let what = what.join(" ");
    let failure = Failure::usage(what.strip_prefix("error: ").unwrap_or(&what));
    let verb = std::env::args().nth(1).filter(|word| Verb::has_subcommand(word));
    match (tips.is_empty(), verb) {
        (false, _) => failure.hint(tips.join("; ")),
        (true, Some(verb)) => failure.hint(format!("'lenet {verb} --help' tells all flags")),
        (true, None) => failure.hint("'lenet --help' tells all verbs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_error_is_one_line_and_names_the_nearest_word() {
        for (typed, what, hint) in [
            (["lenet", "train", "--epocs", "3"], "'--epocs'", "'--epochs'"),
            (["lenet", "trian", "--epochs", "3"], "'trian'", "'train'"),
            (["lenet", "train", "--opt", "adamm"], "'adamm'", "adam"),
            (["lenet", "train", "--lr", "-1"], "over 0", "lenet"),
        ] {
            let error = Cli::try_parse_from(typed).unwrap_err();
            let Failure::Told { message, hint: Some(told), .. } = told(&error.render().to_string()) else {
                panic!("{typed:?} has no hint")
            };
            assert!(message.contains(what) && !message.contains('\n'), "{message}");
            assert!(told.contains(hint), "{told}");
        }
    }
}
