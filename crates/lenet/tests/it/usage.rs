//! What was typed wrong, and help.

use crate::lab::Lab;

#[test]
fn an_unknown_word_is_told_the_nearest() {
    let lab = Lab::new();
    lab.photos();
    for (typed, wrong, nearest) in [
        ("trian --epochs 3", "'trian'", "'train'"),
        ("train --epocs 3", "'--epocs'", "'--epochs'"),
        ("train --data photos --model lenet5 --opt adamm", "'adamm'", "'adam"),
        ("train --data photos --model lenet5 --recipe tund", "'tund'", "'tuned'"),
        ("compare --seed 0..3 --epoch 1", "'--epoch'", "'--epochs'"),
    ] {
        let told = lab.run(typed);
        told.expect(2, &[wrong]);
        assert!(told.hint().contains(nearest), "{told:?}");
    }
    let told = lab.run("train --data photos --model lenet-5");
    told.expect(2, &["unknown model 'lenet-5'", "did you mean 'lenet5'?", "perceptron"]);
    lab.run("inspect lenet6").expect(2, &["'lenet6'", "'lenet5'"]);
    lab.run("compare --models lenet5,perceptro --data photos").expect(2, &["'perceptro'", "'perceptron'"]);
}

#[test]
fn values_that_make_no_sense_are_refused_with_what_would_do() {
    let lab = Lab::new();
    lab.photos();
    for (flags, words) in [
        ("--lr -1", "over 0"),
        ("--lr nan", "over 0"),
        ("--epochs 0", "from 1"),
        ("-b 0", "from 1"),
        ("--momentum 1", "below 1"),
        ("--threads 0", "1..=1024"),
        ("--threads 1,2", "only bench"),
        ("--max-steps 0", "1.."),
        ("--momentum 0.9", "sgd"),
        ("--mean 0", "--std"),
        ("--no-aug --hflip 0.5", "--hflip"),
        ("--crop-area 0.5", "2 values"),
    ] {
        lab.run(&format!("train --data photos --model lenet5 {flags}")).expect(2, &[words]);
    }
    lab.run("compare --seeds 3..3").expect(2, &["seed"]);
    lab.run("compare --data photos --full").expect(2, &["--full"]);
    lab.run("train --data synthetic:x --model lenet5").expect(2, &["'synthetic:x'"]);
    lab.run("synth set --train 0 --val 0 --test 0").expect(2, &["no picture"]);
    lab.run("train --model lenet5").expect(2, &["--data"]);
    assert!(!lab.path("runs").exists(), "a refused command leaves nothing");
}

#[test]
fn help_teaches_by_examples_and_offers_only_what_there_is() {
    let lab = Lab::new();
    let all = lab.ok("--help");
    for verb in
        ["compare", "train", "sweep", "evaluate", "predict", "inspect", "check", "synth", "cache", "bench"]
    {
        assert!(all.contains(&format!("\n  {verb} ")), "{all}");
        let help = lab.ok(&format!("{verb} --help"));
        assert!(help.contains("Examples:\n") && help.contains(&format!("  lenet {verb} ")), "{help}");
    }
    for later in ["serve", "export", "explain", "--resume"] {
        assert!(!all.contains(&format!("  {later} ")), "{all}");
    }
    assert!(lab.ok("--version").starts_with("lenet 0."));
    assert_eq!(lab.run("").code, 2);
}

#[test]
fn a_place_that_is_taken_is_told_before_anything_is_read() {
    let lab = Lab::new();
    lab.photos();
    lab.write("out/precious.txt", "mine");
    let told = lab.run("train --data photos --model perceptron --epochs 1 --out out");
    told.expect(2, &["out", "--exist-ok"]);
    assert!(!told.err.contains("read train"), "{told:?}");
    lab.ok("train --data photos --model perceptron --epochs 1 --out out --exist-ok");
    assert!(lab.path("out/precious.txt").exists() && lab.path("out/results.csv").exists());
    lab.ok("train --data photos --model perceptron --epochs 1 --project p --name n");
    lab.ok("train --data photos --model perceptron --epochs 1 --project p --name n");
    assert!(lab.path("p/n2/weights/last.safetensors").exists());
}
