use super::*;
use proptest::prelude::*;

const CROPS: Augment = Augment { hflip: 0.5, scale: Some([0.3, 1.0]), ..Augment::NONE };

fn key(seed: u64, epoch: u64, index: u64) -> Key {
    Key { seed, epoch, index }
}

fn sampled(view: View, plane: &[u8], width: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; plane.len()];
    view.sample(plane, width, 1.0, 0.0, &mut out, &mut Scratch::default());
    out
}

#[test]
fn views_are_replayed_and_differ() {
    let view = |epoch, index| CROPS.view(128, 128, key(7, epoch, index));
    assert_eq!(view(3, 9), view(3, 9));
    assert_ne!(view(3, 9), view(4, 9));
    assert_ne!(view(3, 9), view(3, 10));
    let flips = (0..1000).filter(|&i| view(0, i).flip).count();
    assert!((430..570).contains(&flips), "{flips}");
}

#[test]
fn areas_and_aspects_fill_their_ranges() {
    let views: Vec<_> = (0..2000).map(|i| CROPS.view(100, 100, key(1, 0, i))).collect();
    let areas: Vec<f32> = views.iter().map(|v| v.width * v.height / 1e4).collect();
    let wide = views.iter().filter(|v| v.width > v.height).count();
    assert!((900..1100).contains(&wide), "{wide}");
    assert!(areas.iter().any(|&a| a < 0.32) && areas.iter().any(|&a| a > 0.95));
}

#[test]
fn the_whole_view_is_the_picture_itself() {
    let plane: Vec<u8> = (0..63).map(|i| i * 4).collect();
    let whole = Augment::NONE.view(9, 7, key(0, 0, 0));
    assert_eq!(sampled(whole, &plane, 9), plane.iter().map(|&v| f32::from(v)).collect::<Vec<_>>());
    let mirrored = sampled(View { flip: true, ..whole }, &plane, 9);
    assert_eq!(mirrored[..9], [32.0, 28.0, 24.0, 20.0, 16.0, 12.0, 8.0, 4.0, 0.0]);
}

proptest! {
    #[test]
    fn a_crop_stays_within_the_picture(w in 1_usize..200, h in 1_usize..200, area in 0.01_f32..1.0, aspect in 0.2_f32..1.0, index: u64) {
        let augment = Augment { hflip: 0.5, scale: Some([area, 1.0]), ratio: [aspect, 1.0 / aspect], ..Augment::NONE };
        let view = augment.view(w, h, key(0, 0, index));
        prop_assert!(view.x >= 0.0 && view.y >= 0.0 && view.width > 0.0 && view.height > 0.0, "{view:?}");
        prop_assert!(view.x + view.width <= w as f32 * 1.00001, "{view:?}");
        prop_assert!(view.y + view.height <= h as f32 * 1.00001, "{view:?}");
    }

    #[test]
    fn sampling_is_bilinear(w in 1_usize..30, h in 1_usize..30, index: u64) {
        let plane: Vec<u8> = (0..w * h).map(|i| (i * i * 31 % 251) as u8).collect();
        let view = CROPS.view(w, h, key(5, 0, index));
        let at = |x: f32, y: f32| {
            let (x, y) = (x.clamp(0.0, (w - 1) as f32), y.clamp(0.0, (h - 1) as f32));
            let (x0, y0) = (x as usize, y as usize);
            let (x1, y1) = ((x0 + 1).min(w - 1), (y0 + 1).min(h - 1));
            let (fx, fy) = (x - x0 as f32, y - y0 as f32);
            let v = |x: usize, y: usize| f32::from(plane[y * w + x]);
            let (top, bottom) = (v(x0, y0) + (v(x1, y0) - v(x0, y0)) * fx, v(x0, y1) + (v(x1, y1) - v(x0, y1)) * fx);
            top + (bottom - top) * fy
        };
        let out = sampled(view, &plane, w);
        for (i, got) in out.into_iter().enumerate() {
            let column = if view.flip { w - 1 - i % w } else { i % w };
            let x = view.x + (column as f32 + 0.5) * view.width / w as f32 - 0.5;
            let y = view.y + ((i / w) as f32 + 0.5) * view.height / h as f32 - 0.5;
            prop_assert!((got - at(x, y)).abs() < 0.02, "{} for {}", got, at(x, y));
        }
    }
}
