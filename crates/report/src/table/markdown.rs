//! Tables as GitHub-flavoured Markdown, columns padded so that the plain file reads well too.

use super::{Content, Row, RowKind, Table};

/// The table under a heading of the third level, its caption below.
pub fn to_markdown(table: &Table) -> String {
    let table = &table.for_people();
    let head: Vec<String> = table.columns.iter().map(|c| escaped(&c.heading)).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(row_cells).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|i| rows.iter().chain([&head]).filter_map(|r| r.get(i)).map(|c| c.chars().count()).max())
        .map(|w| w.unwrap_or(0).max(3))
        .collect();

    let mut out = format!("### {}\n\n", escaped(&table.heading()));
    let mut push = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).zip(&table.columns);
        let padded = cells.map(|((cell, &width), column)| match column.content {
            Content::Words => format!(" {cell:<width$} |"),
            Content::Numbers | Content::Spreads => format!(" {cell:>width$} |"),
        });
        out += &format!("|{}\n", padded.collect::<String>());
    };
    push(&head);
    let rule = widths.iter().zip(&table.columns).map(|(&width, column)| match column.content {
        Content::Words => "-".repeat(width),
        Content::Numbers | Content::Spreads => "-".repeat(width - 1) + ":",
    });
    push(&rule.collect::<Vec<_>>());
    rows.iter().for_each(|row| push(row));
    if !table.caption.is_empty() {
        out += &format!("\n{}\n", escaped(&table.caption));
    }
    out
}

fn row_cells(row: &Row) -> Vec<String> {
    let bold = |text: String| match row.kind {
        RowKind::Total if !text.is_empty() => format!("**{text}**"),
        _ => text,
    };
    row.cells.iter().map(|c| bold(escaped(&c.text()))).collect()
}

/// Text that stays text: no cell ends early, no name turns into emphasis, a link or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_fixture_reads_as_written_here() {
        let expected = "\
### Table IV. Top-1 accuracy & more

| Model            | Val (mean ± std) |  Test |    Params |
| ---------------- | ---------------: | ----: | --------: |
| LeNet5           |    0.260 ± 0.021 | 0.281 |     1,700 |
| my\\_net, \\<b\\>\\| |            0.500 |     – |        12 |
| **Total**        |                  |       | **1,712** |

Chance is 2%.
";
        assert_eq!(to_markdown(&fixture::small_table()), expected);
    }

    #[test]
    fn a_name_cannot_break_the_table() {
        assert_eq!(escaped("a|b\n<i>_c_"), "a\\|b \\<i\\>\\_c\\_");
    }
}
