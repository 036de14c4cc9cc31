//! `lenet inspect`.

use super::{ClassOrderArgs, number::count};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  lenet inspect lenet5-modified    layers, shapes, parameters, multiply-adds
  lenet inspect mine.toml          the same of a model of your own
  lenet inspect best.safetensors   model, preprocessing, classes, tensors
  lenet inspect photos             pictures of each class and split, sizes, modes
  lenet inspect photos --sheet sheet.png
  lenet inspect runs/train --batch 3:120 --sheet batch.png
                                   what the run was fed with, pictures as it saw them";

/// Which batch of a run; both count from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNumber {
    pub(crate) epoch: u64,
    pub(crate) batch: usize,
}

fn batch_number(text: &str) -> Result<BatchNumber, String> {
    let numbers = text.split_once(':').and_then(|(epoch, batch)| {
        let number = BatchNumber { epoch: epoch.parse().ok()?, batch: batch.parse().ok()? };
        (number.epoch > 0 && number.batch > 0).then_some(number)
    });
    numbers.ok_or_else(|| "not an epoch and a batch, counted from 1, such as 3:120".to_owned())
}

/// Shows what something is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct InspectArgs {
    /// A built-in model, a model file (.toml), a weights file (.safetensors), a data folder, 'synthetic', or a run
    /// folder
    #[arg(value_name = "MODEL|WEIGHTS|DATA|RUN")]
    pub(crate) what: String,

    /// Classes of a built-in model
    #[arg(long, value_name = "N", value_parser = count, default_value = "50")]
    pub(crate) classes: usize,

    /// Pixels a side of a built-in model's input
    #[arg(long, alias = "img-size", value_name = "PIXELS", value_parser = count, default_value = "128")]
    pub(crate) imgsz: usize,

    /// Of a run folder: the training batch with this number of this epoch, both from 1, made again
    #[arg(long, value_name = "EPOCH:BATCH", value_parser = batch_number)]
    pub(crate) batch: Option<BatchNumber>,

    /// Write a contact sheet to this file: of a data set, one picture a class; of a run, its batch
    #[arg(long, value_name = "FILE.png")]
    pub(crate) sheet: Option<std::path::PathBuf>,

    #[command(flatten)]
    pub(crate) order: ClassOrderArgs,
}
