//! A drawing as SVG text.

use std::fmt::{self, Write};

use super::drawing::{Anchor, Drawing, Shape, Stroke, Text, Weight};
use super::palette::Role;

/// The drawing as one self-contained `<svg>` element.
///
/// Every colour is given twice: as an attribute, which is what a viewer of the file shows, and as a class
/// (`ink`, `grid`, …), which the style sheet of a page may override, as `report.html` does for the dark.
/// No ids are used, so any number of figures fit in one page.
pub fn to_svg(drawing: &Drawing) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = write_svg(&mut out, drawing);
    out
}

fn write_svg(out: &mut String, drawing: &Drawing) -> fmt::Result {
    let (w, h) = (Px(drawing.width), Px(drawing.height));
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{}" font-family="'DejaVu Sans', Verdana, sans-serif">"#,
        Escaped(&drawing.alt)
    )?;
    for shape in &drawing.shapes {
        write_shape(out, shape)?;
    }
    out.push_str("</svg>\n");
    Ok(())
}

fn write_shape(out: &mut String, shape: &Shape) -> fmt::Result {
    match shape {
        Shape::Line { points, stroke } => {
            write!(out, r#"<polyline points=""#)?;
            for (i, p) in points.iter().enumerate() {
                let gap = if i == 0 { "" } else { " " };
                write!(out, "{gap}{},{}", Px(p.x), Px(p.y))?;
            }
            writeln!(out, r#"" class="line {}" fill="none"{}/>"#, stroke.role.class(), StrokeText(stroke))
        }
        Shape::Rect { at, width, height, fill } => writeln!(
            out,
            r#"<rect x="{}" y="{}" width="{}" height="{}"{}/>"#,
            Px(at.x),
            Px(at.y),
            Px(*width),
            Px(*height),
            Fill(*fill)
        ),
        Shape::Disc { centre, radius, fill, rim } => writeln!(
            out,
            r#"<circle cx="{}" cy="{}" r="{}" class="fill-{} line {}" fill="{}"{}/>"#,
            Px(centre.x),
            Px(centre.y),
            Px(*radius),
            fill.class(),
            rim.role.class(),
            Hex(*fill),
            StrokeText(rim)
        ),
        Shape::Text(text) => write_text(out, text),
    }
}

fn write_text(out: &mut String, text: &Text) -> fmt::Result {
    let (x, y) = (Px(text.at.x), Px(text.at.y));
    write!(out, r#"<text x="{x}" y="{y}" font-size="{}""#, Px(text.size))?;
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(r#" text-anchor="middle""#),
        Anchor::End => out.push_str(r#" text-anchor="end""#),
    }
    if text.weight == Weight::Bold {
        out.push_str(r#" font-weight="bold""#);
    }
    if text.turn != 0.0 {
        write!(out, r#" transform="rotate({} {x} {y})""#, Px(text.turn))?;
    }
    writeln!(out, "{}>{}</text>", Fill(text.role), Escaped(&text.text))
}

/// A length with at most two decimals; what is not finite becomes 0, for a broken number breaks the file.
struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0.is_finite() { (self.0 * 100.0).round() / 100.0 } else { 0.0 };
        write!(f, "{}", value + 0.0)
    }
}

struct Hex(Role);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0.rgb();
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

struct Fill(Role);

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#" class="fill-{}" fill="{}""#, self.0.class(), Hex(self.0))
    }
}

struct StrokeText<'a>(&'a Stroke);

impl fmt::Display for StrokeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stroke = self.0;
        write!(f, r#" stroke="{}" stroke-width="{}""#, Hex(stroke.role), Px(stroke.width))?;
        if let Some([dash, gap]) = stroke.dash {
            write!(f, r#" stroke-dasharray="{} {}""#, Px(dash), Px(gap))?;
        } else {
            f.write_str(r#" stroke-linejoin="round" stroke-linecap="round""#)?;
        }
        if stroke.opacity < 1.0 {
            write!(f, r#" stroke-opacity="{}""#, Px(stroke.opacity))?;
        }
        Ok(())
    }
}

/// Text made safe inside XML, as content or in a quoted attribute.
///
/// Control characters have no place in XML 1.0, not even escaped: they become U+FFFD.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(' ')?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Point;

    #[test]
    fn any_text_and_any_number_leave_the_file_well_formed() {
        let mut drawing = Drawing::new(100.0, 50.0, "a <b> & \"c\" \u{1}");
        drawing.text(Text::new(Point::new(f64::NAN, 1.0), "x < 'y' & \u{0} \u{ffff}", 12.0, Role::Ink));
        drawing.line(Point::new(0.0, f64::INFINITY), Point::new(1.0, -0.0), Stroke::dashed(Role::First, 1.0));
        let svg = to_svg(&drawing);
        let tree = roxmltree::Document::parse(&svg).unwrap();
        let text = tree.descendants().find(|n| n.has_tag_name("text")).unwrap();
        assert_eq!(text.text(), Some("x < 'y' & \u{fffd} \u{fffd}"));
        assert_eq!(tree.root_element().attribute("aria-label"), Some("a <b> & \"c\" \u{fffd}"));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(Px(1.0 / 3.0).to_string(), "0.33");
        assert_eq!(Px(-0.0).to_string(), "0");
        assert_eq!(Px(12.5).to_string(), "12.5");
    }
}
