//! Recipes, the training loop, metrics, run folders
#![forbid(unsafe_code)]

pub mod history;
