use super::*;
use crate::{Colour, Feature, Picture, source::Sample};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

/// Pictures of one gray level each; `None` is a picture that is not there.
struct Levels(Vec<Sample>, Vec<Option<Vec<u8>>>);

impl Levels {
    fn new(levels: &[Option<u8>]) -> Self {
        let sample = |(i, _)| Sample { name: format!("{i}.jpg"), label: i as u32 % 3 };
        let samples = levels.iter().enumerate().map(sample).collect();
        Self(samples, levels.iter().map(|level| level.map(png)).collect())
    }
}

fn png(level: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&[level; 6], 3, 2, ExtendedColorType::L8).unwrap();
    bytes
}

impl Source for Levels {
    fn samples(&self) -> &[Sample] {
        &self.0
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        match &self.1[index] {
            Some(bytes) => Ok(Content::File(bytes.clone())),
            None => Err(DataError::MissingPicture {
                path: self.origin(index).into(),
                origin: "train.txt:9".into(),
            }),
        }
    }

    fn origin(&self, index: usize) -> String {
        self.0[index].name.clone()
    }

    fn stamp(&self, _: usize) -> Option<u64> {
        None
    }
}

fn preprocess() -> Preprocess {
    Preprocess::new(4, 4, Colour::Gray, Feature::pixels(Colour::Gray))
}

#[test]
fn samples_keep_the_order_of_their_source() {
    let levels: Vec<_> = (0..100).map(Some).collect();
    let counted = AtomicUsize::new(0);
    let progress = |done: usize, total: usize| {
        assert!(done <= total);
        counted.fetch_add(1, Ordering::Relaxed);
    };
    let set = prepare(&Levels::new(&levels), &preprocess(), OnBad::Fail, &progress).unwrap();
    assert_eq!((set.len(), set.shape, counted.into_inner()), (100, [1, 4, 4], 100));
    for i in 0..100 {
        assert_eq!(set.plane(i), [i as u8; 16]);
        assert_eq!((set.labels[i], set.names[i].as_str()), (i as u32 % 3, format!("{i}.jpg").as_str()));
    }
}

#[test]
fn a_bad_picture_is_skipped_by_name_or_fatal() {
    let mut source = Levels::new(&[Some(10), None, Some(30), Some(40), Some(50)]);
    source.1[3].as_mut().unwrap().truncate(50);
    let set = prepare(&source, &preprocess(), OnBad::Skip, &|_, _| {}).unwrap();
    assert_eq!((set.names.join(" "), set.labels.clone()), ("0.jpg 2.jpg 4.jpg".into(), vec![0, 2, 1]));
    assert_eq!([0, 1, 2].map(|i| set.plane(i)[0]), [10, 30, 50]);
    assert_eq!(set.planes.len(), 3 * 16);
    assert_eq!(set.skipped.iter().map(|bad| bad.path.as_str()).collect::<Vec<_>>(), ["1.jpg", "3.jpg"]);
    assert!(set.skipped[0].reason.contains("train.txt:9"), "{:?}", set.skipped);
    for _ in 0..20 {
        let error = prepare(&source, &preprocess(), OnBad::Fail, &|_, _| {}).unwrap_err();
        assert!(error.to_string().contains("1.jpg"), "always the first: {error}");
    }
}

#[test]
fn a_split_of_nothing_but_bad_pictures_is_an_error() {
    let error = prepare(&Levels::new(&[None, None]), &preprocess(), OnBad::Skip, &|_, _| {}).unwrap_err();
    assert!(error.to_string().contains("all 2 are bad, the first: 0.jpg"), "{error}");
}

#[test]
fn a_picture_that_was_never_encoded_is_prepared_alike() {
    let picture = Picture { width: 3, height: 2, colour: Colour::Gray, data: vec![77; 6] };
    assert_eq!(preprocess().plane_of(picture), preprocess().plane(&png(77)).unwrap());
}
