//! `lenet doctor`: what is wrong with a run, from what it left in its folder.

use crate::{args::DoctorArgs, exit::Failure, out};
use std::fmt::Write;
use train::{
    ErrorKind, LrRange, Recipe,
    doctor::{Finding, Health, Severity, diagnose},
    store::RunDir,
};

/// Reads the folder and speaks.
pub(super) fn run(args: DoctorArgs) -> Result<(), Failure> {
    let dir = RunDir::open(&args.run);
    let recipe = recipe(&dir)?;
    let range = args.range.map(|folder| range(&RunDir::open(folder), &recipe)).transpose()?;
    let findings = diagnose(&recipe, &Health { range, ..Health::read(&dir.health())? });
    match args.json {
        true => out::print(&json(&findings))?,
        false => out::print(&told(&findings))?,
    }
    let severe = findings.iter().any(|finding| finding.severity == Severity::Severe);
    match args.strict && severe {
        true => Err(Failure::Known(ErrorKind::BadData)),
        false => Ok(()),
    }
}

/// The recipe that a folder is of.
fn recipe(dir: &RunDir) -> Result<Recipe, Failure> {
    let config = dir.config();
    let text = std::fs::read_to_string(&config)
        .map_err(|error| Failure::reading(&config, &error).hint("name a run folder, such as runs/train"))?;
    Ok(Recipe::from_toml(&text, &config.display().to_string())?)
}

/// What the range test in `dir` found, if it says something of a run with `recipe`.
fn range(dir: &RunDir, run: &Recipe) -> Result<LrRange, Failure> {
    let range = LrRange::read(&dir.lr_find())
        .map_err(|error| Failure::from(error).hint("name the folder of a 'lenet train --find-lr'"))?;
    match LrRange::unlike(&recipe(dir)?, run) {
        None => Ok(range),
        Some(what) => {
            let message = format!("{}: the range test is of another recipe; {what}", dir.path().display());
            Err(Failure::usage(message).hint("make one with --find-lr and --config of the run"))
        }
    }
}

fn json(findings: &[Finding]) -> String {
    serde_json::json!({ "healthy": findings.is_empty(), "findings": findings }).to_string() + "\n"
}

/// The findings as a doctor would say them, a paragraph each.
pub(super) fn told(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "the run looks healthy\n".to_owned();
    }
    let mut text = String::new();
    for Finding { cause, severity, since, what, why, advice } in findings {
        let severity = match severity {
            Severity::Severe => "severe",
            Severity::Warning => "warning",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} ({severity}, {since})", cause.name());
        let _ = writeln!(text, "  what: {what}\n  why:  {why}\n  do:   {advice}\n");
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use train::doctor::{Cause, Moment};

    #[test]
    fn a_finding_is_told_with_its_time_and_its_cure() {
        let finding = Finding {
            cause: Cause::LrDies,
            severity: Severity::Severe,
            since: Moment { step: 40, epoch: 2 },
            what: "the rate is 0".into(),
            why: "nothing moves".into(),
            advice: "raise it".into(),
        };
        let text = told(&[finding]);
        assert_eq!(
            text,
            "lr-dies (severe, since step 40, epoch 2)\n  what: the rate is 0\n  why:  nothing moves\n  do:   raise it\n"
        );
        assert_eq!(told(&[]), "the run looks healthy\n");
    }
}
