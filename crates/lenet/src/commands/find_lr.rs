//! `lenet train --find-lr`: a range test into a folder, and what it suggests.

use crate::{
    exit::Failure,
    out,
    progress::{Console, RangeProgress},
};
use report::write_range_chart;
use std::fmt::Write;
use std::path::Path;
use train::{
    Job, LrRange, RangeEnd, RangeTest, TrainError,
    store::{Place, RunDir},
};

/// Makes the test. `dir` is the folder if it is made already; a numbered one is made when there is something to put into it.
pub(super) fn run(
    job: &Job,
    test: &RangeTest,
    (place, dir): (&Place, Option<RunDir>),
    json: bool,
    console: Console,
) -> Result<(), Failure> {
    let progress = RangeProgress::new(console, &job.spec().name, test);
    let range = job.range_test(test, &mut |point| progress.told(point))?;
    progress.done();
    let dir = dir.map_or_else(|| RunDir::create(place), Ok)?;
    range.write_in(&dir, job)?;
    write_range_chart(&range, &dir)?;
    out::print(&if json { as_json(&range, &dir)? } else { told(&range, dir.path()) })
}

fn as_json(range: &LrRange, dir: &RunDir) -> Result<String, Failure> {
    let bad = |error: serde_json::Error| TrainError::Damaged { path: dir.lr_find(), what: error.to_string() };
    Ok(serde_json::to_string(range).map_err(bad)? + "\n")
}

/// What was found, in words.
fn told(range: &LrRange, folder: &Path) -> String {
    let folder = folder.display();
    let mut text = match &range.suggestion {
        Some(suggestion) => format!("suggested lr: {}\n  {}\n", suggestion.lr, suggestion.why),
        None => format!("no lr to suggest\n  {}\n", no_fall(range)),
    };
    // Writing to a string cannot fail.
    if let (Some(begins), Some(lowest), Some(first)) = (&range.begins, &range.lowest, range.first_loss) {
        let _ = writeln!(
            text,
            "  the loss begins to fall at {:.1e}, is lowest at {:.1e} ({first:.3} became {:.3}){}",
            begins.lr,
            lowest.lr,
            lowest.loss,
            range.diverges.map_or_else(String::new, |lr| format!(", and is back where it began at {lr:.1e}"))
        );
    }
    let _ = writeln!(text, "  {}; the recipe has lr {}", ended(range), range.recipe_lr);
    if let Some(suggestion) = &range.suggestion {
        let _ =
            writeln!(text, "train with it: lenet train --config {folder}/config.toml --lr {}", suggestion.lr);
        let _ = writeln!(text, "compare a run: lenet doctor RUN --range {folder}");
    }
    let _ = writeln!(text, "curve: {folder}/figures/lr_find.png\nrun folder: {folder}");
    text
}

fn no_fall(range: &LrRange) -> String {
    let LrRange { from, to, steps, .. } = range;
    format!(
        "the loss did not fall between {from:e} and {to:e}, in {steps} steps, by more than chance explains; \
         try more steps (--lr-steps) or other rates (--lr-range)"
    )
}

fn ended(range: &LrRange) -> String {
    match range.end {
        RangeEnd::Highest => format!("all {} steps were made", range.steps),
        RangeEnd::OutOfHand { lr } => {
            format!("ended after {} steps: at {lr:.1e} the loss was twice what it began with", range.steps)
        }
        RangeEnd::NotFinite { lr } => {
            format!("ended after {} steps: at {lr:.1e} loss or gradient was no number", range.steps)
        }
    }
}
