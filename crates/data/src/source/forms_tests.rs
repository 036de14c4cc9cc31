//! Data in single files: CSV, IDX, CIFAR, tar; and the order of classes.

use super::*;
use crate::{Synthetic, error::ErrorKind};
use std::{fs, io::Write, path::Path};
use tempfile::TempDir;

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    root
}

fn opened(root: &Path) -> Dataset {
    open(root, &Synthetic::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The error's one line.
#[track_caller]
fn refused(root: &Path, words: &[&str]) {
    let error = open(root, &Synthetic::default()).unwrap_err();
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)) && !text.contains('\n'), "{text}");
    assert_eq!(error.kind(), ErrorKind::BadData, "{text}");
}

fn pgm(level: u8) -> Vec<u8> {
    [b"P5 1 1 255\n", &[level][..]].concat()
}

/// Name and label of each sample.
fn list(set: &Dataset, split: &str) -> Vec<(String, u32)> {
    set.split(split).unwrap().samples().iter().map(|s| (s.name.clone(), s.label)).collect()
}

fn pixels(set: &Dataset, split: &str) -> Vec<Vec<u8>> {
    let source = set.split(split).unwrap();
    let picture = |i| match source.read(i).unwrap() {
        Content::Picture(picture) => picture.data,
        Content::File(bytes) => bytes,
    };
    (0..source.samples().len()).map(picture).collect()
}

#[test]
fn a_csv_with_a_split_column() {
    let text = "id;File Name;Label;file;split\n1;x;big, brown dog;\"a b.pgm\";train\n2;x;cat;c.pgm;valid\n3;y;cat;c.pgm;train\n";
    let root = folder(&[("pets.csv", text.into()), ("a b.pgm", pgm(1)), ("c.pgm", pgm(2))]);
    for place in [root.path().to_path_buf(), root.path().join("pets.csv")] {
        let set = opened(&place);
        assert_eq!(set.class_names(), ["big, brown dog", "cat"]);
        assert_eq!(list(&set, "train"), [("a b.pgm".into(), 0), ("c.pgm".into(), 1)]);
        assert_eq!(pixels(&set, "val"), [pgm(2)]);
        assert!(set.split("train").unwrap().origin(1).ends_with("pets.csv:4"));
    }
}

#[test]
fn csv_files_a_split_each_and_one_without_splits() {
    let root = folder(&[
        ("train.csv", "image,class\na.pgm,1\nb.pgm,0\n".into()),
        ("test.csv", "image,class\na.pgm,1\n".into()),
    ]);
    assert_eq!(opened(root.path()).split_names().collect::<Vec<_>>(), ["train", "test"]);
    let rows: String = (0..40).map(|i| format!("{i}.pgm,{}\n", i % 2)).collect();
    let root = folder(&[("all.csv", format!("path,label\n{rows}").into())]);
    let set = opened(root.path());
    let counts: Vec<usize> = ["train", "val", "test"].iter().map(|split| list(&set, split).len()).collect();
    assert_eq!(counts, [32, 4, 4]);
    assert!(set.notes()[0].contains("80/10/10"));
    let labels: Vec<u32> = list(&set, "val").into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels.iter().sum::<u32>(), 2, "stratified: {labels:?}");
}

#[test]
fn a_csv_that_makes_no_sense_names_its_line() {
    let root = folder(&[("train.csv", "path,label\na.pgm,cat\nb.pgm\n".into())]);
    refused(root.path(), &["train.csv:3", "no label"]);
    fs::write(root.path().join("train.csv"), "a.pgm,1\n").unwrap();
    refused(root.path(), &["train.csv:1", "expected a column path"]);
    fs::write(root.path().join("train.csv"), "path,label\n").unwrap();
    refused(root.path(), &["train.csv:1", "no row"]);
    fs::write(root.path().join("train.csv"), vec![b'x'; 1 << 20]).unwrap();
    refused(root.path(), &["train.csv:1", "longer than"]);
}

fn idx(kind: u32, sizes: &[u32], content: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(content);
    bytes
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn idx_files_packed_or_not() {
    let content: Vec<u8> = (0..12).collect();
    let (images, labels) = (idx(0x803, &[3, 2, 2], &content), idx(0x801, &[3], &[2, 0, 1]));
    let (test_images, test_labels) = (idx(0x803, &[1, 2, 2], &[9; 4]), idx(0x801, &[1], &[2]));
    for packed in [false, true] {
        let name = |name: &str| if packed { format!("{name}.gz") } else { name.to_owned() };
        let bytes = |bytes: &[u8]| if packed { gz(bytes) } else { bytes.to_vec() };
        let root = folder(&[
            (&name("train-images-idx3-ubyte"), bytes(&images)),
            (&name("train-labels-idx1-ubyte"), bytes(&labels)),
            (&name("t10k-images.idx3-ubyte"), bytes(&test_images)),
            (&name("t10k-labels.idx1-ubyte"), bytes(&test_labels)),
        ]);
        let set = opened(root.path());
        assert_eq!(set.class_names(), ["0", "1", "2"]);
        assert_eq!(list(&set, "train")[0], ("train/00000".into(), 2));
        assert_eq!(pixels(&set, "train"), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]);
        assert_eq!(
            (list(&set, "test"), pixels(&set, "test")),
            (vec![("t10k/00000".into(), 2)], vec![vec![9; 4]])
        );
        fs::write(root.path().join("classes.txt"), "shirt\nshoe\nbag\n").unwrap();
        assert_eq!(opened(root.path()).class_names(), ["shirt", "shoe", "bag"]);
        fs::write(root.path().join("classes.txt"), "shirt\nshoe\n").unwrap();
        refused(root.path(), &["unknown class '2'"]);
    }
}

#[test]
fn idx_files_with_faults_are_named() {
    let labels = idx(0x801, &[2], &[0, 1]);
    let cases: [(Vec<u8>, &str); 6] = [
        (idx(0x803, &[2, 2, 2], &[0; 7]), "truncated"),
        (idx(0x803, &[3, 1, 1], &[0; 3]), "3 pictures, but 2 labels"),
        (idx(0x803, &[2, 0, 4], &[]), "4×0"),
        (idx(0x803, &[u32::MAX, u32::MAX, u32::MAX], &[]), "truncated"),
        (idx(0xD03, &[2, 1, 1], &[0; 8]), "0x00000d03"),
        (vec![0, 0, 8], "begins with its sizes"),
    ];
    for (images, word) in cases {
        let root = folder(&[
            ("train-images-idx3-ubyte", images.clone()),
            ("train-labels-idx1-ubyte", labels.clone()),
        ]);
        refused(root.path(), &["train-images-idx3-ubyte", word]);
    }
    let root = folder(&[("train-images-idx3-ubyte.gz", gz(&idx(0x803, &[2, 1, 1], &[1])))]);
    refused(root.path(), &["without labels"]);
    fs::write(root.path().join("train-labels-idx1-ubyte"), &labels).unwrap();
    refused(root.path(), &["truncated"]);
    // A bomb: a header that asks for more than may be unpacked.
    fs::write(root.path().join("train-labels-idx1-ubyte"), idx(0x801, &[40], &[0; 40])).unwrap();
    let bomb = gz(&[idx(0x803, &[40, 4096, 4096], &[]), vec![0; 1 << 20]].concat());
    fs::write(root.path().join("train-images-idx3-ubyte.gz"), bomb).unwrap();
    refused(root.path(), &["train-images-idx3-ubyte.gz", "640 MiB", "gunzip"]);
    fs::write(root.path().join("train-labels-idx1-ubyte"), &labels).unwrap();
    let torn = &gz(&idx(0x803, &[2, 1, 1], &[1, 2]))[..24];
    fs::write(root.path().join("train-images-idx3-ubyte.gz"), torn).unwrap();
    refused(root.path(), &["train-images-idx3-ubyte.gz", "unpack"]);
}

#[test]
fn cifar_ten_and_hundred() {
    let record =
        |labels: &[u8], level: u8| [labels, &[level; 1024], &[level + 1; 1024], &[level + 2; 1024]].concat();
    let root = folder(&[
        ("data_batch_1.bin", [record(&[3], 10), record(&[0], 20)].concat()),
        ("data_batch_2.bin", record(&[9], 30)),
        ("test_batch.bin", record(&[1], 40)),
        (
            "batches.meta.txt",
            b"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n".to_vec(),
        ),
    ]);
    let set = opened(root.path());
    assert_eq!(set.class_names()[3], "cat");
    let labels: Vec<u32> = list(&set, "train").into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, [3, 0, 9]);
    assert_eq!(
        pixels(&set, "train").iter().map(|p| p[..3].to_vec()).collect::<Vec<_>>(),
        [[10, 11, 12], [20, 21, 22], [30, 31, 32]]
    );
    fs::write(root.path().join("data_batch_2.bin"), [1, 2, 3]).unwrap();
    refused(root.path(), &["data_batch_2.bin", "3 bytes"]);
    fs::write(root.path().join("data_batch_2.bin"), record(&[10], 30)).unwrap();
    refused(root.path(), &["data_batch_2.bin picture 0", "unknown class '10'"]);

    let root = folder(&[("train.bin", record(&[19, 99], 5)), ("test.bin", record(&[0, 7], 5))]);
    let set = opened(root.path());
    assert_eq!((list(&set, "train")[0].1, set.class_names().len()), (99, 100), "the fine label counts");
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = ::tar::Header::new_gnu();
        // The library refuses names that point outside; a hostile program does not.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn shards_of_samples_with_labels_beside_them() {
    let first = tar_of(&[
        ("a/1.pgm", &pgm(1)),
        ("a/1.cls", b"dog\n"),
        ("2.cls", b"cat"),
        ("2.json", b"{}"),
        ("2.pgm", &pgm(2)),
    ]);
    let root = folder(&[
        ("pets-train-0.tar", first),
        ("pets-train-1.tar", tar_of(&[("cat/3.x.pgm", &pgm(3)), ("._3.x.pgm", b"")])),
        ("pets-val-0.tar", tar_of(&[("9.pgm", &pgm(9)), ("9.cls", b"cat")])),
    ]);
    let set = opened(root.path());
    assert_eq!(set.class_names(), ["cat", "dog"]);
    let expected = [("a/1.pgm".into(), 1), ("2.pgm".into(), 0), ("cat/3.x.pgm".into(), 0)];
    assert_eq!(list(&set, "train"), expected);
    assert_eq!(pixels(&set, "train"), [pgm(1), pgm(2), pgm(3)]);
    assert_eq!(pixels(&set, "val"), [pgm(9)]);
    let origin = set.split("train").unwrap().origin(2);
    assert!(origin.contains("pets-train-1.tar member cat/3.x.pgm"), "{origin}");
    // One shard without a split in its name is divided; shards may lie in a folder a split.
    let many: Vec<(String, Vec<u8>)> = (0..20).map(|i| (format!("c{}/{i}.pgm", i % 2), pgm(i))).collect();
    let many: Vec<(&str, &[u8])> =
        many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let root = folder(&[
        ("all.tar", tar_of(&many)),
        ("sub/train/0.tar", tar_of(&many)),
        ("sub/valid/0.tar", tar_of(&many)),
    ]);
    assert_eq!(opened(&root.path().join("all.tar")).split_names().count(), 3);
    assert_eq!(opened(&root.path().join("sub")).split_names().collect::<Vec<_>>(), ["train", "val"]);
}

#[test]
fn shards_with_faults_are_named() {
    let root = folder(&[("train.tar", tar_of(&[("../../x.pgm", &pgm(1)), ("x.cls", b"0")]))]);
    refused(root.path(), &["train.tar", "../../x.pgm", "out of the archive"]);
    fs::write(root.path().join("train.tar"), tar_of(&[("x.pgm", &pgm(1))])).unwrap();
    refused(root.path(), &["train.tar", "'x' has no label"]);
    fs::write(root.path().join("train.tar"), tar_of(&[("x.txt", b"hello")])).unwrap();
    refused(root.path(), &["train.tar", "no picture"]);
    fs::write(root.path().join("train.tar"), [b'x'; 2000]).unwrap();
    refused(root.path(), &["train.tar", "no sound tar"]);
    // Cut within the picture: known when it is read.
    let whole = tar_of(&[("x.cls", b"0"), ("x.pgm", &[b'P'; 3000])]);
    fs::write(root.path().join("train.tar"), &whole[..2000]).unwrap();
    let set = opened(root.path());
    let error = set.split("train").unwrap().read(0).unwrap_err().to_string();
    assert!(error.contains("train.tar") && error.contains("truncated"), "{error}");
}

#[test]
fn classes_in_the_order_that_is_asked_for() {
    let names = ["c10", "c9", "c1"];
    let files: Vec<(String, Vec<u8>)> =
        names.iter().map(|name| (format!("train/{name}/0.pgm"), pgm(1))).collect();
    let mut files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    files.push(("val/c9/0.pgm", pgm(1)));
    let root = folder(&files);
    let set = opened(root.path());
    assert_eq!(set.class_names(), ["c1", "c10", "c9"]);
    let natural = set.in_class_order(ClassOrder::Natural).unwrap();
    assert_eq!(natural.class_names(), ["c1", "c9", "c10"]);
    assert_eq!(list(&natural, "val"), [("val/c9/0.pgm".into(), 1)]);
    let back = natural.in_class_order(ClassOrder::String).unwrap();
    assert_eq!((back.class_names(), list(&back, "train")), (set.class_names(), list(&set, "train")));
    let aligned = natural.align_to(&["c9".into(), "c1".into(), "c10".into()]);
    assert_eq!(list(&aligned, "val"), [("val/c9/0.pgm".into(), 0)]);
    fs::write(root.path().join("classes.txt"), "c9\nc10\nc1\n").unwrap();
    assert_eq!(set.in_class_order(ClassOrder::File).unwrap().class_names(), ["c9", "c10", "c1"]);
    fs::write(root.path().join("classes.txt"), "c9\nc10\n").unwrap();
    assert!(set.in_class_order(ClassOrder::File).unwrap_err().to_string().contains("classes.txt:1"));
    let root = folder(&[("train.txt", b"a.pgm z\nb.pgm m\nc.pgm z\nd.pgm a\n".to_vec())]);
    let first = opened(root.path()).in_class_order(ClassOrder::File).unwrap();
    assert_eq!(first.class_names(), ["z", "m", "a"]);
}
