//! Parallel coordinates: an upright axis for each setting, a line for each trial, the score as last axis and as colour.

use super::drawing::{Anchor, Drawing, Point, Shape, Stroke, Text, Weight};
use super::font;
use super::palette::Role;
use super::span::{Axis, Sample, Score, painted_order};

const EDGE: f64 = 20.0;
const TOP: f64 = 104.0;
const HEIGHT: f64 = 440.0;
const BOTTOM: f64 = HEIGHT - 52.0;
const LABEL: f64 = 12.0;
/// From axis to axis; more of them stand closer.
const WIDEST_GAP: f64 = 220.0;
const NARROWEST_GAP: f64 = 128.0;
/// What the axes would fill together.
const USUAL_WIDTH: f64 = 640.0;
/// Width of the bar that shows which colour is which score.
const BAR: f64 = 14.0;

/// Trials as lines through their settings, as data; [`draw`](Self::draw) places them.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelChart {
    /// First line.
    pub title: String,
    /// Second line, smaller.
    pub subtitle: String,
    /// Left to right.
    pub axes: Vec<Axis>,
    /// The last axis, and the colour.
    pub score: Score,
    /// The trials.
    pub samples: Vec<Sample>,
}

impl ParallelChart {
    /// Places everything; 440 px high, as wide as the axes need.
    pub fn draw(&self) -> Drawing {
        let gap = (USUAL_WIDTH / self.axes.len().max(1) as f64).clamp(NARROWEST_GAP, WIDEST_GAP);
        let left = EDGE + self.left_room(gap);
        let right = left + gap * self.axes.len() as f64;
        let labels = self.score.marks().iter().map(|mark| width(&mark.1)).fold(0.0, f64::max);
        let sheet_width = (right + BAR + 10.0 + labels.max(width(&self.score.name) / 2.0) + EDGE).max(480.0);
        let mut sheet = Drawing::new(sheet_width, HEIGHT, self.alt());
        sheet.heading(&self.title, &self.subtitle, EDGE);
        let frame = Frame { left, gap, right };
        let order = painted_order(&self.samples, &self.score);
        for (i, sample) in order.iter().enumerate() {
            self.strand(&mut sheet, &frame, sample, i + 1 == order.len());
        }
        for (i, axis) in self.axes.iter().enumerate() {
            upright(&mut sheet, frame.x(i), axis, gap);
        }
        self.bar(&mut sheet, &frame);
        self.legend(&mut sheet);
        sheet
    }

    fn alt(&self) -> String {
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        let trials = self.samples.len();
        format!(
            "{}; {trials} trials as lines through {}, coloured by {}",
            self.title,
            names.join(", "),
            self.score.name
        )
    }

    /// Room left of the first axis: its labels, and half of its name.
    fn left_room(&self, gap: f64) -> f64 {
        let Some(axis) = self.axes.first() else { return 0.0 };
        let labels = axis.span.marks().iter().map(|mark| width(&fitted(&mark.1, gap))).fold(0.0, f64::max);
        (labels + 12.0).max(font::width(&axis.name, LABEL, Weight::Bold).min(gap - 12.0) / 2.0)
    }

    /// One trial; a failed one ends at the last setting.
    fn strand(&self, sheet: &mut Drawing, frame: &Frame, sample: &Sample, best: bool) {
        let places = sample.at.iter().zip(&self.axes).enumerate();
        let mut points: Vec<Point> =
            places.map(|(i, (&at, axis))| Point::new(frame.x(i), y(axis.span.share(at)))).collect();
        let stroke = match sample.score.map(|value| self.score.share(value)) {
            None => Stroke::dashed(Role::Third, 1.2),
            Some(share) => {
                points.push(Point::new(frame.right, y(share)));
                Stroke::solid(Role::graded(share), if best { 3.4 } else { 1.6 })
            }
        };
        let shown = if best { 1.0 } else { 0.85 };
        if points.len() > 1 {
            sheet.shapes.push(Shape::Line { points: points.clone(), stroke: stroke.with_opacity(shown) });
        } else {
            let rim = Stroke::solid(Role::Third, 1.2);
            points.iter().for_each(|&centre| {
                sheet.shapes.push(Shape::Disc { centre, radius: 3.0, fill: Role::Paper, rim })
            });
        }
    }

    /// The score's axis: a bar in the colours of the scale, with marks.
    fn bar(&self, sheet: &mut Drawing, frame: &Frame) {
        let step = (BOTTOM - TOP) / f64::from(Role::STEPS);
        for i in 0..Role::STEPS {
            let at = Point::new(frame.right, BOTTOM - step * f64::from(i + 1));
            // A little higher than a step, or gaps between steps would show as hairlines.
            let height = if i == 0 { step } else { step + 0.5 };
            sheet.shapes.push(Shape::Rect { at, width: BAR, height, fill: Role::Scale(i) });
        }
        for (share, label) in self.score.marks() {
            let at = Point::new(frame.right + BAR, y(share));
            sheet.line(at, Point::new(at.x + 4.0, at.y), Stroke::solid(Role::Axis, 1.0));
            sheet.text(Text::new(Point::new(at.x + 8.0, at.y + 4.0), label, LABEL, Role::Ink));
        }
        heading(sheet, frame.right + BAR / 2.0, &self.score.name, frame.gap);
    }

    fn legend(&self, sheet: &mut Drawing) {
        let y = HEIGHT - 18.0;
        let mut x = EDGE;
        let mut entry = |words: String, stroke: Stroke| {
            sheet.line(Point::new(x, y - 4.0), Point::new(x + 26.0, y - 4.0), stroke);
            sheet.text(Text::new(Point::new(x + 34.0, y), words.as_str(), LABEL, Role::Muted));
            x += 34.0 + width(&words) + 24.0;
        };
        let failed = self.samples.iter().filter(|sample| sample.score.is_none()).count();
        if failed < self.samples.len() {
            let better = if self.score.low_is_good { "low" } else { "high" };
            entry("best trial".into(), Stroke::solid(Role::Scale(Role::STEPS - 1), 3.4));
            entry(
                format!("others; the darker the better ({better} {})", self.score.name),
                Stroke::solid(Role::Scale(4), 1.6),
            );
        }
        if failed > 0 {
            entry(format!("failed ({failed})"), Stroke::dashed(Role::Third, 1.2));
        }
    }
}

/// Where the axes stand.
struct Frame {
    left: f64,
    gap: f64,
    /// The score's axis.
    right: f64,
}

impl Frame {
    fn x(&self, axis: usize) -> f64 {
        self.left + self.gap * axis as f64
    }
}

fn y(share: f64) -> f64 {
    BOTTOM - share * (BOTTOM - TOP)
}

fn width(text: &str) -> f64 {
    font::width(text, LABEL, Weight::Regular)
}

/// A label that stays clear of the axis before.
fn fitted(label: &str, gap: f64) -> String {
    font::fitted(label, LABEL, Weight::Regular, gap - 24.0)
}

/// An axis's name above it.
fn heading(sheet: &mut Drawing, x: f64, name: &str, gap: f64) {
    let name = font::fitted(name, LABEL, Weight::Bold, gap - 12.0);
    let at = Point::new(x, TOP - 16.0);
    sheet.text(Text::new(at, name, LABEL, Role::Ink).bold().with_anchor(Anchor::Middle));
}

/// A setting's axis over the lines: its labels stand on paper of their own.
fn upright(sheet: &mut Drawing, x: f64, axis: &Axis, gap: f64) {
    sheet.line(Point::new(x, TOP - 6.0), Point::new(x, BOTTOM + 6.0), Stroke::solid(Role::Axis, 1.2));
    for (share, label) in axis.span.marks() {
        let (label, y) = (fitted(&label, gap), y(share));
        let paper = width(&label) + 6.0;
        let at = Point::new(x - 8.0 - paper, y - 8.0);
        sheet.shapes.push(Shape::Rect { at, width: paper, height: 16.0, fill: Role::Paper });
        sheet.line(Point::new(x - 5.0, y), Point::new(x, y), Stroke::solid(Role::Axis, 1.2));
        let at = Point::new(x - 10.0, y + 4.0);
        sheet.text(Text::new(at, label, LABEL, Role::Ink).with_anchor(Anchor::End));
    }
    heading(sheet, x, &axis.name, gap);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Span, Ticks, to_png, to_svg};

    fn chart(samples: Vec<Sample>) -> ParallelChart {
        let axes = vec![
            Axis { name: "lr".into(), span: Span::Log { lo: 1e-4, hi: 0.1 } },
            Axis { name: "optimizer.kind".into(), span: Span::Words(vec!["sgd".into(), "adamw".into()]) },
        ];
        let score =
            Score { name: "val top-1".into(), ticks: Ticks::covering(0.0, 0.4, 5), low_is_good: false };
        ParallelChart { title: "Sweep".into(), subtitle: "2 trials".into(), axes, score, samples }
    }

    fn sample(lr: f64, score: Option<f64>) -> Sample {
        Sample { at: vec![lr, 1.0], score }
    }

    #[test]
    fn the_best_trial_is_painted_last_and_a_failed_one_is_dashed() {
        let svg =
            to_svg(&chart(vec![sample(0.01, Some(0.3)), sample(0.1, None), sample(0.001, Some(0.1))]).draw());
        let lines: Vec<&str> = svg.lines().filter(|line| line.starts_with("<polyline")).collect();
        assert!(lines[0].contains("dasharray") && lines[2].contains("stroke-width=\"3.4\""), "{svg}");
        assert!(svg.contains(">failed (1)</text>") && svg.contains(">0.0001</text>"));
    }

    #[test]
    fn odd_samples_are_drawn_too() {
        for samples in [vec![], vec![sample(f64::NAN, Some(f64::INFINITY))], vec![sample(-1.0, None)]] {
            let mut chart = chart(samples);
            to_png(&chart.draw(), 1.0).unwrap();
            chart.axes.truncate(1);
            roxmltree::Document::parse(&to_svg(&chart.draw())).unwrap();
        }
    }
}
