use crate::{
    ErrorKind, Event, Flow, Job, Observer, Preset, Recipe, Splits, StepLog, StopReason, TrainError,
    store::{Place, RunDir, SummaryFile},
};
use data::{OnBad, Synthetic};
use std::{cell::LazyCell, fs, path::Path};

/// A LeNet5 on pictures so small that a run takes a moment: 3 epochs of 4 steps.
fn recipe(changes: &str) -> Recipe {
    let small =
        "epochs = 3\nbatch_size = 16\nseed = 5\ninput.height = 20\ninput.width = 20\ninit.samples = 32\n";
    let recipe = Recipe::builtin("lenet5", Preset::Tuned).unwrap().overlay(small, "small").unwrap();
    recipe.overlay(changes, "test").unwrap()
}

fn splits() -> Splits {
    thread_local! {
        static SPLITS: LazyCell<Splits> = const { LazyCell::new(|| {
            let some = Synthetic { train: 60, val: 50, test: 50, ..Synthetic::default() };
            let dataset = data::open("synthetic".as_ref(), &some).unwrap();
            Splits::prepare(&dataset, &recipe("").input.preprocess(), OnBad::Fail, None, &|_, _, _| ()).unwrap()
        }) };
    }
    SPLITS.with(|splits| (**splits).clone())
}

fn run(recipe: Recipe, dir: &Path, observer: &mut dyn Observer) -> Result<SummaryFile, TrainError> {
    Job::new(recipe, &splits())?.run_in(&RunDir::create(&Place::Existing(dir.into()))?, observer)
}

#[test]
fn a_run_leaves_all_its_files_and_its_config_runs_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let summary = run(recipe(""), &a, &mut ()).unwrap();
    assert_eq!((summary.run.epochs.len(), summary.steps, summary.stop), (3, 12, StopReason::AllEpochs));
    assert_eq!((summary.samples.train, summary.run.test.unwrap().samples), (60, 50));
    assert_eq!(SummaryFile::read(&a.join("summary.json")).unwrap(), summary);
    for (name, lines) in [("results.csv", 4), ("predictions.csv", 51)] {
        assert_eq!(fs::read_to_string(a.join(name)).unwrap().lines().count(), lines, "{name}");
    }
    let config = fs::read_to_string(a.join("config.toml")).unwrap();
    let again = Recipe::from_toml(&config, "config.toml").unwrap();
    run(again, &b, &mut ()).unwrap();
    for name in ["weights/best.safetensors", "weights/last.safetensors", "predictions.csv", "config.toml"] {
        assert!(fs::read(a.join(name)).unwrap() == fs::read(b.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn the_best_weights_give_the_scores_that_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let summary = run(recipe(""), folder.path(), &mut ()).unwrap();
    let weights = folder.path().join("weights/best.safetensors");
    let job = Job::new(Recipe { weights: Some(weights), ..recipe("") }, &splits()).unwrap();
    let params = job.initial_params().unwrap();
    let best = &summary.run.epochs[summary.run.best_epoch.unwrap() - 1];
    assert_eq!(crate::evaluate(job.net(), &params, &job.val_loader().unwrap()), best.val);
    assert_eq!(crate::evaluate(job.net(), &params, &job.test_loader().unwrap()), summary.run.test.unwrap());
}

#[test]
fn max_steps_ends_within_an_epoch_and_logs_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.csv");
    let mut log = StepLog::create(&path).unwrap();
    let summary = run(recipe("max_steps = 6"), folder.path(), &mut log).unwrap();
    assert_eq!((summary.steps, summary.stop, summary.run.epochs.len()), (6, StopReason::MaxSteps, 1));
    let text = fs::read_to_string(path).unwrap();
    let steps: Vec<_> = text.lines().skip(1).map(|line| line.split_once(',').unwrap().0).collect();
    assert_eq!(steps, ["1", "2", "3", "4", "5", "6"]);

    // The last weights are those after step 6: going on from them differs from the start.
    let last = folder.path().join("weights/last.safetensors");
    let go_on = Job::new(Recipe { weights: Some(last), ..recipe("") }, &splits()).unwrap();
    let fresh = Job::new(recipe(""), &splits()).unwrap();
    assert_ne!(go_on.initial_params().unwrap()[..], fresh.initial_params().unwrap()[..]);

    let whole = run(recipe("max_steps = 4"), &folder.path().join("whole"), &mut ()).unwrap();
    assert_eq!((whole.stop, whole.run.epochs.len()), (StopReason::MaxSteps, 1));
    let none = run(recipe("max_steps = 1"), &folder.path().join("none"), &mut ()).unwrap();
    assert_eq!((none.run.best_epoch, none.run.test), (None, None));
    assert!(folder.path().join("none/weights/last.safetensors").is_file());
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_weights() {
    let folder = tempfile::tempdir().unwrap();
    let calm = "epochs = 1\noptimizer = { kind = \"sgd\" }\nschedule.curve = { kind = \"constant\" }";
    run(recipe(calm), &folder.path().join("calm"), &mut ()).unwrap();
    let wild = "epochs = 9\noptimizer = { kind = \"sgd\" }\n\
        schedule.curve = { kind = \"step\", every_epochs = 1, gamma = 1e60 }";
    let error = run(recipe(wild), folder.path(), &mut ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Runtime);
    let message = error.to_string();
    assert!(message.contains("at step") && message.contains("lr ") && message.contains(".png"), "{message}");
    assert!(message.contains("is not finite") && message.contains("the step was not made"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    let tensors = |path: &str| nn::ModelFile::read(folder.path().join(path)).unwrap().tensors;
    assert!(tensors("weights/last.safetensors") == tensors("calm/weights/last.safetensors"));
    assert_eq!(fs::read_to_string(folder.path().join("results.csv")).unwrap().lines().count(), 2);
}

#[test]
fn an_observer_can_stop_a_run() {
    struct After(u64);
    impl Observer for After {
        fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
            let stop = matches!(event, Event::StepDone(step) if step.step >= self.0);
            Ok(if stop { Flow::Stop } else { Flow::Continue })
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let summary = run(recipe(""), folder.path(), &mut After(7)).unwrap();
    assert_eq!((summary.steps, summary.stop, summary.run.epochs.len()), (7, StopReason::Asked, 1));
}

#[test]
fn weights_of_another_model_are_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    run(recipe("epochs = 1"), folder.path(), &mut ()).unwrap();
    let weights = Some(folder.path().join("weights/last.safetensors"));
    let other = Recipe {
        model: "lenet5-modified".into(),
        weights: weights.clone(),
        ..recipe("init = { kind = \"drawn\" }")
    };
    let error = Job::new(other, &splits()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadData);
    assert!(
        error.to_string().contains("last.safetensors: these are the weights of another model"),
        "{error}"
    );
    let missing = Recipe { weights: Some("none.safetensors".into()), ..recipe("") };
    assert_eq!(Job::new(missing, &splits()).unwrap_err().kind(), ErrorKind::NoInput);
}

#[test]
fn pictures_of_another_size_and_too_large_batches_are_refused() {
    let error = Job::new(recipe("input.width = 24"), &splits()).unwrap_err();
    assert!(error.to_string().contains("not the input's size"), "{error}");
    let error = Job::new(recipe("batch_size = 64\nlast_batch = \"drop\""), &splits()).unwrap_err();
    assert!(error.to_string().contains("do not fill one batch of 64"), "{error}");
}

#[test]
fn averaged_weights_are_those_that_are_scored_and_stored() {
    let folder = tempfile::tempdir().unwrap();
    let plain = run(recipe(""), &folder.path().join("plain"), &mut ()).unwrap();
    let averaged = run(recipe("ema.decay = 0.9"), &folder.path().join("ema"), &mut ()).unwrap();
    let train = |summary: &SummaryFile| summary.run.epochs.iter().map(|e| e.train).collect::<Vec<_>>();
    assert_eq!(train(&plain), train(&averaged), "the steps themselves are the same");
    assert_ne!(plain.run.epochs[0].val, averaged.run.epochs[0].val);
    let last = folder.path().join("ema/weights/last.safetensors");
    let job = Job::new(Recipe { weights: Some(last), ..recipe("") }, &splits()).unwrap();
    let params = job.initial_params().unwrap();
    let val = crate::evaluate(job.net(), &params, &job.val_loader().unwrap());
    assert_eq!(val, averaged.run.epochs.last().unwrap().val);
}

/// The logits are moderate, since the units before them are next to zero; but the gradient of these units overflows.
#[test]
fn a_gradient_that_is_no_number_is_named_and_changes_nothing() {
    let job = Job::new(recipe("weight_gradient = \"plain\""), &splits()).unwrap();
    let mut params = job.initial_params().unwrap();
    let mut tensor = |name: &str, first: f32, rest: f32| {
        let entry = job.net().params().iter().find(|entry| entry.name == name).unwrap();
        let row = entry.spec.fan_in();
        let numbers = &mut params[entry.range.clone()];
        numbers.fill(rest);
        numbers[..row.min(entry.range.len())].fill(first);
    };
    tensor("fc2.weight", 0.0, 0.0);
    tensor("fc2.bias", -200.0, -200.0);
    tensor("fc3.weight", -3e38, 3e38);
    tensor("fc3.bias", 0.0, 0.0);
    let before = params.clone();
    let mut stepper = crate::Stepper::new(job.net(), job.recipe(), params, 1);
    let input = vec![0.5; job.net().input_shape().len()];
    let loss = stepper.score(&input, &[0]);
    assert!(loss.own.is_finite(), "{loss:?}");
    let error = stepper.learn(&input, 0.1).unwrap_err();
    assert_eq!(error.to_string(), "the gradient of fc2.bias is not finite");
    assert!(stepper.params() == &before[..] && stepper.steps() == 0);
}

#[test]
fn frozen_layers_stay_and_others_learn() {
    let job = Job::new(recipe("freeze = [\"conv*\", \"fc1.bias\"]\nclip.norm = 0.1\nepochs = 1"), &splits())
        .unwrap();
    let (before, after) = (job.initial_params().unwrap(), job.train(&mut ()).unwrap().params);
    for entry in job.net().params() {
        let same = before[entry.range.clone()] == after[entry.range.clone()];
        let frozen = entry.name.starts_with("conv") || entry.name == "fc1.bias";
        assert_eq!(same, frozen, "{}", entry.name);
    }
    let error = Job::new(recipe("freeze = [\"convv\"]"), &splits()).unwrap_err().to_string();
    assert!(
        error.contains("'convv' names no layer with parameters; there are conv1, conv2, fc1, fc2, fc3"),
        "{error}"
    );
    let error = Job::new(recipe("freeze = [\"*\"]"), &splits()).unwrap_err().to_string();
    assert!(error.contains("nothing is left to train"), "{error}");
}

#[test]
fn the_batches_of_a_run_can_be_made_again() {
    for changes in ["augment.hflip = 0.5", "sampling = \"balanced\"\naugment.mixup = 0.2"] {
        let job = Job::new(recipe(changes), &splits()).unwrap();
        let (info, loader) = (job.info(), job.train_loader());
        let (all, per_epoch) = (info.total_steps as usize, info.steps_per_epoch as usize);
        let params = job.initial_params().unwrap();
        let mut stepper = crate::Stepper::new(job.net(), job.recipe(), params, job.recipe().batch_size);
        for step in 0..all {
            let batch = job.replay(&loader, (step / per_epoch) as u64, step % per_epoch).unwrap();
            stepper.score_batch(&batch);
            stepper.learn(&batch.input, job.recipe().schedule.lr_at(step, all, per_epoch)).unwrap();
        }
        assert!(job.train(&mut ()).unwrap().params[..] == *stepper.result(), "{changes}");
        assert!(job.replay(&loader, 0, per_epoch).is_none());
    }
}

#[test]
fn patience_ends_a_run_that_gets_no_better() {
    let folder = tempfile::tempdir().unwrap();
    let worse = "epochs = 30\npatience = 2\nschedule.lr = 1.0\nschedule.curve = { kind = \"constant\" }";
    let summary = run(recipe(worse), folder.path(), &mut ()).unwrap();
    let best = summary.run.best_epoch.unwrap();
    assert_eq!((summary.stop, summary.run.epochs.len()), (StopReason::Patience, best + 2));
    assert!(RunDir::open(folder.path()).finished().unwrap().is_some());
}
