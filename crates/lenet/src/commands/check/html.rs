//! The findings as a page with thumbnails, which needs no other file.

use crate::{exit::Failure, progress::thousands};
use data::{
    Dataset, Source,
    check::{CheckReport, Which, thumbnail, to_jpeg},
};
use std::{collections::BTreeMap, fmt::Write, sync::Arc};

/// Findings of a kind that are shown.
const SHOWN: usize = 60;
/// Longer side of a thumbnail, in pixels.
const SIDE: usize = 96;

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>lenet check</title><style>\
body{font:15px/1.4 sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222;background:#fff}\
.found{display:flex;flex-wrap:wrap;gap:1em;align-items:flex-end;border-top:1px solid #ddd;padding:.6em 0}\
figure{margin:0;max-width:16em}figcaption{font-size:12px;overflow-wrap:anywhere}p{margin:.3em 0}\
</style></head><body>\n";

/// The page.
pub(super) fn page(report: &CheckReport, data: &Dataset) -> Result<String, Failure> {
    let mut pictures = Pictures::open(data)?;
    let mut page = format!("{HEAD}<h1>{}</h1>\n", escaped(&report.data));
    let counts: Vec<String> =
        report.splits.iter().map(|(split, count)| format!("{split} {}", thousands(*count))).collect();
    let facts = format!(
        "{} classes; {}. In more than one split: {}. Under different labels: {}.",
        report.classes.len(),
        counts.join(", "),
        report.leaks,
        report.conflicts
    );
    put(&mut page, &format!("<p>{}</p>", escaped(&facts)));
    let mut section = |title: &str, found: Vec<(Vec<&Which>, String)>| {
        put(&mut page, &format!("<h2>{title}: {}</h2>", thousands(found.len())));
        for (which, what) in found.into_iter().take(SHOWN) {
            let shown: String = which.into_iter().take(6).map(|which| pictures.figure(which)).collect();
            put(&mut page, &format!("<div class=\"found\">{shown}<p>{}</p></div>", escaped(&what)));
        }
    };
    let unreadable = report.unreadable.iter().map(|remark| (vec![&remark.which], remark.what.clone()));
    section("Cannot be read", unreadable.collect());
    section("Odd", report.odd.iter().map(|remark| (vec![&remark.which], remark.what.clone())).collect());
    let exact = report.exact.iter().map(|group| (group.iter().collect(), "the same pixels".to_owned()));
    section("Same pixels", exact.collect());
    let near = report.near.iter().map(|pair| {
        (vec![&pair.first, &pair.second], format!("{} of 128 gradient bits differ", pair.distance))
    });
    section("Nearly the same", near.collect());
    let suspects = report.suspects.iter().map(|suspect| {
        let what = format!(
            "labelled {} ({:.1}%), looks like {} ({:.1}%)",
            suspect.which.class,
            100.0 * suspect.given_prob,
            suspect.likely,
            100.0 * suspect.likely_prob
        );
        (vec![&suspect.which], what)
    });
    section("Labels likely wrong", suspects.collect());
    page.push_str("</body></html>\n");
    Ok(page)
}

/// Index of each name.
type Names = BTreeMap<String, usize>;

/// Finds pictures by split and name.
struct Pictures {
    splits: BTreeMap<String, (Arc<dyn Source>, Names)>,
}

impl Pictures {
    fn open(data: &Dataset) -> Result<Self, Failure> {
        let mut splits = BTreeMap::new();
        for name in data.split_names() {
            let source = data.split(name)?;
            let names =
                source.samples().iter().enumerate().map(|(i, sample)| (sample.name.clone(), i)).collect();
            splits.insert(name.to_owned(), (source, names));
        }
        Ok(Self { splits })
    }

    fn figure(&mut self, which: &Which) -> String {
        let found = self
            .splits
            .get(&which.split)
            .and_then(|(source, names)| thumbnail(&**source, *names.get(&which.path)?, SIDE).ok());
        let picture = found.map_or_else(String::new, |picture| {
            let (width, height) = (picture.width, picture.height);
            let data = base64(&to_jpeg(&picture));
            format!(
                "<img width=\"{width}\" height=\"{height}\" alt=\"\" src=\"data:image/jpeg;base64,{data}\">"
            )
        });
        let caption = format!("{} · {} · {}", which.split, which.class, which.path);
        format!("<figure>{picture}<figcaption>{}</figcaption></figure>", escaped(&caption))
    }
}

fn escaped(text: &str) -> String {
    let entity = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(entity).collect()
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, &b| group << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn put(page: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn names_cannot_break_the_page() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
