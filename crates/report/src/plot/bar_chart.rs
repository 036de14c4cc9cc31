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
/// Room for a panel's tick labels.
const AXIS: f64 = 34.0;
const BAR: f64 = 16.0;
const GROUP_GAP: f64 = 14.0;
const WIDEST_NAME: f64 = 150.0;

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
    /// Written at the left of the first panel.
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
    /// Left to right.
    pub panels: Vec<Panel>,
}

impl BarChart {
    /// Places everything; 480 px wide, as high as the groups need.
    pub fn draw(&self) -> Drawing {
        let height = self.panels.iter().map(|p| HEADING + p.height() + AXIS).sum::<f64>();
        let mut sheet = Drawing::new(WIDTH, TOP + height, self.alt());
        self.head(&mut sheet);
        let groups = self.panels.iter().flat_map(|p| &p.groups);
        let names = groups.map(|g| font::width(&g.name, LABEL, Weight::Regular)).fold(0.0, f64::max);
        let left = EDGE + names.min(WIDEST_NAME) + 10.0;
        let mut top = TOP;
        for panel in &self.panels {
            let frame =
                Frame { left, top: top + HEADING, bottom: top + HEADING + panel.height(), x: panel.ticks() };
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
        let room = WIDTH - 2.0 * EDGE;
        let title = font::fitted(&self.title, 17.0, Weight::Bold, room);
        let subtitle = font::fitted(&self.subtitle, 12.5, Weight::Regular, room);
        sheet.text(Text::new(Point::new(EDGE, 28.0), title, 17.0, Role::Ink).bold());
        sheet.text(Text::new(Point::new(EDGE, 47.0), subtitle, 12.5, Role::Muted));
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
    x: Ticks,
}

impl Frame {
    fn x(&self, value: f64) -> f64 {
        let (lo, hi) = self.x.range();
        self.left + ((value - lo) / (hi - lo)).clamp(0.0, 1.0) * (WIDTH - EDGE - self.left)
    }
}

impl Panel {
    /// From zero to past the longest bar with its whisker, with room for the label behind it.
    fn ticks(&self) -> Ticks {
        let bars = self.groups.iter().flat_map(|g| &g.bars);
        let ends = bars.map(|b| b.value + b.spread.unwrap_or(0.0));
        let all = ends.chain(self.reference.iter().map(|r| r.1)).filter(|v| v.is_finite());
        let high = all.fold(0.0, f64::max);
        Ticks::covering(0.0, if high > 0.0 { high * 1.25 } else { 1.0 }, 4)
    }

    fn height(&self) -> f64 {
        self.groups.iter().map(Group::height).sum()
    }

    fn draw(&self, sheet: &mut Drawing, frame: &Frame) {
        let Frame { left, top, bottom, x } = frame;
        let heading = Point::new(EDGE, top - 9.0);
        sheet.text(Text::new(heading, self.heading.as_str(), 13.0, Role::Ink).bold());
        for &value in x.values() {
            let at = frame.x(value);
            sheet.line(Point::new(at, *top), Point::new(at, *bottom), Stroke::solid(Role::Grid, 1.0));
            let label = Text::new(Point::new(at, bottom + 16.0), x.label(value), LABEL, Role::Muted);
            sheet.text(label.with_anchor(Anchor::Middle));
        }
        let mut y = *top;
        for group in &self.groups {
            let name = font::fitted(&group.name, LABEL, Weight::Regular, WIDEST_NAME);
            let at = Point::new(left - 9.0, y + group.height() / 2.0 + 4.0);
            sheet.text(Text::new(at, name, LABEL, Role::Ink).with_anchor(Anchor::End));
            for (i, bar) in group.bars.iter().enumerate() {
                bar.draw(sheet, frame, y + GROUP_GAP / 2.0 + i as f64 * BAR);
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
    fn height(&self) -> f64 {
        self.bars.len().max(1) as f64 * BAR + GROUP_GAP
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
