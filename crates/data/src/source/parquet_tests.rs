use super::*;
use crate::{Colour, Feature, OnBad, Preprocess, Synthetic, prepare, source::open};
use parquet::{
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

const SCHEMA: &str = "message schema { optional group image { optional binary bytes; optional binary path (UTF8); } \
                      required int64 label; }";
const FEATURES: &str =
    r#"{"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}"#;

/// Two row groups; pictures are PGM of the label's brightness.
fn write(path: &Path, labels: [&[i64]; 2]) {
    let pairs = vec![KeyValue::new("huggingface".to_owned(), FEATURES.to_owned())];
    let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs)).build();
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties)).unwrap();
    for labels in labels {
        let mut group = writer.next_row_group().unwrap();
        let pictures: Vec<ByteArray> =
            labels.iter().map(|&v| [b"P5 1 1 255\n", &[v as u8 * 100][..]].concat().into()).collect();
        let paths: Vec<ByteArray> = labels.iter().map(|_| "a.pgm".into()).collect();
        let defined = vec![2; labels.len()];
        for values in [pictures, paths] {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&defined), None).unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(labels, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn files_as_the_hub_has_them_are_read_by_row_group() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data/train-00000-of-00001.parquet"), [&[0, 1, 1], &[1, 0]]);
    write(&folder.path().join("data/test-00000-of-00001.parquet"), [&[1], &[0]]);
    let set = open(folder.path(), &Synthetic::default()).unwrap();
    assert_eq!(set.class_names(), ["cat", "dog"]);
    assert_eq!(set.split_names().collect::<Vec<_>>(), ["train", "test"]);
    let source = set.split("train").unwrap();
    let gray = Preprocess::new(1, 1, Colour::Gray, Feature::pixels(Colour::Gray));
    let planes = prepare(&*source, &gray, OnBad::Fail, &|_, _| {}).unwrap();
    assert_eq!((&planes.planes[..], &planes.labels[..]), (&[0, 100, 100, 100, 0][..], &[0, 1, 1, 1, 0][..]));
    assert!(source.origin(3).contains("train-00000"));
}

#[test]
fn a_file_alone_is_divided_and_a_bad_one_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pets.parquet");
    write(&path, [&[0; 20], &[1; 20]]);
    let set = open(&path, &Synthetic::default()).unwrap();
    assert_eq!(set.split_names().collect::<Vec<_>>(), ["train", "val", "test"]);
    write(&path, [&[0; 20], &[2; 1]]);
    assert!(open(&path, &Synthetic::default()).unwrap_err().to_string().contains("unknown class '2'"));
    let whole = fs::read(&path).unwrap();
    for bytes in [&b"PAR1"[..], &whole[..whole.len() / 2], &[7; 4096]] {
        fs::write(&path, bytes).unwrap();
        let error = open(&path, &Synthetic::default()).unwrap_err().to_string();
        assert!(error.contains("pets.parquet") && !error.contains('\n'), "{error}");
    }
}
