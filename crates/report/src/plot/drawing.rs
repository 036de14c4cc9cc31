//! A drawing as data: shapes in the order they are painted.

use super::font;
use super::palette::Role;

/// A place, in px from the top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

impl Point {
    /// The place `x` to the right and `y` down.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub role: Role,
    /// In px.
    pub width: f64,
    /// Lengths of dash and gap in px; `None` is a solid line.
    pub dash: Option<[f64; 2]>,
    /// 0 (invisible) to 1.
    pub opacity: f64,
}

impl Stroke {
    /// A solid, opaque line.
    pub fn solid(role: Role, width: f64) -> Self {
        Self { role, width, dash: None, opacity: 1.0 }
    }

    /// The dashed line of every reference value.
    pub fn dashed(role: Role, width: f64) -> Self {
        Self { dash: Some([5.0, 4.0]), ..Self::solid(role, width) }
    }

    /// The same line, seen through.
    pub fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

/// Which point of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// Thickness of the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Labels.
    Regular,
    /// Titles.
    Bold,
}

/// One line of text on its baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Where the baseline stands.
    pub at: Point,
    /// The words.
    pub text: String,
    /// Font size in px.
    pub size: f64,
    /// Thickness.
    pub weight: Weight,
    /// Which end stands at `at`.
    pub anchor: Anchor,
    /// Colour.
    pub role: Role,
    /// Clockwise turn around `at`, in degrees.
    pub turn: f64,
}

impl Text {
    /// Regular, level text that starts at `at`.
    pub fn new(at: Point, text: impl Into<String>, size: f64, role: Role) -> Self {
        let text = text.into();
        Self { at, text, size, weight: Weight::Regular, anchor: Anchor::Start, role, turn: 0.0 }
    }

    /// The same text, anchored elsewhere.
    pub fn with_anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same text in bold.
    pub fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    /// The same text, turned clockwise by `degrees`.
    pub fn with_turn(self, degrees: f64) -> Self {
        Self { turn: degrees, ..self }
    }
}

/// One painted thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Straight pieces through the points; a single point draws nothing.
    Line {
        /// At least two.
        points: Vec<Point>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// A filled box.
    Rect {
        /// Top left corner.
        at: Point,
        /// Width in px.
        width: f64,
        /// Height in px.
        height: f64,
        /// Fill.
        fill: Role,
    },
    /// A disc with a rim.
    Disc {
        /// Its middle.
        centre: Point,
        /// In px.
        radius: f64,
        /// Fill.
        fill: Role,
        /// Rim.
        rim: Stroke,
    },
    /// A line of text.
    Text(Text),
}

/// A picture: its size, its shapes, and what it shows in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// In px.
    pub width: f64,
    /// In px.
    pub height: f64,
    /// What a reader who can't see it should know.
    pub alt: String,
    /// Painted first to last.
    pub shapes: Vec<Shape>,
}

impl Drawing {
    /// An empty sheet of white paper.
    pub fn new(width: f64, height: f64, alt: impl Into<String>) -> Self {
        let paper = Shape::Rect { at: Point::new(0.0, 0.0), width, height, fill: Role::Paper };
        Self { width, height, alt: alt.into(), shapes: vec![paper] }
    }

    /// Paints title and subtitle at the top, `edge` px from the left, cut to the sheet's width.
    pub(super) fn heading(&mut self, title: &str, subtitle: &str, edge: f64) {
        let room = self.width - 2.0 * edge;
        let title = font::fitted(title, 17.0, Weight::Bold, room);
        let subtitle = font::fitted(subtitle, 12.5, Weight::Regular, room);
        self.text(Text::new(Point::new(edge, 28.0), title, 17.0, Role::Ink).bold());
        self.text(Text::new(Point::new(edge, 47.0), subtitle, 12.5, Role::Muted));
    }

    /// Paints a straight line.
    pub fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.shapes.push(Shape::Line { points: vec![from, to], stroke });
    }

    /// Paints a text.
    pub fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }
}
