//! Colours that go well together, and which shapes like which.

use super::shape::Shape;
use rng::Stream;

/// Red, green, blue, each 0 to 255.
pub(super) type Ink = [f32; 3];

const WHITE: Ink = [246.0, 243.0, 235.0];
const BLACK: Ink = [34.0, 34.0, 42.0];

/// From light to dark within each family.
const YELLOWS: [Ink; 3] = [[250.0, 219.0, 94.0], [242.0, 178.0, 52.0], [201.0, 142.0, 40.0]];
const REDS: [Ink; 3] = [[240.0, 112.0, 103.0], [214.0, 58.0, 64.0], [150.0, 32.0, 48.0]];
const PINKS: [Ink; 3] = [[248.0, 184.0, 200.0], [228.0, 116.0, 160.0], [156.0, 62.0, 122.0]];
const VIOLETS: [Ink; 3] = [[190.0, 170.0, 230.0], [128.0, 100.0, 190.0], [76.0, 54.0, 130.0]];
const BLUES: [Ink; 3] = [[138.0, 196.0, 236.0], [62.0, 132.0, 204.0], [30.0, 66.0, 128.0]];
const TEALS: [Ink; 3] = [[132.0, 214.0, 200.0], [44.0, 160.0, 150.0], [18.0, 90.0, 96.0]];
const GREENS: [Ink; 3] = [[172.0, 214.0, 120.0], [92.0, 166.0, 84.0], [42.0, 98.0, 62.0]];
const EARTHS: [Ink; 3] = [[222.0, 196.0, 160.0], [168.0, 124.0, 88.0], [98.0, 68.0, 52.0]];
const GRAYS: [Ink; 3] = [[206.0, 208.0, 212.0], [142.0, 146.0, 154.0], [82.0, 86.0, 96.0]];

const FAMILIES: [[Ink; 3]; 9] = [YELLOWS, REDS, PINKS, VIOLETS, BLUES, TEALS, GREENS, EARTHS, GRAYS];

/// The family a shape is drawn in more often than by chance: hearts tend to be red, as bananas tend to be yellow. It is
/// what a photo set gives to a model that sees colours or tones only.
const fn favourite(shape: Shape) -> [Ink; 3] {
    match shape {
        Shape::Circle => BLUES,
        Shape::Ring => GRAYS,
        Shape::Square => EARTHS,
        Shape::Triangle => GREENS,
        Shape::Star => YELLOWS,
        Shape::Cross => TEALS,
        Shape::Heart => REDS,
        Shape::Moon => YELLOWS,
        Shape::Arrow => VIOLETS,
        Shape::Flower => PINKS,
    }
}

/// A colour for a shape.
pub(super) fn ink_for(shape: Shape, random: &mut Stream) -> Ink {
    if random.chance(0.6) { pick(&favourite(shape), random) } else { any(random) }
}

/// Any colour, black and white among them.
pub(super) fn any(random: &mut Stream) -> Ink {
    match random.below(12) {
        0 => WHITE,
        1 => BLACK,
        _ => {
            let family = pick(&FAMILIES, random);
            pick(&family, random)
        }
    }
}

fn pick<T: Copy>(from: &[T], random: &mut Stream) -> T {
    from[random.below(from.len() as u64) as usize]
}

/// Gray level of a colour.
pub(super) fn tone(ink: Ink) -> f32 {
    0.299 * ink[0] + 0.587 * ink[1] + 0.114 * ink[2]
}

/// `a` with the share `t` of `b`.
pub(super) fn blend(a: Ink, b: Ink, t: f32) -> Ink {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * t)
}
