//! Pictures without a plotting library: a drawing is a list of shapes, and two small writers turn the same
//! list into SVG and PNG.
//!
//! Charts only place shapes; they know nothing of either format. Colours are roles, not values, so that
//! a page can restyle an inline SVG for the dark while the file on disk stays black on white.

mod bar_chart;
mod drawing;
mod font;
mod line_chart;
mod palette;
mod parallel_chart;
mod png;
mod scatter_chart;
mod span;
mod svg;
mod ticks;
mod x_axis;

pub use bar_chart::{Bar, BarChart, Group, Panel};
pub use drawing::{Anchor, Drawing, Point, Shape, Stroke, Text, Weight};
pub use line_chart::{Floor, LineChart, Mark, Presence, Reference, Series};
pub use palette::Role;
pub use parallel_chart::ParallelChart;
pub use png::to_png;
pub use scatter_chart::ScatterChart;
pub use span::{Axis, Sample, Score, Span};
pub use svg::to_svg;
pub use ticks::Ticks;
pub use x_axis::XAxis;
