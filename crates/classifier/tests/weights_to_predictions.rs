//! Weights files of every kind, and what becomes of them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use classifier::{Assumed, Classifier, ClassifierError, ErrorKind};
use data::{Colour, DataSpec, Feature, Preprocess};
use nn::{ModelFile, ModelSpec, Shape, zoo};

const CLASSES: usize = 4;

fn spec() -> ModelSpec {
    zoo::lenet5(Shape::image(1, 32, 32), CLASSES)
}

fn data_spec() -> DataSpec {
    let feature = Feature::Pixels { mean: vec![0.4], std: vec![0.2] };
    let class_names = ["ant", "bee", "cat", "dog"].map(str::to_owned).to_vec();
    DataSpec { preprocess: Preprocess::new(32, 32, Colour::Gray, feature), class_names }
}

fn file(metadata: std::collections::BTreeMap<String, String>) -> ModelFile {
    let net = spec().build::<f32>().unwrap();
    let params = net.init_params(&Default::default(), 3);
    ModelFile::of(&spec(), &net, &params, metadata)
}

fn complete() -> ModelFile {
    file(data_spec().to_metadata())
}

/// A file as PyTorch would write it.
fn bare() -> ModelFile {
    ModelFile { spec: None, metadata: Default::default(), ..complete() }
}

fn load(file: &ModelFile, assumed: &Assumed) -> Result<Classifier, ClassifierError> {
    Classifier::from_file(file, assumed, Path::new("w.safetensors"))
}

fn picture(folder: &Path, name: &str, level: u8) -> PathBuf {
    let path = folder.join(name);
    let mut bytes = b"P5 20 10 255\n".to_vec();
    bytes.extend((0..200).map(|i| level.wrapping_mul(i)));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Memory is kept from call to call, and made anew for more pictures or another number of threads.
#[test]
fn what_was_classified_before_leaves_no_trace() {
    let classifier = load(&complete(), &Assumed::default()).unwrap();
    let planes: Vec<Vec<u8>> =
        (0..40_usize).map(|k| (0..32 * 32).map(|i| (i * (k + 3)) as u8).collect()).collect();
    let alone: Vec<Vec<f32>> =
        planes.iter().map(|plane| load(&complete(), &Assumed::default()).unwrap().logits(&[plane])).collect();
    assert!(alone[0] != alone[1], "the pictures differ");
    let pools = [1, 3].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    for (turn, count) in [1, 5, 2, 40, 0, 1].into_iter().enumerate() {
        let some: Vec<&[u8]> = planes[..count].iter().map(Vec::as_slice).collect();
        let found = pools[turn / 2 % 2].install(|| classifier.logits(&some));
        assert_eq!(found, alone[..count].concat(), "{count} pictures, call {turn}");
    }
}

#[test]
fn large_weights_in_bf16_move_the_scores_a_little() {
    let spec = zoo::lenet5(Shape::image(1, 128, 128), CLASSES);
    let net = spec.build::<f32>().unwrap();
    let params = net.init_params(&Default::default(), 3);
    let preprocess = Preprocess::new(128, 128, Colour::Gray, data_spec().preprocess.feature);
    let data = DataSpec { preprocess, ..data_spec() };
    let file = ModelFile::of(&spec, &net, &params, data.to_metadata());
    let exact = load(&file, &Assumed::default()).unwrap();
    let near = load(&file, &Assumed::default()).unwrap().in_bf16();
    assert_eq!((near.class_names(), near.params()), (exact.class_names(), exact.params()));
    let plane: Vec<u8> = (0..128 * 128).map(|i| (i * 7 / 3) as u8).collect();
    let [exact, near] = [exact, near].map(|classifier| classifier.logits(&[&plane]));
    assert!(
        exact != near && exact.iter().zip(&near).all(|(a, b)| (a - b).abs() < 0.01),
        "{exact:?} {near:?}"
    );
}

#[test]
fn a_complete_file_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    complete().write(&path).unwrap();
    let classifier = Classifier::load(&path).unwrap();
    assert_eq!(classifier.class_names(), data_spec().class_names);
    assert_eq!(*classifier.preprocess(), data_spec().preprocess);
    assert_eq!(*classifier.spec(), spec());
    let prediction = classifier.predict_file(&picture(folder.path(), "a.pgm", 3), 9).unwrap();
    assert_eq!(prediction.top.len(), CLASSES);
    let best = prediction.best().unwrap();
    assert_eq!(best.label, data_spec().class_names[best.index]);
}

#[test]
fn a_file_of_pytorch_needs_the_models_name() {
    let error = load(&bare(), &Assumed::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("--model"), "{error}");

    let named = |model: &str| Assumed {
        model: Some(model.to_owned()),
        preprocess: Some(data_spec().preprocess),
        ..Assumed::default()
    };
    let classifier = load(&bare(), &named("lenet5")).unwrap();
    assert_eq!(classifier.class_names(), ["0", "1", "2", "3"]);
    assert_eq!(classifier.params(), load(&complete(), &Assumed::default()).unwrap().params());

    let other = load(&bare(), &named("lenet5-modified")).unwrap_err();
    assert!(matches!(other, ClassifierError::OtherModel { .. }), "{other}");
    assert!(other.to_string().contains("conv3.weight"), "{other}");
    let unknown = load(&bare(), &named("lenet6")).unwrap_err();
    assert!(matches!(unknown, ClassifierError::UnknownModel { .. }), "{unknown}");
}

#[test]
fn contradictions_are_told_not_resolved() {
    let asked = Assumed { model: Some("perceptron".into()), ..Assumed::default() };
    let error = load(&complete(), &asked).unwrap_err().to_string();
    assert_eq!(error, "w.safetensors: holds the weights of lenet5, not of perceptron");

    let three = DataSpec { class_names: vec!["a".into(), "b".into(), "c".into()], ..data_spec() };
    let error = load(&file(three.to_metadata()), &Assumed::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadData);
    assert!(error.to_string().contains("4 scores for 3 class names"), "{error}");

    let rgb = Preprocess::new(32, 32, Colour::Rgb, Feature::pixels(Colour::Rgb));
    let colour = DataSpec { preprocess: rgb, ..data_spec() };
    let error = load(&file(colour.to_metadata()), &Assumed::default()).unwrap_err().to_string();
    assert!(error.contains("1×32×32") && error.contains("3×32×32"), "{error}");
}

#[test]
fn a_bad_picture_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let classifier = load(&complete(), &Assumed::default()).unwrap();
    let mut paths: Vec<PathBuf> = (0..40).map(|i| picture(folder.path(), &format!("{i}.pgm"), i)).collect();
    std::fs::write(&paths[7], "no picture").unwrap();
    paths.insert(35, folder.path().join("missing.png"));
    let mut results = Vec::new();
    let all: Result<(), ()> = classifier.predict_files(&paths, 1, |path, result| {
        results.push((path.to_owned(), result));
        Ok(())
    });
    assert!(all.is_ok() && results.iter().map(|r| &r.0).eq(&paths));
    let kinds: Vec<_> =
        results.iter().enumerate().filter_map(|(i, r)| Some((i, r.1.as_ref().err()?.kind()))).collect();
    assert_eq!(kinds, [(7, ErrorKind::BadData), (35, ErrorKind::NoInput)]);
    for (path, result) in results {
        if let Ok(prediction) = result {
            assert_eq!(prediction, classifier.predict_file(&path, 1).unwrap(), "{}", path.display());
        }
    }
}
