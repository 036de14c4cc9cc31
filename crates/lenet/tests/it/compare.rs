//! `lenet compare`.

use crate::lab::Lab;
use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

#[test]
fn tables_and_report_and_every_run() {
    let lab = Lab::new();
    lab.photos();
    lab.write(
        "mine.toml",
        "name = 'mine'\ninput = [1, 16, 16]\n[[layers]]\nname = 'fc1'\nkind = 'linear'\nout_features = 3\n",
    );
    let text =
        lab.ok("compare --data photos --models perceptron,mine.toml --epochs 2 --seeds 0..2 --out out");
    for word in
        ["Table I. ", "Table IV. Top-1", "Table V. Top-5", "Table VI. ", "\nReport: out/report.html\n"]
    {
        assert!(text.contains(word), "no {word} in {text}");
    }
    for file in ["report.html", "tables.md", "tables.csv", "tables.tex", "figures/fig02_perceptron_loss.svg"]
    {
        assert!(lab.path("out").join(file).is_file(), "{file}");
    }
    for run in ["perceptron-seed0", "perceptron-seed1", "mine-seed0", "mine-seed1"] {
        for file in
            ["config.toml", "results.csv", "summary.json", "predictions.csv", "weights/best.safetensors"]
        {
            assert!(lab.path("out").join(run).join(file).is_file(), "{run}/{file}");
        }
    }
    let page = std::fs::read_to_string(lab.path("out/report.html")).unwrap();
    assert!(page.contains("lenet compare --data photos"), "the command stands in the report");
}

#[test]
fn a_run_of_a_comparison_is_the_run_that_train_does() {
    let lab = Lab::new();
    lab.photos();
    lab.ok("compare --data photos --models perceptron --epochs 1 --seeds 3");
    lab.ok("train --data photos --model perceptron --epochs 1 --seed 3");
    let weights =
        |run: &str| std::fs::read(lab.path("runs").join(run).join("weights/last.safetensors")).unwrap();
    assert!(weights("compare/perceptron") == weights("train"));
}

#[test]
fn a_comparison_that_cannot_start_leaves_nothing() {
    let lab = Lab::new();
    lab.photos();
    lab.run("compare --data photos --models lenet5,lenet5").expect(78, &["lenet5", "twice"]);
    assert!(!lab.path("runs/compare").exists());
}

#[test]
fn an_interrupted_comparison_goes_on_to_the_same_bits() {
    let lab = Lab::new();
    lab.photos();
    let args = "compare --data photos --models perceptron,lenet5 --epochs 12 --out";
    let words: Vec<&str> = args.split(' ').chain(["cut"]).collect();
    let mut child = lab.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (begun, limit) = (lab.path("cut/lenet5/results.csv"), Instant::now() + Duration::from_secs(60));
    while !begun.exists() && Instant::now() < limit {
        sleep(Duration::from_millis(2));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let summary = lab.path("cut/perceptron/summary.json");
    let before = std::fs::read(&summary).unwrap();
    assert!(!lab.path("cut/report.html").exists() && !lab.path("cut/lenet5/summary.json").exists());
    lab.run("compare --data photos --models perceptron --epochs 7 --resume --out cut")
        .expect(78, &["epochs = 7", "not epochs = 12"]);
    lab.ok(&format!("{args} cut --resume"));
    lab.ok(&format!("{args} whole"));
    assert_eq!(before, std::fs::read(&summary).unwrap(), "a finished run is kept");
    let weights = |run: &str| std::fs::read(lab.path(run).join("lenet5/weights/last.safetensors")).unwrap();
    assert!(weights("cut") == weights("whole"));
    assert!(lab.path("cut/report.html").is_file());
    lab.run("compare --data photos --resume --project nowhere")
        .expect(66, &["no comparison called 'compare'"]);
}
