//! Tables for the screen.

use comfy_table::presets::{UTF8_FULL_CONDENSED, UTF8_HORIZONTAL_ONLY};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, TableStyle, Width};

use super::{Cell, Column, Content, Table};

/// Captions are wrapped here where the screen is wider, or long lines get hard to follow.
const WIDEST_CAPTION: usize = 100;

/// Keeps a mean and its sign on one line; replaced by a blank in the end.
const GLUE: &str = "\u{a0}";

/// How closely a table is set, tried from first to last until no word needs to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    /// Boxes; numbers stay on one line.
    Roomy,
    /// Boxes; a mean and its deviation may take two lines.
    Close,
    /// Rules between rows only, so that wrapped cells stay apart without boxes.
    Closest,
}

impl Setting {
    const ALL: [Setting; 3] = [Setting::Roomy, Setting::Close, Setting::Closest];

    fn style(self) -> TableStyle {
        match self {
            Setting::Roomy | Setting::Close => UTF8_FULL_CONDENSED,
            Setting::Closest => UTF8_HORIZONTAL_ONLY,
        }
    }

    /// Blanks to the left and right of a cell's words.
    fn padding(self) -> (u16, u16) {
        match self {
            Setting::Roomy | Setting::Close => (1, 1),
            Setting::Closest => (0, 1),
        }
    }

    /// Characters that the lines between so many columns take, or the blanks in their place.
    fn lines(self, columns: usize) -> usize {
        match self {
            Setting::Roomy | Setting::Close => columns + 1,
            Setting::Closest => columns.saturating_sub(1),
        }
    }

    /// The narrowest a column gets, padding included.
    fn floor(self, column: &Column, cells: &[String]) -> usize {
        let whole = self == Setting::Roomy && column.content != Content::Words;
        let piece = |cell: &String| if whole { cell.chars().count() } else { longest_word(cell) };
        let widest = cells.iter().map(piece).max().unwrap_or(0);
        let (left, right) = self.padding();
        widest.max(longest_word(&column.heading)) + usize::from(left + right)
    }
}

/// The table under its title, its caption below, no wider than `width` columns.
///
/// The narrower the screen, the closer the table is set; words are broken only where that does not help.
pub fn to_terminal(table: &Table, width: usize) -> String {
    let table = &table.for_people();
    let columns: Vec<Vec<String>> = (0..table.columns.len())
        .map(|i| table.rows.iter().filter_map(|r| r.cells.get(i)).map(glued).collect())
        .collect();
    let floors = |setting: Setting| -> Vec<usize> {
        table.columns.iter().zip(&columns).map(|(column, cells)| setting.floor(column, cells)).collect()
    };
    let fits = |s: &Setting| floors(*s).iter().sum::<usize>() + s.lines(table.columns.len()) <= width;
    let fitting = Setting::ALL.into_iter().find(fits);
    let setting = fitting.unwrap_or(Setting::Closest);

    let mut screen = comfy_table::Table::new();
    screen.load_style(setting.style());
    screen.set_content_arrangement(ContentArrangement::Dynamic);
    screen.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    screen.set_header(table.columns.iter().map(|c| c.heading.as_str()));
    for row in &table.rows {
        screen.add_row(row.cells.iter().map(glued));
    }
    for ((column, ours), floor) in screen.column_iter_mut().zip(&table.columns).zip(floors(setting)) {
        column.set_cell_alignment(match ours.content {
            Content::Words => CellAlignment::Left,
            Content::Numbers | Content::Spreads => CellAlignment::Right,
        });
        column.set_padding(setting.padding());
        if fitting.is_some() {
            let floor = Width::Fixed(u16::try_from(floor).unwrap_or(u16::MAX));
            column.set_constraint(ColumnConstraint::LowerBoundary(floor));
        }
    }
    let mut out = format!("{}\n{}\n", table.heading(), screen.trim_fmt().replace(GLUE, " "));
    for line in wrapped(&table.caption, width.min(WIDEST_CAPTION)) {
        out += &format!("{line}\n");
    }
    out
}

fn glued(cell: &Cell) -> String {
    cell.text().replace(" ±", &format!("{GLUE}±"))
}

fn longest_word(text: &str) -> usize {
    text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0)
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

    #[test]
    fn eighty_columns_break_no_word() {
        let mut report = fixture::report("published", 0..1);
        report.runs.extend(fixture::report("tuned", 0..3).runs);
        for table in report.tables().iter().chain(&fixture::report("tuned", 0..1).tables()) {
            let text = to_terminal(table, 80);
            assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
            let cells = table.for_people().rows.into_iter().flat_map(|r| r.cells);
            for word in cells.map(|c| c.text()).collect::<Vec<_>>().iter().flat_map(|t| t.split_whitespace())
            {
                assert!(text.contains(word), "{word} in\n{text}");
            }
        }
    }
}
