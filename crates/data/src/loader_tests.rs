use super::*;
use crate::{Colour, Space, Transform};

fn set() -> Arc<PreparedSet> {
    let planes: Vec<u8> = (0..20 * 64_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Arc::new(PreparedSet {
        planes: planes.into(),
        shape: [1, 8, 8],
        labels: (0..20).map(|i| i % 4).collect(),
        names: (0..20).map(|i| i.to_string()).collect(),
        skipped: vec![],
        cache_note: None,
    })
}

fn pixels() -> Preprocess {
    Preprocess::new(8, 8, Colour::Gray, Feature::Pixels { mean: vec![0.45], std: vec![0.25] })
}

fn filled(loader: &Loader, order: &[u32], epoch: u64) -> Batch {
    let mut batch =
        Batch { input: vec![f32::NAN; 3], targets: vec![9], indices: vec![9], ..Batch::default() };
    loader.fill(order, epoch, &mut batch);
    batch
}

const CROPS: Augment = Augment { hflip: 0.5, scale: Some([0.4, 0.9]), ..Augment::NONE };

#[test]
fn a_plain_batch_is_the_features_of_its_samples() {
    let loader = Loader::plain(set(), pixels());
    let batch = filled(&loader, &[3, 19, 3], 5);
    let mut want = vec![0.0; 64];
    pixels().features(set().plane(19), &mut want);
    assert_eq!(batch.input[64..128], want);
    assert_eq!(batch.input[..64], batch.input[128..]);
    assert_eq!((batch.targets, batch.indices), (vec![3, 3, 3], vec![3, 19, 3]));
}

#[test]
fn a_sample_is_augmented_the_same_in_any_batch_and_with_any_threads() {
    let loader = Loader::new(set(), pixels(), CROPS, 11);
    let order: Vec<u32> = (0..20).collect();
    let all = filled(&loader, &order, 2);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| filled(&loader, &order, 2)), all);
    }
    assert_eq!(filled(&loader, &[7], 2).input, all.input[7 * 64..8 * 64]);
    assert_ne!(filled(&loader, &[7], 3).input, all.input[7 * 64..8 * 64]);
}

#[test]
fn a_flip_mirrors_rows_and_nothing_else() {
    let loader = Loader::new(set(), pixels(), Augment { hflip: 1.0, ..Augment::NONE }, 0);
    let flipped = filled(&loader, &[4], 0).input;
    let plain = filled(&Loader::plain(set(), pixels()), &[4], 0).input;
    let mirrored: Vec<f32> = plain.chunks(8).flat_map(|row| row.iter().rev().copied()).collect();
    assert_eq!(flipped, mirrored);
}

#[test]
fn crops_are_standardized_like_whole_pictures() {
    // All pixels equal: whatever is cropped, the features are those of the level.
    let flat = Arc::new(PreparedSet { planes: vec![90; 64].into(), ..(*set()).clone() });
    let flat = Arc::new(PreparedSet { labels: vec![0], names: vec!["flat".into()], ..(*flat).clone() });
    let cropped = filled(&Loader::new(Arc::clone(&flat), pixels(), CROPS, 1), &[0], 0).input;
    let plain = filled(&Loader::plain(flat, pixels()), &[0], 0).input;
    for (a, b) in cropped.iter().zip(&plain) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn histograms_are_ready_unless_a_crop_changes_them() {
    let preprocess = Preprocess::new(8, 8, Colour::Gray, Feature::histogram(Space::Gray64, Transform::Plain));
    let plain = Loader::plain(set(), preprocess.clone());
    let flipped = Loader::new(set(), preprocess.clone(), Augment { hflip: 1.0, ..Augment::NONE }, 0);
    assert_eq!(filled(&plain, &[5, 6], 0).input, filled(&flipped, &[5, 6], 0).input);
    let cropped = filled(&Loader::new(set(), preprocess, CROPS, 0), &[5], 0).input;
    assert_ne!(cropped, filled(&plain, &[5], 0).input);
    assert!((cropped.iter().sum::<f32>() - 1.0).abs() < 1e-6);
}

#[test]
fn a_mixed_sample_is_the_mean_of_two_and_has_the_class_of_the_greater() {
    for (mixup, cutmix) in [(1.0, 0.0), (0.0, 1.0), (0.4, 0.4)] {
        let augment = Augment { mixup, cutmix, ..CROPS };
        let loader = Loader::new(set(), pixels(), augment, 11);
        let order: Vec<u32> = (0..20).collect();
        let all = filled(&loader, &order, 2);
        let alone = filled(&Loader::new(set(), pixels(), CROPS, 11), &order, 2);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| filled(&loader, &order, 2)), all);
        }
        let one = filled(&loader, &[7], 2);
        assert_eq!((&one.input[..], one.targets[0]), (&all.input[7 * 64..8 * 64], all.targets[7]));
        assert_ne!(all, filled(&loader, &order, 3));
        for (index, input) in all.input.chunks(64).enumerate() {
            let mix = loader.mix(index as u32, 2).unwrap();
            let row = |index: usize| &alone.input[index * 64..][..64];
            let (own, other) = (row(index), row(mix.partner as usize));
            for ((got, a), b) in input.iter().zip(own).zip(other) {
                let blend = a * (1.0 - mix.share) + b * mix.share;
                assert!(mix.patch.map_or(*got == blend, |_| got == a || got == b));
            }
            let (class, partner) = (index as u32 % 4, mix.partner % 4);
            let (target, other, share) = (all.targets[index], all.others[index], all.shares[index]);
            assert!((0.0..=0.5).contains(&share));
            let expected = if mix.share > 0.5 { (partner, class) } else { (class, partner) };
            assert_eq!((target, other), expected);
        }
    }
    let plain = filled(&Loader::new(set(), pixels(), CROPS, 11), &[1, 2], 2);
    assert!(plain.others.is_empty() && plain.shares.is_empty());
}

#[test]
fn jittered_pixels_are_standardized_like_others() {
    let dark = Augment { vflip: 1.0, ..Augment::NONE };
    let flipped = filled(&Loader::new(set(), pixels(), dark, 0), &[4], 0).input;
    let plain = filled(&Loader::plain(set(), pixels()), &[4], 0).input;
    let upside: Vec<f32> = plain.chunks(8).rev().flatten().copied().collect();
    assert!(flipped.iter().zip(&upside).all(|(a, b)| (a - b).abs() < 1e-5), "{flipped:?}");
}

#[test]
fn histograms_see_what_pixels_see() {
    let histogram = Preprocess::new(8, 8, Colour::Gray, Feature::histogram(Space::Gray64, Transform::Plain));
    let dark = Augment { color_jitter: [0.5, 0.0, 0.0], mixup: 1.0, mixup_prob: 0.5, ..Augment::NONE };
    let batch = filled(&Loader::new(set(), histogram.clone(), dark, 0), &[0, 1, 2, 3], 0);
    let plain = filled(&Loader::plain(set(), histogram), &[0, 1, 2, 3], 0);
    assert_ne!(batch.input, plain.input);
    assert!(batch.input.chunks(64).all(|bins| (bins.iter().sum::<f32>() - 1.0).abs() < 1e-5));
}
