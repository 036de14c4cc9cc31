//! Made-up runs that look like real ones, for tests only.

use train::history::{EpochRecord, Metrics, RunSummary};

use crate::compare::CompareReport;
use crate::contender::{Run, RunFile};
use crate::layers::{LayerRow, ModelLayers};
use crate::provenance::Provenance;
use crate::table::{Cell, Column, Row, Table};

/// A run whose curves bend as those of a net that learns and then overfits a little.
pub(crate) fn run(model: &str, recipe: &str, seed: u64, epochs: usize) -> Run {
    let goal = match model {
        "perceptron" => 0.11,
        "lenet5" => 0.28,
        "lenet5-modified" => 0.38,
        _ => 0.2,
    };
    // At chance the published recipe barely moves.
    let goal = if recipe == "published" { 0.021 } else { goal };
    let wobble = |epoch: usize, salt: u64| {
        let mix = (epoch as u64 * 2_654_435_761 + seed * 40_503 + salt * 97_003) % 1009;
        mix as f64 / 1009.0 - 0.5
    };
    let at = |epoch: usize, reach: f64, salt: u64| {
        let gone = 1.0 - (-3.0 * epoch as f64 / epochs as f64).exp();
        let noise = wobble(epoch, salt) * 0.08 * goal;
        let top1 = 0.02 + (reach - 0.02) * gone + noise;
        let loss = 3.912 - 4.4 * (top1 - 0.02);
        Metrics { loss, top1, top5: (0.1 + 2.05 * (top1 - 0.02)).min(1.0), samples: 450 }
    };
    let records: Vec<EpochRecord> = (1..=epochs)
        .map(|epoch| EpochRecord {
            epoch,
            time_secs: 7.5 * epoch as f64,
            train: Metrics { samples: 25_000, ..at(epoch, goal * 1.15, 1) },
            val: at(epoch, goal, 2),
            lr: 0.05 * (1.0 - (epoch - 1) as f64 / epochs as f64),
            images_per_sec: 3_500.0 + 10.0 * epoch as f64,
        })
        .collect();
    let best = records.iter().max_by(|a, b| a.val.top1.total_cmp(&b.val.top1)).map(|r| r.epoch);
    let summary = RunSummary {
        model: model.to_owned(),
        recipe: recipe.to_owned(),
        seed,
        num_classes: 50,
        wall_secs: 8.0 * epochs as f64 + 3.0,
        epochs: records,
        best_epoch: best,
        test: Some(at(epochs, goal * 0.98, 3)),
    };
    let name = format!("{model}-{seed}");
    let file = |label: &str, file: &str| RunFile { label: label.into(), path: format!("{name}/{file}") };
    let files = vec![
        file("best weights", "weights/best.safetensors"),
        file("last weights", "weights/last.safetensors"),
        file("results", "results.csv"),
    ];
    Run { name, summary, files }
}

fn layer(name: &str, kind: &str, settings: &str, output: &str, params: usize, macs: u64) -> LayerRow {
    LayerRow {
        name: name.into(),
        kind: kind.into(),
        settings: settings.into(),
        output_shape: output.into(),
        params,
        memory: 0,
        macs,
    }
}

/// The three models' layer tables.
pub(crate) fn models() -> Vec<ModelLayers> {
    let perceptron = vec![
        layer("fc1", "Linear", "64→50", "50", 3_250, 3_200),
        layer("relu1", "ReLU", "", "50", 0, 0),
        layer("fc2", "Linear", "50→50", "50", 2_550, 2_500),
    ];
    let lenet5 = vec![
        layer("conv1", "Conv2d", "5×5, 1→6", "6×124×124", 156, 2_306_400),
        layer("pool1", "MaxPool2d", "2×2, stride 2", "6×62×62", 0, 0),
        layer("sigmoid1", "Sigmoid", "", "6×62×62", 0, 0),
        layer("conv2", "Conv2d", "5×5, 6→16", "16×58×58", 2_416, 8_073_600),
        layer("pool2", "MaxPool2d", "2×2, stride 2", "16×29×29", 0, 0),
        layer("sigmoid2", "Sigmoid", "", "16×29×29", 0, 0),
        layer("flatten", "Flatten", "", "13456", 0, 0),
        layer("fc1", "Linear", "13456→120", "120", 1_614_840, 1_614_720),
        layer("sigmoid3", "Sigmoid", "", "120", 0, 0),
        layer("fc2", "Linear", "120→84", "84", 10_164, 10_080),
        layer("sigmoid4", "Sigmoid", "", "84", 0, 0),
        layer("fc3", "Linear", "84→50", "50", 4_250, 4_200),
    ];
    let modified = vec![
        layer("conv1", "Conv2d", "5×5, 1→6", "6×124×124", 156, 2_306_400),
        layer("pool1", "MaxPool2d", "2×2, stride 2", "6×62×62", 0, 0),
        layer("silu1", "SiLU", "", "6×62×62", 0, 0),
        layer("conv2", "Conv2d", "5×5, 6→16, padding 1", "16×60×60", 2_416, 8_640_000),
        layer("pool2", "MaxPool2d", "2×2, stride 2, padding 1", "16×31×31", 0, 0),
        layer("silu2", "SiLU", "", "16×31×31", 0, 0),
        layer("conv3", "Conv2d", "3×3, 16→32", "32×29×29", 4_640, 3_875_328),
        layer("silu3", "SiLU", "", "32×29×29", 0, 0),
        layer("flatten", "Flatten", "", "26912", 0, 0),
        layer("fc1", "Linear", "26912→120", "120", 3_229_560, 3_229_440),
        layer("silu4", "SiLU", "", "120", 0, 0),
        layer("fc2", "Linear", "120→84", "84", 10_164, 10_080),
        layer("silu5", "SiLU", "", "84", 0, 0),
        layer("fc3", "Linear", "84→50", "50", 4_250, 4_200),
    ];
    let photo = "1×128×128, gray photo";
    [
        ("perceptron", "64-bin gray histogram, logarithm", perceptron),
        ("lenet5", photo, lenet5),
        ("lenet5-modified", photo, modified),
    ]
    .map(|(model, input, rows)| ModelLayers { model: model.into(), input: input.into(), rows })
    .into()
}

/// The published experiment: three models, one recipe, the given seeds.
pub(crate) fn report(recipe: &str, seeds: std::ops::Range<u64>) -> CompareReport {
    let of_seed = |seed| {
        [("perceptron", 50), ("lenet5", 10), ("lenet5-modified", 10)].map(|(m, e)| run(m, recipe, seed, e))
    };
    CompareReport {
        title: "Three small image classifiers compared".into(),
        provenance: Provenance {
            command: "lenet compare --data target/data/tiny-imagenet-50".into(),
            data: "target/data/tiny-imagenet-50".into(),
            splits: vec![("train".into(), 25_000), ("val".into(), 450), ("test".into(), 450)],
            machine: "Intel Xeon, 2 cores, AVX-512".into(),
            threads: 2,
            version: "0.1.0".into(),
            date: None,
            more: vec![],
        },
        models: models(),
        runs: seeds.flat_map(of_seed).collect(),
    }
}

/// A table with every kind of cell and with letters that each format must escape.
pub(crate) fn small_table() -> Table {
    Table {
        number: 4,
        title: "Top-1 accuracy & more".into(),
        caption: "Chance is 2%.".into(),
        model: None,
        columns: vec![
            Column::words("model", "Model"),
            Column::spreads("val", "Val (mean ± std)"),
            Column::numbers("test", "Test"),
            Column::numbers("params", "Params"),
        ],
        rows: vec![
            Row::body(vec![
                Cell::Text("LeNet5".into()),
                Cell::Spread { mean: (0.26, 3), std: Some((0.0214, 3)) },
                Cell::Number(0.281, 3),
                Cell::Count(1_700),
            ]),
            Row::body(vec![
                Cell::Text("my_net, <b>|".into()),
                Cell::Spread { mean: (0.5, 3), std: None },
                Cell::Empty,
                Cell::Count(12),
            ]),
            Row::total(vec![
                Cell::Text("Total".into()),
                Cell::Text(String::new()),
                Cell::Text(String::new()),
                Cell::Count(1_712),
            ]),
        ],
    }
}
