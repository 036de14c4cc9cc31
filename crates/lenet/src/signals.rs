//! Ctrl-C and its like: the first lets a run save itself, the second ends the program.

use crate::exit::Failure;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};
use train::{ErrorKind, Interrupt};

/// From now on the first SIGINT or SIGTERM is left for the run to see.
///
/// # Errors
/// If the system does not let us.
pub(crate) fn watch(interrupt: &Interrupt) -> Result<(), Failure> {
    let seen = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        watch_one(signal, &seen, interrupt).map_err(|error| {
            Failure::new(ErrorKind::Runtime, format!("cannot listen for signals: {error}"))
        })?;
    }
    Ok(())
}

/// The actions of a signal are done in this order: the first signal finds `seen` still false.
fn watch_one(signal: i32, seen: &Arc<AtomicBool>, interrupt: &Interrupt) -> io::Result<()> {
    flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(seen))?;
    flag::register(signal, Arc::clone(seen))?;
    flag::register_usize(signal, Arc::clone(interrupt.flag()), signal.unsigned_abs() as usize)?;
    Ok(())
}
