//! What is done about classes of different sizes or worth.

use crate::TrainError;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{collections::BTreeMap, fmt};

/// Which training samples an epoch has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each of them once.
    #[default]
    EachOnce,
    /// As many, but from each class the same number: those of small classes come several times, see [`data::balanced`].
    Balanced,
}

impl Sampling {
    pub(super) fn is_each_once(&self) -> bool {
        *self == Self::EachOnce
    }
}

/// How much the loss of a training sample counts; in text `"even"`, `"balanced"`, or a table such as `{ cat = 2.0 }`.
///
/// Validation and test are scored evenly, whatever stands here.
///
/// # Examples
/// ```
/// use train::recipe::ClassWeights;
///
/// let classes = ["cat".to_owned(), "dog".to_owned()];
/// let weights = ClassWeights::Balanced.of_classes(&[0, 1, 1, 1], &classes)?;
/// assert_eq!(weights, Some(vec![2.0, 4.0 / 6.0]));
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// All the same.
    #[default]
    Even,
    /// `samples / (classes · samples of the class)`, over the classes that have any: all classes count the same in an epoch.
    Balanced,
    /// By the class's name, at least 0; classes that are not named weigh 1.
    Named(BTreeMap<String, f64>),
}

const EXPECTED: &str = "\"even\", \"balanced\", or a table such as { cat = 2.0 }";

impl ClassWeights {
    pub(super) fn is_even(&self) -> bool {
        *self == Self::Even
    }

    /// The first number that is no weight, with its class.
    pub(super) fn fault(&self) -> Option<(&str, f64)> {
        let Self::Named(named) = self else { return None };
        let off = named.iter().find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0));
        off.map(|(class, &weight)| (class.as_str(), weight))
    }

    /// A weight for each class, or none if they are even; `labels` are those of the training samples.
    ///
    /// # Errors
    /// [`TrainError::Unknown`] if a named class is none of `classes`.
    pub fn of_classes(&self, labels: &[u32], classes: &[String]) -> Result<Option<Vec<f32>>, TrainError> {
        match self {
            Self::Even => Ok(None),
            Self::Balanced => Ok(Some(balanced(labels, classes.len()))),
            Self::Named(named) => named_weights(named, classes).map(Some),
        }
    }
}

fn balanced(labels: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0_usize; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let present = counts.iter().filter(|&&count| count > 0).count();
    // A class without samples is never asked for its weight.
    counts.iter().map(|&count| (labels.len() as f64 / (present * count.max(1)) as f64) as f32).collect()
}

fn named_weights(named: &BTreeMap<String, f64>, classes: &[String]) -> Result<Vec<f32>, TrainError> {
    let known: Vec<&str> = classes.iter().map(String::as_str).collect();
    match named.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(TrainError::unknown("class in class_weights", name, &known)),
        None => {
            Ok(classes.iter().map(|class| named.get(class).map_or(1.0, |&weight| weight as f32)).collect())
        }
    }
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Even => serializer.serialize_str("even"),
            Self::Balanced => serializer.serialize_str("balanced"),
            Self::Named(named) => named.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrTable)
    }
}

struct WordOrTable;

impl<'de> Visitor<'de> for WordOrTable {
    type Value = ClassWeights;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<ClassWeights, E> {
        match word {
            "even" => Ok(ClassWeights::Even),
            "balanced" => Ok(ClassWeights::Balanced),
            _ => Err(E::custom(format!("class_weights is \"{word}\", expected {EXPECTED}"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClassWeights, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(ClassWeights::Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Preset, Recipe};

    fn classes() -> [String; 3] {
        ["cat", "dog", "owl"].map(str::to_owned)
    }

    #[test]
    fn balanced_classes_count_the_same_in_sum_and_the_mean_weight_is_one() {
        let labels = [0, 0, 0, 0, 0, 2];
        let weights = ClassWeights::Balanced.of_classes(&labels, &classes()).unwrap().unwrap();
        let sum =
            |class: u32| labels.iter().filter(|&&l| l == class).map(|&l| weights[l as usize]).sum::<f32>();
        assert!((sum(0) - 3.0).abs() < 1e-6 && (sum(2) - 3.0).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn named_classes_get_their_weight_and_the_others_one() {
        let named = ClassWeights::Named([("dog".to_owned(), 2.5)].into());
        assert_eq!(named.of_classes(&[], &classes()).unwrap(), Some(vec![1.0, 2.5, 1.0]));
        let wrong = ClassWeights::Named([("dgo".to_owned(), 2.5)].into());
        let message = wrong.of_classes(&[], &classes()).unwrap_err().to_string();
        assert!(message.contains("dgo") && message.contains("dog"), "{message}");
    }

    #[test]
    fn a_recipe_says_it_by_a_word_or_a_table_and_keeps_it() {
        let recipe = Recipe::builtin("lenet5", Preset::Tuned).unwrap();
        assert!(!recipe.to_toml().contains("class_weights"), "the usual is not written");
        let cases = [
            ("class_weights = \"balanced\"", ClassWeights::Balanced),
            ("class_weights = { cat = 2 }", ClassWeights::Named([("cat".to_owned(), 2.0)].into())),
            ("[class_weights]\n\"a.b c\" = 0.5", ClassWeights::Named([("a.b c".to_owned(), 0.5)].into())),
        ];
        for (text, expected) in cases {
            let text = format!("{text}\n");
            let changed = recipe.overlay(&text, "my.toml").unwrap();
            assert_eq!(changed.class_weights, expected);
            assert_eq!(Recipe::from_toml(&changed.to_toml(), "config.toml").unwrap(), changed);
        }
        let message = recipe.overlay("class_weights = \"balancd\"", "my.toml").unwrap_err().to_string();
        assert!(
            message.starts_with("my.toml:1: class_weights is \"balancd\", expected \"even\", \"balanced\""),
            "{message}"
        );
    }
}
