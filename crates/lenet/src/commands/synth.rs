//! `lenet synth`: the synthetic set as files.

use crate::{
    args::SynthArgs,
    exit::Failure,
    out,
    progress::{Console, Decoding, thousands},
};
use data::{DataError, Synthetic, synthetic};
use train::ErrorKind;

/// Writes.
pub(super) fn run(args: SynthArgs, console: Console) -> Result<(), Failure> {
    let SynthArgs { dir, train, val, test, seed } = args;
    let set = Synthetic { seed, train, val, test };
    let total = [train, val, test].map(|count| count as usize).iter().sum::<usize>();
    if total == 0 {
        return Err(Failure::usage("no picture asked for; --train, --val and --test are all 0"));
    }
    let progress = Decoding::new(console, "write");
    let name = dir.display().to_string();
    synthetic::write(&dir, &set, &|done, all| progress.told(&name, done, all)).map_err(
        |error| match error {
            DataError::Io { path, source } => {
                Failure::new(ErrorKind::Io, format!("cannot write {}: {source}", path.display()))
            }
            other => other.into(),
        },
    )?;
    out::print(&format!("{} pictures of 50 classes in {name}\n", thousands(total)))
}
