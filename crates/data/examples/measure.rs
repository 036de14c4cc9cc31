//! Times the way of a picture: `measure DATA [SPLIT [passes]]` (a data folder or `synthetic`), on as many threads as
//! `RAYON_NUM_THREADS` says. Prints one line a step; with `passes` only the first pass (files to planes) and the second
//! (packed cache to batches, opening and checking the cache included), a third with the cache open, and what the memory
//! alone takes for that: as many bytes read and written with nothing made of them.
#![allow(clippy::print_stdout, reason = "its lines are its result")]

use data::{
    Augment, Batch, Cache, Colour, Feature, Loader, OnBad, Order, Preprocess, Synthetic, augment::Border,
    cache::CacheName, open, prepare, prepare_cached,
};
use rayon::prelude::*;
use std::{env, error::Error, sync::Arc, time::Instant};

const SIDE: usize = 128;
const BATCH: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    // In the pool, as every command runs: a batch made from outside of it waits for a thread to wake up.
    rayon::ThreadPoolBuilder::new().build()?.install(|| measure().map_err(|error| error.to_string()))?;
    Ok(())
}

fn measure() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let data = args.next().ok_or("usage: measure DATA [SPLIT]")?;
    let split = args.next().unwrap_or_else(|| "train".into());
    let source = open(data.as_ref(), &Synthetic::default())?.split(&split)?;
    let mut preprocess = Preprocess::new(SIDE, SIDE, Colour::Gray, Feature::pixels(Colour::Gray));

    let start = Instant::now();
    let set = Arc::new(prepare(&*source, &preprocess, OnBad::Skip, &|_, _| {})?);
    report("read, decode, resize", set.len(), start);
    for bad in set.skipped.iter().take(5) {
        println!("  skipped {}: {}", bad.path, bad.reason);
    }
    if args.next().as_deref() == Some("passes") {
        return second_pass(&data, &split, &preprocess);
    }
    let start = Instant::now();
    preprocess.fit(&set.planes);
    report("mean and std", set.len(), start);
    let crops = Augment { hflip: 0.5, scale: Some([0.5, 1.0]), ..Augment::NONE };
    let warp = Augment { degrees: 15.0, translate: 0.1, zoom: [0.9, 1.1], shear: 5.0, vflip: 0.5, ..crops };
    let colour = Augment { color_jitter: [0.4, 0.4, 0.0], noise: 0.05, ..Augment::NONE };
    let all = Augment { color_jitter: [0.4, 0.4, 0.0], noise: 0.05, reprob: 0.25, ..warp };
    let augments = [
        ("plain", Augment::NONE),
        ("flip and crop", crops),
        ("warp too", warp),
        ("warp, reflected", Augment { border: Border::Reflect, ..warp }),
        ("jitter and noise", colour),
        ("all but mixing", all),
        ("all, mixup and cutmix", Augment { mixup: 0.2, cutmix: 1.0, ..all }),
    ];
    for (name, augment) in augments {
        let loader = Loader::new(Arc::clone(&set), preprocess.clone(), augment, 0);
        let mut batch = Batch::default();
        let order = Order::Shuffled { seed: 0 }.epoch(0, set.len() as u32);
        let start = Instant::now();
        for samples in order.chunks(BATCH) {
            loader.fill(samples, 0, &mut batch);
        }
        report(name, set.len(), start);
    }
    Ok(())
}

/// As at the second start of a training: the files' stamps are taken, the planes mapped and checked, and all batches made.
fn second_pass(data: &str, split: &str, preprocess: &Preprocess) -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("lenet-measure-{}", std::process::id()));
    let cache = Cache::at(&folder);
    let source = open(data.as_ref(), &Synthetic::default())?.split(split)?;
    let name = CacheName { data, split };
    let prepared = || prepare_cached(&*source, name, preprocess, OnBad::Skip, &cache, &|_, _| {});
    prepared()?;
    let start = Instant::now();
    let set = Arc::new(prepared()?);
    report("cache opened and checked", set.len(), start);
    let loader = Loader::plain(Arc::clone(&set), preprocess.clone());
    let order = Order::Shuffled { seed: 0 }.epoch(0, set.len() as u32);
    let mut batch = Batch::default();
    for pass in ["second pass", "third pass"] {
        let start = if pass == "second pass" { start } else { Instant::now() };
        for samples in order.chunks(BATCH) {
            loader.fill(samples, 0, &mut batch);
        }
        report(pass, set.len(), start);
    }
    // The last batch was shorter.
    batch.input.resize(BATCH * loader.preprocess().feature_len(), 0.0);
    let start = Instant::now();
    for samples in order.chunks(BATCH) {
        batch.input.par_chunks_exact_mut(loader.preprocess().feature_len()).zip(samples).for_each(
            |(out, &index)| {
                let lines = set.plane(index as usize).chunks(64);
                out.fill(lines.fold(0_u8, |seen, line| seen ^ line[0]).into());
            },
        );
    }
    report("memory alone", set.len(), start);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn report(step: &str, pictures: usize, start: Instant) {
    let secs = start.elapsed().as_secs_f64();
    println!(
        "{step:24} {:>9.0} images/s  {:>8.1} us an image",
        pictures as f64 / secs,
        secs * 1e6 / pictures as f64
    );
}
