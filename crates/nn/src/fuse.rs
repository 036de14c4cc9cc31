//! Fusion: a network rewritten into one that computes the same with fewer passes over memory.
//!
//! A rule looks for a run of layers with certain properties and gives one layer for them; where none applies the
//! plain layer stays. The flat parameters keep their places, so that a fused and a plain network can share them.

use kernels::{Activation, Element};

use crate::layers::ConvPool;
use crate::sequential::{Node, Sequential};
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
        match conv_pool(&rest).or_else(|| flatten_linear(&rest)) {
            Some((node, used)) => {
                rest.drain(..used);
                fused.push(node);
            }
            None => fused.push(rest.remove(0)),
        }
    }
    Sequential::chain(fused)
}

/// [Conv2d of stride 1, MaxPool2d 2×2, activation or not] → [`ConvPool`].
fn conv_pool<T: Element>(nodes: &[Node<T>]) -> Option<(Node<T>, usize)> {
    let [conv, pool, rest @ ..] = nodes else { return None };
    let (LayerSpec::Conv2d(config), LayerSpec::MaxPool2d(window)) =
        (conv.spec.as_ref()?, pool.spec.as_ref()?)
    else {
        return None;
    };
    if (window.kernel_size, window.stride.unwrap_or(2)) != (2, 2) {
        return None;
    }
    let f = rest.first().and_then(activation);
    let built = config.build(&conv.name, conv.layer.input_shape()).ok()?;
    let layer = ConvPool::new(&built, window.padding, f)?;
    Some((conv.replaced_by(Box::new(layer)), 2 + usize::from(f.is_some())))
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
    match node.spec.as_ref()? {
        LayerSpec::Relu => Some(Activation::Relu),
        LayerSpec::Sigmoid => Some(Activation::Sigmoid),
        LayerSpec::Silu => Some(Activation::Silu),
        LayerSpec::Tanh => Some(Activation::Tanh),
        _ => None,
    }
}
