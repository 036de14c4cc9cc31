//! Where results go, and that it is not among the user's photos.

use super::DataPlan;
use crate::{args::PlaceArgs, exit::Failure};
use std::path::{Component, Path, PathBuf};
use train::store::Place;

/// Where numbered folders are made if nothing is said.
pub(super) const PROJECT: &str = "runs";

/// The place of a run of `verb`.
pub(crate) fn place(args: PlaceArgs, verb: &str) -> Place {
    let project = args.project.unwrap_or_else(|| PROJECT.into());
    let name = args.name.unwrap_or_else(|| verb.to_owned());
    match (args.out, args.exist_ok) {
        (Some(out), false) => Place::New(out),
        (Some(out), true) => Place::Existing(out),
        (None, false) => Place::Next { project, name },
        (None, true) => Place::Existing(project.join(name)),
    }
}

/// Makes sure that nothing is written into the data folder.
///
/// # Errors
/// Usage, naming both.
pub(crate) fn check_apart(data: &DataPlan, place: &Place, others: &[&Path]) -> Result<(), Failure> {
    let Some(folder) = data.folder().and_then(|folder| folder.canonicalize().ok()) else { return Ok(()) };
    let run = match place {
        Place::Next { project, name } => project.join(name),
        Place::New(path) | Place::Existing(path) => path.clone(),
    };
    for path in [run.as_path()].into_iter().chain(others.iter().copied()) {
        if real(path).starts_with(&folder) {
            let message = format!(
                "{} would be written into the data folder {}, which is only ever read",
                path.display(),
                folder.display()
            );
            return Err(Failure::usage(message).hint("name another place with --out"));
        }
    }
    Ok(())
}

/// The path with all links resolved that exist already.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            Component::CurDir => {}
            other => real.push(other),
        }
        if let Ok(resolved) = real.canonicalize() {
            real = resolved;
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_never_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        std::fs::create_dir(&photos).unwrap();
        let data = DataPlan::Folder(photos.clone());
        let inside = Place::New(photos.join("runs/a"));
        let around = Place::New(folder.path().join("runs/../photos/x"));
        let beside = Place::New(folder.path().join("photos2"));
        assert!(check_apart(&data, &inside, &[]).is_err());
        assert!(check_apart(&data, &around, &[]).is_err());
        assert!(check_apart(&data, &beside, &[]).is_ok());
        assert!(check_apart(&data, &beside, &[&photos.join("steps.csv")]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_into_the_data_folder_is_seen_through() {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        std::fs::create_dir(&photos).unwrap();
        std::os::unix::fs::symlink(&photos, folder.path().join("link")).unwrap();
        let place = Place::New(folder.path().join("link/out"));
        assert!(check_apart(&DataPlan::Folder(photos), &place, &[]).is_err());
    }
}
