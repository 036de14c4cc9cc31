//! A table as data, and one small renderer a format.
//!
//! A cell keeps its number, not its text: files for programs get all digits, pages and screens a few.

mod csv;
mod html;
mod latex;
mod markdown;
mod terminal;

pub use csv::to_csv;
pub use html::to_html;
pub use latex::to_latex;
pub use markdown::to_markdown;
pub use terminal::to_terminal;

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Words, set to the left.
    Words,
    /// Single numbers, set to the right.
    Numbers,
    /// A mean with its deviation, set to the right; two columns in CSV.
    Spreads,
}

/// Who gets to see a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// It stands in every format.
    Everyone,
    /// It stands in CSV alone: people read the same in the caption.
    Programs,
}

/// A column: its name for programs and its name for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// In CSV, `snake_case`.
    pub key: &'static str,
    /// Everywhere else.
    pub heading: String,
    /// What its cells hold.
    pub content: Content,
    /// Who gets to see it.
    pub audience: Audience,
}

impl Column {
    /// A column of words.
    pub fn words(key: &'static str, heading: impl Into<String>) -> Self {
        Self::new(key, heading, Content::Words)
    }

    /// A column of numbers.
    pub fn numbers(key: &'static str, heading: impl Into<String>) -> Self {
        Self::new(key, heading, Content::Numbers)
    }

    /// A column of means with their deviations.
    pub fn spreads(key: &'static str, heading: impl Into<String>) -> Self {
        Self::new(key, heading, Content::Spreads)
    }

    /// The same column, for that audience.
    pub fn shown_to(self, audience: Audience) -> Self {
        Self { audience, ..self }
    }

    fn new(key: &'static str, heading: impl Into<String>, content: Content) -> Self {
        Self { key, heading: heading.into(), content, audience: Audience::Everyone }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing is known: a dash, or an empty CSV field.
    Empty,
    /// Words.
    Text(String),
    /// A thing with one name for people and one for programs.
    Name {
        /// Such as `Modified LeNet5`.
        title: String,
        /// Such as `lenet5-modified`; the only one that CSV gets.
        key: String,
    },
    /// A whole number, with thousands apart for people.
    Count(u64),
    /// A number and how many decimals people get.
    Number(f64, usize),
    /// Mean ± standard deviation, each with its decimals; without a deviation the mean alone.
    Spread {
        /// The mean.
        mean: (f64, usize),
        /// The deviation; `None` for a single value.
        std: Option<(f64, usize)>,
    },
}

impl Cell {
    /// The cell as people read it.
    pub fn text(&self) -> String {
        match self {
            Cell::Empty => "–".to_owned(),
            Cell::Text(text) | Cell::Name { title: text, .. } => text.clone(),
            Cell::Count(count) => thousands(*count),
            Cell::Number(value, digits) => format!("{value:.digits$}"),
            Cell::Spread { mean, std: None } => format!("{:.*}", mean.1, mean.0),
            Cell::Spread { mean, std: Some(std) } => format!("{:.*} ± {:.*}", mean.1, mean.0, std.1, std.0),
        }
    }
}

/// Whether a row is one of the things listed or what they add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// One of the things listed.
    Body,
    /// The sum below the line.
    Total,
}

/// A row: as many cells as the table has columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Left to right.
    pub cells: Vec<Cell>,
    /// Body or total.
    pub kind: RowKind,
}

impl Row {
    /// An ordinary row.
    pub fn body(cells: Vec<Cell>) -> Self {
        Self { cells, kind: RowKind::Body }
    }

    /// A row of sums.
    pub fn total(cells: Vec<Cell>) -> Self {
        Self { cells, kind: RowKind::Total }
    }
}

/// A table with its number, title and caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Counted from 1, printed as a Roman numeral.
    pub number: usize,
    /// What it lists.
    pub title: String,
    /// How to read it; may be empty.
    pub caption: String,
    /// The model that the whole table is about, if it is about one: a column of its own in CSV.
    pub model: Option<String>,
    /// Left to right.
    pub columns: Vec<Column>,
    /// Top to bottom.
    pub rows: Vec<Row>,
}

impl Table {
    /// The number as the published report prints it: I, II, III, IV, V, …
    pub fn roman(&self) -> String {
        roman(self.number)
    }

    /// The same table without the columns that only programs need.
    fn for_people(&self) -> Self {
        let mut table = self.clone();
        let keep = |i: usize| self.columns.get(i).is_none_or(|c| c.audience == Audience::Everyone);
        for row in &mut table.rows {
            let cells = std::mem::take(&mut row.cells);
            row.cells = cells.into_iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, c)| c).collect();
        }
        table.columns.retain(|c| c.audience == Audience::Everyone);
        table
    }

    /// `Table IV. Top-1 accuracy`.
    pub fn heading(&self) -> String {
        format!("Table {}. {}", self.roman(), self.title)
    }
}

fn roman(mut number: usize) -> String {
    const DIGITS: [(usize, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut text = String::new();
    for (value, digit) in DIGITS {
        while number >= value {
            text += digit;
            number -= value;
        }
    }
    text
}

/// `1614862` as `1,614,862`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_as_in_the_published_tables() {
        assert_eq!(Cell::Spread { mean: (0.033, 3), std: Some((0.01, 2)) }.text(), "0.033 ± 0.01");
        assert_eq!(Cell::Spread { mean: (0.1, 1), std: Some((0.0, 0)) }.text(), "0.1 ± 0");
        assert_eq!(Cell::Spread { mean: (0.25, 3), std: None }.text(), "0.250");
        assert_eq!(Cell::Number(f64::NAN, 3).text(), "NaN");
        assert_eq!(Cell::Empty.text(), "–");
    }

    #[test]
    fn people_are_spared_the_columns_of_programs() {
        let mut table = crate::fixture::small_table();
        table.columns[2] = table.columns[2].clone().shown_to(Audience::Programs);
        for text in [to_markdown(&table), to_latex(&table), to_html(&table), to_terminal(&table, 100)] {
            assert!(!text.contains("0.281") && text.contains("1,700"), "{text}");
        }
        assert!(to_csv(&[table]).contains("0.0214,0.281,1700"));
    }

    #[test]
    fn thousands_stand_apart() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_614_862, "1,614,862")];
        for (number, text) in cases {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn table_numbers_are_roman() {
        let cases = [(1, "I"), (4, "IV"), (5, "V"), (9, "IX"), (14, "XIV"), (40, "XL")];
        for (number, text) in cases {
            assert_eq!(roman(number), text);
        }
    }
}
