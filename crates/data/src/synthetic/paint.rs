//! A scene to pixels.

use super::{
    palette::{Ink, blend},
    scene::{Clutter, Object, Scene},
    texture::Sky,
};
use crate::picture::{Colour, Picture};
use rng::Stream;

/// Width and height of a synthetic picture, in pixels.
pub const SIDE: usize = 128;

/// Pixels over which the background's clouds change.
const CLOUD_PX: f32 = 28.0;
/// Opacity of an object's shadow at its darkest.
const SHADOW: f32 = 0.35;
/// Width of a shadow's soft rim, in pixels.
const SHADOW_RIM_PX: f32 = 6.0;

pub(super) fn paint(scene: &Scene, random: &mut Stream) -> Picture {
    let mut canvas = vec![[0.0; 3]; SIDE * SIDE];
    paint_ground(scene, &mut canvas);
    for clutter in &scene.clutter {
        paint_clutter(clutter, &mut canvas);
    }
    paint_object(scene, &mut canvas);
    develop(scene, &canvas, random)
}

/// Coverage of a pixel whose centre lies `depth` pixels inside an edge: 0 outside, 1 inside, even between.
#[inline]
pub(super) fn smooth(depth: f32) -> f32 {
    (depth + 0.5).clamp(0.0, 1.0)
}

fn paint_ground(scene: &Scene, canvas: &mut [Ink]) {
    let centre = 0.5 * SIDE as f32;
    let mut sky = Sky::new(SIDE, CLOUD_PX, scene.salt);
    for (y, row) in canvas.chunks_exact_mut(SIDE).enumerate() {
        let down = (y as f32 + 0.5 - centre) * scene.slope.1;
        for (x, (pixel, cloud)) in row.iter_mut().zip(sky.row(y)).enumerate() {
            let along = ((x as f32 + 0.5 - centre) * scene.slope.0 + down) / SIDE as f32 + 0.5;
            let cloud = (cloud - 0.5) * 2.0 * scene.clouds;
            *pixel = blend(scene.ground[0], scene.ground[1], along.clamp(0.0, 1.0)).map(|v| v + cloud);
        }
    }
}

/// Calls `f` for the pixels of a box around a centre, with their centres' coordinates.
fn each_pixel(
    canvas: &mut [Ink],
    centre: (f32, f32),
    reach: (f32, f32),
    mut f: impl FnMut(f32, f32, &mut Ink),
) {
    let range = |c: f32, r: f32| (c - r - 1.0).max(0.0) as usize..((c + r + 2.0).max(0.0) as usize).min(SIDE);
    for y in range(centre.1, reach.1) {
        for x in range(centre.0, reach.0) {
            f(x as f32 + 0.5, y as f32 + 0.5, &mut canvas[y * SIDE + x]);
        }
    }
}

fn paint_clutter(clutter: &Clutter, canvas: &mut [Ink]) {
    let (dx, dy) = (clutter.to.0 - clutter.from.0, clutter.to.1 - clutter.from.1);
    let squared = dx * dx + dy * dy;
    let centre = (clutter.from.0 + 0.5 * dx, clutter.from.1 + 0.5 * dy);
    let reach = (0.5 * dx.abs() + clutter.radius, 0.5 * dy.abs() + clutter.radius);
    each_pixel(canvas, centre, reach, |x, y, pixel| {
        let (px, py) = (x - clutter.from.0, y - clutter.from.1);
        let t = if squared > 0.0 { ((px * dx + py * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
        let (px, py) = (px - t * dx, py - t * dy);
        let cover = smooth(clutter.radius - (px * px + py * py).sqrt());
        *pixel = blend(*pixel, clutter.ink, cover * clutter.opacity);
    });
}

impl Object {
    /// Distance from the outline in pixels, negative inside, of a point relative to the centre.
    fn distance(&self, x: f32, y: f32) -> f32 {
        let (ax, ay) = self.axis;
        let (u, v) = (x * ax + y * ay, y * ax - x * ay);
        self.shape.distance(u / self.size, v / self.size) * self.size
    }

    fn ink(&self, x: f32, y: f32) -> Ink {
        let (gx, gy) = self.grain;
        let share = self.texture.share(x * gx + y * gy, y * gx - x * gy, self.period, self.salt);
        blend(self.inks[0], self.inks[1], share)
    }
}

fn paint_object(scene: &Scene, canvas: &mut [Ink]) {
    let object = &scene.object;
    let (cx, cy) = object.centre;
    let reach = object.size * object.shape.reach();
    // The shadow falls away from the light.
    let (sx, sy) = (-4.0 * scene.light.0, -4.0 * scene.light.1);
    let box_reach = reach + 4.0 + SHADOW_RIM_PX;
    each_pixel(canvas, object.centre, (box_reach, box_reach), |x, y, pixel| {
        let (x, y) = (x - cx, y - cy);
        let cover = smooth(-object.distance(x, y));
        if cover < 1.0 {
            let shadow = (0.5 - object.distance(x - sx, y - sy) / SHADOW_RIM_PX).clamp(0.0, 1.0);
            *pixel = pixel.map(|v| v * (1.0 - SHADOW * shadow));
        }
        if cover > 0.0 {
            let lit = 1.0 + 0.12 * (x * scene.light.0 + y * scene.light.1) / reach;
            *pixel = blend(*pixel, object.ink(x, y).map(|v| v * lit), cover);
        }
    });
}

/// Contrast, brightness and noise; then eight bits.
fn develop(scene: &Scene, canvas: &[Ink], random: &mut Stream) -> Picture {
    // The sum of two even numbers of 0…255 has a standard deviation of 104.5.
    let grain = scene.noise / 104.5;
    let mut data = Vec::with_capacity(SIDE * SIDE * 3);
    for pixels in canvas.chunks_exact(4) {
        let mut bits = random.next_u64();
        for pixel in pixels {
            let sum = (bits & 255) + (bits >> 8 & 255);
            bits >>= 16;
            let noise = (sum as f32 - 255.0) * grain + scene.brightness;
            data.extend(pixel.map(|v| ((v - 128.0) * scene.contrast + 128.0 + noise + 0.5) as u8));
        }
    }
    Picture { width: SIDE, height: SIDE, colour: Colour::Rgb, data }
}
