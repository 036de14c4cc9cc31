//! Which stretches of the flat parameters are updated alike.

use std::ops::Range;

use kernels::Element;

use super::Decayed;
use crate::param::Role;
use crate::sequential::Sequential;

/// Neighbouring tensors that one call updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    /// Whether weight decay applies.
    pub(super) decayed: bool,
}

/// The trained tensors, neighbours of one kind merged, over the zeros that align layers too: those have no gradient
/// and so stay zero. `decayed` is none where there is no decay, so that nothing needs to be told apart.
pub(super) fn spans<T: Element>(net: &Sequential<T>, decayed: Option<Decayed>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut after_statistic = false;
    for entry in net.params() {
        let decayed = match (decayed, entry.spec.role) {
            (_, Role::Statistic) => {
                after_statistic = true;
                continue;
            }
            (Some(Decayed::All), _) | (Some(Decayed::Weights), Role::Weight) => true,
            (None, _) | (Some(Decayed::Weights), Role::Bias) => false,
        };
        let range = entry.range.clone();
        match spans.last_mut() {
            Some(last) if last.decayed == decayed && !after_statistic => last.range.end = range.end,
            _ => spans.push(Span { range, decayed }),
        }
        after_statistic = false;
    }
    spans
}
