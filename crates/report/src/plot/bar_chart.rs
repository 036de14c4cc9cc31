//! Lying bars in panels one below the other: models against chance and against published figures.

use super::drawing::{Anchor, Drawing, Point, Shape, Stroke, Text, Weight};
use super::font;
use super::palette::Role;
use super::ticks::Ticks;

const WIDTH: f64 = 480.0;
const EDGE: f64 = 16.0;
const LABEL: f64 = 12.0;
/// Where the first panel begins.
const TOP: f64 = 92.0;
/// Room for a panel's heading and the name of its reference line.
const HEADING: f64 = 34.0;
const HEADING_SIZE: f64 = 13.0;
/// Room for a panel's tick labels.
const AXIS: f64 = 34.0;
const BAR: f64 = 16.0;
const GROUP_GAP: f64 = 14.0;
const WIDEST_NAME: f64 = 150.0;
/// A longer name is broken into two lines of this height.
const NAME_LINE: f64 = 14.0;
/// Room behind the longest bar for its label, as a share of its length.
const AIR: f64 = 1.25;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its length; nothing is drawn for a value that is not finite.
    pub value: f64,
    /// Standard deviation, drawn as a whisker.
    pub spread: Option<f64>,
    /// What is written at its end.
    pub label: String,
    /// Its colour.
    pub role: Role,
}

/// Bars under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Written at the left, on two lines if it is long.
    pub name: String,
    /// Top to bottom.
    pub bars: Vec<Bar>,
}

/// One axis with its groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Written above.
    pub heading: String,
    /// Name and value of the dashed line.
    pub reference: Option<(String, f64)>,
    /// The same names in the same order in every panel.
    pub groups: Vec<Group>,
}

/// A bar chart as data; [`draw`](Self::draw) places it.
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    /// First line.
    pub title: String,
    /// Second line, smaller.
    pub subtitle: String,
    /// What each colour means.
    pub legend: Vec<(String, Role)>,
    /// Top to bottom.
    pub panels: Vec<Panel>,
}

impl BarChart {
    /// Places everything; 480 px wide, as high as the groups need.
    pub fn draw(&self) -> Drawing {
        let height = self.panels.iter().map(|p| HEADING + p.height() + AXIS).sum::<f64>();
        let mut sheet = Drawing::new(WIDTH, TOP + height, self.alt());
        self.head(&mut sheet);
        let groups = self.panels.iter().flat_map(|p| &p.groups);
        let lines = groups.flat_map(Group::name_lines);
        let names = lines.map(|line| font::width(&line, LABEL, Weight::Regular)).fold(0.0, f64::max);
        // The name of the reference line stands beside the heading, so that needs its room as well.
        let heading = |p: &Panel| font::width(&p.heading, HEADING_SIZE, Weight::Bold);
        let headings = self.panels.iter().map(heading).fold(0.0, f64::max).min(WIDEST_NAME);
        let left = EDGE + names.max(headings) + 10.0;
        let mut top = TOP;
        for panel in &self.panels {
            let frame =
                Frame { left, top: top + HEADING, bottom: top + HEADING + panel.height(), end: panel.end() };
            panel.draw(&mut sheet, &frame);
            top = frame.bottom + AXIS;
        }
        sheet
    }

    fn alt(&self) -> String {
        let mut alt = self.title.clone();
        for panel in &self.panels {
            for group in &panel.groups {
                let labels: Vec<_> = group.bars.iter().map(|b| b.label.as_str()).collect();
                alt += &format!("; {}, {}: {}", panel.heading, group.name, labels.join(", "));
            }
        }
        alt
    }

    fn head(&self, sheet: &mut Drawing) {
        sheet.heading(&self.title, &self.subtitle, EDGE);
        let mut x = EDGE;
        for (name, role) in &self.legend {
            let at = Point::new(x, 61.0);
            sheet.shapes.push(Shape::Rect { at, width: 12.0, height: 12.0, fill: *role });
            sheet.text(Text::new(Point::new(x + 18.0, 71.5), name.as_str(), LABEL, Role::Ink));
            x += 18.0 + font::width(name, LABEL, Weight::Regular) + 22.0;
        }
    }
}

/// A panel's box and its scale.
struct Frame {
    left: f64,
    top: f64,
    bottom: f64,
    /// The value at the right edge; zero is at the left one.
    end: f64,
}

impl Frame {
    fn x(&self, value: f64) -> f64 {
        self.left + (value / self.end).clamp(0.0, 1.0) * (WIDTH - EDGE - self.left)
    }
}

impl Panel {
    /// The largest value that is drawn, a bar's with its whisker or the reference.
    fn largest(&self) -> f64 {
        let bars = self.groups.iter().flat_map(|g| &g.bars);
        let ends = bars.map(|b| b.value + b.spread.unwrap_or(0.0));
        let all = ends.chain(self.reference.iter().map(|r| r.1)).filter(|v| v.is_finite());
        all.fold(0.0, f64::max)
    }

    /// The value at the right edge, past the longest bar.
    fn end(&self) -> f64 {
        let largest = self.largest();
        // Beyond this nothing is a fraction, and the air would overflow.
        if largest > 0.0 { (largest * AIR).min(1e100) } else { 1.0 }
    }

    /// Marks up to the right edge; no fraction gets one beyond 1.
    fn ticks(&self) -> (Ticks, f64) {
        let end = self.end();
        let last = if self.largest() <= 1.0 { end.min(1.0) } else { end };
        (Ticks::covering(0.0, end, 5), last)
    }

    fn height(&self) -> f64 {
        self.groups.iter().map(Group::height).sum()
    }

    fn draw(&self, sheet: &mut Drawing, frame: &Frame) {
        let Frame { left, top, bottom, .. } = frame;
        let heading = Point::new(EDGE, top - 9.0);
        sheet.text(Text::new(heading, self.heading.as_str(), HEADING_SIZE, Role::Ink).bold());
        let (ticks, last) = self.ticks();
        for &value in ticks.values().iter().filter(|&&v| v <= last * (1.0 + 1e-9)) {
            let at = frame.x(value);
            sheet.line(Point::new(at, *top), Point::new(at, *bottom), Stroke::solid(Role::Grid, 1.0));
            let label = Text::new(Point::new(at, bottom + 16.0), ticks.label(value), LABEL, Role::Muted);
            sheet.text(label.with_anchor(Anchor::Middle));
        }
        let mut y = *top;
        for group in &self.groups {
            let lines = group.name_lines();
            let first = y + group.height() / 2.0 + 4.0 - (lines.len().max(1) - 1) as f64 * NAME_LINE / 2.0;
            for (i, line) in lines.into_iter().enumerate() {
                let at = Point::new(left - 9.0, first + i as f64 * NAME_LINE);
                sheet.text(Text::new(at, line, LABEL, Role::Ink).with_anchor(Anchor::End));
            }
            let bars_top = y + (group.height() - group.bars.len() as f64 * BAR) / 2.0;
            for (i, bar) in group.bars.iter().enumerate() {
                bar.draw(sheet, frame, bars_top + i as f64 * BAR);
            }
            y += group.height();
        }
        sheet.line(Point::new(*left, *top), Point::new(*left, *bottom), Stroke::solid(Role::Axis, 1.0));
        if let Some((name, value)) = self.reference.as_ref().filter(|r| r.1.is_finite()) {
            let at = frame.x(*value);
            sheet.line(Point::new(at, top - 4.0), Point::new(at, *bottom), Stroke::dashed(Role::Ink, 1.2));
            sheet.text(Text::new(Point::new(at - 3.0, top - 8.0), name.as_str(), 11.0, Role::Muted));
        }
    }
}

impl Group {
    fn name_lines(&self) -> Vec<String> {
        font::wrapped(&self.name, LABEL, Weight::Regular, WIDEST_NAME, 2)
    }

    fn height(&self) -> f64 {
        let bars = self.bars.len().max(1) as f64 * BAR;
        bars.max(self.name_lines().len() as f64 * NAME_LINE) + GROUP_GAP
    }
}

impl Bar {
    fn draw(&self, sheet: &mut Drawing, frame: &Frame, y: f64) {
        if !self.value.is_finite() {
            return;
        }
        let end = frame.x(self.value);
        let (at, width) = (Point::new(frame.left, y + 1.5), end - frame.left);
        if width > 0.0 {
            sheet.shapes.push(Shape::Rect { at, width, height: BAR - 3.0, fill: self.role });
        }
        let mut text_from = end;
        if let Some(spread) = self.spread.filter(|s| s.is_finite() && *s > 0.0) {
            let (low, high) = (frame.x(self.value - spread), frame.x(self.value + spread));
            let middle = y + BAR / 2.0;
            let whisker = Stroke::solid(Role::Ink, 1.2);
            sheet.line(Point::new(low, middle), Point::new(high, middle), whisker);
            sheet.line(Point::new(high, middle - 3.5), Point::new(high, middle + 3.5), whisker);
            text_from = high;
        }
        let at = Point::new(text_from + 6.0, y + BAR / 2.0 + 4.0);
        sheet.text(Text::new(at, self.label.as_str(), LABEL, Role::Ink));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{to_png, to_svg};

    fn panel(values: &[f64]) -> Panel {
        let bar = |v: f64| Bar { value: v, spread: Some(0.01), label: format!("{v:.3}"), role: Role::First };
        let group = |v: &f64| Group { name: "model & <co>".into(), bars: vec![bar(*v), bar(v / 2.0)] };
        let reference = Some(("chance 0.02".to_owned(), 0.02));
        Panel { heading: "Top-1".into(), reference, groups: values.iter().map(group).collect() }
    }

    fn chart(values: &[f64]) -> BarChart {
        BarChart {
            title: "Test accuracy".into(),
            subtitle: "of the kept weights".into(),
            legend: vec![("this report".into(), Role::First), ("published".into(), Role::Third)],
            panels: vec![panel(values), panel(values)],
        }
    }

    #[test]
    fn every_set_of_values_makes_a_picture() {
        let sets = [&[][..], &[0.3], &[0.0, 0.0], &[f64::NAN, f64::INFINITY, -1.0, 0.5], &[0.1; 12]];
        for values in sets {
            let drawing = chart(values).draw();
            roxmltree::Document::parse(&to_svg(&drawing)).unwrap();
            to_png(&drawing, 1.0).unwrap();
        }
    }

    #[test]
    fn no_fraction_has_a_mark_beyond_one() {
        let svg = to_svg(&chart(&[0.95, 0.3]).draw());
        assert!(svg.contains(">1.0</text>") && !svg.contains(">1.2</text>") && !svg.contains(">1.5</text>"));
    }

    #[test]
    fn long_names_that_differ_at_their_end_still_differ() {
        let mut chart = chart(&[0.1, 0.2]);
        for (group, recipe) in chart.panels[0].groups.iter_mut().zip(["published", "tuned"]) {
            group.name = format!("Two-layer perceptron, {recipe}");
        }
        let svg = to_svg(&chart.draw());
        assert!(svg.contains("published</text>") && svg.contains("tuned</text>"));
    }

    #[test]
    fn longer_bars_stand_for_larger_values() {
        let drawing = chart(&[0.1, 0.2]).draw();
        let widths: Vec<f64> = drawing
            .shapes
            .iter()
            .filter_map(|s| match s {
                Shape::Rect { width, fill: Role::First, height, .. } if *height > 12.5 => Some(*width),
                _ => None,
            })
            .collect();
        assert_eq!(widths.len(), 8);
        assert!((widths[2] / widths[0] - 2.0).abs() < 1e-9);
    }

    #[test]
    fn no_panels_is_only_a_title() {
        let empty = BarChart { panels: vec![], ..chart(&[]) };
        assert!(to_svg(&empty.draw()).contains("Test accuracy"));
    }
}
