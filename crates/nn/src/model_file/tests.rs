//! What is written can be read, by us and by the `safetensors` crate; what is damaged is refused.

use proptest::prelude::*;

use super::*;
use crate::{Shape, zoo};

fn sample() -> (ModelSpec, Sequential<f32>, kernels::Buffer<f32>, ModelFile) {
    let spec = zoo::perceptron(5);
    let net = spec.build::<f32>().unwrap();
    let params = net.init_params(&crate::init::InitScheme::default(), 4);
    let notes = [("b", "2"), ("a", "\"quoted\" and ünïcode\n")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let file = ModelFile::of(&spec, &net, &params, notes.into());
    (spec, net, params, file)
}

/// A file with this header and `data` zero bytes.
fn raw(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; data]);
    bytes
}

#[test]
fn a_file_on_disk_comes_back_whole_and_twice_the_same() {
    let (_, _, _, file) = sample();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    file.write(&path).unwrap();
    let first = std::fs::read(&path).unwrap();
    assert_eq!(ModelFile::read(&path).unwrap(), file);
    ModelFile::read(&path).unwrap().write(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn the_safetensors_crate_reads_what_is_written() {
    let (_, net, params, file) = sample();
    let bytes = file.to_bytes();
    let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(read.len(), 4);
    let bias = read.tensor("fc2.bias").unwrap();
    assert_eq!(bias.shape(), [5]);
    let range = net.params()[3].range.clone();
    let expected: Vec<u8> = params[range].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(bias.data(), expected);
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["a"], "\"quoted\" and ünïcode\n");
}

#[test]
fn a_file_without_metadata_loads_and_torch_counters_are_skipped() {
    let header = r#"{"n.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]},
        "n.weight":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
    let file = ModelFile::from_bytes(&raw(header, 16)).unwrap();
    assert_eq!((file.spec, file.metadata.len()), (None, 0));
    assert_eq!(file.tensors.keys().collect::<Vec<_>>(), ["n.weight"]);
}

#[test]
fn weights_of_another_model_are_named() {
    let (_, _, _, file) = sample();
    let other = zoo::perceptron(7).build::<f32>().unwrap();
    let mut params = vec![9.0; other.num_slots()];
    let error = file.load_into(&other, &mut params).unwrap_err();
    assert_eq!(
        error.to_string(),
        "these are the weights of another model: fc2.weight is [5, 50], not [7, 50]; fc2.bias is [5], not [7]"
            .replace("; fc2.bias", ", fc2.bias")
    );
    assert!(params.iter().all(|&w| w == 9.0), "nothing was copied");
    let lenet = zoo::lenet5(Shape::image(1, 32, 32), 5).build::<f32>().unwrap();
    let text = file.load_into(&lenet, &mut vec![0.0; lenet.num_slots()]).unwrap_err().to_string();
    assert!(text.contains("missing conv1.weight, conv1.bias") && text.contains("and 2 more"), "{text}");
}

#[test]
fn every_kind_of_damage_is_refused() {
    let tensor = |a: usize, b: usize| format!(r#"{{"dtype":"F32","shape":[2],"data_offsets":[{a},{b}]}}"#);
    let cases = [
        (vec![], "shorter than 8 bytes"),
        (u64::MAX.to_le_bytes().to_vec(), "header claims"),
        ((17_u64 << 20).to_le_bytes().to_vec(), "header claims"),
        (raw("{}", 0)[..9].to_vec(), "ends within its header"),
        (raw("[]", 0), "an object of objects"),
        (raw(&format!(r#"{{"a":{},"a":{}}}"#, tensor(0, 8), tensor(0, 8)), 8), "'a' comes twice"),
        (raw(&format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 8), tensor(4, 12)), 12), "invalid offset"),
        (raw(&format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 8), tensor(12, 20)), 20), "invalid offset"),
        (raw(&format!(r#"{{"a":{}}}"#, tensor(0, 8)), 12), "not fully covered"),
        (raw(&format!(r#"{{"a":{}}}"#, tensor(0, 8)), 4), "not fully covered"),
        (raw(r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4), "holds F16"),
        (raw(r#"{"__metadata__":{"lenet.model":"{}"}}"#, 0), "missing field `name`"),
        (raw(r#"{"__metadata__":{"x":"1","x":"2"}}"#, 0), "'x' comes twice"),
    ];
    for (bytes, expected) in cases {
        let error = ModelFile::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} should say {expected:?}");
        assert!(!error.contains('\n'), "{error:?} is one line");
    }
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = ModelFile::read(folder.path().join("no.safetensors")).unwrap_err();
    assert!(matches!(missing, ModelFileError::NotFound { .. }), "{missing}");
    let error = ModelFile::read(folder.path()).unwrap_err();
    assert!(matches!(error, ModelFileError::Io { doing: "read", .. }), "{error}");
    let (_, _, _, file) = sample();
    let error = file.write(folder.path().join("none/w.safetensors")).unwrap_err();
    assert!(matches!(error, ModelFileError::Io { doing: "write", .. }), "{error}");
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let (_, _, _, file) = sample();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("old"), "old").unwrap();
    assert!(file.write(&path).is_err(), "a folder is not replaced");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the new file is removed");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Whatever is changed in the header, reading ends in a file or an error, and a file that was read can be
    /// written and read again.
    #[test]
    fn damaged_headers_never_panic(changes in prop::collection::vec((0_usize..700, any::<u8>()), 1..4), cut in 0_usize..900) {
        let (_, _, _, file) = sample();
        let mut bytes = file.to_bytes();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut.saturating_sub(450));
        if let Ok(read) = ModelFile::from_bytes(&bytes) {
            // As bytes, since a NaN is not equal to itself.
            let again = read.to_bytes();
            prop_assert_eq!(ModelFile::from_bytes(&again).unwrap().to_bytes(), again);
        }
    }

    #[test]
    fn any_text_in_the_metadata_comes_back(key in ".{0,20}", value in ".{0,40}") {
        prop_assume!(key != MODEL_KEY);
        let metadata = BTreeMap::from([(key, value)]);
        let file = ModelFile { metadata, ..ModelFile::default() };
        prop_assert_eq!(ModelFile::from_bytes(&file.to_bytes()).unwrap(), file);
    }
}
