//! Who saves a run, and says when it shall rest.

use crate::{
    Event, Observer, Session, TrainError,
    checkpoint::Identity,
    state::RunState,
    store::{RunDir, save_checkpoint},
};
use std::time::{Duration, Instant};

/// Why a run rests before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Its time is over.
    MaxTime,
    /// This signal came.
    Signal(u8),
}

/// Looks after one sitting of a run.
pub(crate) struct Keeper<'a> {
    session: &'a Session,
    /// Where to save, and as which run; none: nothing is kept.
    place: Option<(&'a RunDir, &'a Identity)>,
    begin: Instant,
    /// Seconds of the sittings before.
    before: f64,
    saved: Instant,
    saved_step: Option<u64>,
}

impl<'a> Keeper<'a> {
    /// For a run that took `before` seconds until now.
    pub(crate) fn new(session: &'a Session, place: Option<(&'a RunDir, &'a Identity)>, before: f64) -> Self {
        let now = Instant::now();
        Self { session, place, begin: now, before, saved: now, saved_step: None }
    }

    /// Seconds of the run, pauses not counted.
    pub(crate) fn secs(&self) -> f64 {
        self.before + self.begin.elapsed().as_secs_f64()
    }

    /// Whether the run shall rest now.
    pub(crate) fn rest(&self) -> Option<Rest> {
        let over = |limit: Duration| self.begin.elapsed() >= limit;
        match self.session.interrupt.signal() {
            Some(signal) => Some(Rest::Signal(signal)),
            None => self.session.max_time.is_some_and(over).then_some(Rest::MaxTime),
        }
    }

    /// Whether it is time for a checkpoint within an epoch.
    pub(crate) fn is_due(&self, step: u64) -> bool {
        let steps = step.saturating_sub(self.saved_step.unwrap_or(0));
        self.place.is_some()
            && (self.saved.elapsed() >= self.session.save_every
                || self.session.save_every_steps.is_some_and(|most| steps >= most))
    }

    /// Saves the run, if it is kept anywhere and has gone on since it was saved; `observer` writes first what it holds.
    pub(crate) fn save(
        &mut self,
        state: &mut RunState<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        let Some((dir, identity)) = self.place else { return Ok(()) };
        if self.saved_step == Some(state.position.step) {
            return Ok(());
        }
        state.position.secs = self.secs();
        observer.on(&Event::Saving(&state.position))?;
        save_checkpoint(dir, &state.snapshot(identity))?;
        (self.saved, self.saved_step) = (Instant::now(), Some(state.position.step));
        Ok(())
    }
}
