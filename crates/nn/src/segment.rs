//! Splitting a network into runs of layers that are computed the same way.
//!
//! A `Sample` segment is run image by image, its whole chain inside one core's cache, images shared out over
//! the threads. A `Batch` segment is run layer by layer over the whole batch, each layer sharing out its own
//! work. A `Join` segment is the one layer where branches meet. Where each layer's output and saved numbers lie in the segment's arena is settled here.

use std::ops::Range;

use crate::layer::{Locality, SavedSize};

/// Samples whose gradients are summed into one buffer before the buffers are summed in order: a function of
/// the batch alone, so that the bits do not depend on the number of threads.
pub(crate) fn samples_per_group(batch: usize) -> usize {
    batch.div_ceil(MAX_GROUPS).max(MIN_GROUP)
}

/// The most groups that any batch of up to `capacity` samples is cut into: a smaller batch can have more of them.
pub(crate) fn max_groups(capacity: usize) -> usize {
    capacity.div_ceil(MIN_GROUP).min(MAX_GROUPS)
}

/// Fewer groups would idle a thread of a large machine, more would cost memory and summing.
const MAX_GROUPS: usize = 32;
/// A smaller group would not repay its hand-over to a thread.
const MIN_GROUP: usize = 2;

/// A run of layers, and the layout of what it keeps for its backward pass.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) layers: Range<usize>,
    pub(crate) kind: SegmentKind,
    /// What it reads.
    pub(crate) inputs: Vec<Feed>,
    /// Place of each layer's saved numbers, saved bytes and output, in units a sample.
    pub(crate) slots: Vec<Slot>,
    /// Numbers and bytes of the arena.
    pub(crate) arena: Extent,
    pub(crate) input_len: usize,
    pub(crate) output_len: usize,
    /// Length of the longest value between two of its layers.
    pub(crate) widest: usize,
    /// The segment's part of the flat parameters.
    pub(crate) params: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentKind {
    Sample,
    Batch,
    Join,
}

/// One input of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feed {
    /// The segment whose output it is; none: the samples.
    pub(crate) from: Option<usize>,
    /// Whether another reader, later in the network, has written that output's gradient before: then it is added to.
    pub(crate) adds: bool,
    pub(crate) len: usize,
}

/// Sizes that grow with the batch, and numbers that come once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extent {
    pub(crate) numbers: usize,
    pub(crate) bytes: usize,
    pub(crate) numbers_per_batch: usize,
}

/// One layer's part of the arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    start: Extent,
    saved: SavedSize,
    output_len: usize,
}

impl Slot {
    /// Where the layer's saved numbers lie in an arena for `batch` samples.
    pub(crate) fn saved_numbers(&self, batch: usize) -> Range<usize> {
        let start = self.start.numbers * batch + self.start.numbers_per_batch;
        start..start + self.saved.numbers * batch + self.saved.numbers_per_batch
    }

    /// Where the layer's saved bytes lie.
    pub(crate) fn saved_bytes(&self, batch: usize) -> Range<usize> {
        let start = self.start.bytes * batch;
        start..start + self.saved.bytes * batch
    }

    /// Where the layer's output lies; empty for a segment's last layer, whose output has a buffer of its own.
    pub(crate) fn output(&self, batch: usize) -> Range<usize> {
        let start = self.saved_numbers(batch).end;
        start..start + self.output_len * batch
    }
}

/// What the planner must know of a layer.
pub(crate) struct LayerFacts {
    pub(crate) locality: Locality,
    pub(crate) saved: SavedSize,
    /// Positions of the layers it reads; none: the samples.
    pub(crate) sources: Vec<Option<usize>>,
    pub(crate) joins: bool,
    pub(crate) input_len: usize,
    pub(crate) output_len: usize,
    pub(crate) params: Range<usize>,
}

/// Cuts the layers wherever the locality changes, and where branches part or meet; `Any` goes with the layer before it.
pub(crate) fn plan(layers: &[LayerFacts]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut start = 0;
    while start < layers.len() {
        let kind = match (layers[start].joins, layers[start].locality) {
            (true, _) => SegmentKind::Join,
            (false, Locality::Batch) => SegmentKind::Batch,
            (false, Locality::Sample | Locality::Any) => SegmentKind::Sample,
        };
        let fits = |i: usize| {
            let local = match layers[i].locality {
                Locality::Any => kind != SegmentKind::Join,
                Locality::Sample => kind == SegmentKind::Sample,
                Locality::Batch => kind == SegmentKind::Batch,
            };
            local && !layers[i].joins && follows(layers, i)
        };
        let end = (start + 1..layers.len()).find(|&i| !fits(i)).unwrap_or(layers.len());
        segments.push(lay_out(layers, start..end, kind));
        start = end;
    }
    connect(&mut segments, layers);
    segments
}

/// Whether layer `i` reads only the layer before it, and nobody else does.
fn follows(layers: &[LayerFacts], i: usize) -> bool {
    let before = Some(i - 1);
    layers[i].sources == [before]
        && layers.iter().flat_map(|l| &l.sources).filter(|s| **s == before).count() == 1
}

/// Finds each segment's inputs, and which of several readers is the first in the backward pass.
fn connect(segments: &mut [Segment], layers: &[LayerFacts]) {
    let mut written = vec![false; segments.len()];
    for at in (0..segments.len()).rev() {
        let segment_of = |layer: usize| segments.iter().position(|s| s.layers.contains(&layer));
        let sources = &layers[segments[at].layers.start].sources;
        let feed = |source: &Option<usize>| {
            let from = source.and_then(segment_of);
            let adds = from.is_some_and(|from| std::mem::replace(&mut written[from], true));
            let len = from.map_or(segments[at].input_len, |from| segments[from].output_len);
            Feed { from, adds, len }
        };
        segments[at].inputs = sources.iter().map(feed).collect();
    }
}

fn lay_out(layers: &[LayerFacts], range: Range<usize>, kind: SegmentKind) -> Segment {
    let mut arena = Extent::default();
    let mut slots = Vec::with_capacity(range.len());
    let mut widest = 0;
    for i in range.clone() {
        let layer = &layers[i];
        let output_len = if i + 1 == range.end { 0 } else { layer.output_len };
        slots.push(Slot { start: arena, saved: layer.saved, output_len });
        arena.numbers += layer.saved.numbers + output_len;
        arena.bytes += layer.saved.bytes;
        arena.numbers_per_batch += layer.saved.numbers_per_batch;
        widest = widest.max(output_len);
    }
    if kind == SegmentKind::Sample {
        // So that the arena can be cut into samples also where nothing is kept.
        arena.numbers = arena.numbers.max(1);
        arena.bytes = arena.bytes.max(1);
    }
    Segment {
        slots,
        kind,
        inputs: Vec::new(),
        arena,
        widest,
        input_len: layers[range.start].input_len,
        output_len: layers[range.end - 1].output_len,
        params: layers[range.start].params.start..layers[range.end - 1].params.end,
        layers: range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_batch_up_to_the_capacity_finds_room_for_its_groups() {
        for capacity in 1..300_usize {
            let most = (1..=capacity).map(|batch| batch.div_ceil(samples_per_group(batch))).max();
            assert_eq!(most, Some(max_groups(capacity)), "capacity {capacity}");
        }
    }
}
