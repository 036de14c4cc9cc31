//! The ten shapes, as distances from their outline.

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A disc with a hole.
    Ring,
    /// A square.
    Square,
    /// An equilateral triangle.
    Triangle,
    /// A star of five points.
    Star,
    /// Two crossed bars.
    Cross,
    /// A heart.
    Heart,
    /// A crescent.
    Moon,
    /// An arrow: a bar with a head.
    Arrow,
    /// Six petals.
    Flower,
}

impl Shape {
    /// All shapes, in the order of the classes.
    pub const ALL: [Self; 10] = [
        Self::Circle,
        Self::Ring,
        Self::Square,
        Self::Triangle,
        Self::Star,
        Self::Cross,
        Self::Heart,
        Self::Moon,
        Self::Arrow,
        Self::Flower,
    ];

    /// As in the class's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Ring => "ring",
            Self::Square => "square",
            Self::Triangle => "triangle",
            Self::Star => "star",
            Self::Cross => "cross",
            Self::Heart => "heart",
            Self::Moon => "moon",
            Self::Arrow => "arrow",
            Self::Flower => "flower",
        }
    }

    /// Signed distance (negative inside) of a point from the outline of this shape, scaled to an area of 1 and
    /// centred; y points down. Exact near straight edges, elsewhere close enough to smooth a one-pixel rim.
    pub(super) fn distance(self, x: f32, y: f32) -> f32 {
        let (unit, _) = self.extent();
        self.raw(x * unit, y * unit) / unit
    }

    /// Radius of the smallest circle around the centre that holds the shape of area 1.
    pub(super) fn reach(self) -> f32 {
        let (unit, reach) = self.extent();
        reach / unit
    }

    /// Square root of the area, and the reach, of the shape as [`Shape::raw`] draws it; a test counts them again.
    const fn extent(self) -> (f32, f32) {
        match self {
            Self::Circle => (1.7725, 1.0),
            Self::Ring => (1.5140, 1.0),
            Self::Square => (2.0, SQRT_2),
            Self::Triangle => (1.1398, 1.0),
            Self::Star => (1.2122, 1.0),
            Self::Cross => (1.5025, 1.0562),
            Self::Heart => (0.9443, 0.6570),
            Self::Moon => (1.1687, 1.2219),
            Self::Arrow => (1.1992, 1.0238),
            Self::Flower => (1.5322, 0.9510),
        }
    }

    fn raw(self, x: f32, y: f32) -> f32 {
        match self {
            Self::Circle => length(x, y) - 1.0,
            Self::Ring => (length(x, y) - 0.76).abs() - 0.24,
            Self::Square => x.abs().max(y.abs()) - 1.0,
            Self::Triangle => (0.866_025_4 * x.abs() - 0.5 * y).max(y) - 0.5,
            Self::Star => star(x, y),
            Self::Cross => bar(x, y, 1.0, 0.34).min(bar(x, y, 0.34, 1.0)),
            Self::Heart => heart(x, 0.58 - y),
            Self::Moon => (length(x - 0.36, y) - 1.0).max(0.86 - length(x - 0.86, y)),
            Self::Arrow => arrow(x, y),
            Self::Flower => flower(x, y),
        }
    }
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

fn bar(x: f32, y: f32, half_width: f32, half_height: f32) -> f32 {
    (x.abs() - half_width).max(y.abs() - half_height)
}

/// Points at distance 1, notches at half of it. Folding the plane at the star's axes leaves one edge.
fn star(x: f32, y: f32) -> f32 {
    const AXIS: (f32, f32) = (0.809_017, 0.587_785_25);
    const EDGE: (f32, f32) = (0.293_892_6, -0.595_491_5);
    let (mut x, mut y) = (x.abs(), -y);
    let fold = 2.0 * (AXIS.0 * x - AXIS.1 * y).max(0.0);
    (x, y) = (x - fold * AXIS.0, y + fold * AXIS.1);
    let fold = 2.0 * (-AXIS.0 * x - AXIS.1 * y).max(0.0);
    (x, y) = (x + fold * AXIS.0, y + fold * AXIS.1);
    (x, y) = (x.abs(), y - 1.0);
    let along = ((x * EDGE.0 + y * EDGE.1) / (EDGE.0 * EDGE.0 + EDGE.1 * EDGE.1)).clamp(0.0, 1.0);
    let away = length(x - EDGE.0 * along, y - EDGE.1 * along);
    if y * EDGE.0 - x * EDGE.1 > 0.0 { away } else { -away }
}

/// Point at the origin, lobes above it, up to y = 1.1.
fn heart(x: f32, y: f32) -> f32 {
    let x = x.abs();
    if x + y > 1.0 {
        return length(x - 0.25, y - 0.75) - 0.353_553_4;
    }
    let diagonal = 0.5 * (x + y).max(0.0);
    let away = length(x, y - 1.0).min(length(x - diagonal, y - diagonal));
    if x > y { away } else { -away }
}

fn arrow(x: f32, y: f32) -> f32 {
    let shaft = bar(x + 0.35, y, 0.65, 0.22);
    let head = (FRAC_1_SQRT_2 * (x + y.abs() - 1.0)).max(-x);
    shaft.min(head)
}

fn flower(x: f32, y: f32) -> f32 {
    const PETALS: [(f32, f32); 6] = [
        (0.62, 0.0),
        (0.31, 0.536_936),
        (-0.31, 0.536_936),
        (-0.62, 0.0),
        (-0.31, -0.536_936),
        (0.31, -0.536_936),
    ];
    let petal = PETALS.iter().map(|&(px, py)| length(x - px, y - py) - 0.33);
    petal.fold(length(x, y) - 0.4, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Area and reach by counting cells of a fine grid.
    fn measure(shape: Shape) -> (f32, f32) {
        const CELL: f32 = 0.005;
        let (mut cells, mut reach) = (0_u32, 0.0_f32);
        for i in -500..500 {
            for j in -500..500 {
                let (x, y) = ((i as f32 + 0.5) * CELL, (j as f32 + 0.5) * CELL);
                if shape.distance(x, y) < 0.0 {
                    cells += 1;
                    reach = reach.max(length(x, y));
                }
            }
        }
        (cells as f32 * CELL * CELL, reach)
    }

    #[test]
    fn all_shapes_cover_the_same_area() {
        for shape in Shape::ALL {
            let (area, reach) = measure(shape);
            assert!((area - 1.0).abs() < 0.01, "{shape:?} covers {area}");
            assert!(reach <= shape.reach() + 0.005, "{shape:?} reaches {reach}, not {}", shape.reach());
        }
    }
}
