//! `lenet predict`: what is on pictures.

use crate::{args::PredictArgs, exit::Failure, out};
use classifier::{Assumed, Classifier, ClassifierError, Prediction};
use data::source::pictures_below;
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};
use train::ErrorKind;

/// Classes that are told of each picture.
const TOLD: usize = 5;
/// Largest picture that is read from stdin, in bytes.
const MAX_STDIN_BYTES: u64 = 256 << 20;
/// The name of stdin.
const STDIN: &str = "-";

/// How a prediction is written.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Words,
}

/// Predicts; bad pictures are named as they come, and the first of them decides the exit code.
pub(super) fn run(args: PredictArgs) -> Result<(), Failure> {
    let assumed = Assumed { model: args.model, ..Assumed::default() };
    let exact = Classifier::load_assuming(&args.weights, &assumed)?;
    let classifier = if args.bf16 { exact.in_bf16() } else { exact };
    let form = if args.json || !out::is_screen() { Form::Json } else { Form::Words };
    let mut bad = Bad(None);
    for path in &args.pictures {
        if path == Path::new(STDIN) {
            match from_stdin(&classifier) {
                Ok(prediction) => out::print(&told(path, &prediction, form))?,
                Err(failure) => bad.note(failure),
            }
            continue;
        }
        match files(path) {
            Ok(files) => classifier.predict_files(&files, TOLD, |path, result| match result {
                Ok(prediction) => out::print(&told(path, &prediction, form)),
                Err(error) => {
                    bad.note(error.into());
                    Ok(())
                }
            })?,
            Err(failure) => bad.note(failure),
        }
    }
    bad.0.map_or(Ok(()), |kind| Err(Failure::Known(kind)))
}

/// Why the first bad picture was bad.
struct Bad(Option<ErrorKind>);

impl Bad {
    fn note(&mut self, failure: Failure) {
        let Failure::Told { kind, message, .. } = failure else { return };
        out::complain(&format!("error: {message}"));
        self.0.get_or_insert(kind);
    }
}

/// The picture itself, or all pictures below a folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let names = pictures_below(path)?;
    if names.is_empty() {
        let message = format!("{}: no picture in this folder or below", path.display());
        return Err(Failure::new(ErrorKind::NoInput, message));
    }
    Ok(names.into_iter().map(|name| path.join(name)).collect())
}

fn from_stdin(classifier: &Classifier) -> Result<Prediction, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_STDIN_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::reading(STDIN.as_ref(), &error))?;
    let named = |source| ClassifierError::Picture { path: STDIN.into(), source };
    Ok(classifier.predict(&bytes, TOLD).map_err(named)?)
}

fn told(path: &Path, prediction: &Prediction, form: Form) -> String {
    let path = path.display().to_string();
    match form {
        Form::Json => {
            // Strings and finite numbers always have a form in JSON.
            let [path, top] = [serde_json::to_string(&path), serde_json::to_string(&prediction.top)]
                .map(Result::unwrap_or_default);
            format!("{{\"path\":{path},\"top\":{top}}}\n")
        }
        Form::Words => {
            let guess = |guess: &classifier::Guess| format!("{} {:.1}%", guess.label, 100.0 * guess.prob);
            let guesses: Vec<String> = prediction.top.iter().map(guess).collect();
            format!("{path}: {}\n", guesses.join(", "))
        }
    }
}
