//! A model's layers as the report and the screen show them.

use data::{Colour, Feature, Preprocess, Space, Transform};
use nn::ModelSpec;
use report::{LayerRow, ModelLayers};
use train::TrainError;

/// The layers of a model.
///
/// # Errors
/// [`TrainError::Model`] if it cannot be built.
pub(crate) fn of_model(spec: &ModelSpec, input: String) -> Result<ModelLayers, TrainError> {
    let net = spec
        .build::<f32>()
        .map_err(|error| TrainError::Model { model: spec.name.clone(), what: error.to_string() })?;
    let row = |row: nn::summary::LayerRow| LayerRow {
        name: row.name,
        kind: row.kind.to_owned(),
        settings: row.settings,
        output_shape: row.output.to_string(),
        params: row.params,
        macs: row.macs,
        memory: 4 * (row.params + row.output.len()),
    };
    let rows = nn::summary::summarize(&net).rows.into_iter().map(row).collect();
    Ok(ModelLayers { model: spec.name.clone(), input, rows })
}

/// What a preprocessing makes of a picture, in words.
pub(crate) fn input_words(preprocess: &Preprocess) -> String {
    let size = format!("{}×{}", preprocess.height, preprocess.width);
    match &preprocess.feature {
        Feature::Pixels { .. } | Feature::PicturePixels => match preprocess.colour {
            Colour::Gray => format!("1×{size}, gray photo"),
            Colour::Rgb => format!("3×{size}, colour photo"),
        },
        Feature::Histogram { space, transform, .. } => {
            let space = match space {
                Space::Gray64 => "gray levels",
                Space::Rgb444 => "4×4×4 colours",
            };
            let transform = match transform {
                Transform::Plain => "",
                Transform::Sqrt => ", square root",
                Transform::Log => ", logarithm",
            };
            format!("histogram of {size} pixels, 64 bins of {space}{transform}")
        }
    }
}
