//! Tables I to V, and further ones for models that the published report does not have.

use std::collections::BTreeSet;

use crate::contender::{Accuracy, Contender, SpreadOver};
use crate::layers::ModelLayers;
use crate::published::{PrintedSpread, Published, known_model, model_title};
use crate::stats::Stats;
use crate::table::{Audience, Cell, Column, Row, Table};

/// Number of the top-1 table; top-5 follows.
const TOP1_TABLE: usize = 4;
/// First number that no published table has.
const FREE_TABLE: usize = 6;
/// Decimals of a fraction, as in the published report.
const DECIMALS: usize = 3;

/// Tables I to III, one a model: its layers and their sizes.
///
/// A model of the published report keeps its number there; all others go on after Table V.
pub fn layer_tables(models: &[ModelLayers]) -> Vec<Table> {
    let mut free = FREE_TABLE;
    let mut taken = Vec::new();
    let mut number = |model: &ModelLayers| match known_model(&model.model) {
        Some(known) if !taken.contains(&known.table) => {
            taken.push(known.table);
            known.table
        }
        _ => {
            free += 1;
            free - 1
        }
    };
    models.iter().map(|model| layer_table(number(model), model)).collect()
}

fn layer_table(number: usize, model: &ModelLayers) -> Table {
    let title = model_title(&model.model);
    let words = |text: &str| Cell::Text(text.to_owned());
    let body = model.rows.iter().map(|layer| {
        Row::body(vec![
            words(&layer.name),
            words(&layer.kind),
            words(&layer.settings),
            words(&layer.output_shape),
            Cell::Count(layer.params as u64),
            Cell::Count(layer.macs),
        ])
    });
    let (params, macs) = (Cell::Count(model.params() as u64), Cell::Count(model.macs()));
    let total = Row::total(vec![words("Total"), words(""), words(""), words(""), params, macs]);
    Table {
        number,
        title: format!("{title}, layer by layer"),
        caption: format!("Input: {}. Output and multiply-adds are of one image's forward pass.", model.input),
        model: Some(model.model.clone()),
        columns: vec![
            Column::words("layer", "Layer"),
            Column::words("kind", "Kind"),
            Column::words("settings", "Settings"),
            Column::words("output", "Output"),
            Column::numbers("params", "Parameters"),
            Column::numbers("macs", "Multiply-adds"),
        ],
        rows: body.chain([total]).collect(),
    }
}

/// Table IV (top-1) or V (top-5): one row a contender, beside it what was published.
///
/// What all rows share stands in the caption, not in a column; programs get the columns all the same.
pub fn accuracy_table(contenders: &[Contender], accuracy: Accuracy) -> Table {
    let shared = Shared::of(contenders);
    let unless = |shared: bool| if shared { Audience::Programs } else { Audience::Everyone };
    let columns = vec![
        Column::words("model", "Model"),
        Column::words("recipe", "Recipe").shown_to(unless(shared.recipe.is_some())),
        Column::spreads("val", "Val (mean ± std)"),
        Column::words("over", "± over").shown_to(unless(shared.spread.is_some())),
        Column::numbers("val_best", "Best val"),
        Column::spreads("test", "Test"),
    ];
    let of_published = [
        Column::spreads("published_val", "Published val"),
        Column::numbers("published_test", "Published test"),
    ];
    let rows = contenders.iter().map(|contender| {
        let mut cells = measured(contender, accuracy, &shared);
        if shared.known {
            cells.extend(published(known_model(contender.model()).map(|m| &m.published), accuracy));
        }
        Row::body(cells)
    });
    Table {
        number: match accuracy {
            Accuracy::Top1 => TOP1_TABLE,
            Accuracy::Top5 => TOP1_TABLE + 1,
        },
        title: format!("{} accuracy", accuracy.title()),
        caption: accuracy_caption(contenders, accuracy, &shared),
        model: None,
        rows: rows.collect(),
        columns: columns.into_iter().chain(of_published.into_iter().filter(|_| shared.known)).collect(),
    }
}

/// What is the same for all contenders.
struct Shared<'a> {
    recipe: Option<&'a str>,
    spread: Option<SpreadOver>,
    /// Whether any model has published figures.
    known: bool,
}

impl<'a> Shared<'a> {
    fn of(contenders: &'a [Contender]) -> Self {
        let recipes: Vec<&str> = contenders.iter().map(Contender::recipe).collect();
        let spreads: Vec<SpreadOver> = contenders.iter().map(Contender::spread_over).collect();
        Self {
            recipe: common(&recipes),
            // One run each is one kind of spread, however many epochs each has.
            spread: if spreads.iter().all(|s| matches!(s, SpreadOver::Epochs(_))) {
                spreads.first().copied()
            } else {
                common(&spreads)
            },
            known: contenders.iter().any(|c| known_model(c.model()).is_some()),
        }
    }
}

fn common<T: Copy + PartialEq>(values: &[T]) -> Option<T> {
    values.first().copied().filter(|first| values.iter().all(|v| v == first))
}

fn measured(contender: &Contender, accuracy: Accuracy, shared: &Shared<'_>) -> Vec<Cell> {
    let title = if shared.recipe.is_some() { &contender.title } else { &contender.name };
    vec![
        Cell::Name { title: title.clone(), key: contender.slug() },
        Cell::Text(contender.recipe().to_owned()),
        spread(contender.val(accuracy)),
        Cell::Text(contender.spread_over().to_string()),
        contender.best_val(accuracy).map_or(Cell::Empty, |v| Cell::Number(v, DECIMALS)),
        spread(contender.test(accuracy)),
    ]
}

fn spread(stats: Option<Stats>) -> Cell {
    stats.map_or(Cell::Empty, |s| Cell::Spread {
        mean: (s.mean, DECIMALS),
        std: s.std.map(|std| (std, DECIMALS)),
    })
}

fn published(known: Option<&Published>, accuracy: Accuracy) -> [Cell; 2] {
    let Some(known) = known else { return [Cell::Empty, Cell::Empty] };
    let (PrintedSpread { mean, std }, test) = match accuracy {
        Accuracy::Top1 => (known.val_top1, known.test_top1),
        Accuracy::Top5 => (known.val_top5, known.test_top5),
    };
    [Cell::Spread { mean, std: Some(std) }, Cell::Number(test.0, test.1)]
}

fn accuracy_caption(contenders: &[Contender], accuracy: Accuracy, shared: &Shared<'_>) -> String {
    let among = match accuracy {
        Accuracy::Top1 => "is the model's first guess",
        Accuracy::Top5 => "is among the model's first five guesses",
    };
    let classes: BTreeSet<usize> = contenders.iter().map(Contender::num_classes).collect();
    let chances =
        classes.iter().map(|&n| format!("; chance among {n} classes is {}", chance_label(accuracy, n)));
    let mut text = format!("Fraction of photos whose class {among}{}. ", chances.collect::<String>());
    if let Some(recipe) = shared.recipe {
        text += &format!("Recipe: {recipe}. ");
    }
    let single = contenders.iter().any(|c| matches!(c.spread_over(), SpreadOver::Epochs(_)));
    let several =
        contenders.iter().find_map(|c| Some(c.spread_over()).filter(|s| matches!(s, SpreadOver::Seeds(_))));
    if single {
        let as_published = if shared.known { ", as in the published report" } else { "" };
        text += &format!("Of one run, mean ± std is over its epochs{as_published}. ");
    }
    if let Some(over) = several {
        let subject = if single { "Of several, it" } else { "Mean ± std" };
        let over = shared.spread.map_or("the seeds".to_owned(), |_| over.to_string());
        text +=
            &format!("{subject} is over {over}, each at its best epoch; best val is the highest of them. ");
    }
    text + "Std divides by n − 1. Test: the weights of the best epoch."
}

/// Chance as it stands in captions and legends: `0.02`, `0.1`, `0.00833`.
pub(crate) fn chance_label(accuracy: Accuracy, num_classes: usize) -> String {
    let chance = accuracy.chance(num_classes);
    let text = format!("{chance:.4}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short.parse() == Ok(chance) { short.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Run;
    use crate::fixture;

    fn text(table: &Table, row: usize, key: &str) -> String {
        let column = table.columns.iter().position(|c| c.key == key).unwrap();
        table.rows[row].cells[column].text()
    }

    #[test]
    fn the_published_models_have_their_published_numbers_and_totals() {
        let tables = fixture::report("tuned", 0..1).tables();
        assert_eq!(tables.iter().map(Table::roman).collect::<Vec<_>>(), ["I", "II", "III", "IV", "V"]);
        assert_eq!(text(&tables[1], 12, "params"), "1,631,826");
        assert!(tables.iter().all(|t| t.rows.iter().all(|r| r.cells.len() == t.columns.len())));
    }

    #[test]
    fn models_of_ones_own_go_on_after_table_v() {
        let mut report = fixture::report("tuned", 0..1);
        report.models.insert(0, ModelLayers { model: "mine".into(), ..Default::default() });
        report.models.push(report.models[2].clone());
        let mut numbers: Vec<_> = report.tables().iter().map(|t| t.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn one_seed_is_spread_over_epochs_and_several_over_seeds() {
        let one =
            accuracy_table(&Contender::group(&[fixture::run("lenet5", "tuned", 0, 10)]), Accuracy::Top1);
        assert_eq!(text(&one, 0, "over"), "10 epochs");
        assert!(one.caption.contains("over its epochs") && !one.caption.contains("over the seeds"));
        let runs: Vec<Run> = (0..3).map(|s| fixture::run("lenet5", "tuned", s, 10)).collect();
        let three = accuracy_table(&Contender::group(&runs), Accuracy::Top1);
        assert_eq!(three.rows.len(), 1);
        assert_eq!(text(&three, 0, "over"), "3 seeds");
        assert!(three.caption.contains("over 3 seeds") && !three.caption.contains("over its epochs"));
        assert!(text(&three, 0, "test").contains('±'));
    }

    #[test]
    fn what_all_rows_share_stands_in_the_caption() {
        let shown = |runs: &[Run]| -> Vec<&'static str> {
            let table = accuracy_table(&Contender::group(runs), Accuracy::Top1);
            table.columns.iter().filter(|c| c.audience == Audience::Everyone).map(|c| c.key).take(4).collect()
        };
        let mut runs = fixture::report("tuned", 0..1).runs;
        assert_eq!(shown(&runs), ["model", "val", "val_best", "test"]);
        runs.push(fixture::run("lenet5", "tuned", 1, 10));
        assert_eq!(shown(&runs), ["model", "val", "over", "val_best"]);
        runs.push(fixture::run("lenet5", "published", 0, 10));
        assert_eq!(shown(&runs), ["model", "recipe", "val", "over"]);
        let table = accuracy_table(&Contender::group(&runs), Accuracy::Top1);
        assert_eq!(text(&table, 1, "model"), "LeNet5");
        assert_eq!(text(&table, 2, "recipe"), "published");
    }

    #[test]
    fn the_published_columns_stand_as_printed() {
        let tables = fixture::report("tuned", 0..1).tables();
        let row =
            |table: &Table, row| [text(table, row, "published_val"), text(table, row, "published_test")];
        assert_eq!(row(&tables[3], 0), ["0.033 ± 0.01", "0.016"]);
        assert_eq!(row(&tables[3], 1), ["0.019 ± 0.00", "0.02"]);
        assert_eq!(row(&tables[4], 0), ["0.149 ± 0.02", "0.098"]);
        assert_eq!(row(&tables[4], 2), ["0.1 ± 0", "0.1"]);
    }

    #[test]
    fn an_own_model_alone_has_no_published_columns() {
        let table = accuracy_table(&Contender::group(&[fixture::run("mine", "tuned", 0, 3)]), Accuracy::Top5);
        assert!(table.columns.iter().all(|c| !c.key.starts_with("published")));
        assert!(!table.caption.contains("published"));
    }

    #[test]
    fn a_run_without_epochs_or_test_has_dashes() {
        let mut run = fixture::run("lenet5", "tuned", 0, 3);
        run.summary.epochs.clear();
        run.summary.best_epoch = None;
        run.summary.test = None;
        let table = accuracy_table(&Contender::group(&[run]), Accuracy::Top1);
        assert_eq!(["val", "val_best", "test"].map(|key| text(&table, 0, key)), ["–", "–", "–"]);
    }

    #[test]
    fn chance_is_written_short_or_rounded() {
        let cases = [(50, "0.02"), (10, "0.1"), (1, "1"), (3, "0.3333"), (1000, "0.001"), (120, "0.0083")];
        for (classes, label) in cases {
            assert_eq!(chance_label(Accuracy::Top1, classes), label);
        }
        assert_eq!(chance_label(Accuracy::Top5, 50), "0.1");
        assert_eq!(chance_label(Accuracy::Top5, 3), "1");
    }
}
