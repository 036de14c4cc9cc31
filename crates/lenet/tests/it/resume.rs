//! Runs that are stopped and go on.

use crate::lab::{Lab, Told};
use std::fs;

const RUN: &str = "train --data photos --model lenet5 --imgsz 32 -b 8";

#[test]
fn a_run_that_rested_goes_on_to_the_same_weights_with_few_words() {
    let lab = Lab::new();
    lab.photos();
    lab.ok(&format!("{RUN} --epochs 3 --out whole"));
    let told = lab.run(&format!("{RUN} --epochs 3 --max-time 0.000001s"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("--resume goes on"), "{told:?}");
    // Without a word, the newest run that is not finished.
    let told = lab.run("train --resume --threads 1");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("run folder: runs/train\n"), "{told:?}");
    for name in ["weights/last.safetensors", "weights/best.safetensors", "predictions.csv"] {
        let read = |folder: &str| fs::read(lab.path(&format!("{folder}/{name}"))).unwrap();
        assert!(read("runs/train") == read("whole"), "{name}");
    }
    assert_eq!(lab.ok("train --resume"), "runs/train: finished already, nothing to resume\n");
    assert_eq!(lab.ok("train --resume --out whole"), "whole: finished already, nothing to resume\n");
}

#[test]
fn the_same_command_with_resume_begins_and_goes_on() {
    let lab = Lab::new();
    lab.photos();
    let run = format!("{RUN} --epochs 2 --out run --resume");
    lab.ok(&format!("{run} --max-time 0.000001s"));
    assert!(!lab.ok(&run).contains("finished already"));
    assert!(lab.ok(&run).contains("finished already"));
}

#[test]
fn a_run_keeps_its_recipe() {
    let lab = Lab::new();
    lab.photos();
    lab.ok(&format!("{RUN} --epochs 2 --out run --max-time 0.000001s"));
    for flag in ["--epochs 3", "--model perceptron", "--lr 0.1", "--seed 4", "--recipe published"] {
        let told = lab.run(&format!("train --resume --out run {flag}"));
        told.expect(2, &["run: the recipe says ", "goes on with what it began with"]);
    }
}

#[test]
fn nothing_to_go_on_with_is_told() {
    let lab = Lab::new();
    lab.run("train --resume").expect(66, &["runs: no run called 'train' to go on with"]);
    lab.run("train --resume --out none").expect(66, &["none: no run to go on with"]);
}

/// Photos that change under a run make it another.
#[test]
fn changed_photos_are_refused() {
    let lab = Lab::new();
    lab.photos();
    lab.ok(&format!("{RUN} --epochs 2 --out run --checkpoint-steps 1 --max-time 0.000001s"));
    assert!(lab.path("run/checkpoint").exists(), "resting saves the state");
    lab.write("photos/train/cat/0.pgm", crate::lab::pgm(99));
    lab.run("train --resume --out run")
        .expect(65, &["run/checkpoint: the pictures, labels or splits are others now"]);
}

#[cfg(unix)]
#[test]
fn signals_save_the_run_and_say_how_it_goes_on() {
    let lab = Lab::new();
    lab.photos();
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let args = format!("{RUN} --epochs 5000 --checkpoint-steps 1 --out {name}");
        let args: Vec<&str> = args.split_whitespace().collect();
        let mut command = lab.command(&args);
        let child = command
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        while !lab.path(&format!("{name}/checkpoint")).exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let kill = std::process::Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let told = Told::of(&child.wait_with_output().unwrap());
        assert_eq!(told.code, code, "{told:?}");
        assert!(told.err.contains("the state is saved"), "{told:?}");
        assert_eq!(told.hint(), format!("lenet train --resume --out {name}"));
        assert!(!lab.path(&format!("{name}/summary.json")).exists());
    }
}

#[test]
fn a_second_process_in_a_run_folder_is_sent_away() {
    let lab = Lab::new();
    lab.photos();
    let folder = lab.path("run");
    std::fs::create_dir(&folder).unwrap();
    let held = std::fs::File::open(&folder).unwrap();
    held.lock().unwrap();
    let args = "train --data photos --model perceptron --epochs 1 --out run";
    lab.run(args).expect(2, &["run: another process is training in this folder"]);
    drop(held);
    lab.ok(args);
}
