//! The same command gives the same bytes, whatever the number of threads.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use data::{OnBad, Synthetic};
use std::{fs, path::Path};
use train::{
    Job, Pictures, Preset, Recipe, run_compare,
    store::{Place, RunDir},
};

fn pictures() -> Pictures {
    let some = Synthetic { train: 100, val: 50, test: 50, ..Synthetic::default() };
    Pictures::new(data::open("synthetic".as_ref(), &some).unwrap(), OnBad::Fail)
}

/// Two epochs on pictures of 24×24 with everything that is random: order, flips, crops, start values.
fn recipe(model: &str) -> Recipe {
    let small = "epochs = 2\nbatch_size = 24\nseed = 3\ninput.height = 24\ninput.width = 24";
    let mut recipe = Recipe::builtin(model, Preset::Tuned).unwrap().overlay(small, "small").unwrap();
    if model != "perceptron" {
        recipe.augment.hflip = 0.5;
        recipe.augment.scale = Some([0.5, 1.0]);
    }
    recipe
}

fn run_with(threads: usize, recipe: Recipe, dir: &Path) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let splits = pictures().splits(&recipe.input.preprocess(), &|_, _, _| ()).unwrap();
        let dir = RunDir::create(&Place::New(dir.into())).unwrap();
        Job::new(recipe, &splits).unwrap().run_in(&dir, &mut ()).unwrap();
        fs::read(dir.last()).unwrap()
    })
}

#[test]
fn threads_and_repetition_change_no_bit_of_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    for model in nn::zoo::ALL {
        let run =
            |name: &str, threads| run_with(threads, recipe(model), &folder.path().join(model).join(name));
        let first = run("one", 1);
        assert!(first == run("again", 1), "{model}: again");
        assert!(first == run("two", 2), "{model}: 2 threads");
        assert!(first == run("three", 3), "{model}: 3 threads");
        let other = Recipe { seed: 4, ..recipe(model) };
        assert!(
            first != run_with(1, other, &folder.path().join(model).join("seed")),
            "{model}: another seed"
        );
    }
}

#[test]
fn a_comparison_decodes_once_and_gives_what_single_runs_give() {
    let folder = tempfile::tempdir().unwrap();
    let dir = RunDir::create(&Place::New(folder.path().join("compare"))).unwrap();
    let recipes = [recipe("perceptron"), recipe("lenet5")];
    let decoded = std::sync::Mutex::new(0);
    let progress = |_: &str, done, all| {
        if done == all {
            *decoded.lock().unwrap() += 1;
        }
    };
    let runs = run_compare(&recipes, &[3, 4], &mut pictures(), &dir, &progress, &mut ()).unwrap();
    let names: Vec<_> =
        runs.iter().map(|run| run.dir.path().file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["perceptron-seed3", "perceptron-seed4", "lenet5-seed3", "lenet5-seed4"]);
    assert_eq!(*decoded.lock().unwrap(), 3, "train, val and test, once each");
    assert!(runs.iter().all(|run| run.summary.run.test.is_some()));
    let alone = run_with(1, recipe("lenet5"), &folder.path().join("alone"));
    assert!(fs::read(runs[2].dir.last()).unwrap() == alone);

    let one = run_compare(&recipes[..1], &[3], &mut pictures(), &dir, &|_, _, _| (), &mut ()).unwrap();
    assert!(one[0].dir.path().ends_with("perceptron"));
    let twice = [recipe("perceptron"), recipe("perceptron")];
    let error = run_compare(&twice, &[3], &mut pictures(), &dir, &|_, _, _| (), &mut ()).unwrap_err();
    assert!(error.to_string().contains("perceptron: occurs twice"), "{error}");
}
