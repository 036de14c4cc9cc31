//! Recipes as text: reading, changing a few fields, writing.

use super::{Preset, Recipe};
use crate::{TrainError, error::with_nearest};
use toml::{Table, Value};

impl Recipe {
    /// A complete recipe, such as a stored `config.toml`.
    ///
    /// `origin` names the text in messages: its path.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] with line and key: no TOML, an unknown or missing key, a wrong kind of value.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, TrainError> {
        read(table(text, origin)?, text, origin)
    }

    /// This recipe with the fields that `text` names changed.
    ///
    /// A table is changed key by key, unless its `kind` becomes another: then it is replaced.
    ///
    /// # Errors
    /// As [`Recipe::from_toml`].
    pub fn overlay(&self, text: &str, origin: &str) -> Result<Self, TrainError> {
        self.overlay_table(table(text, origin)?, text, origin)
    }

    /// [`Recipe::overlay`] by what was read already; lines of mistakes are looked for in `text`.
    pub(crate) fn overlay_table(&self, said: Table, text: &str, origin: &str) -> Result<Self, TrainError> {
        let mut merged = table(&self.to_toml(), origin)?;
        merge(&mut merged, said);
        read(merged, text, origin)
    }

    /// A recipe file. A complete one, such as a stored `config.toml`, stands for itself: options that it leaves out are off.
    /// What another one leaves out is that of the built-in recipe of its `model` and `recipe`, or of `model` and the tuned
    /// one where it does not say.
    ///
    /// # Errors
    /// As [`Recipe::from_toml`], and as [`Recipe::builtin`] for an unknown model. [`TrainError::Recipe`] if neither the
    /// file nor `model` names a model.
    pub fn from_config(text: &str, origin: &str, model: Option<&str>) -> Result<Self, TrainError> {
        Self::from_table(table(text, origin)?, text, origin, model)
    }

    /// [`Recipe::from_config`] of what was read already; lines of mistakes are looked for in `text`.
    pub(crate) fn from_table(
        said: Table,
        text: &str,
        origin: &str,
        model: Option<&str>,
    ) -> Result<Self, TrainError> {
        let word = |key: &str| said.get(key).and_then(Value::as_str);
        let Some(model) = model.or(word("model")) else {
            let what = "names no model; add a line such as model = \"lenet5\", or --model".to_owned();
            return Err(TrainError::Recipe { origin: origin.into(), what });
        };
        let model = model.to_owned();
        if let Ok(complete) = read(said.clone(), text, origin) {
            return Ok(Self { model, ..complete });
        }
        let preset = word("recipe").and_then(Preset::by_name).unwrap_or_default();
        let recipe = Self::builtin(&model, preset)?.overlay_table(said, text, origin)?;
        Ok(Self { model, ..recipe })
    }

    /// The recipe as text, every option in it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Plain data with scalars before tables always has a form in TOML.
        toml::to_string(self).unwrap_or_default()
    }

    /// In words, the first line in which `now` is not this recipe; none if they are the same.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        let (kept, now) = (self.to_toml(), now.to_toml());
        first_difference("recipe", &kept, &now)
    }

    /// What stands in messages about this recipe.
    pub(crate) fn origin(&self) -> String {
        format!("recipe {} of {}", self.recipe, self.model)
    }
}

/// As [`Recipe::difference`], of two texts; `what` they are.
pub(crate) fn first_difference(what: &str, kept: &str, now: &str) -> Option<String> {
    let (mut before, mut after) = (kept.lines(), now.lines());
    loop {
        match (before.next(), after.next()) {
            (None, None) => return None,
            (before, after) if before == after => {}
            (before, after) => {
                let words =
                    |line: Option<&str>| line.filter(|l| !l.is_empty()).unwrap_or("nothing").to_owned();
                return Some(format!("the {what} says {} now, not {}", words(after), words(before)));
            }
        }
    }
}

fn table(text: &str, origin: &str) -> Result<Table, TrainError> {
    let mut table = text.parse::<Table>().map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        located(origin, line, error.message().to_owned())
    })?;
    rename(&mut table);
    Ok(table)
}

/// Keys of earlier versions, which stored recipes still have.
fn rename(table: &mut Table) {
    let Some(Value::Table(augment)) = table.get_mut("augment") else { return };
    for (old, new) in [("crop_area", "scale"), ("crop_aspect", "ratio")] {
        if let Some(value) = augment.remove(old) {
            augment.entry(new).or_insert(value);
        }
    }
}

fn merge(base: &mut Table, changes: Table) {
    for (key, change) in changes {
        match (base.get_mut(&key), change) {
            (Some(Value::Table(old)), Value::Table(new)) if same_kind(old, &new) => merge(old, new),
            (_, change) => {
                base.insert(key, change);
            }
        }
    }
}

fn same_kind(old: &Table, new: &Table) -> bool {
    match (old.get("kind"), new.get("kind")) {
        (Some(old), Some(new)) => old == new,
        _ => true,
    }
}

fn read(table: Table, text: &str, origin: &str) -> Result<Recipe, TrainError> {
    let recipe: Recipe = table.try_into().map_err(|error: toml::de::Error| {
        // The merged table has lost its lines: the key is looked for in the text.
        let (message, whole) = (error.message(), error.to_string());
        let place = whole.rsplit_once("\nin `").map_or("", |(_, keys)| keys.trim_end().trim_end_matches('`'));
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
        let told = with_nearest(message);
        match unknown {
            Some((key, _)) => located(origin, line_of(key, text), told),
            // Some name the key themselves.
            None if told.starts_with(place) => located(origin, line_within(place, text), told),
            None => located(origin, line_within(place, text), format!("{place}: {told}")),
        }
    })?;
    match recipe.fault() {
        None => Ok(recipe),
        Some(what) => {
            let line = what.split_once(' ').and_then(|(place, _)| line_within(place, text));
            Err(located(origin, line, what))
        }
    }
}

/// The line of the innermost key of `a.b.c` that stands at the beginning of one.
fn line_within(place: &str, text: &str) -> Option<usize> {
    place.rsplit('.').find_map(|key| line_of(key.split('[').next()?, text))
}

fn line_of(key: &str, text: &str) -> Option<usize> {
    let names_key = |line: &str| {
        let line = line.trim_start().trim_start_matches(['[', '"']);
        line.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(['=', ']', '.']))
    };
    text.lines().position(names_key).map(|index| index + 1)
}

fn located(origin: &str, line: Option<usize>, what: String) -> TrainError {
    let origin = line.map_or_else(|| origin.to_owned(), |line| format!("{origin}:{line}"));
    TrainError::Recipe { origin, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe::builtin("lenet5", Preset::Tuned).unwrap()
    }

    fn message(text: &str) -> String {
        recipe().overlay(text, "my.toml").unwrap_err().to_string()
    }

    #[test]
    fn every_builtin_recipe_survives_its_text() {
        for model in nn::zoo::NAMES {
            for preset in [Preset::Tuned, Preset::Published] {
                let recipe = Recipe::builtin(model, preset).unwrap();
                assert_eq!(Recipe::from_toml(&recipe.to_toml(), "x").unwrap(), recipe);
            }
        }
    }

    #[test]
    fn another_kind_replaces_a_table_and_the_same_kind_is_changed() {
        let kept = recipe().overlay("[input]\nwidth = 64", "x").unwrap();
        assert_eq!((kept.input.width, kept.input.height), (64, 128));
        let changed = recipe().overlay("init = { kind = \"drawn\", bias = \"zeros\" }", "x").unwrap();
        assert_eq!(
            changed.init,
            super::super::Start::Drawn { weight: None, bias: Some(nn::init::Init::Zeros) }
        );
    }

    #[test]
    fn the_keys_of_earlier_versions_are_understood() {
        let recipe =
            recipe().overlay("[augment]\ncrop_area = [0.5, 0.75]\ncrop_aspect = [1.0, 2.0]", "x").unwrap();
        assert_eq!((recipe.augment.scale, recipe.augment.ratio), (Some([0.5, 0.75]), [1.0, 2.0]));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let unknown = message("seed = 1\nepocs = 3");
        assert!(
            unknown.starts_with("my.toml:2: unknown key 'epocs' (did you mean 'epochs'?); known are model, "),
            "{unknown}"
        );
        let syntax = message("seed = 1\n\nepochs = = 3");
        assert!(syntax.starts_with("my.toml:3: "), "{syntax}");
        let kind = message("epochs = \"many\"");
        assert!(kind.starts_with("my.toml:1: epochs: invalid type"), "{kind}");
        let word = message("seed = 1\n[optimizer]\nkind = \"adamm\"");
        assert!(
            word.contains("unknown word 'adamm' (did you mean 'adam'?)") && word.contains("optimizer"),
            "{word}"
        );
        let zero = message("seed = 1\nepochs = 0");
        assert_eq!(zero, "my.toml:2: epochs is 0, expected at least 1");
        let side = message("seed = 1\n[input]\nheight = 0");
        assert!(side.starts_with("my.toml:3: input.height is 0, expected 1 to "), "{side}");
        let inner = message("seed = 1\nschedule.lr = \"fast\"");
        assert!(inner.starts_with("my.toml") && inner.contains("schedule.lr: invalid type"), "{inner}");
        for text in ["seed = 1\nepocs = 3", "epochs = = 3", "epochs = \"many\""] {
            assert!(!message(text).contains('\n'));
        }
    }

    #[test]
    fn a_short_file_stands_on_the_builtin_recipe_it_names() {
        let text = "model = \"lenet5\"\nrecipe = \"published\"\nepochs = 1";
        let recipe = Recipe::from_config(text, "x", None).unwrap();
        assert_eq!(recipe, Recipe { epochs: 1, ..Recipe::builtin("lenet5", Preset::Published).unwrap() });
        let recipe = Recipe::from_config(text, "x", Some("perceptron")).unwrap();
        assert_eq!(recipe.model, "perceptron");
        let error = Recipe::from_config("epochs = 1", "x.toml", None).unwrap_err().to_string();
        assert!(error.starts_with("x.toml: names no model"), "{error}");
    }
}
