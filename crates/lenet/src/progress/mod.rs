//! How it goes, on stderr: bars where a person looks on, plain lines elsewhere, nothing if asked.

mod decoding;
mod range;
mod run;
mod words;

pub(crate) use decoding::Decoding;
pub(crate) use range::RangeProgress;
pub(crate) use run::RunProgress;
pub(crate) use words::{clock, percent, thousands};

use crate::out::complain;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    env,
    io::{self, IsTerminal},
};

/// Times a second that a bar is drawn.
const DRAWN_HZ: u8 = 10;

/// How progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Console {
    /// Not at all.
    Quiet,
    /// A line for each thing done.
    Lines,
    /// The same, and a bar that moves.
    Bars {
        /// Whether the bar may be coloured.
        colour: bool,
    },
}

impl Console {
    /// What suits stderr and the environment (`CI`, `TERM=dumb`, `NO_COLOR`).
    pub(crate) fn new(quiet: bool) -> Self {
        Self::suiting(quiet, io::stderr().is_terminal(), |name| env::var(name).ok())
    }

    fn suiting(quiet: bool, screen: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        match (quiet, screen) {
            (true, _) => Self::Quiet,
            (false, true) if !set("CI") && variable("TERM").as_deref() != Some("dumb") => {
                Self::Bars { colour: !set("NO_COLOR") }
            }
            _ => Self::Lines,
        }
    }

    /// A line of its own.
    pub(crate) fn line(self, text: &str) {
        if self != Self::Quiet {
            complain(text);
        }
    }

    /// A bar of `all` things, if this console has bars.
    fn bar(self, all: u64, template: &str) -> Option<ProgressBar> {
        let Self::Bars { colour } = self else { return None };
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr_with_hz(DRAWN_HZ));
        let bright = if colour { ":16.cyan/dim" } else { ":16" };
        let template = template.replace("{bar}", &format!("{{bar{bright}}}"));
        // The templates are constants of this module; a bar without style is still a bar.
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Some(bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_for_screens_that_can_show_them() {
        let console = |screen, set: &'static [(&str, &str)]| {
            let find = move |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            Console::suiting(false, screen, find)
        };
        assert_eq!(console(true, &[]), Console::Bars { colour: true });
        assert_eq!(console(true, &[("NO_COLOR", "1")]), Console::Bars { colour: false });
        assert_eq!(console(true, &[("NO_COLOR", "")]), Console::Bars { colour: true });
        assert_eq!(console(true, &[("CI", "true")]), Console::Lines);
        assert_eq!(console(true, &[("TERM", "dumb")]), Console::Lines);
        assert_eq!(console(false, &[]), Console::Lines);
        assert_eq!(Console::suiting(true, true, |_| None), Console::Quiet);
    }

    #[test]
    fn every_template_is_one() {
        for template in [decoding::TEMPLATE, range::TEMPLATE, run::TEMPLATE] {
            assert!(ProgressStyle::with_template(&template.replace("{bar}", "{bar:24.cyan/dim}")).is_ok());
        }
    }
}
