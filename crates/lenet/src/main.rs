//! The `lenet` command: an exit code and nothing more.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod exit;
mod layers;
mod machine;
mod out;
mod progress;
mod resolve;
mod signals;

use std::process::ExitCode;

fn main() -> ExitCode {
    exit::code_of(args::parse().and_then(commands::run))
}
