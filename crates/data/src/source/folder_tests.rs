use super::*;
use crate::{ErrorKind, Synthetic, source::open};
use tempfile::TempDir;

fn tree(files: &[&str]) -> TempDir {
    let root = TempDir::new().unwrap();
    for file in files {
        let path = root.path().join(file);
        if file.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "not read here").unwrap();
        }
    }
    root
}

fn opened(files: &[&str]) -> Result<Dataset, DataError> {
    open(tree(files).path(), &Synthetic::default())
}

fn names(set: &Dataset, split: &str) -> Vec<(String, u32)> {
    set.split(split).unwrap().samples().iter().map(|s| (s.name.clone(), s.label)).collect()
}

#[test]
fn split_folders_are_known_by_all_their_names() {
    let set = opened(&[
        "train/b/2.JPG",
        "train/b/x/1.png",
        "train/a/1.bmp",
        "train/a/notes.md",
        "valid/b/1.gif",
        "eval/a/1.tif",
    ]);
    let set = set.unwrap();
    assert_eq!(set.class_names(), ["a", "b"]);
    assert_eq!(set.split_names().collect::<Vec<_>>(), ["train", "val", "test"]);
    let train = [("train/a/1.bmp".into(), 0), ("train/b/2.JPG".into(), 1), ("train/b/x/1.png".into(), 1)];
    assert_eq!(names(&set, "train"), train);
    assert_eq!(names(&set, "val"), [("valid/b/1.gif".into(), 1)]);
}

#[test]
fn a_class_may_be_missing_from_a_split_but_not_from_train() {
    let set = opened(&["train/a/1.jpg", "train/b/1.jpg", "val/b/1.jpg", "val/a/"]).unwrap();
    assert_eq!(names(&set, "val"), [("val/b/1.jpg".into(), 1)]);
    let error = opened(&["train/a/1.jpg", "val/c/1.jpg"]).unwrap_err();
    assert!(
        error.to_string().contains("val/c: unknown class 'c'; the 1 known ones come from train/"),
        "{error}"
    );
    let error = opened(&["train/a/1.jpg", "train/b/"]).unwrap_err();
    assert!(matches!(&error, DataError::EmptyClass { path } if path.ends_with("train/b")), "{error}");
    assert_eq!(error.kind(), ErrorKind::BadData);
}

#[test]
fn no_split_is_taken_for_another() {
    let error = opened(&["train/a/1.jpg", "test/a/1.jpg"]).unwrap().split("val").err().unwrap();
    assert!(matches!(error, DataError::NoSplit { .. }));
    assert!(
        opened(&["train/a/1.jpg", "val/a/1.jpg", "valid/a/1.jpg"])
            .unwrap_err()
            .to_string()
            .contains("two folders")
    );
}

#[test]
fn a_tenth_of_each_class_is_held_out_where_there_is_no_val() {
    let files: Vec<String> = (0..60).map(|i| format!("train/{}/{i:02}.jpg", ["cat", "dog"][i % 2])).collect();
    let mut files: Vec<&str> = files.iter().map(String::as_str).collect();
    files.extend(["train/eel/1.jpg", "test/cat/1.jpg"]);
    let set = opened(&files).unwrap();
    let count = |split: &str| {
        let names = names(&set, split);
        [0, 1, 2].map(|label| names.iter().filter(|(_, l)| *l == label).count())
    };
    assert_eq!([count("train"), count("val"), count("test")], [[27, 27, 1], [3, 3, 0], [1, 0, 0]]);
    let (train, val) = (names(&set, "train"), names(&set, "val"));
    assert!(val.iter().all(|sample| !train.contains(sample)));
    assert!(set.notes()[0].contains("held out"), "{:?}", set.notes());
    assert!(opened(&["train/a/1.jpg", "val/a/1.jpg"]).unwrap().notes().is_empty());
}

#[test]
fn one_tree_is_split_within_each_class() {
    let files: Vec<String> = (0..40).map(|i| format!("{}/{i:02}.jpg", ["cat", "dog"][i % 2])).collect();
    let set = opened(&files.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let mut all = Vec::new();
    for (split, each) in [("train", 16), ("val", 2), ("test", 2)] {
        let names = names(&set, split);
        assert_eq!([0, 1].map(|l| names.iter().filter(|s| s.1 == l).count()), [each, each], "{split}");
        all.extend(names.into_iter().map(|s| s.0));
    }
    all.sort();
    let mut want = files;
    want.sort();
    assert_eq!(all, want);
    assert!(matches!(opened(&["cat/1.jpg", "dog/"]), Err(DataError::EmptyClass { .. })));
}

#[test]
fn hidden_files_are_no_pictures_and_stray_ones_are_told() {
    let set = opened(&["a/1.jpg", "a/._1.jpg", ".thumbs/1.jpg", "cover.jpg"]).unwrap();
    assert_eq!(names(&set, "train").len(), 1);
    assert!(
        set.notes().iter().any(|n| n.contains("1 pictures outside any class folder")),
        "{:?}",
        set.notes()
    );
}

#[test]
fn what_is_no_data_set_says_so() {
    let kind = |result: Result<Dataset, DataError>| result.unwrap_err().kind();
    assert_eq!(kind(opened(&[])), ErrorKind::BadData);
    assert_eq!(kind(opened(&["a/notes.md"])), ErrorKind::BadData);
    assert_eq!(kind(open("/no/such/folder".as_ref(), &Synthetic::default())), ErrorKind::NoInput);
    let root = tree(&["file.jpg"]);
    assert_eq!(kind(open(&root.path().join("file.jpg"), &Synthetic::default())), ErrorKind::BadData);
}
