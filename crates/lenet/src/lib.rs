//! Trains, compares and ships small image classifiers on the CPU you have.
//!
//! This crate is the face of the house: every part under one clear name, and the `lenet` command beside it.
//!
//! | module | what for |
//! |---|---|
//! | [`nn`] | layers, models, losses, optimizers, schedules, weights files |
//! | [`data`] | photos to batches, the synthetic set |
//! | [`train`] | recipes, the loop, metrics, run folders |
//! | [`classifier`] | weights to predictions |
//! | [`report`] | tables, figures, the HTML page |
//! | [`rng`], [`kernels`] | what the others stand on |
//!
//! # Examples
//! A small network begins to learn, on photos drawn as needed:
//! ```
//! use lenet::{data, train::{Job, Pictures, Preset, Recipe}};
//!
//! let few = data::Synthetic { train: 100, val: 50, test: 0, ..Default::default() };
//! let set = data::open("synthetic".as_ref(), &few)?;
//! let recipe = Recipe::builtin("perceptron", Preset::Tuned)?.overlay("epochs = 2", "example")?;
//!
//! let mut pictures = Pictures::new(set, data::OnBad::Fail);
//! let splits = pictures.splits(&recipe.input.preprocess(), &|_, _, _| {})?;
//! let job = Job::new(recipe, &splits)?;
//! let trained = job.train(&mut ())?;
//! assert!(trained.epochs[1].train.loss < trained.epochs[0].train.loss);
//!
//! // What it learned, with all that a picture needs on its way in:
//! let file = job.weights_file(&trained.params);
//! let classifier = lenet::classifier::Classifier::from_file(&file, &Default::default(), "memory".as_ref())?;
//! assert_eq!(classifier.class_names()[21], "striped star");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub use classifier;
pub use data;
pub use kernels;
pub use nn;
pub use report;
pub use rng;
pub use train;
