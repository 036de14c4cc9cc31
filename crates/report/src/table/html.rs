//! Tables as HTML, without styles: the page has those.

use super::{Content, Row, RowKind, Table};

/// A `<table>` with caption, inside a box that scrolls sideways on a narrow screen.
pub fn to_html(table: &Table) -> String {
    let table = &table.for_people();
    let mut out = format!("<figure class=\"table\" id=\"table-{}\">\n", table.roman().to_lowercase());
    out += &format!("<figcaption><b>Table {}.</b> {}</figcaption>\n", table.roman(), escaped(&table.title));
    out += "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
    for column in &table.columns {
        out += &format!("<th scope=\"col\"{}>{}</th>", class(column.content), escaped(&column.heading));
    }
    out += "</tr></thead>\n<tbody>\n";
    table.rows.iter().for_each(|row| push_row(&mut out, table, row));
    out += "</tbody></table></div>\n";
    if !table.caption.is_empty() {
        out += &format!("<p class=\"note\">{}</p>\n", escaped(&table.caption));
    }
    out += "</figure>\n";
    out
}

fn push_row(out: &mut String, table: &Table, row: &Row) {
    *out += match row.kind {
        RowKind::Body => "<tr>",
        RowKind::Total => "<tr class=\"total\">",
    };
    for (i, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
        let (open, close) = if i == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
        *out += &format!("<{open}{}>{}</{close}>", class(column.content), escaped(&cell.text()));
    }
    *out += "</tr>\n";
}

fn class(content: Content) -> &'static str {
    match content {
        Content::Words => "",
        Content::Numbers | Content::Spreads => " class=\"num\"",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn names_are_escaped_and_numbers_stand_right() {
        let html = to_html(&fixture::small_table());
        assert!(html.contains("<th scope=\"row\">my_net, &lt;b&gt;|</th>"), "{html}");
        assert!(html.contains("<td class=\"num\">0.260 ± 0.021</td>"), "{html}");
        roxmltree::Document::parse(&html.replace(" tabindex=\"0\"", "")).unwrap();
    }
}
