//! `summary.json`: a run in numbers, for programs and for later reports.

use std::fs;
use std::io;
use std::path::Path;

use train::history::RunSummary;

use crate::ReportError;
use crate::store::write_whole;

/// Writes a run's summary as JSON, whole or not at all.
///
/// # Errors
/// [`ReportError::Write`] if the disk refuses.
pub fn write_summary(path: &Path, summary: &RunSummary) -> Result<(), ReportError> {
    let mut text = serde_json::to_string_pretty(summary)
        .map_err(|e| ReportError::Draw { what: path.display().to_string(), why: e.to_string() })?;
    text.push('\n');
    write_whole(path, text.as_bytes())
}

/// Reads a run's summary.
///
/// # Errors
/// [`ReportError::Missing`] if there is no such file, [`ReportError::Read`] if it can't be read,
/// [`ReportError::BadSummary`] with the line if it is not a run's summary.
pub fn read_summary(path: &Path) -> Result<RunSummary, ReportError> {
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ReportError::Missing { path: path.to_owned() },
        _ => ReportError::Read { path: path.to_owned(), source },
    })?;
    serde_json::from_str(&text).map_err(|source| ReportError::BadSummary { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        let summary = fixture::run("lenet5", "tuned", 1, 3).summary;
        write_summary(&path, &summary).unwrap();
        assert_eq!(read_summary(&path).unwrap(), summary);
    }

    #[test]
    fn each_fault_has_its_own_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        assert!(matches!(read_summary(&path), Err(ReportError::Missing { .. })));
        fs::write(&path, "{\n\"model\": 7}").unwrap();
        let error = read_summary(&path).unwrap_err();
        assert!(matches!(error, ReportError::BadSummary { .. }));
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(matches!(read_summary(folder.path()), Err(ReportError::Read { .. })));
    }
}
