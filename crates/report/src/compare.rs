//! The whole report: what `lenet compare` and `lenet report` leave on disk and print.

use std::path::{Path, PathBuf};

use crate::ReportError;
use crate::contender::{Accuracy, Contender, Run};
use crate::figures::{Figure, curves, test_results};
use crate::html;
use crate::layers::ModelLayers;
use crate::provenance::Provenance;
use crate::store::write_whole;
use crate::table::{Table, to_csv, to_latex, to_markdown, to_terminal};
use crate::tables::{accuracy_table, layer_tables};

/// Any number of runs of any models, put together for a reader.
///
/// # Examples
/// ```
/// use report::{CompareReport, Run};
/// use train::history::{EpochRecord, Metrics, RunSummary};
///
/// let scored = Metrics { loss: 2.9, top1: 0.281, top5: 0.6, samples: 450 };
/// let epoch = EpochRecord { epoch: 1, time_secs: 8.0, train: scored, val: scored, lr: 0.05, images_per_sec: 3500.0 };
/// let summary = RunSummary {
///     model: "lenet5".into(), recipe: "tuned".into(), seed: 0, num_classes: 50, epochs: vec![epoch],
///     best_epoch: Some(1), test: Some(scored), wall_secs: 9.0,
/// };
/// let run = Run { name: "lenet5".into(), summary, files: vec![] };
/// let report = CompareReport { title: "One run".into(), runs: vec![run], ..Default::default() };
/// assert!(report.to_terminal(80).contains("Table IV. Top-1 accuracy"));
/// assert_eq!(report.figures()[0].stem, "fig05_lenet5_loss");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompareReport {
    /// First line of the page.
    pub title: String,
    /// What was run, on what.
    pub provenance: Provenance,
    /// Layers of the models, for Tables I to III.
    pub models: Vec<ModelLayers>,
    /// The runs; those that differ only in their seed become one row.
    pub runs: Vec<Run>,
}

impl CompareReport {
    /// The runs as rows of Tables IV and V.
    pub fn contenders(&self) -> Vec<Contender> {
        Contender::group(&self.runs)
    }

    /// Tables I to V in the order of their numbers, and further layer tables of models of one's own.
    pub fn tables(&self) -> Vec<Table> {
        let contenders = self.contenders();
        let mut tables = layer_tables(&self.models);
        tables.extend([Accuracy::Top1, Accuracy::Top5].map(|a| accuracy_table(&contenders, a)));
        tables.sort_by_key(|t| t.number);
        tables
    }

    /// Figures 2 to 10, further ones for other models, and the picture of all test results.
    pub fn figures(&self) -> Vec<Figure> {
        let contenders = self.contenders();
        curves(&contenders).into_iter().chain(test_results(&contenders)).collect()
    }

    /// Tables I to V for a screen of `width` columns.
    pub fn to_terminal(&self, width: usize) -> String {
        let tables: Vec<String> = self.tables().iter().map(|t| to_terminal(t, width)).collect();
        tables.join("\n")
    }
}

/// Writes `tables.md`, `tables.csv`, `tables.tex`, `report.html`, `figures/*.svg` and `figures/*.png` into `dir`,
/// each whole or not at all, and gives back their paths, the page first.
///
/// # Errors
/// [`ReportError::Write`] if the disk refuses, [`ReportError::Draw`] if a picture or the page can't be made.
pub fn write_compare(dir: &Path, report: &CompareReport) -> Result<Vec<PathBuf>, ReportError> {
    let (tables, figures) = (report.tables(), report.figures());
    let joined = |render: fn(&Table) -> String| tables.iter().map(render).collect::<Vec<_>>().join("\n");
    let latex_head = "% Tables of a lenet report; needs \\usepackage{booktabs}.\n";
    let mut files: Vec<(PathBuf, Vec<u8>)> = vec![
        (dir.join("report.html"), html::page(report, &tables, &figures)?.into_bytes()),
        (dir.join("tables.md"), joined(to_markdown).into_bytes()),
        (dir.join("tables.csv"), to_csv(&tables).into_bytes()),
        (dir.join("tables.tex"), format!("{latex_head}{}", joined(to_latex)).into_bytes()),
    ];
    for figure in &figures {
        files.extend(figure.files(dir)?);
    }
    for (path, bytes) in &files {
        write_whole(path, bytes)?;
    }
    Ok(files.into_iter().map(|f| f.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use std::fs;

    #[test]
    fn all_files_are_written_and_the_same_report_gives_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let report = fixture::report("tuned", 0..1);
        let paths = write_compare(&folder.path().join("a"), &report).unwrap();
        let again = write_compare(&folder.path().join("b"), &report).unwrap();
        assert_eq!(paths.len(), 4 + 2 * 10);
        for (path, other) in paths.iter().zip(&again) {
            let bytes = fs::read(path).unwrap();
            assert!(!bytes.is_empty() && bytes == fs::read(other).unwrap(), "{}", path.display());
            if path.extension().is_some_and(|e| e == "svg") {
                roxmltree::Document::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = write_compare(&folder.path().join("file"), &CompareReport::default()).unwrap_err();
        assert!(matches!(error, ReportError::Write { .. }));
        assert!(error.to_string().contains("report.html"), "{error}");
    }

    #[test]
    fn the_screen_gets_all_five_tables() {
        let text = fixture::report("tuned", 0..1).to_terminal(100);
        for number in ["I", "II", "III", "IV", "V"] {
            assert!(text.contains(&format!("Table {number}. ")));
        }
    }
}
