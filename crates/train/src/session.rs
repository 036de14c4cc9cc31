//! What concerns one sitting of a run and no bit of its result.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// When a run saves itself, and when it rests, to be gone on with later.
#[derive(Clone, Debug)]
pub struct Session {
    /// Longest time between two checkpoints; there is also one after every epoch. Default: 5 minutes.
    pub save_every: Duration,
    /// Most steps between two checkpoints, at least 1; none: only the time counts.
    pub save_every_steps: Option<u64>,
    /// The run rests after so long, with the state saved; none: never.
    pub max_time: Option<Duration>,
    /// Makes the run rest after the step under way, with the state saved.
    pub interrupt: Interrupt,
}

impl Default for Session {
    fn default() -> Self {
        let save_every = Duration::from_secs(300);
        Self { save_every, save_every_steps: None, max_time: None, interrupt: Interrupt::default() }
    }
}

/// A place where a signal's number is left for a run to see.
///
/// # Examples
/// ```
/// let interrupt = train::Interrupt::default();
/// assert_eq!(interrupt.signal(), None);
/// interrupt.flag().store(15, std::sync::atomic::Ordering::Relaxed);
/// assert_eq!(interrupt.signal(), Some(15));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// The place itself, 0 while there was no signal.
    #[must_use]
    pub fn flag(&self) -> &Arc<AtomicUsize> {
        &self.0
    }

    /// The signal that came, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|&signal| signal != 0)
    }
}
