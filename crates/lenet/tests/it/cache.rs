//! The packed cache from outside: it changes the time and nothing else.

use crate::lab::{Lab, snapshot};
use std::fs;

const TRAIN: &str = "train --data photos --model perceptron --epochs 1";

fn weights(lab: &Lab, run: &str) -> Vec<u8> {
    fs::read(lab.path(&format!("{run}/weights/last.safetensors"))).unwrap()
}

#[test]
fn with_and_without_a_cache_the_weights_are_the_same() {
    let lab = Lab::new();
    lab.photos();
    lab.ok(&format!("{TRAIN} --no-cache --out none"));
    assert!(!lab.path("cache").exists());
    lab.ok(&format!("{TRAIN} --out first"));
    let cache = snapshot(&lab.path("cache"));
    assert_eq!(cache.len(), 3, "a file a split");
    lab.ok(&format!("{TRAIN} --out second"));
    assert!(
        weights(&lab, "none") == weights(&lab, "first") && weights(&lab, "first") == weights(&lab, "second")
    );
    assert_eq!(snapshot(&lab.path("cache")), cache, "found, not made again");
    // A damaged file is made again, a changed photo too.
    fs::write(&cache[0].0, b"torn").unwrap();
    lab.ok(&format!("{TRAIN} --out third"));
    assert!(weights(&lab, "third") == weights(&lab, "first"));
    lab.write("photos/train/cat/0.pgm", crate::lab::pgm(250));
    lab.ok(&format!("{TRAIN} --out fourth"));
    assert!(weights(&lab, "fourth") != weights(&lab, "first"));
}

#[test]
fn the_cache_is_listed_and_cleared() {
    let lab = Lab::new();
    lab.photos();
    assert!(lab.ok("cache").contains("empty"));
    lab.ok(TRAIN);
    let text = lab.ok("cache");
    assert!(text.contains("photos") && text.contains("val") && text.contains("3 files"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&lab.ok("cache --json")).unwrap();
    let samples: Vec<_> =
        json["files"].as_array().unwrap().iter().map(|file| file["samples"].as_u64()).collect();
    assert_eq!(samples.iter().flatten().sum::<u64>(), 30);
    assert!(lab.ok("cache --clear").contains("removed 3 files"));
    assert!(lab.ok("cache").contains("empty"));
}

#[test]
fn a_cache_that_cannot_be_written_is_one_warning() {
    let lab = Lab::new();
    lab.photos();
    lab.write("cache", "no folder");
    let told = lab.run(TRAIN);
    assert_eq!(told.code, 0, "{told:?}");
    let warnings: Vec<&str> = told.err.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("cache"), "{told:?}");
}
