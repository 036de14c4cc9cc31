//! Columns of text.

/// On which side a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows as lines: cells padded to their column's width, two blanks between, a rule under the heading and for
/// every row without cells.
pub(crate) fn grid(columns: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let heading = columns[column].0.chars().count();
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(heading)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * columns.len().saturating_sub(1));
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(columns).zip(&widths).map(|((cell, (_, side)), &width)| match side {
            Side::Left => format!("{cell:<width$}"),
            Side::Right => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let headings: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let mut lines = vec![line(&headings), rule.clone()];
    lines.extend(rows.iter().map(|row| if row.is_empty() { rule.clone() } else { line(row) }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_each_other() {
        let rows = [vec!["a".into(), "1,000".into()], vec![], vec!["größer".into(), "7".into()]];
        let text = grid(&[("name", Side::Left), ("count", Side::Right)], &rows);
        assert_eq!(text, "name    count\n─────────────\na       1,000\n─────────────\ngrößer      7\n");
    }
}
