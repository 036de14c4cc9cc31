//! Calls to a disk that fail when a test wants it.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full.
    NoSpace,
    /// The disk is broken (EIO).
    Broken,
    /// A write takes only half of its bytes, and the disk is full then.
    Short,
}

/// Whether the trouble passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// Only one call fails.
    Once,
    /// That call and all later ones.
    Forever,
}

/// Counts calls, and says which of them fail.
///
/// # Examples
/// ```
/// use testkit::{Fault, FaultPlan, Lasting};
/// let plan = FaultPlan::at(1, Fault::NoSpace, Lasting::Once);
/// assert!(plan.call().is_ok());
/// assert_eq!(plan.call().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
/// assert!(plan.call().is_ok());
/// assert_eq!(plan.calls(), 3);
/// ```
#[derive(Debug)]
pub struct FaultPlan {
    fails: Option<(u64, Fault, Lasting)>,
    calls: AtomicU64,
}

impl FaultPlan {
    /// Nothing fails.
    #[must_use]
    pub fn healthy() -> Self {
        Self { fails: None, calls: AtomicU64::new(0) }
    }

    /// Call `at`, counted from 0, fails.
    #[must_use]
    pub fn at(at: u64, fault: Fault, lasting: Lasting) -> Self {
        Self { fails: Some((at, fault, lasting)), calls: AtomicU64::new(0) }
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Counts a call that either works or does not.
    ///
    /// # Errors
    /// If it is this call's turn to fail.
    pub fn call(&self) -> io::Result<()> {
        self.due().map_or(Ok(()), |fault| Err(error(fault)))
    }

    /// Counts a call that writes `len` bytes; gives how many it may take.
    ///
    /// # Errors
    /// If it is this call's turn to fail.
    pub fn write(&self, len: usize) -> io::Result<usize> {
        let now = self.calls();
        match (self.due(), self.fails) {
            (Some(Fault::Short), Some((at, ..))) if now == at && len > 1 => Ok(len / 2),
            (Some(fault), _) => Err(error(fault)),
            // What follows a short write: the disk had no more room.
            (None, Some((at, Fault::Short, _))) if now == at + 1 => Err(error(Fault::Short)),
            (None, _) => Ok(len),
        }
    }

    fn due(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        self.fails.and_then(|(at, fault, lasting)| {
            let fails = call == at || (call > at && lasting == Lasting::Forever);
            fails.then_some(fault)
        })
    }
}

fn error(fault: Fault) -> io::Error {
    match fault {
        Fault::NoSpace | Fault::Short => io::ErrorKind::StorageFull.into(),
        Fault::Broken => io::Error::other("input/output error"),
    }
}
