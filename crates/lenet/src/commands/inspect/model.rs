//! Layers of a model.

use crate::commands::grid::{Side, grid};
use crate::{exit::Failure, layers, progress::thousands};
use nn::ModelSpec;
use report::ModelLayers;

/// The layer table of a built-in model or a model file.
pub(super) fn describe(word: &str, classes: usize, side: usize) -> Result<String, Failure> {
    let input = nn::zoo::usual_input(word, side);
    let spec = train::model::spec_of(word, input, classes)?;
    table(&spec)
}

/// The layer table of a model.
pub(super) fn table(spec: &ModelSpec) -> Result<String, Failure> {
    let model = layers::of_model(spec, spec.input.to_string())?;
    let heading = format!("{}, input {}\n\n", model.model, model.input);
    let note = "\nmemory: a layer's parameters and its output of one picture, 4 bytes a number\n";
    Ok(heading + &layer_grid(&model) + note)
}

fn layer_grid(model: &ModelLayers) -> String {
    let columns = [
        ("layer", Side::Left),
        ("kind", Side::Left),
        ("settings", Side::Left),
        ("output", Side::Left),
        ("parameters", Side::Right),
        ("multiply-adds", Side::Right),
        ("memory", Side::Right),
    ];
    let mut rows: Vec<Vec<String>> = model
        .rows
        .iter()
        .map(|row| {
            let (params, macs) = (thousands(row.params), thousands(row.macs as usize));
            vec![
                row.name.clone(),
                row.kind.clone(),
                row.settings.clone(),
                row.output_shape.clone(),
                params,
                macs,
                kib(row.memory),
            ]
        })
        .collect();
    let empty = String::new;
    rows.push(Vec::new());
    rows.push(vec![
        "total".to_owned(),
        empty(),
        empty(),
        empty(),
        thousands(model.params()),
        thousands(model.macs() as usize),
        kib(model.rows.iter().map(|row| row.memory).sum()),
    ]);
    grid(&columns, &rows)
}

/// Bytes in KiB, rounded up.
fn kib(bytes: usize) -> String {
    format!("{} KiB", thousands(bytes.div_ceil(1024)))
}
