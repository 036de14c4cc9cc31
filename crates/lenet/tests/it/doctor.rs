//! `lenet doctor` on runs that went wrong.

use crate::lab::Lab;

#[test]
fn a_run_that_became_no_number_is_explained() {
    let lab = Lab::new();
    let flags = "--data synthetic:200,50,50 --model lenet5-modified --imgsz 32 --opt sgd --lr 1e25 --out run";
    lab.run(&format!("train {flags}")).expect(1, &["at step", "the step was not made", ".png"]);
    let told = lab.ok("doctor run");
    assert!(told.starts_with("lr-too-high (severe, since step "), "{told}");
    assert!(told.contains("the loss became no number"), "{told}");
    assert_eq!(lab.run("doctor run --strict").code, 65);
}

#[test]
fn a_rate_is_not_blamed_after_two_steps() {
    let lab = Lab::new();
    lab.photos();
    lab.ok("train --data photos --model lenet5 --imgsz 32 --epochs 2 -b 16 --lr 0.02 --out run");
    let told = lab.ok("doctor run");
    assert!(!told.contains("lr-too-high") && told.contains("leaking-split"), "{told}");
}
