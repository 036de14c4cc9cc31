//! Twelve runs made sick on purpose, of which the doctor must name the cause, and four healthy ones, of which it must say
//! nothing. All train for real, on pictures of stripes.

use super::{Cause, Finding, Health, Severity, diagnose};
use crate::{
    Event, Flow, Job, Observer, Preset, Recipe, Splits, TrainError,
    store::{Place, RunDir},
};
use data::{OnBad, PreparedSet, Synthetic};
use std::{fs, sync::Arc};

const SIDE: usize = 16;
const CLASSES: usize = 4;

/// Numbers in [0, 1), by splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0xD1B5_4A32_D192_ED03);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 27)) >> 40) as f32 / (1 << 24) as f32
    }
}

/// Stripes of four directions, at any place, under noise.
fn stripes(count: usize, first: u64) -> PreparedSet {
    let mut planes = Vec::with_capacity(count * SIDE * SIDE);
    let mut labels = Vec::with_capacity(count);
    for index in 0..count {
        let mut random = Random(1 + first + index as u64);
        let (class, phase) = (index % CLASSES, random.next() * 6.0);
        for (y, x) in (0..SIDE * SIDE).map(|i| ((i / SIDE) as f32, (i % SIDE) as f32)) {
            let along = [x, y, (x + y) * 0.7, (x - y) * 0.7][class];
            let level = 128.0 + 60.0 * (along * 1.2 + phase).sin() + 60.0 * (random.next() - 0.5);
            planes.push(level.clamp(0.0, 255.0) as u8);
        }
        labels.push(class as u32);
    }
    let names = (0..count).map(|i| format!("{}.png", first + i as u64)).collect();
    let planes = planes.into();
    PreparedSet { planes, shape: [1, SIDE, SIDE], labels, names, skipped: Vec::new(), cache_note: None }
}

fn splits() -> Splits {
    let some = Synthetic { train: 50, val: 50, test: 0, ..Synthetic::default() };
    let dataset = data::open("synthetic".as_ref(), &some).unwrap();
    let input = recipe(RELU, "").input.preprocess();
    let mut splits = Splits::prepare(&dataset, &input, OnBad::Fail, None, &|_, _, _| ()).unwrap();
    splits.train = Arc::new(stripes(320, 0));
    splits.val = Some(Arc::new(stripes(160, 10_000)));
    splits.test = None;
    splits.class_names = ["across", "down", "rising", "falling"].map(String::from).into();
    splits
}

const RELU: &str = "conv2d:out_channels=8,kernel_size=5 relu max_pool2d:kernel_size=2 flatten \
    linear:out_features=32 relu linear:out_features=4";
const SIGMOID: &str = "conv2d:out_channels=8,kernel_size=5 max_pool2d:kernel_size=2 sigmoid flatten \
    linear:out_features=32 sigmoid linear:out_features=4";
const NORMED: &str = "conv2d:out_channels=8,kernel_size=5 batch_norm2d relu max_pool2d:kernel_size=2 flatten \
    linear:out_features=32 relu linear:out_features=4";

const SGD: &str = "optimizer = { kind = \"sgd\", momentum = 0.9 }\nschedule = { lr = 0.02, curve = { kind = \"constant\" } }\n";

/// `layers` as a model file, under a recipe that suits it, changed.
fn recipe(layers: &str, changes: &str) -> Recipe {
    let folder = tempfile::tempdir().unwrap().keep();
    let mut text = format!("name = \"small\"\ninput = [1, {SIDE}, {SIDE}]\n");
    for (index, layer) in layers.split_whitespace().enumerate() {
        let (kind, settings) = layer.split_once(':').unwrap_or((layer, ""));
        let settings = settings.replace(',', "\n").replace('=', " = ");
        text += &format!("[[layers]]\nname = \"l{index}\"\nkind = \"{kind}\"\n{settings}\n");
    }
    let path = folder.join("small.toml");
    fs::write(&path, text).unwrap();
    let base = "epochs = 6\nbatch_size = 16\n[augment]\nhflip = 0.0\n[init]\nkind = \"drawn\"\nweight = \"he-normal\"\nbias = \"zeros\"\n";
    let own = Recipe::builtin(&path.display().to_string(), Preset::Tuned).unwrap();
    let own = Recipe { augment: data::Augment::NONE, ..own };
    let recipe = own.overlay(base, "base").unwrap().overlay(SGD, "sgd").unwrap();
    recipe.overlay(changes, "test").unwrap()
}

/// What is told while it runs.
#[derive(Default)]
struct Told(Vec<Cause>);

impl Observer for Told {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        if let Event::Found(finding) = event {
            self.0.push(finding.cause);
        }
        Ok(Flow::Continue)
    }
}

/// The findings of a run, as read back from its folder.
fn findings(recipe: Recipe, splits: &Splits) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let dir = RunDir::create(&Place::Existing(folder.path().into())).unwrap();
    let mut told = Told::default();
    // A run that breaks off is a patient too.
    let _ = Job::new(recipe.clone(), splits).unwrap().run_in(&dir, &mut told);
    let health = Health::read(&dir.health()).unwrap();
    let found = diagnose(&recipe, &health);
    for finding in found.iter().filter(|finding| finding.severity == Severity::Severe) {
        assert!(told.0.contains(&finding.cause), "not told in time: {finding}");
    }
    if std::env::var_os("SHOW_HEALTH").is_some() {
        for reading in &health.readings {
            println!("{}", serde_json::to_string(reading).unwrap());
        }
        for epoch in &health.epochs {
            println!("{epoch:?}");
        }
    }
    found
}

fn assert_named(cause: Cause, recipe: Recipe, splits: &Splits) {
    let found = findings(recipe, splits);
    let told: Vec<_> = found.iter().map(|finding| finding.to_string()).collect();
    assert_eq!(found.first().map(|finding| finding.cause), Some(cause), "{told:#?}");
    for Finding { what, why, advice, .. } in &found {
        assert!(![what, why, advice].iter().any(|text| text.is_empty() || text.contains('\n')));
    }
}

fn assert_quiet(recipe: Recipe) {
    let found = findings(recipe, &splits());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn too_high_a_learning_rate_is_named() {
    assert_named(Cause::LrTooHigh, recipe(RELU, "schedule.lr = 3.0"), &splits());
}

#[test]
fn too_low_a_learning_rate_is_named() {
    assert_named(Cause::LrTooLow, recipe(RELU, "schedule.lr = 1e-7"), &splits());
}

#[test]
fn dead_units_are_named() {
    let init = "init = { kind = \"drawn\", weight = \"he-normal\", bias = { uniform = { lo = -30.0, hi = -20.0 } } }";
    assert_named(Cause::DeadUnits, recipe(RELU, init), &splits());
}

#[test]
fn saturated_sigmoids_are_named() {
    let init = "init = { kind = \"drawn\", weight = { normal = { std = 8.0 } }, bias = \"zeros\" }\nschedule.lr = 0.001";
    assert_named(Cause::Saturation, recipe(SIGMOID, init), &splits());
}

#[test]
fn a_wrong_normalisation_is_named() {
    let input = "input.standardize = { fixed = { mean = 3.0, std = 0.5 } }";
    assert_named(Cause::WrongNormalisation, recipe(RELU, input), &splits());
}

#[test]
fn shuffled_labels_are_named() {
    let mut mixed = splits();
    let mut train = (*mixed.train).clone();
    for (index, label) in train.labels.iter_mut().enumerate() {
        *label = (Random(90_000 + index as u64).next() * CLASSES as f32) as u32;
    }
    mixed.train = Arc::new(train);
    assert_named(Cause::ShuffledLabels, recipe(RELU, "epochs = 30"), &mixed);
}

#[test]
fn a_single_class_is_named() {
    let mut single = splits();
    let mut train = (*single.train).clone();
    train.labels.fill(2);
    single.train = Arc::new(train);
    assert_named(Cause::OneClass, recipe(RELU, ""), &single);
}

#[test]
fn a_leaking_split_is_named() {
    let mut leaking = splits();
    leaking.val = Some(Arc::new(stripes(160, 240)));
    assert_named(Cause::LeakingSplit, recipe(RELU, ""), &leaking);
}

#[test]
fn exploding_gradients_are_named() {
    let init = "init = { kind = \"drawn\", weight = { normal = { std = 3.0 } }, bias = \"zeros\" }";
    assert_named(Cause::ExplodingGradients, recipe(RELU, init), &splits());
}

#[test]
fn a_collapse_by_weight_decay_is_named() {
    let decay = "optimizer = { kind = \"sgd\", momentum = 0.9, weight_decay = 1.0 }";
    assert_named(Cause::DecayCollapse, recipe(RELU, decay), &splits());
}

#[test]
fn a_batch_of_one_under_batch_normalisation_is_named() {
    assert_named(Cause::BatchOfOne, recipe(NORMED, "batch_size = 1\nepochs = 2"), &splits());
}

#[test]
fn unscaled_inputs_are_named() {
    let input = "input.standardize = { fixed = { mean = 0.0, std = 0.003921569 } }";
    assert_named(Cause::UnscaledInputs, recipe(RELU, input), &splits());
}

#[test]
fn a_healthy_net_of_relus_is_left_in_peace() {
    assert_quiet(recipe(RELU, ""));
}

#[test]
fn a_healthy_net_under_adam_is_left_in_peace() {
    let adam = "optimizer = { kind = \"adamw\", weight_decay = 0.05 }\n\
        schedule = { lr = 0.003, curve = { kind = \"one-cycle\" } }";
    assert_quiet(recipe(RELU, adam));
}

#[test]
fn a_healthy_net_with_batch_normalisation_is_left_in_peace() {
    assert_quiet(recipe(NORMED, "loss.label_smoothing = 0.1"));
}

#[test]
fn a_healthy_net_of_sigmoids_is_left_in_peace() {
    let init = "epochs = 12\ninit = { kind = \"from-data\", target_std = 1.5, last_std = 0.1, samples = 64 }\n\
        weight_gradient = \"centralized\"\noptimizer = { kind = \"adamw\", weight_decay = 0.2 }\nschedule.lr = 0.003";
    assert_quiet(recipe(SIGMOID, init));
}

#[test]
fn the_published_recipe_is_seen_through() {
    let published = Recipe::builtin("lenet5", Preset::Published).unwrap();
    let changes = format!("epochs = 40\ninput.height = {SIDE}\ninput.width = {SIDE}");
    let recipe = published.overlay(&changes, "test").unwrap();
    let causes: Vec<_> = findings(recipe, &splits()).iter().map(|finding| finding.cause).collect();
    assert!(causes.contains(&Cause::DecayNotScaled), "{causes:?}");
}

#[test]
fn the_doctor_changes_no_weight() {
    let (recipe, splits, folder) = (recipe(RELU, "epochs = 2"), splits(), tempfile::tempdir().unwrap());
    let dir = RunDir::create(&Place::Existing(folder.path().into())).unwrap();
    let job = Job::new(recipe, &splits).unwrap();
    job.run_in(&dir, &mut ()).unwrap();
    let alone = job.train(&mut ()).unwrap();
    let watched = nn::ModelFile::read(dir.last()).unwrap();
    assert!(watched.tensors == job.weights_file(&alone.params).tensors);
}
