//! Pictures of each class and split.

use crate::commands::grid::{Side, grid};
use crate::{commands::open, exit::Failure, progress::Console, progress::thousands, resolve::DataPlan};
use ::data::ClassOrder;

/// The counts. Pictures are not opened.
pub(super) fn describe(
    plan: &DataPlan,
    order: Option<ClassOrder>,
    console: Console,
) -> Result<String, Failure> {
    let data = open(plan, order, console)?;
    let classes = data.class_names();
    let splits: Vec<String> = data.split_names().map(str::to_owned).collect();
    let mut counts = vec![vec![0_usize; splits.len()]; classes.len()];
    for (column, split) in splits.iter().enumerate() {
        for sample in data.split(split)?.samples() {
            counts[sample.label as usize][column] += 1;
        }
    }
    let mut columns = vec![("index", Side::Right), ("class", Side::Left)];
    columns.extend(splits.iter().map(|split| (split.as_str(), Side::Right)));
    let cells = |counts: &[usize]| counts.iter().map(|&count| thousands(count)).collect::<Vec<_>>();
    let mut rows: Vec<Vec<String>> = (classes.iter().zip(&counts).enumerate())
        .map(|(index, (class, counts))| [vec![index.to_string(), class.clone()], cells(counts)].concat())
        .collect();
    let totals: Vec<usize> =
        (0..splits.len()).map(|column| counts.iter().map(|row| row[column]).sum()).collect();
    rows.push(Vec::new());
    rows.push([vec![String::new(), format!("{} classes", classes.len())], cells(&totals)].concat());
    Ok(format!("{}\n\n{}", data.name(), grid(&columns, &rows)))
}
