//! The findings as lines.

use crate::progress::thousands;
use data::check::{CheckReport, IMBALANCE, Remark, Which};
use std::fmt::Write;

/// Findings of a kind that are named; more are counted.
const NAMED: usize = 20;

/// Everything, the gravest first.
pub(super) fn describe(report: &CheckReport, labels: bool) -> String {
    let mut text = String::new();
    let counts: Vec<String> =
        report.splits.iter().map(|(split, count)| format!("{split} {}", thousands(*count))).collect();
    line(&mut text, &format!("{}: {} classes; {}", report.data, report.classes.len(), counts.join(", ")));
    let remark = |remark: &Remark| format!("{}: {}", place(&remark.which), remark.what);
    section(&mut text, "cannot be read", &report.unreadable, remark);
    section(&mut text, "odd", &report.odd, remark);
    section(&mut text, "same pixels, groups", &report.exact, |group: &Vec<Which>| {
        group.iter().map(place).collect::<Vec<_>>().join(" = ")
    });
    section(&mut text, "nearly the same, pairs", &report.near, |pair| {
        format!("{} ~ {} ({} of 128 bits differ)", place(&pair.first), place(&pair.second), pair.distance)
    });
    line(&mut text, &format!("in more than one split: {}", report.leaks));
    line(&mut text, &format!("the same under different labels: {}", report.conflicts));
    let balance = match report.imbalance {
        0.0 => "a class has no picture in the first split".to_owned(),
        ratio if ratio >= IMBALANCE => {
            format!("imbalanced: the largest has {ratio:.1} times the smallest's pictures")
        }
        ratio => format!("balanced: the largest has {ratio:.1} times the smallest's pictures"),
    };
    line(&mut text, &format!("classes: {balance}"));
    line(&mut text, &format!("sizes: {}", several(&report.sizes)));
    line(&mut text, &format!("modes: {}", several(&report.modes)));
    if labels {
        section(&mut text, "labels likely wrong", &report.suspects, |suspect| {
            let [given, likely] =
                [suspect.given_prob, suspect.likely_prob].map(|p| format!("{:.1}%", 100.0 * p));
            let which = &suspect.which;
            format!(
                "{}: labelled {} ({given}), looks like {} ({likely})",
                place(which),
                which.class,
                suspect.likely
            )
        });
    }
    text
}

fn place(which: &Which) -> String {
    // Names of class folders begin with their split already.
    match which.path.starts_with(&format!("{}/", which.split)) {
        true => which.path.clone(),
        false => format!("{}: {}", which.split, which.path),
    }
}

fn section<T>(text: &mut String, title: &str, found: &[T], of: impl Fn(&T) -> String) {
    line(text, &format!("{title}: {}", thousands(found.len())));
    for one in found.iter().take(NAMED) {
        line(text, &format!("  {}", of(one)));
    }
    if found.len() > NAMED {
        line(text, &format!("  ... and {} more; --json has all", thousands(found.len() - NAMED)));
    }
}

/// The first few of many, each with its number.
pub(crate) fn several(all: &[(String, usize)]) -> String {
    const SHOWN: usize = 6;
    let word = |(name, count): &(String, usize)| format!("{name} ({})", thousands(*count));
    let words: Vec<String> = all.iter().take(SHOWN).map(word).collect();
    match all.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{}, {} others", words.join(", "), thousands(more)),
        _ => words.join(", "),
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
