//! The command line from outside: exit code, stdout and stderr of the built program, each test in a folder of its own.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod bad_input;
mod batch;
mod bench;
mod cache;
mod check;
mod classes;
mod compare;
mod corpus;
mod crate_graph;
mod disk;
mod doctor;
mod find_lr;
#[cfg(unix)]
mod folders;
mod inspect;
mod lab;
mod predict;
mod repeat;
mod resume;
mod same_bits;
mod score;
mod sweep;
mod usage;
