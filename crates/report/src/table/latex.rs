//! Tables as LaTeX with `booktabs`, ready for `\input`.

use super::{Content, RowKind, Table};

/// A floating table; the file that takes it in needs `\usepackage{booktabs}`, nothing else.
pub fn to_latex(table: &Table) -> String {
    let table = &table.for_people();
    let sides: String =
        table.columns.iter().map(|c| if c.content == Content::Words { 'l' } else { 'r' }).collect();
    let line = |cells: Vec<String>| format!("    {} \\\\\n", cells.join(" & "));

    let mut out = String::from("\\begin{table}[htbp]\n  \\centering\n");
    out += &format!("  \\caption{{{}", escaped(&table.title));
    if !table.caption.is_empty() {
        out += &format!(". {}", escaped(&table.caption));
    }
    out += &format!("}}\n  \\label{{tab:lenet-{}}}\n", table.roman().to_lowercase());
    out += &format!("  \\begin{{tabular}}{{{sides}}}\n    \\toprule\n");
    out += &line(table.columns.iter().map(|c| escaped(&c.heading)).collect());
    out += "    \\midrule\n";
    for row in &table.rows {
        if row.kind == RowKind::Total {
            out += "    \\midrule\n";
        }
        out += &line(row.cells.iter().map(|c| escaped(&c.text())).collect());
    }
    out += "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
    out
}

/// Text that LaTeX prints as it stands, in any engine: what is not plain ASCII of ours becomes a command.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '[' => out.push_str("{[}"),
            ']' => out.push_str("{]}"),
            '±' => out.push_str("$\\pm$"),
            '×' => out.push_str("$\\times$"),
            '·' => out.push_str("$\\cdot$"),
            '−' => out.push_str("$-$"),
            '→' => out.push_str("$\\to$"),
            '∞' => out.push_str("$\\infty$"),
            '≈' => out.push_str("$\\approx$"),
            '≤' => out.push_str("$\\le$"),
            '≥' => out.push_str("$\\ge$"),
            'σ' => out.push_str("$\\sigma$"),
            '–' => out.push_str("--"),
            '—' => out.push_str("---"),
            '…' => out.push_str("\\ldots{}"),
            '\n' | '\r' => out.push(' '),
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
        let expected = r"\begin{table}[htbp]
  \centering
  \caption{Top-1 accuracy \& more. Chance is 2\%.}
  \label{tab:lenet-iv}
  \begin{tabular}{lrrr}
    \toprule
    Model & Val (mean $\pm$ std) & Test & Params \\
    \midrule
    LeNet5 & 0.260 $\pm$ 0.021 & 0.281 & 1,700 \\
    my\_net, \textless{}b\textgreater{}| & 0.500 & -- & 12 \\
    \midrule
    Total &  &  & 1,712 \\
    \bottomrule
  \end{tabular}
\end{table}
";
        assert_eq!(to_latex(&fixture::small_table()), expected);
    }

    #[test]
    fn no_letter_of_our_tables_needs_more_than_ascii() {
        let tables = fixture::report("tuned", 0..3).tables();
        for text in tables.iter().map(to_latex) {
            assert!(text.is_ascii(), "{text}");
        }
    }
}
