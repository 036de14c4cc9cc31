//! `figures/batch.png` of a run.

use crate::lab::{Lab, pgm};

const MODEL: &str =
    "name = 'mine'\ninput = [1, 8, 8]\n[[layers]]\nname = 'fc1'\nkind = 'linear'\nout_features = 3\n";
/// Between the pictures of a sheet, in pixels.
const GAP: usize = 4;

/// A run of a small model without changes of the pictures, in `plain`.
fn plain() -> Lab {
    let lab = Lab::new();
    lab.photos();
    lab.write("mine.toml", MODEL);
    lab.ok("train --data photos --model mine.toml --imgsz 8 --epochs 1 -b 10 --no-aug --out plain");
    lab
}

#[test]
fn the_sheet_shows_the_first_batch_as_it_was_changed() {
    let lab = plain();
    let config = std::fs::read_to_string(lab.path("plain/config.toml")).unwrap();
    assert!(config.contains("hflip = 0.0"), "{config}");
    lab.write("mirrored.toml", config.replace("hflip = 0.0", "hflip = 1.0"));
    let args = "train --config mirrored.toml";
    lab.ok(&format!("{args} --threads 1 --out one"));
    lab.ok(&format!("{args} --threads 2 --out two"));
    let read = |run: &str| std::fs::read(lab.path(run).join("figures/batch.png")).unwrap();
    assert_eq!(read("one"), read("two"));
    let sheet = image::load_from_memory(&read("one")).unwrap().into_luma8();
    assert_eq!(sheet.dimensions(), (8 * 12 + 4, 2 * 12 + 4), "ten pictures, eight in a row");
    let photos: Vec<Vec<u8>> = [40, 120, 200]
        .iter()
        .flat_map(|&gray| (0..6).map(move |i| pgm(gray + 5 * i)))
        .map(|bytes| bytes[bytes.len() - 64..].to_vec())
        .collect();
    for place in 0..10 {
        let (left, top) = (GAP + place % 8 * 12, GAP + place / 8 * 12);
        let mirrored = |(x, y): (usize, usize)| sheet.get_pixel((left + 7 - x) as u32, (top + y) as u32).0[0];
        let shown: Vec<u8> = (0..64).map(|i| mirrored((i % 8, i / 8))).collect();
        assert!(photos.contains(&shown), "picture {place}: {shown:?}");
    }
}

#[test]
fn nothing_changed_or_no_picture_makes_no_sheet() {
    let lab = plain();
    lab.ok("train --data photos --model perceptron --epochs 1 --out histogram");
    // Its stored recipe is complete: what it leaves out, such as crops, is off and not as built in.
    lab.ok("train --config plain/config.toml --out again");
    let weights = |run: &str| std::fs::read(lab.path(run).join("weights/last.safetensors")).unwrap();
    assert!(weights("plain") == weights("again") && !lab.path("again/figures").exists());
    assert!(!lab.path("plain/figures").exists() && !lab.path("histogram/figures").exists());
}
