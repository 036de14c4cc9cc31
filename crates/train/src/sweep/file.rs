//! `sweep.toml`: a search as text.

use super::{Keys, Metric, Search, Space, Sweep, Value, Values};
use crate::{Recipe, TrainError, recipe::first_difference};
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::Table;

/// What a `sweep.toml` says; what it leaves out is for others to say.
///
/// # Examples
/// ```
/// use train::sweep::SweepFile;
///
/// let file = SweepFile::parse("search = \"grid\"\n[space]\nlr = [0.001, 0.01]\n", "mine.toml")?;
/// assert!(file.base("mine.toml", Some("lenet5")).is_none(), "it has no [recipe]");
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepFile {
    /// `grid` or `random`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchWord>,
    /// Of a random search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<usize>,
    /// What trials are compared by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    #[serde(default)]
    space: Table,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipe: Option<Table>,
}

/// The words for [`Search`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchWord {
    /// Every combination.
    Grid,
    /// Random draws.
    Random,
}

impl SweepFile {
    /// Reads the text of the file `origin`.
    ///
    /// # Errors
    /// [`TrainError::Recipe`]: no TOML, an unknown key.
    pub fn parse(text: &str, origin: &str) -> Result<Self, TrainError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            let origin = line.map_or(origin.to_owned(), |line| format!("{origin}:{line}"));
            TrainError::Recipe { origin, what: error.message().trim_end().replace('\n', " ") }
        })
    }

    /// The recipe that trials begin from, if the file has a table `[recipe]`; as [`Recipe::from_config`].
    ///
    /// # Errors
    /// As [`Recipe::from_config`].
    pub fn base(&self, origin: &str, model: Option<&str>) -> Option<Result<Recipe, TrainError>> {
        let said = self.recipe.clone()?;
        Some(Recipe::from_table(said, "", &format!("{origin}, [recipe]"), model))
    }

    /// The space, its keys those of the base.
    ///
    /// # Errors
    /// [`TrainError::Recipe`], naming the key.
    pub fn space(&self, origin: &str, keys: &Keys) -> Result<Space, TrainError> {
        let mut space = Space::default();
        for (key, value) in flat(&self.space, "") {
            Values::from_toml(&value)
                .map_err(|what| format!("{key}: {what}"))
                .and_then(|values| space.put(keys, &key, values))
                .map_err(|what| TrainError::Recipe { origin: format!("{origin}, [space]"), what })?;
        }
        Ok(space)
    }
}

/// Tables within tables as dotted keys.
fn flat(table: &Table, path: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (key, value) in table {
        let key = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(inner) => all.extend(flat(inner, &key)),
            value => all.push((key, value.clone())),
        }
    }
    all
}

impl Sweep {
    /// The text of its `sweep.toml`, all that it needs in it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let (search, trials) = match self.search {
            Search::Grid => (SearchWord::Grid, None),
            Search::Random { trials } => (SearchWord::Random, Some(trials)),
        };
        let mut space = Table::new();
        space.extend(self.space.iter().map(|(key, values)| (key.to_owned(), values.to_toml())));
        let file = SweepFile {
            search: Some(search),
            trials,
            metric: Some(self.metric),
            space,
            recipe: Some(self.base.to_toml().parse().unwrap_or_default()),
        };
        // Plain data with scalars before tables always has a form in TOML.
        toml::to_string(&file).unwrap_or_default()
    }

    /// Reads what [`Sweep::to_toml`] wrote to `path`; none if there is no such file.
    ///
    /// # Errors
    /// [`TrainError::Read`], and [`TrainError::Recipe`] if it is not whole.
    pub fn stored(path: &Path) -> Result<Option<Self>, TrainError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(TrainError::read(path)(error)),
        };
        let origin = path.display().to_string();
        let missing =
            |what: &str| TrainError::Recipe { origin: origin.clone(), what: format!("has no {what}") };
        let file = SweepFile::parse(&text, &origin)?;
        let base = file.base(&origin, None).ok_or_else(|| missing("[recipe]"))??;
        let search = match (file.search, file.trials) {
            (Some(SearchWord::Grid), _) => Search::Grid,
            (Some(SearchWord::Random), Some(trials)) => Search::Random { trials },
            _ => return Err(missing("search and trials")),
        };
        let space = file.space(&origin, &Keys::of(&base))?;
        Ok(Some(Self { base, space, search, metric: file.metric.unwrap_or_default() }))
    }

    /// In words, the first line in which `now` is not this sweep; none if they are the same.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        first_difference("sweep", &self.to_toml(), &now.to_toml())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    fn sweep(sets: &[&str], search: Search) -> Sweep {
        let base = Recipe::builtin("lenet5-modified", Preset::Tuned).unwrap();
        let (keys, mut space) = (Keys::of(&base), Space::default());
        sets.iter().for_each(|set| space.set(&keys, set).unwrap());
        Sweep { base, space, search, metric: Metric::Loss }
    }

    #[test]
    fn a_sweep_survives_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.toml");
        assert_eq!(Sweep::stored(&path).unwrap(), None);
        for sweep in [
            sweep(&["lr=0.1,0.01", "optimizer.kind=sgd,adamw", "epochs=1,2"], Search::Grid),
            sweep(&["lr=1e-4..0.1:log", "batch_size=8..64", "hflip=0..0.5"], Search::Random { trials: 7 }),
        ] {
            std::fs::write(&path, sweep.to_toml()).unwrap();
            let stored = Sweep::stored(&path).unwrap().unwrap();
            assert_eq!(stored, sweep);
            assert_eq!(stored.difference(&sweep), None);
            assert_eq!(stored.trials().unwrap(), sweep.trials().unwrap());
            let other = Sweep { metric: Metric::Top1, ..sweep };
            let told = stored.difference(&other).unwrap();
            assert!(told.starts_with("the sweep says metric = \"val/top1\" now, not"), "{told}");
        }
    }

    #[test]
    fn a_file_by_hand_may_be_short_and_its_mistakes_are_named() {
        let text =
            "trials = 3\n[space]\nlr = \"1e-3..1e-1:log\"\nschedule.warmup_epochs = [0, 1]\nepochs = 2\n";
        let file = SweepFile::parse(text, "my.toml").unwrap();
        let keys = Keys::of(&Recipe::builtin("lenet5", Preset::Tuned).unwrap());
        let space = file.space("my.toml", &keys).unwrap();
        let keys_of: Vec<_> = space.iter().map(|(key, _)| key).collect();
        assert_eq!(keys_of, ["epochs", "schedule.lr", "schedule.warmup_epochs"]);
        let told = |text: &str| {
            let file = SweepFile::parse(text, "my.toml");
            file.and_then(|file| file.space("my.toml", &keys)).unwrap_err().to_string()
        };
        assert!(told("serach = \"grid\"").starts_with("my.toml:1: unknown field `serach`"));
        assert!(told("[space]\nlr = \"a..b\"\nlrr = [1]").contains("lrr"));
        assert!(told("[space]\nlr = []").starts_with("my.toml, [space]: lr: no values"));
        let base = SweepFile::parse("[recipe]\nmodel = \"lenet5\"\nepochs = 3\n", "my.toml").unwrap();
        assert_eq!(base.base("my.toml", None).unwrap().unwrap().epochs, 3);
        let base = SweepFile::parse("[recipe]\nmodel = \"lenet5\"\nepocs = 3\n", "my.toml").unwrap();
        let told = base.base("my.toml", None).unwrap().unwrap_err().to_string();
        assert!(told.starts_with("my.toml, [recipe]: unknown key 'epocs'"), "{told}");
    }
}
