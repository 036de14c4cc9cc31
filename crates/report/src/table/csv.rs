//! Tables as one CSV file for programs: a single header, one line a row, whatever the tables.

use super::{Cell, Column, Content, Table};
use crate::csv::field;

/// All tables in one rectangle.
///
/// The first columns are `table` (I, II, …) and `model`; the others are the union of the tables' columns, left
/// empty where a table has no such column. A mean with its deviation takes two columns, `…_mean` and `…_std`.
/// Numbers have all their digits and no thousands mark.
pub fn to_csv(tables: &[Table]) -> String {
    let mut names = vec!["table".to_owned(), "model".to_owned()];
    for table in tables {
        for name in table.columns.iter().flat_map(column_names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut out = line(&names);
    for table in tables {
        for row in &table.rows {
            let mut known = vec![("table".to_owned(), table.roman())];
            known.extend(table.model.iter().map(|m| ("model".to_owned(), m.clone())));
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                known.extend(column_names(column).into_iter().zip(values(cell)));
            }
            let value = |name: &String| known.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            let fields: Vec<String> = names.iter().map(|name| value(name).unwrap_or_default()).collect();
            out += &line(&fields);
        }
    }
    out
}

fn column_names(column: &Column) -> Vec<String> {
    match column.content {
        Content::Spreads => vec![format!("{}_mean", column.key), format!("{}_std", column.key)],
        Content::Words | Content::Numbers => vec![column.key.to_owned()],
    }
}

fn values(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Empty => vec![],
        Cell::Text(text) | Cell::Name { key: text, .. } => vec![text.clone()],
        Cell::Count(count) => vec![count.to_string()],
        Cell::Number(value, _) => vec![value.to_string()],
        Cell::Spread { mean, std } => {
            [Some(mean), std.as_ref()].into_iter().flatten().map(|v| v.0.to_string()).collect()
        }
    }
}

fn line(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|f| field(f)).collect();
    fields.join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_fixture_reads_as_written_here() {
        let expected = "\
table,model,val_mean,val_std,test,params
IV,LeNet5,0.26,0.0214,0.281,1700
IV,\"my_net, <b>|\",0.5,,,12
IV,Total,,,,1712
";
        assert_eq!(to_csv(&[fixture::small_table()]), expected);
    }

    #[test]
    fn tables_of_all_shapes_share_one_header() {
        let text = to_csv(&fixture::report("tuned", 0..1).tables());
        let mut lines = text.lines();
        let header = lines.next().unwrap();
        let expected = "table,model,layer,kind,settings,output,params,macs,recipe,val_mean,val_std,over,val_best,\
                        test_mean,test_std,published_val_mean,published_val_std,published_test";
        assert_eq!(header, expected);
        let of_seeds = to_csv(&fixture::report("published", 0..3).tables());
        assert_eq!(of_seeds.lines().next(), Some(header), "the same for any number of seeds");
        // No field of the fixture holds a bare comma but the quoted settings.
        let columns = |line: &str| line.split('"').step_by(2).map(|s| s.matches(',').count()).sum::<usize>();
        assert!(lines.clone().all(|l| columns(l) == columns(header)));
        assert!(lines.clone().any(|l| l.starts_with("II,lenet5,Total,,,,1631826,12009000")), "{text}");
        assert!(lines.any(|l| l.starts_with("V,lenet5-modified,,,,,,,")));
    }
}
