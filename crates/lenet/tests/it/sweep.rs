//! `lenet sweep`.

use crate::lab::{Lab, snapshot};
use std::{
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const PERCEPTRON: &str = "sweep --data photos --model perceptron --epochs 2";

/// A net that an absurd learning rate breaks.
const NET: &str = "sweep --data photos --model lenet5-modified --imgsz 32 --epochs 2 -b 4";

fn read(lab: &Lab, path: &str) -> Vec<u8> {
    fs::read(lab.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn weights(lab: &Lab, folder: &str, trial: usize) -> Vec<u8> {
    read(lab, &format!("{folder}/trial-{trial:03}/weights/last.safetensors"))
}

fn csv(lab: &Lab, folder: &str) -> String {
    String::from_utf8(read(lab, &format!("{folder}/trials.csv"))).unwrap()
}

#[test]
fn every_trial_has_a_run_folder_and_the_best_is_named() {
    let lab = Lab::new();
    lab.photos();
    let told = lab.run(&format!("{PERCEPTRON} --set lr=0.001,0.01 --set batch_size=4,9"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("trial 2/4: batch_size=4 lr=0.01\n"), "{told:?}");
    for word in
        ["best by val/top1: trial ", "lenet train --config runs/sweep/trial-0", "sweep folder: runs/sweep "]
    {
        assert!(told.out.contains(word), "no {word} in {told:?}");
    }
    for figure in ["parallel", "scatter"] {
        assert!(read(&lab, &format!("runs/sweep/figures/{figure}.svg")).starts_with(b"<svg"));
        assert!(read(&lab, &format!("runs/sweep/figures/{figure}.png")).starts_with(b"\x89PNG"));
    }
    let rows = csv(&lab, "runs/sweep");
    let head = "trial,batch_size,schedule.lr,epoch,val/loss,val/top1,val/top5,time,status,reason\n1,4,0.001,";
    assert!(rows.starts_with(head) && rows.matches(",done,\n").count() == 4, "{rows}");
    let json: serde_json::Value = serde_json::from_slice(&read(&lab, "runs/sweep/summary.json")).unwrap();
    assert_eq!((json["trials"].as_array().unwrap().len(), &json["metric"]), (4, &"val/top1".into()));

    // What the other verbs do with a run, they do with a trial.
    lab.ok("doctor runs/sweep/trial-001");
    lab.ok("evaluate --weights runs/sweep/trial-003/weights/best.safetensors --data photos");
    lab.ok("train --config runs/sweep/trial-003/config.toml --out again");
    assert!(weights(&lab, "runs/sweep", 3) == read(&lab, "again/weights/last.safetensors"));

    // The stored search is the same sweep again, and another number of threads changes nothing.
    let json = lab.ok("sweep --space runs/sweep/sweep.toml --threads 1 --json --out second");
    assert_eq!(json.as_bytes(), read(&lab, "second/summary.json"));
    for trial in 1..=4 {
        assert!(weights(&lab, "runs/sweep", trial) == weights(&lab, "second", trial), "trial {trial}");
    }
    assert_eq!(read(&lab, "runs/sweep/sweep.toml"), read(&lab, "second/sweep.toml"));
}

#[test]
fn a_search_file_serves_and_flags_win_over_it() {
    let lab = Lab::new();
    lab.photos();
    lab.write(
        "my.toml",
        "trials = 2\nmetric = 'val/loss'\n[space]\nlr = '1e-4..1e-1:log'\n[recipe]\nmodel = 'perceptron'\n\
         data = 'photos'\nepochs = 9\n",
    );
    let text = lab.ok("sweep --space my.toml --epochs 1 --set batch_size=2..9 --out out");
    assert!(text.contains("best by val/loss: trial "), "{text}");
    let rows = csv(&lab, "out");
    assert!(rows.starts_with("trial,batch_size,schedule.lr,") && rows.lines().count() == 3, "{rows}");
    assert!(String::from_utf8(read(&lab, "out/trial-001/config.toml")).unwrap().contains("epochs = 1\n"));
    lab.write("bad.toml", "[space]\nlrr = [0.1]\n");
    lab.run("sweep --space bad.toml --data photos --model lenet5")
        .expect(78, &["bad.toml, [space]", "'schedule.lr'?"]);
    lab.run("sweep --space none.toml --data photos --model lenet5").expect(66, &["none.toml"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_goes_on_to_the_same_bits() {
    let lab = Lab::new();
    lab.photos();
    let args =
        "sweep --data photos --model lenet5 --imgsz 64 --epochs 12 --trials 3 --set lr=1e-4..1e-2:log --out";
    let words: Vec<&str> = args.split(' ').chain(["cut"]).collect();
    let mut child = lab.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (begun, limit) = (lab.path("cut/trial-002/results.csv"), Instant::now() + Duration::from_secs(120));
    while !begun.exists() && Instant::now() < limit {
        sleep(Duration::from_millis(2));
    }
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!lab.path("cut/trial-002/summary.json").exists() && !lab.path("cut/figures").exists());
    let before = snapshot(&lab.path("cut/trial-001"));
    for other in ["--set lr=1e-4..1e-1:log", "--trials 4", "--metric val/loss", "--seed 1", "--epochs 13"] {
        let told = lab.run(&format!("sweep --resume --out cut {other}"));
        told.expect(78, &["cut: the sweep says ", "goes on with what it began with"]);
    }
    lab.ok("sweep --resume --out cut");
    lab.ok(&format!("{args} whole"));
    assert!(before == snapshot(&lab.path("cut/trial-001")), "a finished trial is kept");
    for trial in 1..=3 {
        assert!(weights(&lab, "cut", trial) == weights(&lab, "whole", trial), "trial {trial}");
    }
    let scores = |folder| -> Vec<String> {
        let rows = csv(&lab, folder);
        rows.lines().map(|row| row.split(',').take(6).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(scores("cut"), scores("whole"));
    assert!(lab.path("cut/figures/parallel.png").is_file());
    lab.run("sweep --resume --project nowhere").expect(66, &["no sweep called 'sweep'"]);
    lab.run("sweep --resume --out nothing").expect(66, &["no sweep.toml"]);
}

#[test]
fn a_sweep_rests_when_its_time_is_over() {
    let lab = Lab::new();
    lab.photos();
    let text = lab.ok(&format!("{PERCEPTRON} --set lr=0.001,0.01 --max-time 0.000001s"));
    assert!(text.contains("2 trials are left: lenet sweep --resume --out runs/sweep\n"), "{text}");
    let text = lab.ok("sweep --resume");
    assert!(text.contains("best by val/top1"), "{text}");
}

#[test]
fn a_trial_that_fails_is_noted_and_the_others_go_on() {
    let lab = Lab::new();
    lab.photos();
    let args = format!("{NET} --set lr=1e30,0.001 --out out");
    let text = lab.ok(&args);
    assert!(text.contains("trial 1 failed: ") && text.contains("trial 2, out/trial-002\n"), "{text}");
    let rows = csv(&lab, "out");
    let failed = rows.lines().nth(1).unwrap();
    assert!(
        failed.starts_with("1,1e30,,,,,") && failed.contains(",failed,\"") && failed.contains("lr "),
        "{rows}"
    );
    let before = snapshot(&lab.path("out"));
    assert_eq!(lab.ok(&format!("{args} --resume")), text);
    assert!(before == snapshot(&lab.path("out")), "nothing is tried again");

    let told = lab.run(&format!("{NET} --set lr=1e30,1e31 --out none -q"));
    told.expect(1, &["all 2 trials failed; the first: "]);
    assert_eq!(told.hint(), "'lenet doctor none/trial-001' says more");
}

#[test]
fn mistakes_are_told_before_anything_is_trained() {
    let lab = Lab::new();
    lab.photos();
    let many = (1..=40).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let grid = format!("--set epochs={many} --set batch_size={many}");
    for (flags, code, words) in [
        ("", 2, "nothing to try; add --set KEY=VALUES"),
        ("--set lrr=0.1", 2, "unknown key 'lrr' (did you mean 'schedule.lr'?)"),
        ("--set optimizer.lr=0.1", 2, "did you mean 'schedule.lr'?"),
        ("--set lr", 2, "expected KEY=VALUES"),
        ("--set lr=2..1", 2, "the range 2..1 is empty"),
        ("--set lr=0..1:log", 2, "begins over 0"),
        ("--set lr=0.1,0.1", 2, "0.1 comes twice"),
        ("--set data=a,b", 2, "data is the same for all trials"),
        ("--set lr=0.1,fast", 78, "trial 2 (lr=fast): schedule.lr: invalid type"),
        ("--set lr=0.1,-1", 78, "trial 2 (lr=-1): schedule.lr is -1"),
        ("--set lr=0.1..0.2 --search grid", 78, "schedule.lr is a range"),
        ("--set lr=0.1 --search grid --trials 3", 2, "--trials is for a random search"),
        ("--set lr=0.1,0.2 --trials 1001", 78, "1001 trials, at most are 1000"),
        (grid.as_str(), 78, "the grid has 1600 trials, at most are 1000"),
        (
            "--set batch_size=4 --set max_steps=2,9",
            78,
            "trial 1 (batch_size=4 max_steps=2): max_steps = 2 end before",
        ),
        ("--set freeze=[\"none\"]", 78, "trial 1 (freeze=[\"none\"]): "),
    ] {
        lab.run(&format!("sweep -q --data photos --model perceptron {flags}")).expect(code, &[words]);
    }
    assert!(!lab.path("runs/sweep").exists(), "a refused sweep leaves nothing");
    lab.run("sweep --set lr=0.1 --data photos").expect(2, &["no model"]);
    lab.run("sweep --set lr=0.1 --model lenet5").expect(2, &["--data"]);
    // A list says what belongs to it: nothing is held out for a validation that it lacks.
    let pictures = ["cat", "dog"].map(|class| format!("../photos/train/{class}/0.pgm {class}\n"));
    fs::create_dir(lab.path("list")).unwrap();
    lab.write("list/train.txt", pictures.concat());
    lab.run("sweep -q --set lr=0.1 --data list --model perceptron").expect(2, &["'val'"]);
}
