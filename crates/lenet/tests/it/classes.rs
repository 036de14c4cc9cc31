//! `lenet train` where classes differ in size, or from those of the weights it starts from.

use crate::lab::{Lab, pgm};
use nn::ModelFile;
use std::fs;

/// [`Lab::photos`] with a fourth class of one photo.
fn uneven(lab: &Lab) {
    lab.photos();
    lab.write("photos/train/yak/0.pgm", pgm(80));
}

const SHORT: &str = "train --data photos --model perceptron --epochs 2 --batch-size 4";

#[test]
fn balancing_is_kept_in_the_run_and_changes_the_weights() {
    let lab = Lab::new();
    uneven(&lab);
    lab.write(
        "named.toml",
        "model = \"perceptron\"\nepochs = 2\nbatch_size = 4\nclass_weights = { yak = 6.0 }\n",
    );
    lab.ok(&format!("{SHORT} --out even"));
    lab.ok(&format!("{SHORT} --sampling balanced --out sampled"));
    lab.ok(&format!("{SHORT} --class-weights balanced --out weighted"));
    lab.ok("train --data photos --config named.toml --out named");
    let runs = ["even", "sampled", "weighted", "named"];
    let weights = runs.map(|run| fs::read(lab.path(run).join("weights/last.safetensors")).unwrap());
    for (i, one) in weights.iter().enumerate() {
        assert!(weights[..i].iter().all(|other| other != one), "{} is as another run", runs[i]);
    }
    let config = |run: &str| fs::read_to_string(lab.path(run).join("config.toml")).unwrap();
    assert!(config("sampled").contains("sampling = \"balanced\""));
    assert!(config("weighted").contains("class_weights = \"balanced\""));
    assert!(config("named").contains("yak = 6.0"), "{}", config("named"));
    lab.ok("train --data photos --config named/config.toml --out again");
    assert_eq!(weights[3], fs::read(lab.path("again/weights/last.safetensors")).unwrap());
}

#[test]
fn a_class_that_is_not_there_is_named_with_its_neighbour() {
    let lab = Lab::new();
    uneven(&lab);
    lab.write("wrong.toml", "model = \"perceptron\"\nclass_weights = { yaks = 6.0 }\n");
    lab.run("train --data photos --config wrong.toml --out run").expect(2, &["'yaks'", "'yak'"]);
    lab.run(&format!("{SHORT} --sampling balanced --no-shuffle --out run"))
        .expect(78, &["sampling", "shuffle"]);
}

#[test]
fn weights_for_other_classes_give_all_layers_but_the_last() {
    let lab = Lab::new();
    let weights = lab.weights();
    uneven(&lab);
    let told = lab.run(&format!("{SHORT} --weights {weights} --freeze fc1 --out four"));
    assert!(
        told.code == 0 && told.err.contains("note: ") && told.err.contains("fc2 begins anew"),
        "{told:?}"
    );
    let read = |path: &str| ModelFile::read(lab.path(path)).unwrap().tensors;
    let (old, new) = (read(weights), read("four/weights/last.safetensors"));
    assert_eq!(old["fc1.weight"], new["fc1.weight"]);
    assert_eq!((old["fc2.weight"].shape[0], new["fc2.weight"].shape[0]), (3, 4));
    let other =
        lab.run(&format!("train --data photos --model lenet5 --epochs 1 --weights {weights} --out no"));
    other.expect(65, &["last.safetensors", "another model"]);
}
