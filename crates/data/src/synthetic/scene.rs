//! What a picture shows: all that is random about it but the grain of the noise.

use super::{
    paint::SIDE,
    palette::{Ink, any, blend, ink_for, tone},
    shape::Shape,
    texture::Texture,
};
use rng::Stream;

/// A point or a direction.
pub(super) type Vector = (f32, f32);

/// The object that gives the picture its class.
pub(super) struct Object {
    pub(super) shape: Shape,
    pub(super) texture: Texture,
    /// Centre, in pixels.
    pub(super) centre: Vector,
    /// Square root of its area, in pixels.
    pub(super) size: f32,
    /// Unit vector of its x axis.
    pub(super) axis: Vector,
    /// Unit vector of the texture's first axis.
    pub(super) grain: Vector,
    /// Pixels after which the texture repeats.
    pub(super) period: f32,
    pub(super) inks: [Ink; 2],
    pub(super) salt: u32,
}

/// A thing of no meaning: a bar with round ends, or a dot if it has no length.
pub(super) struct Clutter {
    pub(super) from: Vector,
    pub(super) to: Vector,
    /// Half its thickness, in pixels.
    pub(super) radius: f32,
    pub(super) ink: Ink,
    /// In [0, 1].
    pub(super) opacity: f32,
}

/// A whole picture.
pub(super) struct Scene {
    /// Colours at the two ends of the background's gradient.
    pub(super) ground: [Ink; 2],
    /// Unit vector along the gradient.
    pub(super) slope: Vector,
    /// Strength of the background's clouds, in grey levels.
    pub(super) clouds: f32,
    pub(super) salt: u32,
    /// Beneath the object.
    pub(super) clutter: Vec<Clutter>,
    pub(super) object: Object,
    /// Unit vector towards the light.
    pub(super) light: Vector,
    /// 1 leaves the tones as they are, less brings them nearer to the middle.
    pub(super) contrast: f32,
    /// Added to every level.
    pub(super) brightness: f32,
    /// Standard deviation of the noise, in grey levels.
    pub(super) noise: f32,
}

/// Tones below are dark, above light.
const DARK: f32 = 120.0;
/// How far an object's centre lies from the picture's, at most, along each axis.
const WANDER_PX: f32 = 12.0;
/// Least difference in tone between the object's ink and the ground.
const VISIBLE: f32 = 60.0;
/// Least difference in tone between the two inks of a texture.
const DISTINCT: f32 = 58.0;

impl Scene {
    pub(super) fn draw(shape: Shape, texture: Texture, random: &mut Stream) -> Self {
        let ground = ground(random);
        let middle = tone(blend(ground[0], ground[1], 0.5));
        let clutter = (0..1 + random.below(5)).map(|_| clutter(random)).collect();
        Self {
            ground,
            slope: direction(random),
            clouds: random.range(3.0, 16.0),
            salt: random.next_u32(),
            clutter,
            object: object(shape, texture, middle, random),
            light: direction(random),
            contrast: random.range(0.7, 1.0),
            brightness: random.range(-10.0, 10.0),
            noise: random.range(2.0, 7.0),
        }
    }
}

/// Two muted colours that don't differ much; dark ones three times in four, as a stage is.
fn ground(random: &mut Stream) -> [Ink; 2] {
    let dark = random.chance(0.75);
    let suits = |ink: Ink| (tone(ink) < DARK) == dark;
    let first = chosen(random, any, suits);
    let second = blend(first, any(random), random.range(0.1, 0.35));
    let muted = |ink: Ink| blend(ink, [tone(ink); 3], 0.35);
    [muted(first), muted(second)]
}

fn object(shape: Shape, texture: Texture, ground: f32, random: &mut Stream) -> Object {
    let size = random.range(50.0, 64.0);
    let reach = (size * shape.reach()).min(0.5 * SIDE as f32 - 1.0);
    let room = (0.5 * SIDE as f32 - reach).min(WANDER_PX);
    let place = |random: &mut Stream| 0.5 * SIDE as f32 + random.range(-room, room);
    // Lighter than a dark ground, darker than a light one.
    let side = if ground < DARK { 1.0 } else { -1.0 };
    let main = chosen(random, |random| ink_for(shape, random), |ink| (tone(ink) - ground) * side >= VISIBLE);
    let second = chosen(random, any, |ink| (tone(ink) - tone(main)).abs() >= DISTINCT);
    Object {
        shape,
        texture,
        centre: (place(random), place(random)),
        size,
        axis: tilt(random),
        grain: direction(random),
        period: random.range(9.0, 14.0),
        inks: [main, second],
        salt: random.next_u32(),
    }
}

/// A colour that suits, or the last of sixteen tries.
fn chosen(random: &mut Stream, draw: impl Fn(&mut Stream) -> Ink, suits: impl Fn(Ink) -> bool) -> Ink {
    let mut ink = draw(random);
    for _ in 0..15 {
        if suits(ink) {
            break;
        }
        ink = draw(random);
    }
    ink
}

fn clutter(random: &mut Stream) -> Clutter {
    let side = SIDE as f32;
    let from = (random.range(0.0, side), random.range(0.0, side));
    let long = random.chance(0.5);
    let along = direction(random);
    let length = if long { random.range(12.0, 60.0) } else { 0.0 };
    Clutter {
        from,
        to: (from.0 + along.0 * length, from.1 + along.1 * length),
        radius: if long { random.range(0.8, 2.5) } else { random.range(2.0, 7.0) },
        ink: any(random),
        opacity: random.range(0.2, 0.6),
    }
}

/// A unit vector, all directions equally likely: a random point of a disc, pushed to its rim.
fn direction(random: &mut Stream) -> Vector {
    loop {
        let (x, y) = (random.range(-1.0, 1.0), random.range(-1.0, 1.0));
        let length = (x * x + y * y).sqrt();
        if (0.1..=1.0).contains(&length) {
            return (x / length, y / length);
        }
    }
}

/// The x axis of an object that stands nearly upright: up to 17° to either side.
fn tilt(random: &mut Stream) -> Vector {
    let slope = random.range(-0.3, 0.3);
    let length = (1.0 + slope * slope).sqrt();
    (1.0 / length, slope / length)
}
