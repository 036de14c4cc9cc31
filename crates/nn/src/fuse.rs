//! Fusion: a network rewritten into one that computes the same with fewer passes over memory.
//!
//! A rule looks for a run of layers with certain properties and gives one layer for them; where none applies the
//! plain layer stays. The flat parameters keep their places, so that a fused and a plain network can share them.

use kernels::{Activation, Element};

use crate::layers::{ConvActivate, ConvNorm, ConvPool, Joined, Pool2dConfig};
use crate::sequential::{Node, Second, Sequential, Source};
use crate::spec::LayerSpec;

/// The same function, faster: see the rules in this file.
///
/// # Examples
/// ```
/// let spec = nn::zoo::lenet5(nn::Shape::image(1, 128, 128), 50);
/// let net = nn::fuse(spec.build::<f32>()?);
/// let kinds: Vec<_> = net.nodes().iter().map(|n| n.layer.kind()).collect();
/// assert_eq!(kinds[..2], ["conv2d+max_pool2d+sigmoid"; 2]);
/// # Ok::<(), nn::BuildError>(())
/// ```
#[must_use]
pub fn fuse<T: Element>(net: Sequential<T>) -> Sequential<T> {
    let mut rest = net.into_nodes();
    let mut fused = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let run = &rest[..straight(&rest)];
        let found = conv_pool(run).or_else(|| conv_norm(run)).or_else(|| conv_activation(run));
        let found = found.or_else(|| norm_activation(run)).or_else(|| add_activation(run));
        match found.or_else(|| flatten_linear(run)) {
            Some((mut node, used)) => {
                node.inputs.clone_from(&rest[0].inputs);
                node.id = rest[used - 1].id;
                rest.drain(..used);
                fused.push(node);
            }
            None => fused.push(rest.remove(0)),
        }
    }
    Sequential::connect(fused)
}

/// How many of the first nodes are a chain whose inner values nobody else reads.
fn straight<T: Element>(nodes: &[Node<T>]) -> usize {
    let follows = |i: usize| {
        let before = Source::Layer(nodes[i - 1].id);
        let readers = nodes.iter().flat_map(|n| &n.inputs).filter(|s| **s == before).count();
        nodes[i].inputs == [before] && readers == 1
    };
    (1..nodes.len()).find(|&i| !follows(i)).unwrap_or(nodes.len())
}

/// [Add, activation] → Add with its activation.
fn add_activation<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [add, next, ..] = nodes else { return None };
    let f = activation(next)?;
    let shapes = vec![add.layer.output_shape(); add.inputs.len()];
    let joined =
        matches!(add.spec.as_ref()?, LayerSpec::Add).then(|| Joined::add(&add.name, &shapes).ok())??;
    Some((add.replaced_by(Box::new(joined.activated(f))), 2))
}

/// [BatchNorm2d, activation] → BatchNorm2d with its activation.
fn norm_activation<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [norm, next, ..] = nodes else { return None };
    let LayerSpec::BatchNorm2d(config) = norm.spec.as_ref()? else { return None };
    let f = activation(next)?;
    let layer = config.build(&norm.name, norm.layer.input_shape()).ok()?.activated(f);
    Some((norm.replaced_by(Box::new(layer)), 2))
}

/// [Conv2d of stride 1, MaxPool2d 2×2, activation or not] → [`ConvPool`].
fn conv_pool<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [conv, pool, rest @ ..] = nodes else { return None };
    let (LayerSpec::Conv2d(config), LayerSpec::MaxPool2d(window)) =
        (conv.spec.as_ref()?, pool.spec.as_ref()?)
    else {
        return None;
    };
    if !halves(window) {
        return None;
    }
    let f = rest.first().and_then(activation);
    let built = config.build(&conv.name, conv.layer.input_shape()).ok()?;
    let layer = ConvPool::new(&built, window.padding, f)?;
    Some((conv.replaced_by(Box::new(layer)), 2 + usize::from(f.is_some())))
}

/// [Conv2d, activation] → [`ConvActivate`].
fn conv_activation<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [conv, next, ..] = nodes else { return None };
    let LayerSpec::Conv2d(config) = conv.spec.as_ref()? else { return None };
    let built = config.build(&conv.name, conv.layer.input_shape()).ok()?;
    let layer = ConvActivate::new(&built, activation(next)?)?;
    Some((conv.replaced_by(Box::new(layer)), 2))
}

/// [Conv2d, BatchNorm2d, activation or not, MaxPool2d 2×2 without padding or not] → [`ConvNorm`].
fn conv_norm<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [conv, norm, rest @ ..] = nodes else { return None };
    let (LayerSpec::Conv2d(conv_config), LayerSpec::BatchNorm2d(norm_config)) =
        (conv.spec.as_ref()?, norm.spec.as_ref()?)
    else {
        return None;
    };
    let f = rest.first().and_then(activation);
    let used = 2 + usize::from(f.is_some());
    let pooled = nodes.get(used).is_some_and(|pool| match &pool.spec {
        Some(LayerSpec::MaxPool2d(window)) => halves(window) && window.padding == 0,
        _ => false,
    });
    let built = conv_config.build(&conv.name, conv.layer.input_shape()).ok()?;
    let normed = norm_config.build(&norm.name, norm.layer.input_shape()).ok()?;
    let with = |pooled: bool| Some((ConvNorm::new(&built, &normed, f, pooled)?, used + usize::from(pooled)));
    let (layer, used) = (if pooled { with(true) } else { None }).or_else(|| with(false))?;
    let second = Some(Second { name: norm.name.clone(), first: conv.layer.params().len() });
    Some((Node { second, ..conv.replaced_by(Box::new(layer)) }, used))
}

/// Whether windows are 2×2, side by side.
fn halves(window: &Pool2dConfig) -> bool {
    (window.kernel_size, window.stride.unwrap_or(window.kernel_size)) == (2, 2)
}

/// [Flatten, Linear] → Linear, which reads an image in the same order without a copy.
fn flatten_linear<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [flatten, linear, ..] = nodes else { return None };
    let (LayerSpec::Flatten, LayerSpec::Linear(config)) = (flatten.spec.as_ref()?, linear.spec.as_ref()?)
    else {
        return None;
    };
    let layer = config.build(&linear.name, flatten.layer.input_shape()).ok()?;
    Some((linear.replaced_by(Box::new(layer)), 2))
}

fn activation<T: Element>(node: &Node<T>) -> Option<Activation> {
    node.spec.as_ref()?.activation()
}
