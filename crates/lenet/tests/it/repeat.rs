//! The same command gives the same weights.

use crate::lab::Lab;
use std::fs;

fn weights(lab: &Lab, args: &str, out: &str) -> Vec<u8> {
    lab.ok(&format!("train --data photos --out {out} {args}"));
    fs::read(lab.path(&format!("{out}/weights/last.safetensors"))).unwrap()
}

#[test]
fn twice_and_on_any_number_of_threads() {
    let lab = Lab::new();
    lab.photos();
    let run = "--model lenet5-modified --imgsz 32 --epochs 2 -b 8";
    let first = weights(&lab, run, "a");
    assert!(first == weights(&lab, run, "b"), "the same command twice");
    assert!(first == weights(&lab, &format!("{run} --threads 1"), "c"), "one thread");
    assert!(first == weights(&lab, &format!("{run} -j 3"), "d"), "three threads");
    assert!(first != weights(&lab, &format!("{run} --seed 1"), "e"), "another seed");
}

#[test]
fn from_the_config_that_a_run_left() {
    let lab = Lab::new();
    lab.photos();
    let first = weights(
        &lab,
        "--model lenet5 --imgsz 32 --epochs 1 --opt sgd --lr 0.02 --smoothing 0.1 --no-aug",
        "a",
    );
    lab.ok("train --config a/config.toml --out b");
    assert!(first == fs::read(lab.path("b/weights/last.safetensors")).unwrap());
    lab.ok("train --config a/config.toml --out c --seed 5");
    assert!(first != fs::read(lab.path("c/weights/last.safetensors")).unwrap(), "flags win");
}

#[test]
fn the_published_recipe_runs_on_every_model() {
    let lab = Lab::new();
    lab.write("photos/none", "");
    for model in ["perceptron", "lenet5", "lenet5-modified"] {
        lab.ok(&format!("train --data synthetic:64,50,50 --model {model} --recipe published --imgsz 32 --epochs 1 --out {model}"));
        let results = fs::read_to_string(lab.path(&format!("{model}/results.csv"))).unwrap();
        assert_eq!(results.lines().count(), 2, "{results}");
    }
}

#[test]
fn steps_are_logged_from_one_with_the_loss_before_each() {
    let lab = Lab::new();
    lab.photos();
    let flags = "--model perceptron --max-steps 7 --epochs 9 -b 4 --no-shuffle --no-aug --mean 0 --std 1";
    lab.ok(&format!("train --data photos {flags} --log-steps a.csv --out a"));
    let text = fs::read_to_string(lab.path("a.csv")).unwrap();
    let rows: Vec<(u32, f64)> = (text.lines().skip(1))
        .map(|line| {
            line.split_once(',').map(|(step, loss)| (step.parse().unwrap(), loss.parse().unwrap())).unwrap()
        })
        .collect();
    assert!(text.starts_with("step,loss\n"));
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    // From the weights that it ended with, a run goes on; its first loss is that of the same batch with these weights.
    let from = "--weights a/weights/last.safetensors";
    lab.ok(&format!("train --data photos {flags} {from} --log-steps b.csv --out b"));
    let first: f64 =
        fs::read_to_string(lab.path("b.csv")).unwrap().lines().nth(1).unwrap()[2..].parse().unwrap();
    assert!(first < rows[0].1, "{first} after {rows:?}");
}
