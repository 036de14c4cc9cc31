//! From a recipe's model to a network: built-in names and model files.

use crate::{TrainError, error::with_nearest};
use nn::{ModelSpec, Sequential, Shape, zoo};
use std::{fs, path::Path};

/// The model that a recipe names: a built-in one for this input and number of classes, or as its file says.
///
/// # Errors
/// [`TrainError::Unknown`] for a word that is neither, [`TrainError::Read`] or [`TrainError::Model`] with the line for a file
/// that can't be read.
pub fn spec_of(model: &str, input: Shape, num_classes: usize) -> Result<ModelSpec, TrainError> {
    zoo::by_name(model, input, num_classes).map_or_else(|| read_spec(model), Ok)
}

/// Reads a model file: a [`ModelSpec`] as TOML. A word without `.toml` that is no file is taken for a misspelt name.
///
/// # Errors
/// As [`spec_of`].
pub fn read_spec(model: &str) -> Result<ModelSpec, TrainError> {
    let path = Path::new(model);
    if path.extension().is_none_or(|extension| extension != "toml") && !path.is_file() {
        return Err(TrainError::unknown("model", model, &zoo::ALL));
    }
    let text = fs::read_to_string(path).map_err(TrainError::read(path))?;
    let fail = |line: Option<usize>, what: &str| {
        let model = line.map_or_else(|| model.to_owned(), |line| format!("{model}:{line}"));
        TrainError::Model { model, what: what.trim_end().replace('\n', " ") }
    };
    let spec: ModelSpec = toml::from_str(&text).map_err(|error: toml::de::Error| {
        let span = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        fail(line_told(error.message(), &text).or(span), &with_nearest(error.message()))
    })?;
    // Tried here, where the lines are known.
    spec.build::<f32>()
        .map_err(|error| fail(error.layer().and_then(|layer| line_of(layer, &text)), &error.to_string()))?;
    Ok(spec)
}

/// The line of what a message about a layer is about: of its first word in backticks, at the layer's name or below, else of the
/// name. The parser only knows where the list of layers begins.
fn line_told(message: &str, text: &str) -> Option<usize> {
    let (layer, rest) = message.strip_prefix("layer '")?.split_once('\'')?;
    let begin = line_of(layer, text)?;
    let word = rest.split('`').nth(1)?;
    let mut lines = text
        .lines()
        .enumerate()
        .skip(begin - 1)
        .take_while(|(i, line)| *i == begin - 1 || !line.trim_start().starts_with("[["));
    Some(lines.find(|(_, line)| line.contains(word)).map_or(begin, |(i, _)| i + 1))
}

/// The line, from 1, in which the last layer of this name is named.
fn line_of(layer: &str, text: &str) -> Option<usize> {
    let names = |line: &str| {
        line.match_indices("name").any(|(at, word)| {
            let value = line[at + word.len()..].trim_start().strip_prefix('=').map(str::trim_start);
            ['"', '\'']
                .into_iter()
                .any(|quote| value.is_some_and(|v| v.starts_with(&format!("{quote}{layer}{quote}"))))
        })
    };
    text.lines().enumerate().filter(|(_, line)| names(line)).last().map(|(i, _)| i + 1)
}

/// Builds the network and checks that it fits the input and ends in one logit a class.
///
/// # Errors
/// [`TrainError::Model`].
pub fn build(spec: &ModelSpec, input: Shape, num_classes: usize) -> Result<Sequential, TrainError> {
    let fail = |what: String| TrainError::Model { model: spec.name.clone(), what };
    if spec.input != input {
        return Err(fail(format!(
            "the model's input is {}, but the recipe makes {input} of a picture; change one of them",
            spec.input
        )));
    }
    let net = spec.build::<f32>().map_err(|error| fail(error.to_string()))?;
    if net.output_shape() != Shape::Flat(num_classes) {
        return Err(fail(format!(
            "the last layer gives {}, but the data has {num_classes} classes; let it give {num_classes}",
            net.output_shape()
        )));
    }
    Ok(net)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const SPEC: &str = "name = 'mine'\ninput = [1, 8, 8]\n[[layers]]\nname = 'flatten'\nkind = 'flatten'\n\
        [[layers]]\nname = 'fc1'\nkind = 'linear'\nout_features = 3\n";

    fn with_file(text: &str, input: Shape, classes: usize) -> Result<Sequential, TrainError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        fs::write(&path, text).unwrap();
        build(&spec_of(&path.to_string_lossy(), input, classes)?, input, classes)
    }

    #[test]
    fn a_model_file_is_read_and_checked_against_the_data() {
        let input = Shape::image(1, 8, 8);
        assert_eq!(with_file(SPEC, input, 3).unwrap().nodes().len(), 2);
        let classes = with_file(SPEC, input, 50).unwrap_err().to_string();
        assert!(classes.contains("gives 3, but the data has 50 classes"), "{classes}");
        let shape = with_file(SPEC, Shape::image(1, 9, 9), 3).unwrap_err().to_string();
        assert!(shape.contains("1×8×8") && shape.contains("1×9×9"), "{shape}");
    }

    #[test]
    fn faults_of_a_model_file_are_told_in_one_line_with_the_file() {
        let input = Shape::image(1, 8, 8);
        let error = with_file(&SPEC.replace("out_features", "out_feature"), input, 3).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("mine.toml:") && text.contains("out_feature") && !text.contains('\n'),
            "{text}"
        );
        assert!(
            text.contains(
                "mine.toml:9: layer 'fc1': unknown key 'out_feature' (did you mean 'out_features'?)"
            ),
            "{text}"
        );
        assert_eq!(error.kind(), ErrorKind::Config);
        let inline = "name = 'm'\ninput = [1, 8, 8]\nlayers = [\n  { name = 'a', kind = 'flatten' },\n  \
            { name = 'b', kind = 'linaer', out_features = 3 },\n]\n";
        let error = with_file(inline, input, 3).unwrap_err().to_string();
        assert!(
            error.contains("mine.toml:5: layer 'b': unknown word 'linaer' (did you mean 'linear'?)"),
            "{error}"
        );
        let pool = "name = 'fc1'\nkind = 'max_pool2d'\nkernel_size = 3";
        let text = SPEC.replace("name = 'fc1'\nkind = 'linear'\nout_features = 3", pool);
        let error = with_file(&text, input, 3).unwrap_err().to_string();
        assert!(error.contains("mine.toml:7: layer 'fc1' (max_pool2d) needs an image"), "{error}");
        assert_eq!(spec_of("none.toml", input, 3).unwrap_err().kind(), ErrorKind::NoInput);
        assert_eq!(spec_of("lenet6", input, 3).unwrap_err().kind(), ErrorKind::Usage);
    }
}
