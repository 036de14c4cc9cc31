use super::*;
use crate::{DataError, OnBad, open, prepare};

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[test]
fn a_picture_depends_on_its_numbers_only() {
    let picture = draw(3, Part::Val, 17);
    assert_eq!(picture, draw(3, Part::Val, 17));
    assert_ne!(picture, draw(4, Part::Val, 17));
    assert_ne!(picture, draw(3, Part::Train, 17));
    assert_ne!(picture, draw(3, Part::Val, 67));
}

/// Published figures depend on these pictures: a change here is a change of the data set, to be told in CHANGELOG.
#[test]
fn the_pictures_are_the_same_on_every_machine() {
    let all =
        (0..CLASSES as u64).fold(0, |sum: u64, i| sum.wrapping_add(checksum(&draw(0, Part::Test, i).data)));
    assert_eq!(all, 564_296_349_507_091_704);
}

#[test]
fn classes_take_turns_and_have_names_of_their_own() {
    let mut names = class_names();
    assert_eq!((names.len(), names[0].as_str(), names[49].as_str()), (50, "plain circle", "marbled flower"));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 50);
    assert_eq!((label(49), label(50), label(63_324)), (49, 0, 24));
}

#[test]
fn the_object_stands_out_from_its_ground() {
    // A plain circle covers its middle; the corners show ground. Over many, the tones must differ.
    for index in (0..1000).step_by(CLASSES) {
        let picture = draw(1, Part::Train, index).into_colour(crate::Colour::Gray);
        let (lo, hi) = picture.data.iter().fold((255, 0), |(lo, hi), &v| (v.min(lo), v.max(hi)));
        assert!(hi - lo > 40, "picture {index} spans {lo} to {hi}");
    }
}

#[test]
fn the_set_as_files_is_the_set_as_drawn() {
    let folder = tempfile::TempDir::new().unwrap();
    let set = Synthetic { seed: 5, train: 6, val: 2, test: 0 };
    write(folder.path(), &set, &|_, _| {}).unwrap();
    let (files, drawn) = (open(folder.path(), &set).unwrap(), open("synthetic".as_ref(), &set).unwrap());
    assert_eq!(files.class_names(), drawn.class_names());
    assert_eq!(files.split_names().collect::<Vec<_>>(), ["train", "val"]);
    let preprocess =
        crate::Preprocess::new(128, 128, crate::Colour::Rgb, crate::Feature::pixels(crate::Colour::Rgb));
    for split in ["train", "val"] {
        let prepared = [&files, &drawn]
            .map(|set| prepare(&*set.split(split).unwrap(), &preprocess, OnBad::Fail, &|_, _| {}).unwrap());
        assert_eq!(prepared[0], prepared[1]);
    }
    let again = write(folder.path(), &set, &|_, _| {});
    assert!(matches!(again, Err(DataError::NotEmpty { .. })));
}
