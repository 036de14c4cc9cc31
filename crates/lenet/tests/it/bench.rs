//! `lenet bench`: figures of any machine differ, their form does not.

use crate::lab::Lab;

/// As short as can be.
const SHORT: &str = "--secs 0.001 --reps 2";

fn list(text: &str) -> Vec<serde_json::Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_combination_has_its_object() {
    let lab = Lab::new();
    let text = lab.ok(&format!("bench {SHORT} --models perceptron --json -j 1,2 -b 1,4"));
    let found = list(&text);
    let mut combinations = Vec::new();
    for one in &found {
        assert_eq!(one["model"], "perceptron");
        let number = |key: &str| one[key].as_f64().unwrap_or_else(|| panic!("no {key} in {one}"));
        let (low, rate, high) = (number("min"), number("images_per_sec"), number("max"));
        assert!(0.0 < low && low <= rate && rate <= high, "{one}");
        assert!(number("fma_fraction") > 0.0 && number("peak_gflops") > 0.0, "{one}");
        let work = if one["mode"] == "train" { 3 * 5_700 - 3_200 } else { 5_700 };
        assert_eq!(one["multiply_adds_per_image"], work);
        combinations.push((one["mode"].as_str().unwrap(), number("batch"), number("threads")));
    }
    let all = ["train", "infer"].map(|mode| [1.0, 4.0].map(|batch| [1.0, 2.0].map(|t| (mode, batch, t))));
    assert_eq!(combinations, all.into_iter().flatten().flatten().collect::<Vec<_>>());
}

#[test]
fn a_model_of_ones_own_is_measured_like_a_built_in_one() {
    let lab = Lab::new();
    let layers = "[[layers]]\nname = 'conv1'\nkind = 'conv2d'\nout_channels = 2\nkernel_size = 3\n\
        [[layers]]\nname = 'fc1'\nkind = 'linear'\nout_features = 4\n";
    lab.write("m.toml", format!("name = 'mine'\ninput = [3, 8, 8]\n{layers}"));
    let text = lab.ok(&format!("bench {SHORT} --models m.toml -j 1"));
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("mine ")).collect();
    assert_eq!(rows.len(), 5, "{text}");
    assert!(rows[0].contains("train") && rows[4].contains("infer") && text.contains("GFLOP/s"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn weights_in_bf16_are_for_inference_and_told() {
    let lab = Lab::new();
    let found = list(&lab.ok(&format!("bench {SHORT} --models lenet5,perceptron --bf16 --json -j 1 -b 1")));
    let told: Vec<_> = found.iter().map(|one| (one["mode"].clone(), one["weights"].clone())).collect();
    let [train, infer, f32, bf16] = ["train", "infer", "f32", "bf16"].map(serde_json::Value::from);
    let perceptron = [(train.clone(), f32.clone()), (infer.clone(), f32.clone())];
    assert_eq!(told[..2], [(train, f32), (infer, bf16)]);
    assert_eq!(told[2..], perceptron, "a net without large layers");
    let text = lab.ok(&format!("bench {SHORT} --models lenet5 --bf16 --modes infer --profile -b 1"));
    assert!(text.contains("linear in bf16"), "{text}");
}

#[test]
fn a_profile_has_both_passes_of_every_layer() {
    let lab = Lab::new();
    let flags = "--models perceptron --modes train --profile";
    let found = list(&lab.ok(&format!("bench {SHORT} {flags} --json")));
    let of = |key: &str| found.iter().map(|one| one[key].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(of("layer"), ["fc1", "fc1", "act1", "act1", "fc2", "fc2", "loss, update"]);
    assert_eq!(of("pass"), ["forward", "backward", "forward", "backward", "forward", "backward", "step"]);
    assert!(found.iter().all(|one| one["us_per_image"].as_f64().unwrap() >= 0.0));
    let text = lab.ok(&format!("bench {SHORT} {flags}"));
    assert!(text.contains("fc2") && text.contains("µs/image") && text.contains("bwd"), "{text}");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let lab = Lab::new();
    for (flags, words) in [
        ("--models lenet6", "'lenet6'"),
        ("--modes learn", "'learn'"),
        ("-b 0", "from 1"),
        ("--threads 0", "1..=1024"),
        ("--secs -1", "over 0"),
        ("--secs 1e300", "longer"),
        ("--reps 0", "from 1"),
        ("--opt newton", "'newton'"),
    ] {
        lab.run(&format!("bench {flags}")).expect(2, &[words]);
    }
    lab.run("bench --models none.toml").expect(66, &["none.toml"]);
    lab.write("bad.toml", "name = 'm'\ninput = [1, 8, 8]\n[[layers]]\nname = 'a'\nkind = 'conv3d'\n");
    lab.run("bench --models bad.toml").expect(78, &["bad.toml", "conv3d"]);
}
