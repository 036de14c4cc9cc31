use super::*;
use crate::{Synthetic, open};
use image::{GrayImage, ImageFormat, RgbImage};
use std::{fs, io::Cursor, path::Path};

/// A picture with structure of its own.
fn picture(seed: u32, side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        // The same scene at every size.
        let (x, y) = (x * 64 / side, y * 64 / side);
        let blob = |k: u32| {
            let (cx, cy) = (seed * (7 + k) % 64, seed * (13 + 5 * k) % 64);
            let d = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2);
            (200 * 150 / (150 + d)) as u8
        };
        image::Rgb([blob(0), blob(1), blob(2)])
    })
}

fn save(root: &Path, name: &str, picture: &RgbImage, format: ImageFormat) {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes.into_inner()).unwrap();
}

fn found(root: &Path) -> CheckReport {
    check(&open(root, &Synthetic::default()).unwrap(), &|_, _, _| {}).unwrap()
}

#[test]
fn a_clean_set_is_clean() {
    let root = tempfile::tempdir().unwrap();
    for (i, name) in
        ["train/a/0", "train/a/1", "train/b/2", "train/b/3", "val/a/4", "val/b/5"].iter().enumerate()
    {
        save(root.path(), &format!("{name}.png"), &picture(i as u32 + 1, 64), ImageFormat::Png);
    }
    let report = found(root.path());
    assert!(!report.is_serious() && report.odd.is_empty() && report.exact.is_empty(), "{report:?}");
    assert_eq!((report.near.len(), report.imbalance), (0, 1.0), "{:?}", report.near);
    assert_eq!(report.modes, [("PNG RGB 8".to_owned(), 6)]);
    let data = open(root.path(), &Synthetic::default()).unwrap();
    assert_eq!(forms(&data).unwrap(), (report.sizes.clone(), report.modes.clone()), "headers say the same");
    assert_eq!((report.sizes, report.counts), (vec![("64×64".into(), 6)], vec![vec![2, 1], vec![2, 1]]));
}

#[test]
fn duplicates_are_found_whatever_the_format_and_size() {
    let root = tempfile::tempdir().unwrap();
    save(root.path(), "train/a/0.png", &picture(1, 64), ImageFormat::Png);
    save(root.path(), "train/b/1.png", &picture(2, 64), ImageFormat::Png);
    save(root.path(), "val/a/same.bmp", &picture(1, 64), ImageFormat::Bmp);
    save(root.path(), "val/a/near.jpg", &picture(2, 160), ImageFormat::Jpeg);
    save(root.path(), "val/b/other.jpg", &picture(3, 64), ImageFormat::Jpeg);
    let report = found(root.path());
    let names = |group: &[Which]| group.iter().map(|which| which.path.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        report.exact.iter().map(|group| names(group)).collect::<Vec<_>>(),
        ["train/a/0.png val/a/same.bmp"]
    );
    let near: Vec<_> =
        report.near.iter().map(|pair| (pair.first.path.as_str(), pair.second.path.as_str())).collect();
    assert_eq!(near, [("train/b/1.png", "val/a/near.jpg")]);
    assert_eq!((report.leaks, report.conflicts), (2, 1), "both cross splits, one changes its class");
    assert!(report.is_serious());
}

#[test]
fn bad_and_odd_pictures_have_their_reasons() {
    let root = tempfile::tempdir().unwrap();
    for i in 0..3 {
        save(root.path(), &format!("train/a/{i}.png"), &picture(i + 1, 32), ImageFormat::Png);
    }
    save(root.path(), "train/b/wrong.jpg", &picture(7, 32), ImageFormat::Png);
    save(root.path(), "train/b/tiny.png", &picture(8, 6), ImageFormat::Png);
    GrayImage::from_pixel(40, 40, image::Luma([9])).save(root.path().join("train/b/flat.png")).unwrap();
    fs::write(root.path().join("train/b/empty.png"), b"").unwrap();
    fs::write(root.path().join("train/b/text.png"), b"hello").unwrap();
    let report = found(root.path());
    let remarks =
        |of: &[Remark]| of.iter().map(|r| format!("{}: {}", r.which.path, r.what)).collect::<Vec<_>>();
    let unreadable = remarks(&report.unreadable);
    assert!(
        unreadable[0].contains("empty.png: the file is empty")
            && unreadable[1].contains("text.png: not a picture"),
        "{unreadable:?}"
    );
    assert_eq!(
        remarks(&report.odd),
        [
            "train/b/flat.png: of a single colour",
            "train/b/tiny.png: tiny: 6×6 pixels",
            "train/b/wrong.jpg: a PNG called .jpg"
        ]
    );
    assert_eq!(report.near, [], "a flat picture is near nothing");
    assert!(report.imbalance > 1.6 && report.modes.contains(&("PNG gray 8".to_owned(), 1)), "{report:?}");
}

#[test]
fn swapped_labels_are_found_and_ranked() {
    // 40 samples of 4 classes, sure but for noise; three are labelled wrong.
    let mut probs = Vec::new();
    let mut labels: Vec<u32> = (0..40).map(|i| i % 4).collect();
    for i in 0..40_usize {
        let own = 0.7 + 0.005 * (i % 7) as f32;
        probs.extend((0..4).map(|class| if class == i % 4 { own } else { (1.0 - own) / 3.0 }));
    }
    assert_eq!(suspects(&probs, &labels, 4), []);
    for index in [5, 6, 34] {
        labels[index] = (labels[index] + 1) % 4;
    }
    let found = suspects(&probs, &labels, 4);
    let mut indices: Vec<usize> = found.iter().map(|suspect| suspect.index).collect();
    assert_eq!(indices, [6, 34, 5], "the surest first, among equals in order: {found:?}");
    indices.sort_unstable();
    assert_eq!(indices, [5, 6, 34]);
    assert!(found.iter().all(|suspect| suspect.likely == suspect.index as u32 % 4));
}
