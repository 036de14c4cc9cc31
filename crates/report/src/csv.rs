//! `results.csv`: one line an epoch, written as training goes.

use std::io::{self, Write};

use train::history::EpochRecord;

/// The header of `results.csv`, to the letter: programs outside read these columns.
pub const RESULTS_HEADER: &str =
    "epoch,time,train/loss,train/top1,train/top5,val/loss,val/top1,val/top5,lr,images_per_sec";

/// Writes `results.csv` line by line to anything that takes bytes.
///
/// # Units and ranges
/// `time` in seconds since the run began, losses in nats, accuracies as fractions.
///
/// # Examples
/// ```
/// let mut file = Vec::new();
/// let mut results = report::ResultsWriter::new(&mut file)?;
/// # let metrics = train::history::Metrics { loss: 3.9, top1: 0.02, top5: 0.1, samples: 450 };
/// results.write(&train::history::EpochRecord {
///     epoch: 1, time_secs: 12.5, train: metrics, val: metrics, lr: 0.05, images_per_sec: 2024.0,
/// })?;
/// let text = String::from_utf8(file)?;
/// assert_eq!(text.lines().nth(1), Some("1,12.500,3.900000,0.020000,0.100000,3.900000,0.020000,0.100000,0.05,2024.0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ResultsWriter<W: Write> {
    out: W,
}

impl<W: Write> ResultsWriter<W> {
    /// Begins a file: writes the header.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(mut out: W) -> io::Result<Self> {
        writeln!(out, "{RESULTS_HEADER}")?;
        out.flush()?;
        Ok(Self { out })
    }

    /// Goes on with a file that has its header and its first lines, as after a resume.
    pub fn append(out: W) -> Self {
        Self { out }
    }

    /// Adds the line of one epoch and flushes it, so that a reader sees it at once.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, record: &EpochRecord) -> io::Result<()> {
        let EpochRecord { epoch, time_secs, train, val, lr, images_per_sec } = record;
        write!(self.out, "{epoch},{time_secs:.3}")?;
        for metrics in [train, val] {
            write!(self.out, ",{:.6},{:.6},{:.6}", metrics.loss, metrics.top1, metrics.top5)?;
        }
        writeln!(self.out, ",{lr},{images_per_sec:.1}")?;
        self.out.flush()
    }
}

/// A field as CSV wants it: quoted if it holds a comma, a quote or a line break (RFC 4180).
pub(crate) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_header_stands_once_and_rows_follow() {
        let run = fixture::run("lenet5", "tuned", 0, 3);
        let mut file = Vec::new();
        let mut writer = ResultsWriter::new(&mut file).unwrap();
        writer.write(&run.summary.epochs[0]).unwrap();
        let mut writer = ResultsWriter::append(&mut file);
        writer.write(&run.summary.epochs[1]).unwrap();
        let text = String::from_utf8(file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], RESULTS_HEADER);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|l| l.split(',').count() == 10));
        assert!(lines[1].starts_with("1,") && lines[2].starts_with("2,"));
    }

    #[test]
    fn a_full_disk_is_an_error_not_a_lost_row() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = ResultsWriter::new(Full).map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn quotes_and_commas_are_kept_inside_one_field() {
        assert_eq!(field("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(field("plain"), "plain");
    }
}
