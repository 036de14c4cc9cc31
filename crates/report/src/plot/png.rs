//! A drawing as a PNG picture, painted with `tiny-skia`.
//!
//! An SVG renderer would do it too, but brings a text-shaping stack that takes longer to compile than all the
//! rest of this workspace; Latin labels need outlines and advances, no more.

use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, StrokeDash, Transform};
use ttf_parser::OutlineBuilder;

use super::drawing::{Anchor, Drawing, Shape, Stroke, Text};
use super::font;
use super::palette::Role;
use crate::ReportError;

/// Larger pictures are refused rather than allocated.
const MAX_SIDE_PX: f64 = 16_384.0;

/// The drawing as PNG bytes, `scale` picture pixels to one of the drawing's.
///
/// # Errors
/// [`ReportError::Draw`] if the size is no picture's (nothing, or over 16,384 px a side).
pub fn to_png(drawing: &Drawing, scale: f64) -> Result<Vec<u8>, ReportError> {
    let fail = |why: String| ReportError::Draw { what: drawing.alt.clone(), why };
    let (width, height) = ((drawing.width * scale).round(), (drawing.height * scale).round());
    let fits = |side: f64| (1.0..=MAX_SIDE_PX).contains(&side);
    if !fits(width) || !fits(height) {
        return Err(fail(format!("{width} by {height} px is no size for a picture")));
    }
    let mut canvas =
        Pixmap::new(width as u32, height as u32).ok_or_else(|| fail("not enough memory".to_owned()))?;
    for shape in &drawing.shapes {
        paint(&mut canvas, shape, Transform::from_scale(scale as f32, scale as f32));
    }
    canvas.encode_png().map_err(|e| fail(e.to_string()))
}

fn paint(canvas: &mut Pixmap, shape: &Shape, scale: Transform) {
    match shape {
        Shape::Line { points, stroke } => {
            let mut path = PathBuilder::new();
            for (i, p) in points.iter().enumerate() {
                let (x, y) = (p.x as f32, p.y as f32);
                if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
            }
            stroke_path(canvas, path.finish(), stroke, scale);
        }
        Shape::Rect { at, width, height, fill } => {
            let rect = Rect::from_xywh(at.x as f32, at.y as f32, *width as f32, *height as f32);
            fill_path(canvas, rect.map(PathBuilder::from_rect), *fill, scale);
        }
        Shape::Disc { centre, radius, fill, rim } => {
            let disc = PathBuilder::from_circle(centre.x as f32, centre.y as f32, *radius as f32);
            fill_path(canvas, disc.clone(), *fill, scale);
            stroke_path(canvas, disc, rim, scale);
        }
        Shape::Text(text) => fill_path(canvas, outline(text), text.role, scale),
    }
}

// A `None` path is an empty or non-finite one: there is nothing to paint.
fn fill_path(canvas: &mut Pixmap, path: Option<Path>, role: Role, scale: Transform) {
    if let Some(path) = path {
        canvas.fill_path(&path, &colour(role, 1.0), FillRule::Winding, scale, None);
    }
}

fn stroke_path(canvas: &mut Pixmap, path: Option<Path>, stroke: &Stroke, scale: Transform) {
    let Some(path) = path else { return };
    let round = stroke.dash.is_none();
    let style = tiny_skia::Stroke {
        width: stroke.width as f32,
        line_cap: if round { LineCap::Round } else { LineCap::Butt },
        line_join: if round { LineJoin::Round } else { LineJoin::Miter },
        dash: stroke.dash.and_then(|d| StrokeDash::new(d.map(|v| v as f32).to_vec(), 0.0)),
        ..Default::default()
    };
    canvas.stroke_path(&path, &colour(stroke.role, stroke.opacity), &style, scale, None);
}

fn colour(role: Role, opacity: f64) -> Paint<'static> {
    let [r, g, b] = role.rgb();
    let mut paint = Paint { anti_alias: true, ..Default::default() };
    paint.set_color_rgba8(r, g, b, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}

/// The outlines of a text's letters, where they stand on the drawing.
fn outline(text: &Text) -> Option<Path> {
    let width = font::width(&text.text, text.size, text.weight);
    let mut pen = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let mut path = PathBuilder::new();
    for c in text.text.chars() {
        let glyph = font::glyph(c, text.weight)?;
        let per_unit = text.size / f64::from(glyph.face.units_per_em());
        let mut letter = Letter { path: &mut path, pen: pen as f32, per_unit: per_unit as f32 };
        glyph.face.outline_glyph(glyph.id, &mut letter);
        pen += glyph.advance() * text.size;
    }
    let place = Transform::from_rotate(text.turn as f32).post_translate(text.at.x as f32, text.at.y as f32);
    path.finish()?.transform(place)
}

/// Takes a glyph's outline in font units, y up, and adds it to a path in px, y down.
struct Letter<'a> {
    path: &'a mut PathBuilder,
    pen: f32,
    per_unit: f32,
}

impl Letter<'_> {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.pen + x * self.per_unit, -y * self.per_unit)
    }
}

impl OutlineBuilder for Letter<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Point;

    #[test]
    fn the_picture_has_the_size_asked_for_and_ink_on_it() {
        let mut drawing = Drawing::new(120.0, 40.0, "test");
        let blank = to_png(&drawing, 2.0).unwrap();
        drawing.text(Text::new(Point::new(4.0, 30.0), "Ab±", 20.0, Role::Ink));
        let inked = Pixmap::decode_png(&to_png(&drawing, 2.0).unwrap()).unwrap();
        assert_eq!((inked.width(), inked.height()), (240, 80));
        let blank = Pixmap::decode_png(&blank).unwrap();
        assert!(blank.pixels().iter().all(|p| p.red() == 255));
        assert!(inked.pixels().iter().filter(|p| p.red() < 100).count() > 100);
    }

    #[test]
    fn a_size_that_is_no_picture_is_an_error() {
        for side in [0.0, -3.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(to_png(&Drawing::new(side, 10.0, "test"), 1.0).is_err(), "{side}");
        }
    }
}
