//! The same command gives the same weights on every instruction set and with any number of threads.

use crate::lab::{Lab, Told};
use std::fs;

#[test]
fn twenty_steps_end_in_the_same_weights_on_every_set_and_with_one_thread_or_two() {
    let lab = Lab::new();
    let sets: Vec<&str> = kernels::Isa::available().into_iter().map(kernels::Isa::name).collect();
    for model in nn::zoo::NAMES {
        // The perceptron sees a histogram, whatever the picture's size.
        let size = "--imgsz 32 -b 7 --max-steps 20 --epochs 9";
        let mut runs = 0;
        let mut weights = |set: &str, threads: usize| {
            runs += 1;
            let out = format!("{model}-{runs}");
            let flags =
                format!("train --data synthetic:83,20,20 --model {model} {size} -j {threads} --out {out}");
            let args: Vec<&str> = flags.split_whitespace().collect();
            let told = Told::of(&lab.command(&args).env(kernels::ISA_VARIABLE, set).output().unwrap());
            assert_eq!(told.code, 0, "{told:?}");
            fs::read(lab.path(&format!("{out}/weights/last.safetensors"))).unwrap()
        };
        let first = weights(sets[0], 1);
        for &set in &sets {
            for threads in [2, 1] {
                assert!(weights(set, threads) == first, "{model}: {set}, {threads} threads");
            }
        }
    }
}
