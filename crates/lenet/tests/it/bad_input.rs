//! Photos, lists, weights and recipes with faults: each its own line and exit code.

use crate::lab::{Lab, encoded, pgm, snapshot};
use image::ImageFormat;
use std::fs;

const TRAIN: &str = "train --data photos --model perceptron --epochs 1";

#[test]
fn a_missing_folder() {
    let lab = Lab::new();
    let told = lab.run(TRAIN);
    told.expect(66, &["photos", "no such"]);
    assert!(told.hint().contains("synthetic"));
    assert!(!lab.path("runs").exists());
    lab.write("photos/readme.md", "no pictures here");
    lab.run(TRAIN).expect(65, &["photos", "expected list files"]);
}

#[test]
fn an_empty_class() {
    let lab = Lab::new();
    lab.photos();
    fs::create_dir(lab.path("photos/train/fox")).unwrap();
    lab.run(TRAIN).expect(65, &["photos/train/fox", "without a picture"]);
}

#[test]
fn a_class_that_training_lacks() {
    let lab = Lab::new();
    lab.photos();
    lab.write("photos/val/fox/0.pgm", pgm(9));
    lab.run(TRAIN).expect(65, &["photos/val/fox", "unknown class 'fox'"]);
}

#[test]
fn a_list_with_a_bad_label() {
    let lab = Lab::new();
    lab.lists("c.pgm one\nd.pgm\n");
    lab.run(TRAIN).expect(65, &["photos/train.txt:4"]);
    lab.lists("c.pgm -7\n");
    lab.write("photos/classes.txt", "cat\ndog\n");
    lab.run(TRAIN).expect(65, &["photos/train.txt:3", "'-7'"]);
}

#[test]
fn a_listed_file_that_is_missing() {
    let lab = Lab::new();
    lab.lists("gone.pgm 1\n");
    let told = lab.run(TRAIN);
    told.expect(66, &["photos/gone.pgm", "photos/train.txt:3"]);
    assert!(told.hint().contains("--on-bad skip"));
    let told = lab.run(&format!("{TRAIN} --on-bad skip"));
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("skipped (train): gone.pgm: "), "{told:?}");
}

#[test]
fn spaces_in_a_path_work() {
    let lab = Lab::new();
    lab.lists("my  photo of c.pgm 1\n");
    lab.write("photos/my  photo of c.pgm", pgm(3));
    lab.ok(TRAIN);
}

#[test]
fn a_truncated_jpeg() {
    let lab = Lab::new();
    lab.lists("cut.jpg 1\n");
    let whole = encoded(ImageFormat::Jpeg);
    lab.write("photos/cut.jpg", &whole[..whole.len() / 2]);
    lab.run(TRAIN).expect(65, &["cut.jpg", "truncated JPEG"]);
    let told = lab.run(&format!("{TRAIN} --on-bad skip"));
    assert!(told.code == 0 && told.err.contains("cut.jpg: truncated"), "{told:?}");
}

#[test]
fn a_png_named_jpg_works() {
    let lab = Lab::new();
    lab.lists("really.jpg 1\n");
    lab.write("photos/really.jpg", encoded(ImageFormat::Png));
    lab.ok(TRAIN);
}

#[test]
fn weights_of_another_model() {
    let lab = Lab::new();
    let weights = lab.weights();
    let told = lab.run(&format!("train --data photos --model lenet5 --imgsz 32 --weights {weights}"));
    told.expect(65, &[weights, "another model"]);
    assert!(told.hint().contains("lenet inspect"));
    lab.run(&format!("evaluate --data photos --model lenet5 --weights {weights}"))
        .expect(65, &["perceptron", "lenet5"]);
    lab.run("evaluate --data photos --weights none.safetensors").expect(66, &["none.safetensors"]);
    lab.write("torn.safetensors", &fs::read(lab.path(weights)).unwrap()[..300]);
    lab.run("predict --weights torn.safetensors photos").expect(65, &["torn.safetensors"]);
}

#[test]
fn recipes_and_models_with_faults() {
    let lab = Lab::new();
    lab.photos();
    lab.write("r.toml", "model = \"lenet5\"\nepocs = 3\n");
    lab.run("train --data photos -c r.toml").expect(78, &["r.toml:2", "'epocs'", "'epochs'"]);
    lab.write("r.toml", "model = \"lenet5\"\n[schedule]\nlr = -1.0\n");
    lab.run("train --data photos -c r.toml").expect(78, &["r.toml", "schedule.lr is -1"]);
    lab.run("train --data photos -c none.toml").expect(66, &["none.toml"]);
    lab.write(
        "m.toml",
        "name = 'm'\ninput = [1, 8, 8]\n[[layers]]\nname = 'fc1'\nkind = 'linear'\nout_features = 4\n",
    );
    lab.run("train --data photos --model m.toml").expect(78, &["gives 4", "3 classes"]);
    lab.write("m.toml", "name = 'm'\ninput = [1, 8, 8]\n[[layers]]\nname = 'x'\nkind = 'lstm'\n");
    lab.run("train --data photos --model m.toml").expect(78, &["m.toml", "lstm"]);
}

#[test]
fn the_photos_are_never_written_to() {
    let lab = Lab::new();
    lab.photos();
    let before = snapshot(&lab.path("photos"));
    for flag in [
        "--out photos/run",
        "--project photos",
        "--out photos/../photos/train/run",
        "--log-steps photos/s.csv",
    ] {
        lab.run(&format!("{TRAIN} {flag}")).expect(2, &["data folder", "only ever read"]);
    }
    lab.run("compare --data photos --out photos/c").expect(2, &["data folder"]);
    lab.run("synth photos --train 1").expect(2, &["photos", "not empty"]);
    lab.ok(TRAIN);
    lab.ok("evaluate --data photos --weights runs/train/weights/last.safetensors");
    lab.ok("predict --weights runs/train/weights/last.safetensors photos");
    assert_eq!(snapshot(&lab.path("photos")), before);
}
