//! Disks that are full, and readers that have gone.

use crate::lab::{LENET, Lab, Told};
use std::process::{Command, Stdio};

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_by_whoever_writes() {
    let lab = Lab::new();
    lab.photos();
    lab.run("train --data photos --model perceptron --epochs 1 --log-steps /dev/full")
        .expect(74, &["/dev/full", "space"]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = lab.command(&["inspect", "lenet5"]).stdout(full).output().unwrap();
    Told::of(&output).expect(74, &["stdout", "space"]);
}

/// Files may have at most so many blocks of 512 bytes, as on a disk that becomes full within one.
#[cfg(unix)]
#[test]
fn a_file_that_does_not_fit_is_named_and_not_left_in_half() {
    let lab = Lab::new();
    lab.photos();
    // A shell that ignores SIGXFSZ (25) hands that down, and writing fails with an error instead.
    let script =
        "trap '' 25; ulimit -f 8; exec \"$0\" train --data photos --model perceptron --epochs 1 --out run";
    let output = Command::new("sh")
        .args(["-c", script, LENET])
        .current_dir(lab.path(""))
        .env("LENET_CACHE_DIR", lab.path("cache"))
        .output()
        .unwrap();
    let told = Told::of(&output);
    told.expect(74, &["run/weights/", ".safetensors"]);
    assert!(!told.out.contains("run folder"));
    let left: Vec<_> = std::fs::read_dir(lab.path("run/weights")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_reader_that_goes_is_no_failure() {
    let lab = Lab::new();
    let mut child =
        lab.command(&["inspect", "lenet5"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let told = Told::of(&child.wait_with_output().unwrap());
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
}
