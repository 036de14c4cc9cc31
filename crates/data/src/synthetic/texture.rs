//! The five textures: how two inks mix over a shape.

use super::paint::smooth;

/// How a shape is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// One ink.
    Plain,
    /// Parallel stripes.
    Striped,
    /// Round dots on a triangular grid.
    Dotted,
    /// Squares like a chess board's.
    Checkered,
    /// Veins and clouds.
    Marbled,
}

impl Texture {
    /// All textures, in the order of the classes.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Striped, Self::Dotted, Self::Checkered, Self::Marbled];

    /// As in the class's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Striped => "striped",
            Self::Dotted => "dotted",
            Self::Checkered => "checkered",
            Self::Marbled => "marbled",
        }
    }

    /// Share of the second ink at a point, in [0, 1].
    ///
    /// `u`, `v` are pixels along the texture's own axes, `period` the pixels after which it repeats, `salt` makes one
    /// marble differ from another.
    pub(super) fn share(self, u: f32, v: f32, period: f32, salt: u32) -> f32 {
        match self {
            Self::Plain => 0.0,
            Self::Striped => smooth(wave(u, period)),
            Self::Dotted => {
                // Every other row is shifted by half a period.
                let row = (v / (0.866_025_4 * period)).floor();
                let shift = if row.rem_euclid(2.0) < 1.0 { 0.0 } else { 0.5 * period };
                let du = (u + shift) - ((u + shift) / period).floor() * period - 0.5 * period;
                let dv = v - (row + 0.5) * 0.866_025_4 * period;
                smooth(0.29 * period - (du * du + dv * dv).sqrt())
            }
            Self::Checkered => {
                let (a, b) = (smooth(wave(u, period)), smooth(wave(v, period)));
                a + b - 2.0 * a * b
            }
            Self::Marbled => {
                let coarse = clouds(u / period, v / period, salt);
                let fine = clouds(2.3 * u / period, 2.3 * v / period, salt ^ 0x9E37_79B9);
                ((0.65 * coarse + 0.35 * fine - 0.5) * 2.6 + 0.5).clamp(0.0, 1.0)
            }
        }
    }
}

/// Pixels from the nearest edge of a stripe, positive within it; stripes and gaps are half a period wide.
fn wave(u: f32, period: f32) -> f32 {
    let t = u / period;
    (0.25 - (t - t.floor() - 0.5).abs()) * period
}

/// Smooth noise in [0, 1]: random values at whole coordinates, blended between them.
pub(super) fn clouds(x: f32, y: f32, salt: u32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (ease(x - x0), ease(y - y0));
    let (i, j) = (x0 as i32, y0 as i32);
    let row = |j: i32| {
        let (a, b) = (lattice(i, j, salt), lattice(i.wrapping_add(1), j, salt));
        a + (b - a) * fx
    };
    let (top, bottom) = (row(j), row(j.wrapping_add(1)));
    top + (bottom - top) * fy
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

/// A random value in [0, 1) for a point with whole coordinates.
fn lattice(i: i32, j: i32, salt: u32) -> f32 {
    let mut hash = (i as u32).wrapping_mul(0x9E37_79B1) ^ (j as u32).wrapping_mul(0x85EB_CA77) ^ salt;
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D);
    hash = (hash ^ (hash >> 12)).wrapping_mul(0x297A_2D39);
    hash ^= hash >> 15;
    (hash >> 8) as f32 * (1.0 / (1 << 24) as f32)
}
