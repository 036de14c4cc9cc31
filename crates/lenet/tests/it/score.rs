//! `lenet evaluate`.

use crate::lab::{Lab, pgm};
use nn::ModelFile;
use serde_json::Value;

fn score(lab: &Lab, args: &str) -> Value {
    serde_json::from_str(&lab.ok(&format!("evaluate --json {args}"))).unwrap()
}

#[test]
fn a_split_is_scored_as_training_scored_it() {
    let lab = Lab::new();
    let weights = lab.weights();
    let told = score(&lab, &format!("--weights {weights} --data photos --split val"));
    let results = std::fs::read_to_string(lab.path("run/results.csv")).unwrap();
    let row: Vec<f64> =
        results.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    let number = |key: &str| told[key].as_f64().unwrap();
    assert_eq!([number("loss"), number("top1"), number("top5")], [row[5], row[6], row[7]]);
    assert_eq!((&told["samples"], &told["skipped"]), (&6.into(), &0.into()));
    let test = lab.ok(&format!("evaluate --weights {weights} --data photos"));
    assert!(test.starts_with("test of photos: loss ") && test.contains("of 6 pictures"), "{test}");
}

#[test]
fn any_list_file_is_a_split_and_none_takes_anothers_place() {
    let lab = Lab::new();
    lab.lists("");
    lab.write("photos/holdout.txt", "a.pgm 0\nb.pgm 1\nc.pgm 1\n");
    lab.ok("train --data photos --model perceptron --epochs 1 --out run");
    let weights = "run/weights/last.safetensors";
    assert_eq!(score(&lab, &format!("--weights {weights} --data photos --split holdout"))["samples"], 3);
    let told = lab.run(&format!("evaluate --weights {weights} --data photos --split holdot"));
    told.expect(2, &["no split 'holdot'", "holdout"]);
}

#[test]
fn classes_are_matched_by_name() {
    let lab = Lab::new();
    let weights = lab.weights();
    // Only two of the three classes, so their numbers differ here.
    for i in 0..2 {
        lab.write(&format!("few/test/dog/{i}.pgm"), pgm(120 + 5 * i));
        lab.write(&format!("few/test/eel/{i}.pgm"), pgm(200 + 5 * i));
    }
    let few = score(&lab, &format!("--weights {weights} --data few"));
    let all = score(&lab, &format!("--weights {weights} --data photos"));
    assert_eq!(few["samples"], 4);
    assert!(few["top5"] == 1.0 && all["top5"] == 1.0);
    lab.write("few/test/yak/0.pgm", pgm(1));
    lab.run(&format!("evaluate --weights {weights} --data few")).expect(65, &["unknown class 'yak'"]);
}

#[test]
fn plain_weights_of_another_program_are_used_with_their_model_named() {
    let lab = Lab::new();
    let weights = lab.weights();
    let file = ModelFile::read(lab.path(weights)).unwrap();
    let plain = ModelFile { spec: None, metadata: Default::default(), ..file };
    plain.write(lab.path("plain.safetensors")).unwrap();
    lab.run("evaluate --weights plain.safetensors --data photos").expect(2, &["--model"]);
    let told = score(&lab, "--weights plain.safetensors --data photos --model perceptron");
    assert_eq!((&told["samples"], &told["model"]), (&6.into(), &"perceptron".into()));
    lab.ok("train --weights plain.safetensors --data photos --model perceptron --epochs 1");
}
