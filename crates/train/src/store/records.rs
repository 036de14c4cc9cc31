//! `results.csv`: one row an epoch.

use crate::history::EpochRecord;
use std::fmt::Write;

/// First line of `results.csv`, to the letter: programs outside read these columns.
pub const RESULTS_HEADER: &str =
    "epoch,time,train/loss,train/top1,train/top5,val/loss,val/top1,val/top5,lr,images_per_sec";

/// The text of `results.csv`: the header and a row for each epoch.
///
/// # Units and ranges
/// `time` in seconds since the run began, losses in nats, accuracies as fractions in [0, 1], with digits enough to give
/// the numbers back exactly. Without a validation split the `val/` cells are empty.
#[must_use]
pub fn results_csv(epochs: &[EpochRecord]) -> String {
    let mut text = format!("{RESULTS_HEADER}\n");
    for record in epochs {
        text.push_str(&row(record));
        text.push('\n');
    }
    text
}

fn row(record: &EpochRecord) -> String {
    let EpochRecord { epoch, time_secs, train, val, lr, images_per_sec } = record;
    let mut row = format!("{epoch},{time_secs:.3}");
    for metrics in [train, val] {
        // Writing to a string cannot fail.
        let _ = match metrics.samples {
            0 => write!(row, ",,,"),
            _ => write!(row, ",{},{},{}", metrics.loss, metrics.top1, metrics.top5),
        };
    }
    let _ = write!(row, ",{lr},{images_per_sec:.1}");
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Metrics;

    #[test]
    fn a_row_has_a_field_for_each_column() {
        let train = Metrics { loss: 3.912, top1: 1.0 / 3.0, top5: 1.0, samples: 63_325 };
        let whole =
            EpochRecord { epoch: 1, time_secs: 12.5, train, val: train, lr: 0.05, images_per_sec: 2024.06 };
        let without_val = EpochRecord { val: Metrics::default(), ..whole.clone() };
        let text = results_csv(&[whole, without_val]);
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows[0], RESULTS_HEADER);
        assert_eq!(rows[1], "1,12.500,3.912,0.3333333333333333,1,3.912,0.3333333333333333,1,0.05,2024.1");
        assert_eq!(rows[2], "1,12.500,3.912,0.3333333333333333,1,,,,0.05,2024.1");
        assert!(rows.iter().all(|row| row.matches(',').count() == 9));
    }
}
