//! How one of several runs begins or goes on, for comparisons and sweeps.

use crate::{
    Job, Observer, Recipe, Session, TrainError,
    store::{RunDir, SummaryFile},
};

/// Whether a comparison or a sweep begins or goes on.
#[derive(Clone, Copy, Debug)]
pub enum Sitting<'a> {
    /// Every run from its beginning.
    Begin(&'a Session),
    /// Finished runs stay as they are, the one under way goes on, the others begin.
    GoOn(&'a Session),
}

impl<'a> Sitting<'a> {
    /// How runs save themselves and when they rest.
    pub(crate) fn session(self) -> &'a Session {
        match self {
            Self::Begin(session) | Self::GoOn(session) => session,
        }
    }

    /// The same, with another session.
    pub(crate) fn with(self, session: &Session) -> Sitting<'_> {
        match self {
            Self::Begin(_) => Sitting::Begin(session),
            Self::GoOn(_) => Sitting::GoOn(session),
        }
    }

    /// The summary of a run that is finished and stays; [`TrainError::Recipe`] if it had another recipe.
    pub(crate) fn kept(self, job: &Job, dir: &RunDir) -> Result<Option<SummaryFile>, TrainError> {
        let (Self::GoOn(_), Some(summary)) = (self, dir.finished()?) else { return Ok(None) };
        let path = dir.config();
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(TrainError::read(&path))?;
        match Recipe::from_toml(&text, &origin)?.difference(job.recipe()) {
            None => Ok(Some(summary)),
            Some(what) => {
                let what = format!("{what}; what is resumed goes on with what it began with");
                Err(TrainError::Recipe { origin, what })
            }
        }
    }

    /// Begins the run, or goes on with it.
    pub(crate) fn run(
        self,
        job: &Job,
        dir: &RunDir,
        observer: &mut dyn Observer,
    ) -> Result<SummaryFile, TrainError> {
        match self {
            Self::Begin(session) => job.begin_in(dir, session, observer),
            Self::GoOn(session) => job.resume_in(dir, session, observer),
        }
    }
}
