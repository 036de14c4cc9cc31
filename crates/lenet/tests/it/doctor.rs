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
fn two_steps_are_no_reason_for_alarm() {
    let lab = Lab::new();
    lab.photos();
    let told = lab.run("train --data photos --model lenet5 --imgsz 32 --epochs 2 -b 16 --lr 0.02 --out run");
    assert_eq!((told.code, told.err.contains("doctor:")), (0, false), "{told:?}");
    assert_eq!(lab.ok("doctor run"), "the run looks healthy\n");
}
