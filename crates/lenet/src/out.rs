//! Results to stdout, everything else to stderr.

use crate::exit::Failure;
use std::io::{self, IsTerminal, Write};
use train::ErrorKind;

/// Columns of a screen that does not say how wide it is.
const USUAL_WIDTH: usize = 100;

/// Writes text that ends in a line end to stdout.
///
/// # Errors
/// [`Failure::ReaderGone`] if nobody reads on; an I/O failure if stdout is a file on a full disk.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::new(ErrorKind::Io, format!("cannot write to stdout: {error}")),
    })
}

/// Writes a line to stderr; if that is closed there is nobody to tell.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether stdout is a screen that a person looks at.
pub(crate) fn is_screen() -> bool {
    io::stdout().is_terminal()
}

/// Columns for tables on stdout.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0))
}
