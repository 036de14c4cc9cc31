//! `lenet inspect` and `lenet synth`.

use crate::lab::Lab;

#[test]
fn a_model_is_shown_layer_by_layer() {
    let lab = Lab::new();
    let text = lab.ok("inspect lenet5");
    assert!(text.contains("conv2") && text.contains("16×58×58"), "{text}");
    assert!(text.contains("1,631,826") && text.contains("12,009,000"), "{text}");
    assert!(lab.ok("inspect lenet5-modified --classes 10 --imgsz 64").contains("1×64×64"));
    lab.write(
        "m.toml",
        "name = 'm'\ninput = [1, 8, 8]\n[[layers]]\nname = 'fc1'\nkind = 'linear'\nout_features = 4\n",
    );
    assert!(lab.ok("inspect m.toml").contains("64→4"));
}

#[test]
fn a_weights_file_says_what_is_in_it() {
    let lab = Lab::new();
    let weights = lab.weights();
    let text = lab.ok(&format!("inspect {weights}"));
    for word in ["cat, dog, eel", "histogram", "fc1.weight", "50×64", "recipe = \"tuned\""] {
        assert!(text.contains(word), "no {word} in {text}");
    }
    let place = lab.path("").display().to_string();
    assert!(!text.contains(&place), "where photos lay is nobody's business: {text}");
}

#[test]
fn data_is_counted_by_class_and_split() {
    let lab = Lab::new();
    lab.photos();
    let text = lab.ok("inspect photos");
    let dog: Vec<&str> = text.lines().find(|line| line.contains("dog")).unwrap().split_whitespace().collect();
    assert_eq!(dog, ["1", "dog", "6", "2", "2"]);
    assert!(text.lines().last().unwrap().contains("3 classes"), "{text}");
    assert!(lab.ok("inspect synthetic").contains("10,000"));
    lab.run("inspect ./nowhere").expect(66, &["./nowhere"]);
}

#[test]
fn the_synthetic_set_as_files_is_the_synthetic_set() {
    let lab = Lab::new();
    lab.ok("synth set --train 60 --val 50 --test 50");
    let text = lab.ok("inspect set");
    assert!(text.contains("50 classes") && text.contains("striped star"), "{text}");
    lab.ok("train --data set --model perceptron --epochs 1 --out files");
    lab.ok("train --data synthetic:60,50,50 --model perceptron --epochs 1 --out drawn");
    let weights = |run: &str| std::fs::read(lab.path(&format!("{run}/weights/last.safetensors"))).unwrap();
    assert!(weights("files") == weights("drawn"));
}

#[test]
fn a_mistake_in_a_model_file_is_told_with_its_own_line_and_the_nearest_word() {
    let lab = Lab::new();
    let model = "name = 'mine'\ninput = [1, 32, 32]\nlayers = [\n  { name = 'c', kind = 'conv2d', out_channels = 4, kernel_size = 3 },\n  \
        { name = 'p', kind = 'max_pool2d', kernel_size = 2 },\n  { name = 'f', kind = 'linear', out_features = 5 },\n]\n";
    for (right, wrong, words) in [
        (
            "out_channels",
            "out_chanels",
            &["m.toml:4: layer 'c': unknown key 'out_chanels'", "'out_channels'"][..],
        ),
        ("max_pool2d", "maxpool2d", &["m.toml:5: layer 'p': unknown word 'maxpool2d'", "'max_pool2d'"]),
        ("kernel_size = 2", "kernel_size = 99", &["m.toml:5: layer 'p' (max_pool2d)", "99×99", "4×30×30"]),
    ] {
        lab.write("m.toml", model.replace(right, wrong));
        lab.run("inspect m.toml").expect(78, words);
    }
    lab.write("m.toml", model);
    let table = lab.ok("inspect m.toml");
    for words in ["output", "parameters", "multiply-adds", "memory", "4×15×15", "total"] {
        assert!(table.contains(words), "no '{words}' in {table}");
    }
}

#[test]
fn a_batch_of_a_run_is_made_again_as_the_run_saw_it() {
    let lab = Lab::new();
    lab.photos();
    lab.ok("train --data photos --model lenet5 --imgsz 32 --epochs 1 -b 8 --hflip 0.5 --mixup 1 --out run");
    let first = std::fs::read(lab.path("run/figures/batch.png")).unwrap();
    let text = lab.ok("inspect run --batch 1:1 --sheet sheet.png");
    assert!(std::fs::read(lab.path("sheet.png")).unwrap() == first, "the first batch is that of the run");
    assert!(text.starts_with("epoch 1, batch 1 of 3\n") && text.contains("mixed with"), "{text}");
    let pictures = |text: &str| -> Vec<String> {
        let names = text.split_whitespace().filter(|word| word.ends_with(".pgm"));
        names.map(str::to_owned).collect()
    };
    let all = |epoch: u32| -> Vec<String> {
        (1..4).flat_map(|batch| pictures(&lab.ok(&format!("inspect run --batch {epoch}:{batch}")))).collect()
    };
    let (one, two) = (all(1), all(2));
    assert_eq!(one.len(), 18);
    assert_ne!(one, two, "another order in another epoch");
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(sorted(one).len(), 18);
    assert_eq!(sorted(two).len(), 18);
    lab.run("inspect run --batch 1:4").expect(2, &["run: no batch 4", "it has 3"]);
    lab.run("inspect run").expect(2, &["run: a run folder"]);
    lab.run("inspect lenet5 --batch 1:1").expect(2, &["lenet5: no run folder"]);
    assert_eq!(lab.run("inspect run --batch 0:1").code, 2);
    lab.ok("train --data photos --model perceptron --epochs 1 --out histogram");
    assert!(lab.ok("inspect histogram --batch 1:1").contains("train/cat/0.pgm"));
    lab.run("inspect histogram --batch 1:1 --sheet no.png").expect(2, &["histogram: no sheet"]);
    lab.run("inspect run --batch 1:1 --sheet photos/sheet.png").expect(2, &["photos"]);
}
