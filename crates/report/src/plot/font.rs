//! The two fonts that PNGs are set in, embedded, so that a picture looks the same on every machine.
//!
//! DejaVu Sans, cut down to Latin, Greek and Cyrillic; bold only Latin. `assets/make-fonts.sh` made them.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId};

use super::drawing::Weight;

static REGULAR: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold-subset.ttf");

/// Share of the font size that a letter takes where the font can't be asked.
const FALLBACK_ADVANCE: f64 = 0.6;

/// A glyph and the face that has it.
pub(super) struct Glyph {
    pub(super) face: &'static Face<'static>,
    pub(super) id: GlyphId,
}

impl Glyph {
    /// Advance as a share of the font size.
    pub(super) fn advance(&self) -> f64 {
        let units = f64::from(self.face.units_per_em());
        self.face.glyph_hor_advance(self.id).map_or(FALLBACK_ADVANCE, |a| f64::from(a) / units)
    }
}

/// The glyph for a character: of the weight asked for, else regular, else the box for a missing one.
///
/// `None` only if an embedded font is broken.
pub(super) fn glyph(c: char, weight: Weight) -> Option<Glyph> {
    let c = if c.is_control() { '\u{fffd}' } else { c };
    let faces = match weight {
        Weight::Regular => [regular(), None],
        Weight::Bold => [bold(), regular()],
    };
    let found = faces.into_iter().flatten().find_map(|face| Some(Glyph { id: face.glyph_index(c)?, face }));
    found.or_else(|| regular().map(|face| Glyph { face, id: GlyphId(0) }))
}

/// Width of a text in px.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|c| glyph(c, weight).map_or(FALLBACK_ADVANCE, |g| g.advance())).sum::<f64>() * size
}

/// The text, or as much of it as fits into `room` px with an ellipsis.
pub(super) fn fitted(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…", size, weight);
    let fits = |c: &char| {
        left -= width(c.encode_utf8(&mut [0; 4]), size, weight);
        left >= 0.0
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// The text on as many as `most` lines, broken between words; what is still too long is cut with an ellipsis.
pub(super) fn wrapped(text: &str, size: f64, weight: Weight, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() >= most;
        match lines.last_mut() {
            Some(line) if full || width(&format!("{line} {word}"), size, weight) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fitted(line, size, weight, room)).collect()
}

fn regular() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(REGULAR, 0).ok()).as_ref()
}

fn bold() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(BOLD, 0).ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_have_every_letter_the_figures_use() {
        let words = "Training/Validation Top-1 Accuracy 0.033 ± 0.01 × − – — … ≈ chance (ln 50) σ";
        for c in words.chars() {
            assert!(regular().unwrap().glyph_index(c).is_some(), "{c}");
        }
        for c in words.chars().filter(char::is_ascii) {
            assert!(bold().unwrap().glyph_index(c).is_some(), "{c}");
        }
    }

    #[test]
    fn a_long_text_is_cut_to_its_room() {
        let long = "a model with a name that nobody would choose";
        let cut = fitted(long, 12.0, Weight::Regular, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, Weight::Regular) <= 100.0);
        assert_eq!(fitted("short", 12.0, Weight::Regular, 100.0), "short");
    }

    #[test]
    fn a_long_name_is_broken_before_it_is_cut() {
        let lines = |text, most| wrapped(text, 12.0, Weight::Regular, 130.0, most);
        assert_eq!(lines("Two-layer perceptron, tuned", 2), ["Two-layer", "perceptron, tuned"]);
        assert_eq!(lines("short", 2), ["short"]);
        assert_eq!(lines("", 2), [""; 0]);
        let cut = lines("a name of so many words that two lines are not enough for them", 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…'));
    }

    #[test]
    fn width_grows_with_size_and_is_never_nothing_for_unknown_letters() {
        assert!(
            (width("abc", 20.0, Weight::Regular) - 2.0 * width("abc", 10.0, Weight::Regular)).abs() < 1e-9
        );
        assert!(width("犬", 10.0, Weight::Bold) > 1.0);
    }
}
