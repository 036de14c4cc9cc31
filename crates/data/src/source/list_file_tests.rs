use super::*;
use crate::{ErrorKind, Synthetic, source::open};
use proptest::prelude::*;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn opened(files: &[(&str, &str)]) -> Result<Dataset, DataError> {
    open(folder(files).path(), &Synthetic::default())
}

fn samples(set: &Dataset, split: &str) -> Vec<(String, u32)> {
    set.split(split).unwrap().samples().iter().map(|s| (s.name.clone(), s.label)).collect()
}

#[test]
fn numbers_are_labels_and_paths_may_hold_spaces() {
    let set = opened(&[("train.txt", "a b/c 1.jpg 2\r\n\r\nd.png 0\n"), ("val.txt", "x\t1")]).unwrap();
    assert_eq!(samples(&set, "train"), [("a b/c 1.jpg".into(), 2), ("d.png".into(), 0)]);
    assert_eq!(samples(&set, "val"), [("x".into(), 1)]);
    assert_eq!(set.class_names(), ["0", "1", "2"]);
}

#[test]
fn names_are_labels_with_and_without_a_class_file() {
    let set = opened(&[("train.txt", "a.jpg dog\nb.jpg cat\n")]).unwrap();
    assert_eq!(set.class_names(), ["cat", "dog"]);
    assert_eq!(samples(&set, "train"), [("a.jpg".into(), 1), ("b.jpg".into(), 0)]);

    let classes = ("classes.txt", "n1\tking penguin\nn2\tcrane\nn3\tcrane\n");
    let set = opened(&[classes, ("train.txt", "a.jpg\tking penguin\nb.jpg n2\nc.jpg 2\n")]).unwrap();
    assert_eq!(set.class_names(), ["king penguin", "crane (n2)", "crane (n3)"]);
    assert_eq!(samples(&set, "train").iter().map(|s| s.1).collect::<Vec<_>>(), [0, 1, 2]);
}

fn message(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let error = open(folder.path(), &Synthetic::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadData);
    let text = error.to_string();
    assert!(!text.contains('\n'));
    text.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_bad_line_is_named_with_its_file_and_number() {
    assert_eq!(message(&[("train.txt", "a.jpg 0\nb.jpg\n")]), "train.txt:2: 'b.jpg' is not 'path label'");
    assert_eq!(
        message(&[("train.txt", "a 0\nb 1\n"), ("test.txt", "c 0\n\nd 7\n")]),
        "test.txt:3: unknown class '7'; the 2 known ones come from train.txt"
    );
    assert_eq!(
        message(&[("classes.txt", "cat\ndog\n"), ("train.txt", "a cow\n")]),
        "train.txt:1: unknown class 'cow'; the 2 known ones come from classes.txt"
    );
    assert!(message(&[("train.txt", "a 99999999\n")]).starts_with("train.txt:1: class 99999999"));
    assert!(message(&[("train.txt", "\n\n")]).contains("no line"));
    assert!(message(&[("train.txt", &"x".repeat(10_000))]).contains("longer than"));
    assert!(message(&[("classes.txt", "cat\ncat\n"), ("train.txt", "a 0\n")]).contains("second time"));
}

#[test]
fn another_list_is_a_split_if_it_names_a_picture() {
    let folder = folder(&[
        ("train.txt", "a.jpg 0\n"),
        ("holdout.txt", "a.jpg 0\n"),
        ("README.txt", "read this first\n"),
    ]);
    fs::write(folder.path().join("a.jpg"), "").unwrap();
    let set = open(folder.path(), &Synthetic::default()).unwrap();
    assert_eq!(set.split_names().collect::<Vec<_>>(), ["train", "holdout"]);
    assert_eq!(samples(&set, "holdout"), [("a.jpg".into(), 0)]);
    let error = set.split("val").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("no split 'val'") && error.to_string().contains("train, holdout"));
}

#[test]
fn a_listed_file_that_is_missing_is_named_with_its_line() {
    let folder = folder(&[("train.txt", "here 0\ngone away.jpg 0\n")]);
    let set = open(folder.path(), &Synthetic::default()).unwrap();
    let error = set.split("train").unwrap().read(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoInput);
    assert!(error.to_string().contains("gone away.jpg: no such picture"), "{error}");
    assert!(error.to_string().contains("train.txt:2"), "{error}");
}

#[test]
fn labels_follow_the_names_of_the_weights() {
    let set = opened(&[("train.txt", "a dog\nb cat\n")]).unwrap();
    let names = ["bird", "dog", "cat"].map(String::from);
    assert_eq!(samples(&set.align_to(&names), "train"), [("a".into(), 1), ("b".into(), 2)]);
    let error = set.align_to(&names[..2]).split("train").err().unwrap().to_string();
    assert!(error.contains("train.txt:2: unknown class 'cat'"), "{error}");
    // Numbers stay numbers, whatever the classes are called.
    let numbered = opened(&[("train.txt", "a 1\nb 0\n")]).unwrap();
    assert_eq!(samples(&numbered.align_to(&names), "train"), [("a".into(), 1), ("b".into(), 0)]);
}

proptest! {
    #[test]
    fn what_is_listed_is_read_back(paths in proptest::collection::vec("[a-z/.]([a-z /.]{0,10}[a-z.])?", 1..20)) {
        let text: String = paths.iter().enumerate().map(|(i, path)| format!("{path} {i}\n")).collect();
        let set = opened(&[("train.txt", &text)]).unwrap();
        let want: Vec<_> = paths.into_iter().enumerate().map(|(i, path)| (path, i as u32)).collect();
        prop_assert_eq!(samples(&set, "train"), want);
    }

    #[test]
    fn any_bytes_give_samples_or_an_error_of_one_line(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("train.txt"), &bytes).unwrap();
        match open(folder.path(), &Synthetic::default()) {
            Ok(set) => prop_assert!(!set.split("train").unwrap().samples().is_empty()),
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{}", error),
        }
    }
}
