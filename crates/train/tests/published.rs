//! The published recipes do what the published report did, and end where it ended.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use data::{LastBatch, OnBad, Synthetic};
use nn::{
    init::Init,
    loss::Reduction,
    optim::{Decayed, OptimizerConfig},
    schedule::Curve,
};
use train::{
    Job, Preset, Recipe, Splits, Trained,
    recipe::{BiasGradient, LossKind, Reported, Scored, Standardize, Start, Tested},
};

fn published(model: &str) -> Recipe {
    Recipe::builtin(model, Preset::Published).unwrap()
}

#[test]
fn the_recipes_hold_every_published_mistake() {
    for model in ["lenet5", "lenet5-modified"] {
        let recipe = published(model);
        assert_eq!((recipe.epochs, recipe.batch_size, recipe.last_batch), (10, 32, LastBatch::Drop));
        assert_eq!((recipe.loss.reduction, recipe.loss.reported), (Reduction::Sum, Reported::BothTerms));
        assert_eq!(
            (recipe.schedule.lr, recipe.schedule.curve),
            (3e-4, Curve::PerBatchDecay { factor: 0.999 })
        );
        let OptimizerConfig::Sgd(sgd) = recipe.optimizer else { panic!("{:?}", recipe.optimizer) };
        assert_eq!((sgd.momentum, sgd.dampening), (0.95, 0.95));
        assert_eq!((sgd.decoupled_decay, sgd.decayed, sgd.weight_decay), (0.001, Decayed::All, 0.0));
        assert_eq!(recipe.init, Start::Drawn { weight: Some(Init::HeNormal), bias: Some(Init::Zeros) });
        assert_eq!((recipe.scored, recipe.tested), (Scored::FullBatches, Tested::Last));
        assert_eq!((recipe.input.standardize, recipe.augment.is_none()), (Standardize::None, true));
    }
    let recipe = published("perceptron");
    assert_eq!((recipe.epochs, recipe.batch_size, recipe.last_batch), (50, 32, LastBatch::Drop));
    assert_eq!(
        (recipe.loss.kind, recipe.bias_gradient),
        (LossKind::DoubleSoftmax, BiasGradient::SummedOverUnits)
    );
    let Start::Drawn { weight, .. } = recipe.init else { panic!("{:?}", recipe.init) };
    assert_eq!(weight, Some(Init::Uniform { lo: 0.0, hi: 1.0 }));
    assert_eq!((recipe.scored, recipe.tested), (Scored::FullBatches, Tested::Untrained));
}

/// The run, and the weights before its first step.
fn train(model: &str, changes: &str, train: u32) -> (Trained, nn::Buffer<f32>) {
    let recipe = published(model).overlay(changes, "test").unwrap();
    let some = Synthetic { train, val: 50, test: 0, ..Synthetic::default() };
    let dataset = data::open("synthetic".as_ref(), &some).unwrap();
    let splits =
        Splits::prepare(&dataset, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ()).unwrap();
    let job = Job::new(recipe, &splits).unwrap();
    (job.train(&mut ()).unwrap(), job.initial_params().unwrap())
}

#[test]
fn a_published_lenet_ends_at_chance_while_its_weights_die() {
    // 1,200 batches of 32, six tenths of the report's first epoch, on pictures small enough for a test.
    let (run, fresh) = train("lenet5", "epochs = 120\ninput.height = 16\ninput.width = 16", 320);
    let last = &run.epochs[119];
    // 32 of 50 are scored and hits divided by 50.
    assert_eq!((last.val.samples, last.train.samples), (32, 320));
    assert!(last.val.top1 <= 0.02 && last.val.top5 <= 0.1, "{:?}", last.val);
    assert!((4.85..4.95).contains(&last.val.loss), "4.90 is chance: {:?}", last.val);
    let size = |params: &[f32]| params.iter().map(|w| w * w).sum::<f32>().sqrt();
    // Decay alone leaves e^-1.2 = 0.30 of them.
    let left = size(&run.params) / size(&fresh);
    assert!((0.2..0.5).contains(&left), "{left} of the weights is left");
}

#[test]
fn a_published_perceptron_hardly_moves_its_loss() {
    let (run, _) = train("perceptron", "epochs = 10", 640);
    let losses: Vec<f64> = run.epochs.iter().map(|epoch| epoch.train.loss).collect();
    assert!(losses.iter().all(|loss| (3.90..3.93).contains(loss)), "{losses:?}");
    assert!(losses[9] < losses[0], "it does learn a little: {losses:?}");
}
