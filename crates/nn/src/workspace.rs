//! The memory of a network's passes, allocated once for the largest batch.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kernels::{Buffer, Element};

use crate::layer::Mode;
use crate::packed::Packed;
use crate::segment::{Segment, SegmentKind, max_groups};

/// Activations, saved values, gradients and scratch of one network, for batches up to a fixed size.
///
/// Made by [`crate::Sequential::workspace`]. After that a step allocates nothing but what each thread's kernels keep from
/// their first call on.
#[derive(Debug)]
pub struct Workspace<T: Element = f32> {
    pub(crate) capacity: usize,
    pub(crate) mode: Mode,
    /// Samples of the last forward pass.
    pub(crate) batch: usize,
    pub(crate) packed: Packed<T>,
    pub(crate) segments: Vec<SegmentMemory<T>>,
    pub(crate) workers: Workers<T>,
}

/// What one segment keeps between forward and backward.
#[derive(Debug)]
pub(crate) struct SegmentMemory<T: Element> {
    pub(crate) output: Buffer<T>,
    pub(crate) grad_output: Buffer<T>,
    pub(crate) numbers: Buffer<T>,
    pub(crate) bytes: Vec<u8>,
    /// Gradients of the parameters, one copy a group of samples (`Sample` segments only).
    pub(crate) group_grads: Buffer<T>,
    /// Two buffers for gradients between layers (`Batch` segments only).
    pub(crate) between: [Buffer<T>; 2],
    /// The gradient of the input, where it is to be added to another reader's (`Batch` segments only).
    pub(crate) grad_input: Buffer<T>,
}

impl<T: Element> SegmentMemory<T> {
    fn new(segment: &Segment, capacity: usize, mode: Mode) -> Self {
        let train = mode == Mode::Train;
        let batch_kind = segment.kind == SegmentKind::Batch;
        // In evaluation a sample segment works in the thread's own scratch.
        let arena_samples = if train || segment.kind != SegmentKind::Sample { capacity } else { 0 };
        let once = if arena_samples > 0 { segment.arena.numbers_per_batch } else { 0 };
        let between = if train && batch_kind { segment.widest * capacity } else { 0 };
        let adds = train && batch_kind && segment.inputs.iter().any(|feed| feed.adds);
        let groups = if train && segment.kind == SegmentKind::Sample { max_groups(capacity) } else { 0 };
        SegmentMemory {
            output: Buffer::zeros(segment.output_len * capacity),
            grad_output: Buffer::zeros(if train { segment.output_len * capacity } else { 0 }),
            numbers: Buffer::zeros(segment.arena.numbers * arena_samples + once),
            bytes: vec![0; segment.arena.bytes * arena_samples],
            group_grads: Buffer::zeros(groups * segment.params.len().max(1)),
            between: [Buffer::zeros(between), Buffer::zeros(between)],
            grad_input: Buffer::zeros(if adds { segment.input_len * capacity } else { 0 }),
        }
    }
}

impl<T: Element> Workspace<T> {
    pub(crate) fn new(segments: &[Segment], packed: Packed<T>, capacity: usize, mode: Mode) -> Self {
        let memory = segments.iter().map(|s| SegmentMemory::new(s, capacity, mode)).collect();
        let sample = || segments.iter().filter(|s| s.kind == SegmentKind::Sample);
        let numbers = match mode {
            Mode::Train => sample().map(|s| 2 * s.widest + s.input_len).max(),
            Mode::Eval => sample().map(|s| s.arena.numbers).max(),
        };
        let bytes = sample().map(|s| s.arena.bytes).max();
        Workspace {
            capacity,
            mode,
            batch: 0,
            packed,
            segments: memory,
            workers: Workers::new(numbers.unwrap_or(0), bytes.unwrap_or(0)),
        }
    }

    /// The largest batch that fits.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// What the network's last layer computed for the last batch: `[batch, num_classes]` logits.
    #[must_use]
    pub fn logits(&self) -> &[T] {
        self.segments.last().map_or(&[], |s| {
            let len = s.output.len() / self.capacity;
            &s.output[..len * self.batch]
        })
    }

    /// The last batch's logits, and the place for `∂L/∂logits`.
    ///
    /// # Panics
    /// If the workspace is not for training.
    pub fn logits_and_grad(&mut self) -> (&[T], &mut [T]) {
        assert_eq!(self.mode, Mode::Train, "gradients need a training workspace");
        let (capacity, batch) = (self.capacity, self.batch);
        match self.segments.last_mut() {
            None => (&[], &mut []),
            Some(s) => {
                let used: Range<usize> = 0..s.output.len() / capacity * batch;
                (&s.output[used.clone()], &mut s.grad_output[used])
            }
        }
    }
}

/// One scratch memory for each thread of the pool.
#[derive(Debug)]
pub(crate) struct Workers<T: Element> {
    slots: Vec<Mutex<Scratch<T>>>,
}

/// A thread's own numbers and bytes.
#[derive(Debug)]
pub(crate) struct Scratch<T: Element> {
    pub(crate) numbers: Buffer<T>,
    pub(crate) bytes: Vec<u8>,
}

impl<T: Element> Workers<T> {
    fn new(numbers: usize, bytes: usize) -> Self {
        let scratch = || Scratch { numbers: Buffer::zeros(numbers), bytes: vec![0; bytes] };
        Workers { slots: (0..rayon::current_num_threads()).map(|_| Mutex::new(scratch())).collect() }
    }

    /// The calling thread's scratch. Another thread's only if it comes from another pool; then it waits.
    pub(crate) fn mine(&self) -> MutexGuard<'_, Scratch<T>> {
        let index = rayon::current_thread_index().unwrap_or(0) % self.slots.len();
        self.slots[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
