//! The score against each setting by itself, a panel a setting.

use super::drawing::{Anchor, Drawing, Point, Shape, Stroke, Text, Weight};
use super::font;
use super::palette::Role;
use super::span::{Axis, Sample, Score, painted_order};

const EDGE: f64 = 20.0;
const TOP: f64 = 62.0;
const LABEL: f64 = 12.0;
/// Panels in a row.
const MOST_COLUMNS: usize = 3;
const PLOT_WIDTH: f64 = 220.0;
const PLOT_HEIGHT: f64 = 170.0;
/// Below a panel: its labels and name.
const AXIS: f64 = 50.0;
/// Above a panel.
const AIR: f64 = 12.0;
/// From the frame to where the first and last coordinate lie.
const INSET: f64 = 12.0;
/// Least distance of two labels.
const APART: f64 = 8.0;

/// One panel for each setting, as data; [`draw`](Self::draw) places them.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterChart {
    /// First line.
    pub title: String,
    /// Second line, smaller.
    pub subtitle: String,
    /// Row by row.
    pub axes: Vec<Axis>,
    /// The upright axis of all panels.
    pub score: Score,
    /// The trials.
    pub samples: Vec<Sample>,
}

impl ScatterChart {
    /// Places everything, up to three panels a row.
    pub fn draw(&self) -> Drawing {
        // Four in two rows of two.
        let columns = if self.axes.len() == 4 { 2 } else { self.axes.len().clamp(1, MOST_COLUMNS) };
        let rows = self.axes.len().div_ceil(columns).max(1);
        let labels = self.score.marks().iter().map(|mark| width(&mark.1)).fold(0.0, f64::max);
        let left = 22.0 + labels + 8.0;
        let (cell_width, cell_height) = (left + PLOT_WIDTH + 14.0, AIR + PLOT_HEIGHT + AXIS);
        let sheet_width = (2.0 * EDGE + cell_width * columns as f64).max(480.0);
        let failed = self.samples.iter().filter(|sample| sample.score.is_none()).count();
        let legend = if failed > 0 { 34.0 } else { 6.0 };
        let mut sheet = Drawing::new(sheet_width, TOP + cell_height * rows as f64 + legend, self.alt());
        sheet.heading(&self.title, &self.subtitle, EDGE);
        for index in 0..self.axes.len() {
            let (row, column) = (index / columns, index % columns);
            let x = EDGE + cell_width * column as f64 + left;
            self.panel(&mut sheet, index, Point::new(x, TOP + cell_height * row as f64 + AIR));
        }
        if failed > 0 {
            let y = sheet.height - 18.0;
            sheet.shapes.push(ring(Point::new(EDGE + 5.0, y - 4.0)));
            sheet.text(Text::new(
                Point::new(EDGE + 18.0, y),
                format!("failed ({failed})"),
                LABEL,
                Role::Muted,
            ));
        }
        sheet
    }

    fn alt(&self) -> String {
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        format!(
            "{}; {} of {} trials against {}",
            self.title,
            self.score.name,
            self.samples.len(),
            names.join(", ")
        )
    }

    /// The panel of one setting, its plot's top left corner at `corner`.
    fn panel(&self, sheet: &mut Drawing, index: usize, corner: Point) {
        let axis = &self.axes[index];
        let bottom = corner.y + PLOT_HEIGHT;
        let x = |share: f64| corner.x + INSET + share * (PLOT_WIDTH - 2.0 * INSET);
        let y = |share: f64| bottom - INSET - share * (PLOT_HEIGHT - 2.0 * INSET);
        for (share, label) in self.score.marks() {
            let at = y(share);
            sheet.line(
                Point::new(corner.x, at),
                Point::new(corner.x + PLOT_WIDTH, at),
                Stroke::solid(Role::Grid, 1.0),
            );
            let at = Point::new(corner.x - 8.0, at + 4.0);
            sheet.text(Text::new(at, label, LABEL, Role::Muted).with_anchor(Anchor::End));
        }
        sheet.line(
            Point::new(corner.x, bottom),
            Point::new(corner.x + PLOT_WIDTH, bottom),
            Stroke::solid(Role::Axis, 1.0),
        );
        let mut free = f64::NEG_INFINITY;
        for (share, label) in axis.span.marks() {
            let label = font::fitted(&label, LABEL, Weight::Regular, PLOT_WIDTH / 2.0);
            let (at, half) = (x(share), width(&label) / 2.0);
            sheet.line(Point::new(at, bottom), Point::new(at, bottom + 5.0), Stroke::solid(Role::Axis, 1.0));
            // Where labels would touch, the mark alone is left.
            if at - half >= free {
                free = at + half + APART;
                sheet.text(
                    Text::new(Point::new(at, bottom + 19.0), label, LABEL, Role::Muted)
                        .with_anchor(Anchor::Middle),
                );
            }
        }
        let name = font::fitted(&axis.name, LABEL, Weight::Bold, PLOT_WIDTH);
        let middle = Point::new(corner.x + PLOT_WIDTH / 2.0, bottom + 38.0);
        sheet.text(Text::new(middle, name, LABEL, Role::Ink).bold().with_anchor(Anchor::Middle));
        let side = Point::new(corner.x - 8.0 - self.label_room(), corner.y + PLOT_HEIGHT / 2.0);
        let score = Text::new(side, self.score.name.as_str(), LABEL, Role::Muted);
        sheet.text(score.with_anchor(Anchor::Middle).with_turn(-90.0));
        for sample in painted_order(&self.samples, &self.score) {
            let at = x(axis.span.share(sample.at.get(index).copied().unwrap_or(f64::NAN)));
            sheet.shapes.push(match sample.score.map(|value| self.score.share(value)) {
                None => ring(Point::new(at, bottom)),
                Some(share) => disc(Point::new(at, y(share)), Role::graded(share)),
            });
        }
    }

    fn label_room(&self) -> f64 {
        self.score.marks().iter().map(|mark| width(&mark.1)).fold(0.0, f64::max) + 10.0
    }
}

fn width(text: &str) -> f64 {
    font::width(text, LABEL, Weight::Regular)
}

fn disc(centre: Point, fill: Role) -> Shape {
    Shape::Disc { centre, radius: 4.5, fill, rim: Stroke::solid(Role::Paper, 1.0) }
}

/// A failed trial, on the bottom line.
fn ring(centre: Point) -> Shape {
    Shape::Disc { centre, radius: 4.0, fill: Role::Paper, rim: Stroke::solid(Role::Third, 1.4) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Span, Ticks, to_png, to_svg};

    #[test]
    fn each_setting_gets_a_panel_with_every_trial() {
        let words = |n: usize| Span::Words((0..n).map(|i| format!("a long name {i}")).collect());
        let axes: Vec<Axis> = (1..=4).map(|n| Axis { name: format!("key{n}"), span: words(3 * n) }).collect();
        let score =
            Score { name: "val top-1".into(), ticks: Ticks::covering(0.0, 0.4, 5), low_is_good: false };
        let samples =
            (0..5).map(|i| Sample { at: vec![0.0, 1.0, 2.0, 3.0], score: (i > 0).then_some(0.1) }).collect();
        let chart = ScatterChart { title: "Sweep".into(), subtitle: String::new(), axes, score, samples };
        let svg = to_svg(&chart.draw());
        assert_eq!(svg.matches("<circle").count(), 4 * 5 + 1, "and one in the legend");
        assert!((1..=4).all(|n| svg.contains(&format!(">key{n}</text>"))));
        to_png(&chart.draw(), 1.0).unwrap();
    }
}
