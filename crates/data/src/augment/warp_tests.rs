use super::*;
use crate::augment::apply;
use proptest::prelude::*;

const ALL: Augment =
    Augment { degrees: 30.0, translate: 0.2, zoom: [0.7, 1.5], shear: 15.0, vflip: 0.5, ..Augment::NONE };

fn key(index: u64) -> Key {
    Key { seed: 7, epoch: 1, index }
}

fn pattern(width: usize, height: usize) -> Vec<u8> {
    (0..width * height).map(|i| (i * i * 31 % 251) as u8).collect()
}

fn whole(width: usize, height: usize) -> View {
    Augment::NONE.view(width, height, key(0))
}

fn sampled(warp: Warp, view: View, plane: &[u8], width: usize, border: Border) -> Vec<f32> {
    let mut out = vec![f32::NAN; plane.len()];
    let map = Map::new(view, warp, width, plane.len() / width);
    map.sample(plane, width, border, &mut Vec::new(), &mut out);
    out
}

fn levels(plane: &[u8]) -> Vec<f32> {
    plane.iter().map(|&v| f32::from(v)).collect()
}

#[test]
fn warps_are_replayed_and_fill_their_ranges() {
    assert_eq!(ALL.warp(key(4)), ALL.warp(key(4)));
    let warps: Vec<Warp> = (0..2000).map(|i| ALL.warp(key(i))).collect();
    assert!(warps.iter().any(|w| w.degrees < -29.0) && warps.iter().any(|w| w.degrees > 29.0));
    assert!(warps.iter().all(|w| w.degrees.abs() <= 30.0 && w.shear.abs() <= 15.0));
    assert!(warps.iter().all(|w| (0.7..=1.5).contains(&w.zoom) && w.shift.iter().all(|s| s.abs() <= 0.2)));
    let flips = warps.iter().filter(|w| w.flip).count();
    assert!((900..1100).contains(&flips), "{flips}");
    assert_eq!(Augment::NONE.warp(key(0)), Warp::NONE);
}

#[test]
fn a_quarter_turn_exchanges_rows_and_columns_exactly() {
    for side in [5, 8] {
        let plane = pattern(side, side);
        let turned =
            |degrees| sampled(Warp { degrees, ..Warp::NONE }, whole(side, side), &plane, side, Border::Mean);
        let at = |x: usize, y: usize| f32::from(plane[y * side + x]);
        let permuted = |from: &dyn Fn(usize, usize) -> (usize, usize)| -> Vec<f32> {
            (0..side * side).map(|i| from(i % side, i / side)).map(|(x, y)| at(x, y)).collect()
        };
        // Clockwise: the left column becomes the upper row.
        assert_eq!(turned(90.0), permuted(&|x, y| (y, side - 1 - x)));
        assert_eq!(turned(180.0), permuted(&|x, y| (side - 1 - x, side - 1 - y)));
        assert_eq!(turned(-90.0), permuted(&|x, y| (side - 1 - y, x)));
        assert_eq!(turned(360.0), levels(&plane));
    }
}

#[test]
fn what_lies_beyond_the_edge_is_the_mean_or_the_picture_mirrored() {
    let plane = [10, 20, 30, 40, 10, 20, 30, 40];
    let shifted = Warp { shift: [0.5, 0.0], ..Warp::NONE };
    let row = |border| sampled(shifted, whole(4, 2), &plane, 4, border)[..4].to_vec();
    assert_eq!(row(Border::Mean), [25.0, 25.0, 10.0, 20.0]);
    assert_eq!(row(Border::Reflect), [20.0, 10.0, 10.0, 20.0]);
}

#[test]
fn sine_and_cosine_agree_with_the_library() {
    for i in -4000..4000 {
        let degrees = f64::from(i) * 0.11;
        let (sin, cos) = sin_cos(degrees);
        let angle = degrees.to_radians();
        assert!((sin - angle.sin()).abs() < 1e-14 && (cos - angle.cos()).abs() < 1e-14, "{degrees}");
    }
}

proptest! {
    #[test]
    fn no_warp_is_the_picture_itself_and_two_flips_are_none(w in 1_usize..40, h in 1_usize..40, reflect: bool) {
        let border = if reflect { Border::Reflect } else { Border::Mean };
        let plane = pattern(w, h);
        prop_assert_eq!(sampled(Warp::NONE, whole(w, h), &plane, w, border), levels(&plane));
        let flip = Warp { flip: true, ..Warp::NONE };
        let once = sampled(flip, whole(w, h), &plane, w, border);
        let upside: Vec<f32> = plane.chunks(w).rev().flatten().map(|&v| f32::from(v)).collect();
        prop_assert_eq!(&once, &upside);
        let once: Vec<u8> = once.iter().map(|&v| v as u8).collect();
        prop_assert_eq!(sampled(flip, whole(w, h), &once, w, border), levels(&plane));
    }

    #[test]
    fn without_a_warp_the_map_sees_what_the_crop_sees(w in 2_usize..40, h in 2_usize..40, index: u64) {
        let crops = Augment { hflip: 0.5, scale: Some([0.3, 1.0]), ..Augment::NONE };
        let (plane, view) = (pattern(w, h), crops.view(w, h, key(index)));
        let mut cropped = vec![0.0; w * h];
        view.sample(&plane, w, 1.0, 0.0, &mut cropped, &mut apply::Scratch::default().crop);
        // Both borders differ from the crop's only in the outer half pixel, where the mean shines in.
        for (a, b) in sampled(Warp::NONE, view, &plane, w, Border::Reflect).iter().zip(&cropped) {
            prop_assert!((a - b).abs() < 0.05, "{a} for {b}");
        }
    }

    #[test]
    fn every_warp_gives_levels(w in 1_usize..40, h in 1_usize..40, index: u64, reflect: bool) {
        let border = if reflect { Border::Reflect } else { Border::Mean };
        let out = sampled(ALL.warp(key(index)), whole(w, h), &pattern(w, h), w, border);
        prop_assert!(out.iter().all(|v| (0.0..=255.0).contains(v)), "{out:?}");
    }
}
