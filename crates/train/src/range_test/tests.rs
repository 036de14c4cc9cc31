//! Curves made up to be read, and real tests on the synthetic set.

use super::{RangePoint, RangeTest, Reason, curve};
use crate::{
    ErrorKind, Job, LrRange, Preset, RangeEnd, Recipe, Splits,
    doctor::{Cause, Health, diagnose},
    store::RunDir,
};
use data::{OnBad, Synthetic};

/// A test from 1e-6 to 10 with 200 steps whose losses are `loss` of the rate's decimal logarithm.
fn points(loss: impl Fn(f64, usize) -> f64) -> Vec<RangePoint> {
    let test = RangeTest::default();
    let point = |i: usize| {
        let lr = test.lr_at(i);
        RangePoint { step: i as u64 + 1, lr, loss: loss(lr.log10(), i) }
    };
    (0..test.steps).map(point).collect()
}

/// Scatter of ± `size` that repeats.
fn scatter(i: usize, size: f64) -> f64 {
    size * [0.3, -0.8, 1.0, -0.2, -0.9, 0.6][i % 6]
}

fn valley(points: &[RangePoint]) -> Option<curve::Valley> {
    let reach = curve::reach(points.len());
    curve::valley(points, &curve::smoothed(points, reach), reach)
}

/// Flat to 1e-4, down by 1 to 1e-2, up from there.
fn bowl(log: f64) -> f64 {
    3.0 - ((log + 4.0) / 2.0).clamp(0.0, 1.0) + 2.0 * (log + 2.0).max(0.0)
}

#[test]
fn the_valley_is_found_where_it_was_put() {
    let points = points(|log, i| bowl(log) + scatter(i, 0.05));
    let found = valley(&points).unwrap();
    let log = |i: usize| points[i].lr.log10();
    assert!((-4.1..=-3.5).contains(&log(found.begins)), "{}", log(found.begins));
    assert!((-4.0..=-2.0).contains(&log(found.steepest)), "{}", log(found.steepest));
    assert!((log(found.lowest) + 2.0).abs() < 0.25, "{}", log(found.lowest));
    assert!((log(found.back.unwrap()) + 1.5).abs() < 0.25);
}

#[test]
fn a_flat_bottom_counts_from_its_beginning() {
    let points = points(|log, i| 3.0 - ((log + 4.0) / 2.0).clamp(0.0, 1.0) + scatter(i, 0.2) - 1e-4 * log);
    let found = valley(&points).unwrap();
    assert!((points[found.lowest].lr.log10() + 2.0).abs() < 0.4, "{}", points[found.lowest].lr);
}

#[test]
fn a_curve_that_never_falls_has_no_valley() {
    assert_eq!(valley(&points(|_, i| 3.9 + scatter(i, 0.1))), None);
    assert_eq!(valley(&points(|log, i| 3.9 + (log + 3.0).max(0.0) + scatter(i, 0.1))), None);
    assert_eq!(valley(&[]), None);
}

#[test]
fn a_curve_that_falls_to_the_end_is_nowhere_back() {
    let found = valley(&points(|log, _| 3.0 - (log + 2.0).max(0.0) * 0.5)).unwrap();
    assert_eq!((found.lowest, found.back), (194, None));
}

#[test]
fn smoothing_has_no_lag_and_keeps_the_ends() {
    let line = points(|log, _| log);
    let smoothed = curve::smoothed(&line, 5);
    assert!(line.iter().zip(&smoothed).all(|(point, s)| (point.loss - s).abs() < 1e-12));
}

#[test]
fn rates_grow_evenly_and_bad_ranges_are_refused() {
    let test = RangeTest::default();
    assert_eq!((test.lr_at(0), test.lr_at(199), test.fault()), (1e-6, 10.0, None));
    let ratios: Vec<f64> = (1..200).map(|i| test.lr_at(i) / test.lr_at(i - 1)).collect();
    assert!(ratios.iter().all(|ratio| (ratio / ratios[0] - 1.0).abs() < 1e-9));
    for bad in [
        RangeTest { lowest: 0.0, ..test },
        RangeTest { lowest: 1.0, highest: 0.1, ..test },
        RangeTest { highest: f64::INFINITY, ..test },
        RangeTest { lowest: f64::NAN, ..test },
        RangeTest { steps: 19, ..test },
    ] {
        assert!(bad.fault().is_some(), "{bad:?}");
    }
}

fn splits(recipe: &Recipe) -> Splits {
    let some = Synthetic { train: 1000, val: 50, test: 0, ..Synthetic::default() };
    let photos = data::open("synthetic".as_ref(), &some).unwrap();
    Splits::prepare(&photos, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ()).unwrap()
}

fn lenet5(changes: &str) -> Job {
    let recipe = Recipe::builtin("lenet5", Preset::Tuned).unwrap();
    let small = recipe.overlay("batch_size = 16\ninput = { height = 32, width = 32 }", "small").unwrap();
    let recipe = small.overlay(changes, "test").unwrap();
    let splits = splits(&recipe);
    Job::new(recipe, &splits).unwrap()
}

fn on_threads(threads: usize, job: &Job) -> LrRange {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| job.range_test(&RangeTest { steps: 60, ..RangeTest::default() }, &mut |_| ())).unwrap()
}

#[test]
fn the_number_of_threads_changes_no_bit_and_the_seed_does() {
    let job = lenet5("");
    let one = on_threads(1, &job);
    assert_eq!(one, on_threads(3, &job));
    assert_ne!(one.points, on_threads(1, &lenet5("seed = 7")).points);
}

#[test]
fn a_loss_out_of_hand_ends_the_test_and_the_rate_is_named() {
    let sgd = "optimizer = { kind = \"sgd\", momentum = 0.9 }\nweight_gradient = \"plain\"";
    let test = RangeTest { highest: 1e6, ..RangeTest::default() };
    let mut told = 0;
    let range = lenet5(sgd).range_test(&test, &mut |_| told += 1).unwrap();
    assert!(range.steps < 200 && told == range.steps, "{range:?}");
    let (RangeEnd::OutOfHand { lr } | RangeEnd::NotFinite { lr }) = range.end else { panic!("{range:?}") };
    assert!(range.diverges.is_some_and(|diverges| diverges <= lr), "{range:?}");
}

#[test]
fn what_was_found_is_written_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, job) = (RunDir::open(folder.path()), lenet5(""));
    let range = on_threads(1, &job);
    range.write_in(&dir, &job).unwrap();
    let back = LrRange::read(&dir.lr_find()).unwrap();
    assert_eq!(LrRange { points: range.points.clone(), smoothed: range.smoothed.clone(), ..back }, range);
    let csv = std::fs::read_to_string(dir.lr_find_csv()).unwrap();
    assert_eq!(csv.lines().next(), Some("step,lr,loss,smoothed"));
    assert_eq!(csv.lines().count(), range.points.len() + 1);
    let row: Vec<f64> = csv.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    assert_eq!((row[1], row[2]), (range.points[0].lr, range.points[0].loss));
    let config = std::fs::read_to_string(dir.config()).unwrap();
    assert_eq!(Recipe::from_toml(&config, "config.toml").unwrap(), *job.recipe());
}

#[test]
fn a_bad_range_is_refused_before_any_step() {
    let bad = RangeTest { lowest: 1.0, highest: 2.0, steps: 50 };
    let error = lenet5("").range_test(&bad, &mut |_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[test]
fn the_steepest_descent_is_taken_between_a_tenth_and_a_half_of_the_rate_of_the_lowest_loss() {
    let far = super::found::suggestion(1e-3, 5e-3);
    assert_eq!((far.lr, far.reason), (1e-3, Reason::Steepest));
    for (steepest, lr, reason, words) in [
        (4e-3, 2.5e-3, Reason::HalfOfLowest, "too near to"),
        (1e-4, 5e-4, Reason::TenthOfLowest, "too far below"),
    ] {
        let instead = super::found::suggestion(steepest, 5e-3);
        assert_eq!((instead.lr, instead.reason), (lr, reason));
        assert!(instead.why.contains(words), "{}", instead.why);
    }
}

/// What the doctor says of `recipe` before its first step, knowing what the range test found.
fn told(recipe: &Recipe, range: &LrRange) -> Vec<Cause> {
    let mut health = Health { range: Some(range.clone()), ..Health::default() };
    health.facts.train_counts = vec![20; 50];
    diagnose(recipe, &health).iter().map(|finding| finding.cause).collect()
}

#[test]
fn the_doctor_leaves_the_tuned_rates_in_peace_and_names_absurd_ones() {
    let models = [
        ("perceptron", 200),
        ("lenet5", 200),
        ("lenet5-modified", 200),
        ("residual", 100),
        ("depthwise", 100),
    ];
    for (model, steps) in models {
        let recipe = Recipe::builtin(model, Preset::Tuned).unwrap();
        let recipe = recipe.overlay("batch_size = 32\ninput = { height = 32, width = 32 }", "small").unwrap();
        let job = Job::new(recipe.clone(), &splits(&recipe)).unwrap();
        let test = RangeTest { steps, ..RangeTest::default() };
        let range = job.range_test(&test, &mut |_| ()).unwrap();
        assert_eq!(told(&recipe, &range), [], "{model}: {range:?}");
        let at = |lr| {
            let mut changed = recipe.clone();
            changed.schedule.lr = lr;
            told(&changed, &range)
        };
        let (begins, diverges) = (
            range.begins.unwrap_or_else(|| panic!("{model}: {range:?}")).lr,
            range.diverges.unwrap_or_else(|| panic!("{model}: {range:?}")),
        );
        assert_eq!(at(2.0 * diverges), [Cause::LrOverRange], "{model}");
        assert_eq!(at(begins / 30.0), [Cause::LrUnderRange], "{model}");
        assert_eq!(at(range.suggestion.as_ref().unwrap().lr), [], "{model}");
    }
}

#[test]
fn a_range_test_is_for_recipes_that_differ_in_schedule_and_length_alone() {
    let recipe = Recipe::builtin("lenet5", Preset::Tuned).unwrap();
    let longer = recipe.overlay("epochs = 90\nseed = 4\n[schedule]\nlr = 0.5", "test").unwrap();
    assert_eq!(LrRange::unlike(&recipe, &longer), None);
    let other = recipe.overlay("batch_size = 64", "test").unwrap();
    assert!(LrRange::unlike(&recipe, &other).unwrap().contains("batch_size = 64 now, not batch_size = 32"));
}
