//! Pictures being read.

use super::{Console, thousands, words::clock};
use indicatif::ProgressBar;
use std::{sync::Mutex, time::Instant};

pub(super) const TEMPLATE: &str = "{prefix} {bar} {human_pos}/{human_len} pictures, {per_sec:.0}, {eta} left";

/// Tells how many pictures of a split are read; may be told so from several threads.
#[derive(Debug)]
pub(crate) struct Decoding {
    console: Console,
    verb: &'static str,
    current: Mutex<Option<Split>>,
}

#[derive(Debug)]
struct Split {
    name: String,
    begin: Instant,
    bar: Option<ProgressBar>,
    done: bool,
}

impl Decoding {
    /// Nothing is read yet; `verb` is what is done to pictures, such as `read`.
    pub(crate) fn new(console: Console, verb: &'static str) -> Self {
        Self { console, verb, current: Mutex::new(None) }
    }

    /// `done` of `all` pictures of the split are read. The last few may come out of order.
    pub(crate) fn told(&self, name: &str, done: usize, all: usize) {
        if self.console == Console::Quiet {
            return;
        }
        // Whatever a thread that gave up left behind still serves for a bar.
        let mut current = self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if current.as_ref().is_none_or(|split| split.name != name) {
            *current = Some(self.begin(name, all));
        }
        let Some(split) = current.as_mut().filter(|split| !split.done) else { return };
        if let Some(bar) = &split.bar {
            bar.set_position(done as u64);
        }
        if done == all {
            split.done = true;
            split.end(self, all);
        }
    }

    fn begin(&self, name: &str, all: usize) -> Split {
        let bar = self.console.bar(all as u64, TEMPLATE);
        if let Some(bar) = &bar {
            bar.set_prefix(format!("{} {name}", self.verb));
        }
        Split { name: name.to_owned(), begin: Instant::now(), bar, done: false }
    }
}

impl Split {
    fn end(&self, decoding: &Decoding, all: usize) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let time = clock(self.begin.elapsed());
        decoding.console.line(&format!(
            "{} {}: {} pictures in {time}",
            decoding.verb,
            self.name,
            thousands(all)
        ));
    }
}
