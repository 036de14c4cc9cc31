use super::*;

const ALL: Augment = Augment {
    hflip: 0.5,
    vflip: 0.5,
    scale: Some([0.5, 1.0]),
    degrees: 20.0,
    translate: 0.1,
    zoom: [0.8, 1.2],
    shear: 5.0,
    color_jitter: [0.4; 3],
    noise: 0.05,
    reprob: 0.5,
    ..Augment::NONE
};

fn levels(augment: Augment, index: u64, channels: usize) -> Vec<f32> {
    let plane: Vec<u8> = (0..channels * 1200).map(|i| (i * 7 % 251) as u8).collect();
    let mut out = vec![f32::NAN; plane.len()];
    let source = Source { plane: &plane, area: 1200, width: 40 };
    augment.levels(source, Key { seed: 5, epoch: 1, index }, &mut Scratch::default(), &mut out);
    out
}

#[test]
fn everything_at_once_is_replayed_and_stays_within_black_and_white() {
    for channels in [1, 3] {
        for index in 0..50 {
            let first = levels(ALL, index, channels);
            assert_eq!(first, levels(ALL, index, channels));
            assert_ne!(first, levels(ALL, index + 1, channels));
            assert!(first.iter().all(|v| (0.0..=255.0).contains(v)));
        }
    }
}

#[test]
fn to_add_one_kind_of_change_leaves_the_draws_of_the_others() {
    let key = Key { seed: 5, epoch: 1, index: 8 };
    let fewer = Augment { color_jitter: [0.0; 3], noise: 0.0, reprob: 0.0, ..ALL };
    assert_eq!(fewer.view(40, 30, key), ALL.view(40, 30, key));
    assert_eq!(fewer.warp(key), ALL.warp(key));
    let upright = Augment { degrees: 0.0, translate: 0.0, zoom: [1.0; 2], shear: 0.0, vflip: 0.0, ..ALL };
    assert_eq!(
        (upright.jitter(key), upright.erased(40, 30, key)),
        (ALL.jitter(key), ALL.erased(40, 30, key))
    );
}

#[test]
fn nothing_is_changed_by_default() {
    assert!(Augment::default().is_none() && !ALL.is_none());
    let want: Vec<f32> = (0..1200).map(|i| (i * 7 % 251) as f32).collect();
    assert_eq!(levels(Augment::NONE, 3, 1), want);
}

#[test]
fn check_names_the_field_and_its_range() {
    assert_eq!(ALL.check(), Ok(()));
    let faults = [
        (Augment { hflip: 1.5, ..ALL }, "hflip is 1.5, expected a probability"),
        (Augment { vflip: -0.5, ..ALL }, "vflip is -0.5"),
        (Augment { scale: Some([0.0, 1.0]), ..ALL }, "scale is 0 to 1"),
        (Augment { ratio: [2.0, 1.0], ..ALL }, "ratio is 2 to 1"),
        (Augment { zoom: [0.0, 1.0], ..ALL }, "zoom is 0 to 1"),
        (Augment { degrees: 181.0, ..ALL }, "degrees is 181"),
        (Augment { shear: 90.0, ..ALL }, "shear is 90"),
        (Augment { translate: f32::NAN, ..ALL }, "translate is NaN"),
        (Augment { color_jitter: [0.0, -1.0, 0.0], ..ALL }, "color_jitter is -1"),
        (Augment { noise: 2.0, ..ALL }, "noise is 2"),
        (Augment { reprob: 2.0, ..ALL }, "reprob is 2"),
        (Augment { mixup: f32::INFINITY, ..ALL }, "mixup is inf"),
        (Augment { cutmix: -1.0, ..ALL }, "cutmix is -1"),
        (Augment { mixup_prob: 2.0, ..ALL }, "mixup_prob is 2"),
    ];
    for (augment, expected) in faults {
        let message = augment.check().unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
}
