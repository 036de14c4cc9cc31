//! Named layers over one flat slice of parameters: a chain, with branches where a model has some.

use std::ops::Range;

use kernels::Element;

use crate::layer::{Layer, Mode, Saved};
use crate::packed::Packed;
use crate::param::{PARAM_ALIGN, ParamEntry};
use crate::products::{Place, places};
use crate::segment::{LayerFacts, Segment, plan};
use crate::shape::Shape;
use crate::spec::LayerSpec;
use crate::workspace::Workspace;

/// A layer and its name in the network, e.g. `conv1`.
#[derive(Debug)]
pub struct Node<T: Element = f32> {
    /// Prefix of its parameters' names.
    pub name: String,
    /// What it computes.
    pub layer: Box<dyn Layer<T>>,
    /// What it was built from; none for a layer that no model file can name, such as a fused one.
    pub spec: Option<LayerSpec>,
    /// Its part of the flat parameters.
    pub params: Range<usize>,
    /// Where its input comes from; several for a join.
    pub inputs: Vec<Source>,
    /// Its place among the layers of the model, fused or not: its random numbers follow from it.
    pub(crate) index: usize,
    /// The layer of the model whose output this node's is, by its place there: its own, or the last that was fused.
    pub(crate) id: usize,
    pub(crate) packed: Range<usize>,
    /// A second layer that was fused into this one, if it brought parameters.
    pub(crate) second: Option<Second>,
}

/// A layer that lost its place but keeps its parameters' names and slots.
#[derive(Clone, Debug)]
pub(crate) struct Second {
    /// Prefix of their names.
    pub(crate) name: String,
    /// How many tensors come before its own.
    pub(crate) first: usize,
}

/// Where a layer's input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The samples themselves.
    Input,
    /// The output of a layer before, by its place in the model, fused or not.
    Layer(usize),
}

/// A network: layers in order, each fed with the one before or with those that its model names.
///
/// It holds no numbers: parameters are a slice of [`Sequential::num_slots`] numbers that the caller owns,
/// activations live in a [`Workspace`].
#[derive(Debug)]
pub struct Sequential<T: Element = f32> {
    nodes: Vec<Node<T>>,
    segments: Vec<Segment>,
    pending: Vec<Place>,
    entries: Vec<ParamEntry>,
    /// Each node's inputs as positions among the nodes; none: the samples.
    sources: Vec<Vec<Option<usize>>>,
    num_slots: usize,
    packed_len: usize,
    input_shape: Shape,
}

/// A step's place in the run, from which its random numbers follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepId {
    /// Seed of the run.
    pub seed: u64,
    /// Optimizer steps before this one.
    pub step: u64,
}

impl<T: Element> Node<T> {
    /// The layer at `index` of a model; its places are found when it is connected.
    pub(crate) fn new(
        index: usize,
        name: String,
        layer: Box<dyn Layer<T>>,
        inputs: Vec<Source>,
        spec: LayerSpec,
    ) -> Self {
        Node {
            name,
            layer,
            spec: Some(spec),
            params: 0..0,
            inputs,
            index,
            id: index,
            packed: 0..0,
            second: None,
        }
    }

    /// The same place and name, another layer.
    pub(crate) fn replaced_by(&self, layer: Box<dyn Layer<T>>) -> Self {
        let Node { index, id, .. } = *self;
        let (name, inputs) = (self.name.clone(), self.inputs.clone());
        Node { name, layer, spec: None, params: 0..0, inputs, index, id, packed: 0..0, second: None }
    }
}

impl<T: Element> Sequential<T> {
    /// Chains layers that were built one for the other's output shape.
    ///
    /// # Panics
    /// If there is no layer, or one's input shape is not the output shape of the one before: build them
    /// through [`crate::ModelSpec`], which reports that as an error.
    #[must_use]
    pub fn new(layers: Vec<(String, Box<dyn Layer<T>>)>) -> Self {
        let node = |(index, (name, layer)): (usize, (String, Box<dyn Layer<T>>))| {
            let before = index.checked_sub(1).map_or(Source::Input, Source::Layer);
            Node { spec: None, ..Node::new(index, name, layer, vec![before], LayerSpec::Flatten) }
        };
        Self::connect(layers.into_iter().enumerate().map(node).collect())
    }

    /// Connects nodes: gives each its place in the flat parameters and the packed weights, and finds its inputs.
    pub(crate) fn connect(mut nodes: Vec<Node<T>>) -> Self {
        assert!(!nodes.is_empty(), "a network needs a layer");
        let input_shape = nodes[0].layer.input_shape();
        let (mut num_slots, mut packed_len) = (0_usize, 0_usize);
        let mut entries = Vec::new();
        for node in &mut nodes {
            let start = num_slots;
            for (k, spec) in node.layer.params().iter().enumerate() {
                let second = node.second.as_ref().filter(|second| k >= second.first);
                if second.is_some_and(|second| k == second.first) {
                    num_slots = num_slots.next_multiple_of(PARAM_ALIGN);
                }
                let range = num_slots..num_slots + spec.len();
                num_slots = range.end;
                let name = format!("{}.{}", second.map_or(&node.name, |second| &second.name), spec.name);
                entries.push(ParamEntry { name, spec: spec.clone(), range });
            }
            node.params = start..num_slots;
            node.packed = packed_len..packed_len + node.layer.packed_len();
            packed_len = node.packed.end.next_multiple_of(PARAM_ALIGN);
            num_slots = num_slots.next_multiple_of(PARAM_ALIGN);
        }
        let sources = positions(&nodes);
        check_shapes(&nodes, &sources, input_shape);
        let facts: Vec<LayerFacts> =
            nodes.iter().zip(&sources).map(|(node, sources)| facts(node, sources)).collect();
        let segments = plan(&facts);
        let pending = places(&nodes, &segments);
        Sequential { nodes, segments, pending, entries, sources, num_slots, packed_len, input_shape }
    }

    /// The layers in order.
    #[must_use]
    pub fn nodes(&self) -> &[Node<T>] {
        &self.nodes
    }

    /// The layers, to be chained anew (fusion).
    #[must_use]
    pub fn into_nodes(self) -> Vec<Node<T>> {
        self.nodes
    }

    /// Where each node's inputs come from, as positions among [`Sequential::nodes`]; none: the samples.
    #[must_use]
    pub fn sources(&self) -> &[Vec<Option<usize>>] {
        &self.sources
    }

    /// Every parameter tensor with its full name and its place in the flat slice.
    #[must_use]
    pub fn params(&self) -> &[ParamEntry] {
        &self.entries
    }

    /// Length of the flat slice of parameters: the tensors, and a few zeros between layers for alignment.
    #[must_use]
    pub fn num_slots(&self) -> usize {
        self.num_slots
    }

    /// Numbers in all parameter tensors.
    #[must_use]
    pub fn num_params(&self) -> usize {
        self.entries.iter().map(|e| e.range.len()).sum()
    }

    /// Shape of one input sample.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        self.input_shape
    }

    /// Shape of one output sample: the logits.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        self.nodes.last().map_or(self.input_shape, |n| n.layer.output_shape())
    }

    /// Multiply-adds of the forward pass over one sample.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.nodes.iter().map(|n| n.layer.macs()).sum()
    }

    /// Memory for passes of up to `capacity` samples, on the current rayon pool.
    #[must_use]
    pub fn workspace(&self, capacity: usize, mode: Mode) -> Workspace<T> {
        Workspace::new(&self.segments, Packed::new(self.packed_len, self.nodes.len()), capacity.max(1), mode)
    }

    /// After a training step's forward pass, moves the running statistics among `params`.
    pub fn update_stats(&self, params: &mut [T], ws: &Workspace<T>) {
        for (segment, memory) in self.segments.iter().zip(&ws.segments) {
            for (slot, i) in segment.slots.iter().zip(segment.layers.clone()) {
                let saved = Saved {
                    numbers: &memory.numbers[slot.saved_numbers(ws.batch)],
                    bytes: &memory.bytes[slot.saved_bytes(ws.batch)],
                };
                let node = &self.nodes[i];
                if segment.kind == crate::segment::SegmentKind::Batch {
                    node.layer.update_stats(saved, &mut params[node.params.clone()]);
                }
            }
        }
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn pending(&self) -> &[Place] {
        &self.pending
    }
}

fn facts<T: Element>(node: &Node<T>, sources: &[Option<usize>]) -> LayerFacts {
    LayerFacts {
        locality: node.layer.locality(),
        saved: node.layer.saved_size(),
        sources: sources.to_vec(),
        joins: node.layer.join().is_some(),
        input_len: node.layer.input_shape().len(),
        output_len: node.layer.output_shape().len(),
        params: node.params.clone(),
    }
}

/// Each node's inputs as positions among the nodes.
fn positions<T: Element>(nodes: &[Node<T>]) -> Vec<Vec<Option<usize>>> {
    let position = |at: usize, source: &Source| match *source {
        Source::Input => None,
        Source::Layer(id) => {
            let found = nodes[..at].iter().position(|n| n.id == id);
            assert!(found.is_some(), "the input of {} is no output of a node before it", nodes[at].name);
            found
        }
    };
    nodes.iter().enumerate().map(|(at, n)| n.inputs.iter().map(|s| position(at, s)).collect()).collect()
}

fn check_shapes<T: Element>(nodes: &[Node<T>], sources: &[Vec<Option<usize>>], input: Shape) {
    for (node, sources) in nodes.iter().zip(sources) {
        let given = sources.iter().map(|s| s.map_or(input, |i| nodes[i].layer.output_shape()));
        match node.layer.join() {
            None => {
                assert_eq!(given.collect::<Vec<_>>(), [node.layer.input_shape()], "input of {}", node.name)
            }
            Some(join) => {
                let len = join.output_len(given.map(|s| s.len()));
                assert_eq!(len, node.layer.output_shape().len(), "inputs of {}", node.name);
            }
        }
    }
}
