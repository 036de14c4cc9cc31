//! Feeds damaged files to every parser: `fuzz EXECUTIONS [SEED] [PARSER]`. A panic ends it, and names the input's number.
//!
//! The body is that of the property test in `tests/parsers.rs`. Put `TMPDIR` on a memory disk: most parsers read files.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "its lines are its result, and it may stop at the first surprise"
)]

#[path = "../tests/parsers/body.rs"]
mod body;

use std::{env, panic, time::Instant};

fn main() {
    let mut args = env::args().skip(1);
    let executions: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let seed: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let only = args.next();
    let folder = env::temp_dir().join(format!("lenet-fuzz-{}", std::process::id()));
    // Decoders' own panics are caught in `decode`; they are no news here.
    panic::set_hook(Box::new(|_| {}));
    let begin = Instant::now();
    for (parser, _) in
        body::PARSERS.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name))
    {
        let place = folder.join(parser);
        std::fs::create_dir_all(&place).unwrap();
        let seeds = body::seeds(parser);
        for number in 0..executions {
            let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number;
            let mut random = |below: usize| {
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (z ^ (z >> 31)) as usize % below.max(1)
            };
            let mut bytes = seeds[random(seeds.len())].clone();
            body::mutate(&mut bytes, &mut random);
            let run = panic::catch_unwind(|| body::execute(parser, &bytes, &place));
            assert!(run.is_ok(), "{parser}: input {number} of seed {seed} panics");
        }
        println!(
            "{parser}: {executions} executions, {:.0} s so far, no panic",
            begin.elapsed().as_secs_f64()
        );
    }
    let _ = std::fs::remove_dir_all(folder);
}
