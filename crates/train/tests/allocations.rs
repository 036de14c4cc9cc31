//! A training step works in the memory that the run began with. A program of its own, for every thread's allocations count.

use nn::{Shape, zoo};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use train::{Preset, Recipe, Stepper};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BATCH: usize = 8;
const STEPS: usize = 12;

/// Allocations, growths included, of each of the first steps, on all threads.
fn allocations(model: &str, threads: usize) -> Vec<usize> {
    let recipe = Recipe::builtin(model, Preset::Tuned).expect("a built-in recipe");
    let input = if model == "perceptron" { Shape::Flat(64) } else { Shape::image(1, 64, 64) };
    let spec = zoo::by_name(model, input, 50).expect("a built-in model");
    let net = nn::fuse(spec.build::<f32>().expect("it builds"));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let images: Vec<f32> = (0..BATCH * input.len()).map(|i| (i % 97) as f32 / 97.0).collect();
    let targets: Vec<u32> = (0..BATCH as u32).collect();
    pool.install(|| {
        let mut stepper = Stepper::new(&net, &recipe, net.init_params(&Default::default(), 1), BATCH);
        let mut counts = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            let region = Region::new(ALLOCATOR);
            stepper.score(&images, &targets);
            stepper.learn(&images, 1e-3).expect("finite gradients");
            let change = region.change();
            counts.push(change.allocations + change.reallocations);
        }
        counts
    })
}

/// One test, for two at once would count each other's.
#[test]
fn after_the_first_step_nothing_is_allocated() {
    for model in zoo::ALL {
        let alone = allocations(model, 1);
        assert!(alone[1..].iter().all(|&count| count == 0), "{model}, 1 thread: {alone:?}");
        // A thread allocates its scratch when it first gets work, which may be in any step; the pool has a little of its own.
        let together = allocations(model, 2);
        assert!(together.iter().sum::<usize>() <= 2 * alone[0] + 16, "{model}, 2 threads: {together:?}");
    }
}
