//! `lenet predict`.

use crate::lab::{Lab, Told, encoded, pgm};
use serde_json::Value;
use std::{
    fs::File,
    process::{Command, Stdio},
};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_picture_is_a_line_of_json() {
    let lab = Lab::new();
    let weights = lab.weights();
    let told =
        lines(&lab.ok(&format!("predict --weights {weights} --json photos/test/dog/0.pgm photos/val")));
    assert_eq!(told.len(), 1 + 6);
    assert_eq!(told[0]["path"], "photos/test/dog/0.pgm");
    assert_eq!(told[1]["path"], "photos/val/cat/0.pgm");
    let top = told[0]["top"].as_array().unwrap();
    assert_eq!(top.len(), 3, "as many as there are classes, five at most");
    let probs: Vec<f64> = top.iter().map(|guess| guess["prob"].as_f64().unwrap()).collect();
    assert!(probs.is_sorted_by(|a, b| a >= b) && (probs.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    for guess in top {
        let index = guess["index"].as_u64().unwrap() as usize;
        assert_eq!(guess["label"], ["cat", "dog", "eel"][index]);
    }
}

#[test]
fn a_bad_file_is_named_and_the_rest_go_on() {
    let lab = Lab::new();
    let weights = lab.weights();
    lab.write("mixed/a b.pgm", pgm(7));
    lab.write("mixed/bad.jpg", "no picture");
    lab.write("mixed/c.png", encoded(image::ImageFormat::Png));
    let told = lab.run(&format!("predict --weights {weights} --json mixed"));
    told.expect(65, &["mixed/bad.jpg", "not a picture"]);
    let paths: Vec<_> = lines(&told.out).iter().map(|line| line["path"].clone()).collect();
    assert_eq!(paths, ["mixed/a b.pgm", "mixed/c.png"]);
    let told = lab.run(&format!("predict --weights {weights} gone.jpg mixed/c.png"));
    told.expect(66, &["gone.jpg"]);
    assert_eq!(lines(&told.out).len(), 1);
    std::fs::create_dir(lab.path("empty")).unwrap();
    lab.run(&format!("predict --weights {weights} empty")).expect(66, &["empty"]);
}

#[test]
fn a_picture_from_stdin() {
    let lab = Lab::new();
    let weights = lab.weights();
    let picture = || File::open(lab.path("photos/test/eel/1.pgm")).unwrap();
    let piped = |stdin: Stdio| {
        let mut command: Command = lab.command(&["predict", "--weights", weights, "-"]);
        Told::of(&command.stdin(stdin).output().unwrap())
    };
    let told = piped(picture().into());
    assert_eq!(told.code, 0, "{told:?}");
    let file = lines(&lab.ok(&format!("predict --weights {weights} photos/test/eel/1.pgm")));
    let stdin = lines(&told.out);
    assert_eq!((&stdin[0]["path"], &stdin[0]["top"]), (&"-".into(), &file[0]["top"]));
    piped(Stdio::null()).expect(65, &["-: the file is empty"]);
}
