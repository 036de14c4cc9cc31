//! Which photos: a folder, or so much of the synthetic set.

use crate::exit::Failure;
use data::{Dataset, Synthetic, source::SYNTHETIC};
use std::path::{Path, PathBuf};

/// Photos to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataPlan {
    /// A folder of the user, only read.
    Folder(PathBuf),
    /// The built-in set.
    Synthetic(Synthetic),
}

impl DataPlan {
    /// Reads `FOLDER`, `synthetic`, `synthetic:TRAIN` or `synthetic:TRAIN,VAL,TEST`.
    ///
    /// # Errors
    /// Usage, if `synthetic:` is not followed by one or three numbers.
    pub(crate) fn parse(word: &str) -> Result<Self, Failure> {
        let Some(rest) = word.strip_prefix(SYNTHETIC) else { return Ok(Self::Folder(word.into())) };
        if rest.is_empty() {
            return Ok(Self::Synthetic(Synthetic::SMALL));
        }
        let Some(sizes) = rest.strip_prefix(':') else { return Ok(Self::Folder(word.into())) };
        let numbers: Result<Vec<u32>, _> = sizes.split(',').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[train]) if train > 0 => Ok(Self::Synthetic(Synthetic { train, ..Synthetic::SMALL })),
            Ok(&[train, val, test]) if train > 0 => {
                Ok(Self::Synthetic(Synthetic { train, val, test, ..Synthetic::SMALL }))
            }
            _ => Err(Failure::usage(format!("'{word}' does not say how much of the synthetic set")).hint(
                "synthetic:2000 are 2,000 training photos; synthetic:2000,450,450 says all three splits",
            )),
        }
    }

    /// The synthetic set in full size.
    ///
    /// # Errors
    /// Usage, if `word` is other data.
    pub(crate) fn full(word: &str) -> Result<Self, Failure> {
        match word {
            SYNTHETIC => Ok(Self::Synthetic(Synthetic::FULL)),
            _ => Err(Failure::usage(format!(
                "--full is about the size of the synthetic set, and --data says '{word}'"
            ))),
        }
    }

    /// The folder, if it is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) => Some(path),
            Self::Synthetic(_) => None,
        }
    }

    /// A word that means the same from any working folder, to be stored.
    pub(crate) fn lasting(&self) -> String {
        match self {
            Self::Folder(path) => lasting_path(path.clone()).display().to_string(),
            Self::Synthetic(set) if *set == Synthetic::SMALL => SYNTHETIC.to_owned(),
            Self::Synthetic(Synthetic { train, val, test, .. }) => {
                format!("{SYNTHETIC}:{train},{val},{test}")
            }
        }
    }

    /// Opens the data; no picture is read yet.
    ///
    /// # Errors
    /// As [`data::open`].
    pub(crate) fn open(&self) -> Result<Dataset, Failure> {
        Ok(match self {
            Self::Folder(path) => data::open(path, &Synthetic::default())?,
            Self::Synthetic(set) => data::open(SYNTHETIC.as_ref(), set)?,
        })
    }
}

/// The path from the root, as far as that can be known.
pub(super) fn lasting_path(path: PathBuf) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(&path)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_synthetic_set_comes_in_any_size_and_keeps_it() {
        let sizes = |word: &str| match DataPlan::parse(word) {
            Ok(DataPlan::Synthetic(s)) => (s.train, s.val, s.test),
            other => panic!("{word}: {other:?}"),
        };
        assert_eq!(sizes("synthetic"), (10_000, 450, 450));
        assert_eq!(sizes("synthetic:99"), (99, 450, 450));
        assert_eq!(sizes("synthetic:99,0,3"), (99, 0, 3));
        for word in ["synthetic", "synthetic:99,450,450", "synthetic:1,2,3"] {
            assert_eq!(DataPlan::parse(word).unwrap().lasting(), word);
        }
        for bad in ["synthetic:", "synthetic:1,2", "synthetic:many", "synthetic:0"] {
            assert!(DataPlan::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(sizes(&DataPlan::full("synthetic").unwrap().lasting()), (63_325, 450, 450));
        assert!(DataPlan::full("photos").is_err());
    }

    #[test]
    fn other_words_are_folders() {
        for word in ["photos", "./synthetic", "synthetics"] {
            assert_eq!(DataPlan::parse(word).unwrap().folder(), Some(Path::new(word)));
        }
    }
}
