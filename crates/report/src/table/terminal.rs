//! Tables for the screen.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement};

use super::{Cell, Content, Table};

/// Captions are wrapped here where the screen is wider, or long lines get hard to follow.
const WIDEST_CAPTION: usize = 100;

/// The table under its title, its caption below, no wider than `width` columns.
pub fn to_terminal(table: &Table, width: usize) -> String {
    let table = &table.for_people();
    let mut screen = comfy_table::Table::new();
    screen.load_style(UTF8_FULL_CONDENSED);
    screen.set_content_arrangement(ContentArrangement::Dynamic);
    screen.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    screen.set_header(table.columns.iter().map(|c| c.heading.as_str()));
    for row in &table.rows {
        screen.add_row(row.cells.iter().map(Cell::text));
    }
    for (column, ours) in screen.column_iter_mut().zip(&table.columns) {
        column.set_cell_alignment(match ours.content {
            Content::Words => CellAlignment::Left,
            Content::Numbers | Content::Spreads => CellAlignment::Right,
        });
    }
    let mut out = format!("{}\n{}\n", table.heading(), screen.trim_fmt());
    for line in wrapped(&table.caption, width.min(WIDEST_CAPTION)) {
        out += &format!("{line}\n");
    }
    out
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                *line += &format!(" {word}");
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_fixture_reads_as_written_here() {
        let expected = "\
Table IV. Top-1 accuracy & more
┌──────────────┬──────────────────┬───────┬────────┐
│ Model        ┆ Val (mean ± std) ┆  Test ┆ Params │
╞══════════════╪══════════════════╪═══════╪════════╡
│ LeNet5       ┆    0.260 ± 0.021 ┆ 0.281 ┆  1,700 │
│ my_net, <b>| ┆            0.500 ┆     – ┆     12 │
│ Total        ┆                  ┆       ┆  1,712 │
└──────────────┴──────────────────┴───────┴────────┘
Chance is 2%.
";
        let text = to_terminal(&fixture::small_table(), 100);
        assert_eq!(text, expected);
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for width in [60, 80, 120] {
            for table in fixture::report("tuned", 0..3).tables() {
                let text = to_terminal(&table, width);
                assert!(text.lines().all(|l| l.chars().count() <= width), "{width}\n{text}");
            }
        }
    }
}
