//! `lenet synth`.

use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
50 classes, a shape with a texture each, 128x128 pixels, with train.txt, val.txt,
test.txt and classes.txt. The same seed gives the same pictures on every machine;
'--data synthetic' draws them without writing files.

Examples:
  lenet synth photos --train 2000 --val 450 --test 450
  lenet train --data photos --model lenet5";

/// Writes the synthetic set.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct SynthArgs {
    /// Folder to write, new or empty
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,

    /// Training pictures
    #[arg(long, value_name = "N", default_value_t = data::Synthetic::SMALL.train)]
    pub(crate) train: u32,

    /// Validation pictures
    #[arg(long, value_name = "N", default_value_t = data::Synthetic::SMALL.val)]
    pub(crate) val: u32,

    /// Test pictures
    #[arg(long, value_name = "N", default_value_t = data::Synthetic::SMALL.test)]
    pub(crate) test: u32,

    /// Another seed gives other pictures of the same classes
    #[arg(long, value_name = "N", default_value_t = data::Synthetic::SMALL.seed)]
    pub(crate) seed: u64,
}
