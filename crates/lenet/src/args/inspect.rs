//! `lenet inspect`.

use super::{ClassOrderArgs, number::count};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  lenet inspect lenet5-modified    layers, shapes, parameters, multiply-adds
  lenet inspect mine.toml          the same of a model of your own
  lenet inspect best.safetensors   model, preprocessing, classes, tensors
  lenet inspect photos             pictures of each class and split, sizes, modes
  lenet inspect photos --sheet sheet.png";

/// Shows what something is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct InspectArgs {
    /// A built-in model, a model file (.toml), a weights file (.safetensors), a data folder, or 'synthetic'
    #[arg(value_name = "MODEL|WEIGHTS|DATA")]
    pub(crate) what: String,

    /// Classes of a built-in model
    #[arg(long, value_name = "N", value_parser = count, default_value = "50")]
    pub(crate) classes: usize,

    /// Pixels a side of a built-in model's input
    #[arg(long, alias = "img-size", value_name = "PIXELS", value_parser = count, default_value = "128")]
    pub(crate) imgsz: usize,

    /// Write a contact sheet of a data set, one picture a class, to this file
    #[arg(long, value_name = "FILE.png")]
    pub(crate) sheet: Option<std::path::PathBuf>,

    #[command(flatten)]
    pub(crate) order: ClassOrderArgs,
}
