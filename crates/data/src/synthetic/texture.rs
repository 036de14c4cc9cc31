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
fn clouds(x: f32, y: f32, salt: u32) -> f32 {
    let ((i, fx), (j, fy)) = (cell(x), cell(y));
    let top = mix(lattice(i, j, salt), lattice(i + 1, j, salt), fx);
    let bottom = mix(lattice(i, j + 1, salt), lattice(i + 1, j + 1, salt), fx);
    mix(top, bottom, fy)
}

/// [`clouds`] of a whole picture with cells of `cell_px` pixels, a row at a time: neighbours share most of the work.
pub(super) struct Sky {
    salt: u32,
    cell_px: f32,
    cells: Vec<(i32, f32)>,
    /// Number of the lattice row that `top` belongs to; `bottom` belongs to the next.
    row: Option<i32>,
    top: Vec<f32>,
    bottom: Vec<f32>,
}

impl Sky {
    pub(super) fn new(width: usize, cell_px: f32, salt: u32) -> Self {
        let cells = (0..width).map(|x| cell((x as f32 + 0.5) / cell_px)).collect();
        Self { salt, cell_px, cells, row: None, top: vec![0.0; width], bottom: vec![0.0; width] }
    }

    /// The clouds of pixel row `y`, from left to right.
    pub(super) fn row(&mut self, y: usize) -> impl Iterator<Item = f32> {
        let (j, fy) = cell((y as f32 + 0.5) / self.cell_px);
        if self.row != Some(j) {
            for (x, &(i, fx)) in self.cells.iter().enumerate() {
                let at = |j| mix(lattice(i, j, self.salt), lattice(i + 1, j, self.salt), fx);
                (self.top[x], self.bottom[x]) = (at(j), at(j + 1));
            }
            self.row = Some(j);
        }
        self.top.iter().zip(&self.bottom).map(move |(&top, &bottom)| mix(top, bottom, fy))
    }
}

/// Number of the lattice cell, and how far into it, eased.
fn cell(x: f32) -> (i32, f32) {
    let whole = x.floor();
    (whole as i32, ease(x - whole))
}

fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
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
