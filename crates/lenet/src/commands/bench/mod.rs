//! `lenet bench`: how quick this machine is with these models.

mod clock;
mod peak;
mod profile;
mod rates;
mod subject;

use super::pool;
use crate::{
    args::{BenchArgs, ModeWord},
    exit::Failure,
    machine, out,
    progress::Console,
};
use rayon::ThreadPool;
use serde_json::Value;
use std::time::Duration;
use subject::Subject;

/// How long is measured, and how often.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// A repetition.
    time: Duration,
    repetitions: usize,
}

/// Measures.
pub(super) fn run(args: BenchArgs, threads: &[u16], console: Console) -> Result<(), Failure> {
    let subjects: Vec<Subject> = args
        .models
        .iter()
        .map(|model| Subject::read(model, args.opt, args.bf16))
        .collect::<Result<_, _>>()?;
    let time = Duration::try_from_secs_f64(args.secs)
        .map_err(|_| Failure::usage(format!("--secs {} is longer than anyone would wait", args.secs)))?;
    let effort = Effort { time, repetitions: args.reps };
    let pools = if args.profile { vec![pool(1)?] } else { pools(threads)? };
    console.line(&format!("note: {}; anything else that runs here spoils the figures", machine::describe()));
    let found = if args.profile {
        profile::measure(&subjects, &args, &pools[0], effort)?
    } else {
        rates::measure(&subjects, &args, &pools, effort)?
    };
    if args.json { out::print(&format!("{:#}\n", Value::Array(found))) } else { Ok(()) }
}

/// One pool a number of threads: those asked for, else one thread and all there are.
fn pools(threads: &[u16]) -> Result<Vec<ThreadPool>, Failure> {
    if !threads.is_empty() {
        return threads.iter().map(|&count| pool(count.into())).collect();
    }
    let (one, all) = (pool(1)?, pool(0)?);
    Ok(if all.current_num_threads() > 1 { vec![one, all] } else { vec![one] })
}

/// The modes and batch sizes to measure, in order.
fn batches<'a>(args: &'a BenchArgs) -> impl Iterator<Item = (ModeWord, usize)> + 'a {
    args.modes.iter().flat_map(|&mode| {
        let usual: &[usize] = match (args.profile, mode) {
            (true, _) => &[32],
            (false, ModeWord::Train) => &[32, 128],
            (false, ModeWord::Infer) => &[1, 32, 128],
        };
        let sizes = if args.batch_size.is_empty() { usual } else { &args.batch_size };
        sizes.iter().map(move |&size| (mode, size))
    })
}

/// The mode's name, as typed.
fn word(mode: ModeWord) -> &'static str {
    match mode {
        ModeWord::Train => "train",
        ModeWord::Infer => "infer",
    }
}
