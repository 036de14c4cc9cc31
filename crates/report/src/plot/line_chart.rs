//! Curves over epochs, the form of figures 2 to 10, or over a quantity on a logarithmic axis.

use super::drawing::{Anchor, Drawing, Point, Shape, Stroke, Text, Weight};
use super::font;
use super::palette::Role;
use super::ticks::Ticks;
use super::x_axis::XAxis;

/// Narrow, so that labels stay legible when a phone shrinks the picture to its width.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 340.0;
const EDGE: f64 = 16.0;
const BOTTOM: f64 = HEIGHT - 52.0;
const LABEL: f64 = 12.0;
const LEGEND_LINE: f64 = 19.0;
/// More points than this stand too close for markers.
const MOST_MARKERS: usize = 25;
/// Vertical distance that keeps two end labels apart.
const LABEL_GAP: f64 = 14.0;

/// How strongly a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The curve to read: markers, legend, value at its end.
    Full,
    /// One of several like it, or what was measured before it was averaged; behind the others.
    Faint,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its words in the legend; of faint curves those of the first.
    pub name: String,
    /// Place on the level axis and value, from left to right; a value that is not finite leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// Its colour.
    pub role: Role,
    /// How strongly it is drawn.
    pub presence: Presence,
}

/// A dashed line across, such as chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its words in the legend.
    pub name: String,
    /// Its height.
    pub value: f64,
}

/// A thin upright line, such as at the epoch whose weights are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its words, above the line.
    pub name: String,
    /// Its place on the level axis.
    pub at: f64,
}

/// Where the value axis begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// At zero, as shares of a whole should.
    Zero,
    /// Near the smallest value.
    Data,
}

/// A line chart as data; [`draw`](Self::draw) places it.
#[derive(Clone, Debug, PartialEq)]
pub struct LineChart {
    /// First line.
    pub title: String,
    /// Second line, smaller.
    pub subtitle: String,
    /// What the level axis shows.
    pub x: XAxis,
    /// Name of the value axis.
    pub y_name: String,
    /// Curves, painted first to last.
    pub series: Vec<Series>,
    /// A value to compare with.
    pub reference: Option<Reference>,
    /// A place to point out.
    pub mark: Option<Mark>,
    /// Where the value axis begins.
    pub floor: Floor,
}

impl LineChart {
    /// Places everything; 480 by 340 px.
    ///
    /// Never fails: without a single finite value the chart says so in its middle.
    pub fn draw(&self) -> Drawing {
        let mut sheet = Drawing::new(WIDTH, HEIGHT, self.alt());
        sheet.heading(&self.title, &self.subtitle, EDGE);
        let legend_end = self.legend(&mut sheet, 70.0);
        let frame = self.frame(legend_end + 22.0);
        self.axes(&mut sheet, &frame);
        self.curves(&mut sheet, &frame);
        sheet
    }

    fn alt(&self) -> String {
        let ends = self.full().filter_map(|s| {
            let (x, value) = last_finite(s)?;
            Some(format!("; {} ends at {value:.4} {}", s.name.to_lowercase(), self.x.words(x)))
        });
        format!("{}, {}{}", self.title, self.subtitle, ends.collect::<String>())
    }

    fn full(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(|s| s.presence == Presence::Full)
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(|s| s.points.iter().map(|p| p.1)).filter(|v| v.is_finite())
    }

    /// A row of samples and names, wrapped; gives back the last baseline.
    fn legend(&self, sheet: &mut Drawing, top: f64) -> f64 {
        let curves = self.full().map(|s| (s.name.as_str(), Stroke::solid(s.role, 2.0), Some(s.role)));
        let faint = self.series.iter().find(|s| s.presence == Presence::Faint);
        let faint = faint.map(|s| (s.name.as_str(), Stroke::solid(Role::Muted, 1.0).with_opacity(0.6), None));
        let reference = self.reference.iter().map(|r| (r.name.as_str(), reference_stroke(), None));
        let (mut x, mut y) = (EDGE, top);
        for (name, stroke, marked) in curves.chain(faint).chain(reference) {
            let width = 34.0 + font::width(name, LABEL, Weight::Regular) + 18.0;
            if x > EDGE && x + width > WIDTH - EDGE {
                (x, y) = (EDGE, y + LEGEND_LINE);
            }
            let (from, to) = (Point::new(x, y - 4.0), Point::new(x + 26.0, y - 4.0));
            sheet.line(from, to, stroke);
            if let Some(role) = marked {
                marker(sheet, Point::new(x + 13.0, y - 4.0), role);
            }
            let room = WIDTH - EDGE - x - 34.0;
            let name = font::fitted(name, LABEL, Weight::Regular, room);
            sheet.text(Text::new(Point::new(x + 34.0, y), name, LABEL, Role::Ink));
            x += width;
        }
        y
    }

    fn frame(&self, top: f64) -> Frame<'_> {
        let places = || self.series.iter().flat_map(|s| s.points.iter().map(|p| p.0));
        let ends = (places().reduce(f64::min).unwrap_or(1.0), places().reduce(f64::max).unwrap_or(1.0));
        let compare = self.reference.iter().map(|r| r.value).filter(|v| v.is_finite());
        let all = || self.values().chain(compare.clone());
        let high = all().fold(f64::NEG_INFINITY, f64::max);
        let low = all().fold(f64::INFINITY, f64::min);
        let y = match self.floor {
            // A little air above, so that a reference line is never the frame itself.
            Floor::Zero => Ticks::covering(0.0, if high > 0.0 { high * 1.04 } else { 1.0 }, 5),
            Floor::Data => Ticks::covering(low, high, 5),
        };
        let width = |label: String| font::width(&label, LABEL, Weight::Regular);
        let labels = y.values().iter().map(|&v| width(y.label(v))).fold(0.0, f64::max);
        let last = self.full().filter_map(last_finite).map(|e| width(end_label(e.1, &y))).fold(0.0, f64::max);
        let left = EDGE + 22.0 + labels + 8.0;
        Frame { left, right: WIDTH - EDGE - last - 8.0, top, axis: &self.x, ends, y }
    }

    fn axes(&self, sheet: &mut Drawing, frame: &Frame<'_>) {
        let label = |at, text: String| Text::new(at, text, LABEL, Role::Muted);
        for &value in frame.y.values() {
            let y = frame.y(value);
            sheet.line(Point::new(frame.left, y), Point::new(frame.right, y), Stroke::solid(Role::Grid, 1.0));
            let at = Point::new(frame.left - 8.0, y + 4.0);
            sheet.text(label(at, frame.y.label(value)).with_anchor(Anchor::End));
        }
        for (value, words) in self.x.ticks(frame.ends.0, frame.ends.1) {
            let x = frame.x(value);
            sheet.line(Point::new(x, BOTTOM), Point::new(x, BOTTOM + 5.0), Stroke::solid(Role::Axis, 1.0));
            let at = Point::new(x, BOTTOM + 19.0);
            sheet.text(label(at, words).with_anchor(Anchor::Middle));
        }
        let base = Stroke::solid(Role::Axis, 1.0);
        sheet.line(Point::new(frame.left, BOTTOM), Point::new(frame.right, BOTTOM), base);
        let middle = Point::new((frame.left + frame.right) / 2.0, HEIGHT - 14.0);
        sheet.text(label(middle, self.x.name().to_owned()).with_anchor(Anchor::Middle));
        let side = Point::new(EDGE + 10.0, (frame.top + BOTTOM) / 2.0);
        let name = font::fitted(&self.y_name, LABEL, Weight::Regular, BOTTOM - frame.top + 30.0);
        sheet.text(label(side, name).with_anchor(Anchor::Middle).with_turn(-90.0));
    }

    fn curves(&self, sheet: &mut Drawing, frame: &Frame<'_>) {
        if let Some(reference) = self.reference.as_ref().filter(|r| r.value.is_finite()) {
            let y = frame.y(reference.value);
            let (from, to) = (Point::new(frame.left, y), Point::new(frame.right, y));
            sheet.line(from, to, reference_stroke());
        }
        if let Some(mark) = &self.mark {
            upright(sheet, frame, mark);
        }
        if self.values().next().is_none() {
            let middle = Point::new((frame.left + frame.right) / 2.0, (frame.top + BOTTOM) / 2.0);
            let words = "There is no finite value to draw.";
            sheet.text(Text::new(middle, words, 14.0, Role::Muted).with_anchor(Anchor::Middle));
        }
        for series in &self.series {
            curve(sheet, frame, series);
        }
        self.end_labels(sheet, frame);
    }

    /// The last value beside the end of each curve, moved apart where two would overlap.
    fn end_labels(&self, sheet: &mut Drawing, frame: &Frame<'_>) {
        let mut ends: Vec<(f64, f64, f64, Role)> = self
            .full()
            .filter_map(|s| last_finite(s).map(|(e, v)| (frame.y(v), frame.x(e), v, s.role)))
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut above = f64::NEG_INFINITY;
        for (y, x, value, role) in ends {
            let at = y.max(above + LABEL_GAP);
            above = at;
            sheet.text(
                Text::new(Point::new(x + 9.0, at + 4.0), end_label(value, &frame.y), LABEL, role).bold(),
            );
        }
    }
}

/// The plot's box and its two scales.
struct Frame<'a> {
    left: f64,
    right: f64,
    top: f64,
    axis: &'a XAxis,
    ends: (f64, f64),
    y: Ticks,
}

impl Frame<'_> {
    fn x(&self, x: f64) -> f64 {
        let [first, last, x] = [self.ends.0, self.ends.1, x].map(|x| self.axis.place(x));
        // Markers at the first and last epoch should not sit on the frame.
        let (from, width) = (self.left + 12.0, self.right - self.left - 24.0);
        if last > first {
            from + ((x - first) / (last - first)).clamp(0.0, 1.0) * width
        } else {
            from + width / 2.0
        }
    }

    fn y(&self, value: f64) -> f64 {
        let (lo, hi) = self.y.range();
        // Only what `Ticks` refuses to mark can lie outside: such a value touches the frame.
        BOTTOM - ((value - lo) / (hi - lo)).clamp(0.0, 1.0) * (BOTTOM - self.top)
    }
}

fn reference_stroke() -> Stroke {
    Stroke::dashed(Role::Muted, 1.2)
}

fn last_finite(series: &Series) -> Option<(f64, f64)> {
    series.points.iter().rev().find(|p| p.1.is_finite()).copied()
}

/// At least the three decimals of the tables, more where the axis is finer than that.
fn end_label(value: f64, y: &Ticks) -> String {
    let digits = y.decimals().clamp(3, 6);
    if value.abs() >= 1e4 { format!("{value:.2e}") } else { format!("{value:.digits$}") }
}

/// Discs for training, rings for all others, so that gray prints tell them apart.
fn marker(sheet: &mut Drawing, centre: Point, role: Role) {
    let fill = if role == Role::First { role } else { Role::Paper };
    sheet.shapes.push(Shape::Disc { centre, radius: 3.2, fill, rim: Stroke::solid(role, 1.6) });
}

fn upright(sheet: &mut Drawing, frame: &Frame<'_>, mark: &Mark) {
    let x = frame.x(mark.at);
    let line = Stroke { dash: Some([2.0, 3.0]), ..Stroke::solid(Role::Axis, 1.0) };
    sheet.line(Point::new(x, frame.top - 4.0), Point::new(x, BOTTOM), line);
    let half = font::width(&mark.name, 11.0, Weight::Regular) / 2.0;
    let x = x.clamp(frame.left + half, (WIDTH - EDGE - half).max(frame.left + half));
    let at = Point::new(x, frame.top - 8.0);
    sheet.text(Text::new(at, mark.name.as_str(), 11.0, Role::Muted).with_anchor(Anchor::Middle));
}

fn curve(sheet: &mut Drawing, frame: &Frame<'_>, series: &Series) {
    let stroke = match series.presence {
        Presence::Full => Stroke::solid(series.role, 2.0),
        Presence::Faint => Stroke::solid(series.role, 1.0).with_opacity(0.4),
    };
    for run in series.points.split(|p| !p.1.is_finite()) {
        let points: Vec<Point> = run.iter().map(|p| Point::new(frame.x(p.0), frame.y(p.1))).collect();
        if points.len() > 1 {
            sheet.shapes.push(Shape::Line { points: points.clone(), stroke });
        }
        // A point between two gaps has no line, so it always gets its marker.
        let lone = points.len() == 1;
        let marked = series.presence == Presence::Full && series.points.len() <= MOST_MARKERS;
        if marked || lone {
            points.into_iter().for_each(|p| marker(sheet, p, series.role));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{to_png, to_svg};
    use proptest::prelude::*;

    fn chart(points: Vec<(f64, f64)>, floor: Floor) -> LineChart {
        let series =
            |role, points| Series { name: "Training".into(), points, role, presence: Presence::Full };
        let shifted = points.iter().map(|&(e, v)| (e, v * 1.1)).collect();
        LineChart {
            title: "Training/Validation Loss".into(),
            subtitle: "LeNet5".into(),
            x: XAxis::Epochs,
            y_name: "Loss".into(),
            series: vec![series(Role::First, points), series(Role::Second, shifted)],
            reference: Some(Reference { name: "chance".into(), value: 0.02 }),
            mark: Some(Mark { name: "kept: epoch 1".into(), at: 1.0 }),
            floor,
        }
    }

    fn numbers(svg: &str) -> Vec<f64> {
        let tree = roxmltree::Document::parse(svg).unwrap();
        let lists = tree.descendants().filter_map(|n| n.attribute("points"));
        lists.flat_map(|l| l.split([' ', ','])).map(|n| n.parse().unwrap()).collect()
    }

    #[test]
    fn odd_series_are_drawn_inside_the_sheet() {
        let odd = [
            vec![],
            vec![(1.0, 0.02)],
            vec![(1.0, f64::NAN), (2.0, f64::INFINITY)],
            vec![(1.0, 0.1), (2.0, f64::NAN), (3.0, 0.3)],
            (1..=50).map(|e| (f64::from(e), 0.02)).collect(),
            vec![(1.0, -1e300), (2.0, 1e300)],
            vec![(1e300, 1.0)],
        ];
        for points in odd {
            for floor in [Floor::Zero, Floor::Data] {
                let drawing = chart(points.clone(), floor).draw();
                let svg = to_svg(&drawing);
                assert!(numbers(&svg).iter().all(|n| (-1.0..=WIDTH).contains(n)), "{points:?}");
                to_png(&drawing, 1.0).unwrap();
            }
        }
    }

    #[test]
    fn a_chart_without_values_says_so() {
        let svg = to_svg(&chart(vec![(1.0, f64::NAN)], Floor::Data).draw());
        assert!(svg.contains("no finite value"));
    }

    #[test]
    fn a_loss_that_hardly_falls_is_labelled_finely_enough_to_see_it() {
        let mut narrow = chart(vec![(1.0, 3.912), (2.0, 3.9103)], Floor::Data);
        (narrow.reference, narrow.series[1].points) = (None, vec![]);
        assert!(to_svg(&narrow.draw()).contains(">3.9103</text>"));
    }

    #[test]
    fn a_gap_splits_the_curve() {
        let whole = to_svg(&chart(vec![(1.0, 1.0), (2.0, 2.0), (3.0, 2.0), (4.0, 1.0)], Floor::Data).draw());
        let split =
            to_svg(&chart(vec![(1.0, 1.0), (2.0, f64::NAN), (3.0, 2.0), (4.0, 1.0)], Floor::Data).draw());
        let discs = |svg: &str| svg.matches("<circle").count();
        assert_eq!(discs(&whole) - discs(&split), 2);
        assert!(split.contains("ends at 1.0000 after epoch 4"));
    }

    proptest! {
        #[test]
        fn no_series_leaves_the_sheet(values in proptest::collection::vec(-1e6f64..1e6, 0..30)) {
            let points = values.into_iter().enumerate().map(|(i, v)| (i as f64 + 1.0, v)).collect();
            let svg = to_svg(&chart(points, Floor::Data).draw());
            prop_assert!(numbers(&svg).iter().all(|n| (0.0..=WIDTH).contains(n)));
        }
    }
}
