//! The other threads of the pool kept from falling asleep in the midst of a step.
//!
//! ```text
//!  this thread    forward │ loss │ backward │ … │ update          some phases are shared out, some are not
//!  another        tasks   │ look │ tasks    │ … │ tasks           rayon's looks for some 30 µs, then it sleeps
//! ```
//!
//! To wake a thread takes the system 10 to 60 µs, at the start of each phase that is shared out. So for the length of a step the others
//! run a task that looks for tasks: at 2 threads 1.01 to 1.07 times as many images a second in batches of 32, 1.02 to 1.12 in batches
//! of 8. One thread may take the tasks of several; then some of many threads sleep as before.
//!
//! The tasks found may be anybody's, and the step ends no sooner than they do: as with all that waits in a rayon pool.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rayon::Yield;

/// Longer than what one thread does alone in a step of a small net. It also bounds how long a thread looks for tasks that should go on
/// with its own.
const PATIENCE: Duration = Duration::from_micros(300);

thread_local! {
    /// Whether this thread is looking: it takes other such tasks for done.
    static WATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Tells the others that the work is over, also when it panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What `work` gives, with the pool's other threads awake meanwhile.
pub(crate) fn awake<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let Some(own) = rayon::current_thread_index() else { return work() };
    let done = AtomicBool::new(false);
    let (mut work, mut result) = (Some(work), None);
    let mut run = || {
        let _over = Over(&done);
        result = work.take().map(|work| work());
    };
    beside(rayon::current_num_threads() - 1, &mut run, &|| watch(own, &done));
    let Some(result) = result else { unreachable!("`run` was called, or its panic has passed through here") };
    result
}

/// `work`, with so many calls of `other` left for whoever is free.
fn beside(count: usize, work: &mut (dyn FnMut() + Send), other: &(dyn Fn() + Sync)) {
    match count {
        0 => work(),
        _ => {
            rayon::join(|| beside(count - 1, work, other), other);
        }
    }
}

/// Does the pool's tasks until `done`, or until there has been none for a while.
fn watch(own: usize, done: &AtomicBool) {
    // The thread with the work itself gets here when it waits for the last tasks of a phase, or has left the work behind.
    if rayon::current_thread_index() == Some(own) || WATCHING.replace(true) {
        return;
    }
    let mut last = Instant::now();
    while !done.load(Ordering::Acquire) && last.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(Yield::Executed) => last = Instant::now(),
            // There may be more threads than cores.
            _ => thread::yield_now(),
        }
    }
    WATCHING.set(false);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use rayon::prelude::*;

    use super::*;

    #[test]
    fn work_is_done_once_whatever_it_shares_out() {
        assert_eq!(awake(|| 7), 7, "outside of any pool");
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for phases in 0..20 {
                let tasks = AtomicUsize::new(0);
                let given = pool.install(|| {
                    awake(|| {
                        for _ in 0..phases {
                            (0..50).into_par_iter().with_max_len(1).for_each(|_| {
                                rayon::join(|| tasks.fetch_add(1, Ordering::Relaxed), thread::yield_now);
                            });
                        }
                        phases
                    })
                });
                assert_eq!((given, tasks.into_inner()), (phases, 50 * phases), "{threads} threads");
            }
        }
    }

    #[test]
    fn a_panic_passes_through() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let caught = pool.install(|| std::panic::catch_unwind(|| awake(|| assert_eq!(1, 2))));
        assert!(caught.is_err());
    }
}
