//! Pictures that occur more than once.

use super::{Facts, Survey, Which};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// Largest number of gradient bits, of 128, in which two pictures differ that are called nearly the same. Two pictures that
/// have nothing to do with each other differ in about 64.
const NEAR_BITS: u32 = 8;
/// Least correlation of the two pictures' 9×9 gray levels: dark or dull pictures agree in gradient bits by chance.
const NEAR_CORRELATION: f64 = 0.97;
/// Pictures that are compared pair by pair; of more only the first so many.
const MAX_COMPARED: usize = 200_000;
/// Pairs of one picture that are kept: of a film's frames each is near to all.
const MAX_OF_ONE: usize = 5;
/// Pairs that are kept.
const MAX_PAIRS: usize = 10_000;

/// Two pictures that are nearly the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Near {
    /// The one that comes first.
    pub first: Which,
    /// The other.
    pub second: Which,
    /// Gradient bits, of 128, in which they differ.
    pub distance: u32,
}

impl Near {
    pub(super) fn both(&self) -> Vec<&Which> {
        vec![&self.first, &self.second]
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Groups of the same pixels, two or more each.
    pub exact: Vec<Vec<Which>>,
    /// Pairs of nearly the same.
    pub near: Vec<Near>,
}

pub(super) fn find(survey: &Survey, classes: &[String]) -> Duplicates {
    let mut groups: BTreeMap<u64, Vec<&Facts>> = BTreeMap::new();
    for facts in survey.all.iter().filter(|facts| facts.error.is_none()) {
        groups.entry(facts.content).or_default().push(facts);
    }
    // Of the same pixels one stands for all; flat pictures have no gradient to compare.
    let mut distinct: Vec<&Facts> =
        groups.values().filter_map(|group| group.first().copied()).filter(|facts| !facts.flat).collect();
    let order = |facts: &Facts| (facts.split, facts.name.clone());
    distinct.sort_by_cached_key(|facts| order(facts));
    distinct.truncate(MAX_COMPARED);
    let distinct = &distinct[..];
    let pairs = (0..distinct.len()).into_par_iter().flat_map_iter(|i| {
        let near = move |other: &&Facts| {
            distance(distinct[i], other) <= NEAR_BITS
                && correlation(&distinct[i].small, &other.small) >= NEAR_CORRELATION
        };
        let others = distinct[i + 1..].iter().copied().filter(near).take(MAX_OF_ONE);
        others.map(move |other| (i, other, distance(distinct[i], other)))
    });
    let pairs: Vec<(usize, &Facts, u32)> = pairs.collect();
    let which = |facts: &Facts| survey.which(facts, classes);
    let near = pairs.into_iter().take(MAX_PAIRS).map(|(i, other, distance)| Near {
        first: which(distinct[i]),
        second: which(other),
        distance,
    });
    let mut exact: Vec<Vec<&Facts>> = groups.into_values().filter(|group| group.len() > 1).collect();
    exact.sort_by_cached_key(|group| order(group[0]));
    let exact = exact.into_iter().map(|group| group.into_iter().map(which).collect());
    Duplicates { exact: exact.collect(), near: near.collect() }
}

fn distance(a: &Facts, b: &Facts) -> u32 {
    (a.gradient[0] ^ b.gradient[0]).count_ones() + (a.gradient[1] ^ b.gradient[1]).count_ones()
}

/// Pearson's, of two pictures' gray levels; 0 where one is flat.
fn correlation(a: &[u8], b: &[u8]) -> f64 {
    let mean = |v: &[u8]| v.iter().map(|&v| f64::from(v)).sum::<f64>() / v.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut own_a, mut own_b) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a) - mean_a, f64::from(b) - mean_b);
        both += a * b;
        own_a += a * a;
        own_b += b * b;
    }
    if own_a * own_b > 0.0 { both / (own_a * own_b).sqrt() } else { 0.0 }
}
