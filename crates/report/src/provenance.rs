//! What was run, on what: the facts that a reader needs to believe a number or to repeat it.

/// How the numbers of a report came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The command line, as typed.
    pub command: String,
    /// The data set, such as a folder or `synthetic`.
    pub data: String,
    /// Photos of each split, such as (`train`, 25000).
    pub splits: Vec<(String, usize)>,
    /// The processor and its instruction set, such as `Intel Xeon 8481C, AVX-512`.
    pub machine: String,
    /// Threads that trained.
    pub threads: usize,
    /// Version of the program.
    pub version: String,
    /// Day and time, as the caller writes it; `None` keeps the report's bytes the same from run to run.
    pub date: Option<String>,
    /// Anything else worth a line, such as (`skipped files`, `2, listed in skipped.csv`).
    pub more: Vec<(String, String)>,
}
