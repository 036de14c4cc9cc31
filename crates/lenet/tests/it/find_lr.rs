//! `lenet train --find-lr`, and the doctor that knows what it found.

use crate::lab::Lab;
use std::fs;

const TEST: &str =
    "train --data synthetic:400,50,50 --model lenet5-modified --imgsz 32 -b 16 --find-lr --lr-steps 100";

fn bytes(lab: &Lab, name: &str) -> Vec<u8> {
    fs::read(lab.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_rate_is_suggested_and_its_folder_is_the_same_on_any_number_of_threads() {
    let lab = Lab::new();
    let out = lab.ok(&format!("{TEST} -j 1"));
    for words in ["suggested lr: ", "is lowest at", "run folder: runs/find-lr\n"] {
        assert!(out.contains(words), "no {words} in {out}");
    }
    lab.ok(&format!("{TEST} -j 3"));
    for file in ["config.toml", "lr_find.csv", "lr_find.json", "figures/lr_find.svg", "figures/lr_find.png"] {
        assert!(
            bytes(&lab, &format!("runs/find-lr/{file}")) == bytes(&lab, &format!("runs/find-lr2/{file}")),
            "{file}"
        );
    }
    let rows = String::from_utf8(bytes(&lab, "runs/find-lr/lr_find.csv")).unwrap();
    assert!(rows.starts_with("step,lr,loss,smoothed\n1,0.000001,"), "{rows}");
    for absent in ["weights", "checkpoint", "results.csv", "summary.json"] {
        assert!(!lab.path("runs/find-lr").join(absent).exists(), "{absent}");
    }
}

#[test]
fn json_is_what_the_file_holds() {
    let lab = Lab::new();
    let out = lab.ok(&format!("{TEST} --json --out found -q"));
    let printed: serde_json::Value = serde_json::from_str(&out).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&bytes(&lab, "found/lr_find.json")).unwrap();
    assert_eq!(printed, file);
    assert!(printed["suggestion"]["lr"].as_f64().is_some_and(|lr| (1e-5..1.0).contains(&lr)), "{printed}");
    assert_eq!(
        (printed["batch_size"].as_u64(), printed["model"].as_str()),
        (Some(16), Some("lenet5-modified"))
    );
}

#[test]
fn the_doctor_compares_a_run_with_what_was_found() {
    let lab = Lab::new();
    lab.ok(&format!("{TEST} -q"));
    let run = "train --config runs/find-lr/config.toml --epochs 1 -q";
    lab.ok(&format!("{run} --lr 1e-7 --out low"));
    let told = lab.ok("doctor low --range runs/find-lr");
    assert!(
        told.contains("lr-under-range (warning, from the start)") && told.contains("raise it to about"),
        "{told}"
    );
    assert!(!lab.ok("doctor low").contains("range"), "nobody told it");
    lab.ok(&format!("{run} --lr 5 --sched constant --out high"));
    let told = lab.ok("doctor high --range runs/find-lr --json");
    assert!(told.contains("\"lr-over-range\""), "{told}");
    lab.ok(&format!("{run} -b 32 --out other"));
    lab.run("doctor other --range runs/find-lr").expect(2, &["another recipe", "batch_size = 32"]);
    lab.run("doctor low --range low").expect(66, &["low/lr_find.json"]);
    lab.run("doctor runs/find-lr").expect(66, &["health.jsonl"]);
}

#[test]
fn what_makes_no_sense_is_refused_and_leaves_nothing() {
    let lab = Lab::new();
    lab.photos();
    for (flags, words) in [
        ("--find-lr --lr-range 1 0.1", "ten times"),
        ("--find-lr --lr-range 1 2", "ten times"),
        ("--find-lr --lr-range 0 1", "over 0"),
        ("--find-lr --lr-range 1e-3", "2 values"),
        ("--find-lr --lr-steps 5", "20 or more"),
        ("--find-lr --resume", "--resume"),
        ("--find-lr --max-time 3s", "--max-time"),
        ("--find-lr --checkpoint-minutes 3", "--checkpoint-minutes"),
        ("--find-lr --checkpoint-steps 3", "--checkpoint-steps"),
        ("--find-lr --log-steps steps.csv", "--log-steps"),
        ("--lr-range 1e-3 1", "--find-lr"),
        ("--lr-steps 50", "--find-lr"),
        ("--json", "--find-lr"),
    ] {
        lab.run(&format!("train --data photos --model lenet5 {flags}")).expect(2, &[words]);
    }
    assert!(!lab.path("runs").exists());
}
