//! What the report that this project reproduces has published, for the columns beside our own.
//!
//! # Source
//! Tables IV and V of the four-page report; digits as printed there. Its mean ± std is over the epochs of one
//! run, and the perceptron's test figures are of a network that had not been trained.

/// A printed mean ± std with the digits that were printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrintedSpread {
    /// Mean and its decimals.
    pub mean: (f64, usize),
    /// Standard deviation and its decimals.
    pub std: (f64, usize),
}

/// One model's published accuracies, as fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Top-1 on the validation set.
    pub val_top1: PrintedSpread,
    /// Top-1 on the test set, with its decimals.
    pub test_top1: (f64, usize),
    /// Top-5 on the validation set.
    pub val_top5: PrintedSpread,
    /// Top-5 on the test set, with its decimals.
    pub test_top5: (f64, usize),
}

const PERCEPTRON: Published = Published {
    val_top1: PrintedSpread { mean: (0.033, 3), std: (0.01, 2) },
    test_top1: (0.016, 3),
    val_top5: PrintedSpread { mean: (0.149, 3), std: (0.02, 2) },
    test_top5: (0.098, 3),
};

const BOTH_LENETS: Published = Published {
    val_top1: PrintedSpread { mean: (0.019, 3), std: (0.0, 2) },
    test_top1: (0.02, 2),
    val_top5: PrintedSpread { mean: (0.1, 1), std: (0.0, 0) },
    test_top5: (0.1, 1),
};

/// A model of the published report: what is known of it beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownModel {
    /// Name in commands and files.
    pub name: &'static str,
    /// Name in tables and titles.
    pub title: &'static str,
    /// Number of its layer table, I to III.
    pub table: usize,
    /// Number of its first figure: loss; then top-1, top-5.
    pub figure: usize,
    /// Its published accuracies.
    pub published: Published,
}

/// The three models in the order of the published report.
pub const KNOWN_MODELS: [KnownModel; 3] = [
    KnownModel {
        name: "perceptron",
        title: "Two-layer perceptron",
        table: 1,
        figure: 2,
        published: PERCEPTRON,
    },
    KnownModel { name: "lenet5", title: "LeNet5", table: 2, figure: 5, published: BOTH_LENETS },
    KnownModel {
        name: "lenet5-modified",
        title: "Modified LeNet5",
        table: 3,
        figure: 8,
        published: BOTH_LENETS,
    },
];

/// The known model of that name.
pub fn known_model(name: &str) -> Option<&'static KnownModel> {
    KNOWN_MODELS.iter().find(|m| m.name == name)
}

/// The name to print: the published one for a known model, any other as it is.
pub fn model_title(name: &str) -> &str {
    known_model(name).map_or(name, |m| m.title)
}
