//! Pictures of each class and split, their sizes and modes, and a contact sheet.

use crate::{
    args::InspectArgs,
    commands::{
        check::several,
        grid::{Side, grid},
        open,
    },
    exit::Failure,
    progress::{Console, thousands},
    resolve::{DataPlan, check_apart},
};
use ::data::{
    Dataset,
    check::{forms, sheet, thumbnail, to_png},
};
use std::path::Path;
use train::store::{Place, write_file};

/// Pictures on a contact sheet, in so many columns of so many pixels.
const SHEET: (usize, usize, usize) = (100, 10, 96);

/// The counts, and of files the sizes and modes.
pub(super) fn describe(plan: &DataPlan, args: &InspectArgs, console: Console) -> Result<String, Failure> {
    if let Some(path) = &args.sheet {
        check_apart(plan, &Place::New(path.clone()), &[])?;
    }
    let data = open(plan, args.order.order(), console)?;
    if let Some(path) = &args.sheet {
        write_sheet(&data, path)?;
    }
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
    // Synthetic pictures would have to be drawn, only to hear that they are all alike.
    let forms = match plan.folder() {
        None => String::new(),
        Some(_) => {
            let (sizes, modes) = forms(&data)?;
            format!("sizes: {}\nmodes: {}\n", several(&sizes), several(&modes))
        }
    };
    Ok(format!("{}\n{forms}\n{}", data.name(), grid(&columns, &rows)))
}

/// The first picture of each class in the first split, then the second of each, as far as there is room.
fn write_sheet(data: &Dataset, path: &Path) -> Result<(), Failure> {
    let (count, columns, side) = SHEET;
    let Some(split) = data.split_names().next() else { return Ok(()) };
    let source = data.split(split)?;
    let mut seen = vec![0_usize; data.class_names().len()];
    let mut ranked: Vec<(usize, u32, usize)> = Vec::new();
    for (index, sample) in source.samples().iter().enumerate() {
        let seen = &mut seen[sample.label as usize];
        ranked.push((*seen, sample.label, index));
        *seen += 1;
    }
    ranked.sort_unstable();
    let pictures = ranked.iter().filter_map(|&(_, _, index)| thumbnail(&*source, index, side).ok());
    let pictures: Vec<_> = pictures.take(count).collect();
    Ok(write_file(path, &to_png(&sheet(&pictures, columns, side)))?)
}
