//! How parameters start.

mod from_data;

use kernels::{Buffer, Element};
use rng::{Purpose, Stream};
use serde::{Deserialize, Serialize};

pub use from_data::init_from_data;

use crate::param::{ParamSpec, Role};
use crate::sequential::{Node, Sequential};

/// The distribution that a parameter tensor starts from.
///
/// `fan_in` is the number of inputs that one output of the layer sums over, `fan_out` the number of outputs that
/// one input reaches; a bias goes by the fans of its layer's weight.
///
/// # Source
/// Xavier: Glorot & Bengio 2010; He: He et al. 2015, arXiv 1502.01852; LeCun: LeCun et al. 1998, 'Efficient
/// BackProp', section 4.6; the names follow `torch.nn.init`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Init {
    /// All zeros.
    Zeros,
    /// All ones.
    Ones,
    /// PyTorch's default for convolutions and linear layers: uniform in ±1/√`fan_in`, weights and biases alike.
    TorchUniform,
    /// Uniform in [lo, hi].
    Uniform {
        /// Lower end.
        lo: f32,
        /// Upper end.
        hi: f32,
    },
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        std: f32,
    },
    /// Normal, variance 2 / `fan_in`: for layers before a ReLU. Also known as MSRA or Kaiming.
    HeNormal,
    /// Uniform, variance 2 / `fan_in`.
    HeUniform,
    /// Normal, variance `gain`² · 2 / (`fan_in` + `fan_out`).
    XavierNormal {
        /// 1 for linear and sigmoid layers, 5/3 for tanh in PyTorch's table.
        gain: f32,
    },
    /// Uniform, variance `gain`² · 2 / (`fan_in` + `fan_out`).
    XavierUniform {
        /// As for the normal form.
        gain: f32,
    },
    /// Normal, variance 1 / `fan_in`.
    LecunNormal,
}

/// Inputs and outputs of one unit, which most distributions are scaled by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fans {
    /// Inputs that one output sums over.
    pub fan_in: usize,
    /// Outputs that one input reaches.
    pub fan_out: usize,
}

impl Init {
    /// Fills `tensor` with draws of `stream`.
    pub fn fill<T: Element>(self, tensor: &mut [T], fans: Fans, stream: &mut Stream) {
        let fan_in = fans.fan_in.max(1) as f64;
        let fan_mean = (fans.fan_in + fans.fan_out).max(1) as f64 / 2.0;
        let mut uniform = |tensor: &mut [T], lo: f32, hi: f32| {
            tensor.iter_mut().for_each(|w| *w = T::from_f64(f64::from(stream.range(lo, hi))));
        };
        let even = |std: f64| (3.0_f64.sqrt() * std) as f32;
        let std = match self {
            Init::Zeros => return tensor.fill(T::ZERO),
            Init::Ones => return tensor.fill(T::ONE),
            Init::Uniform { lo, hi } => return uniform(tensor, lo, hi),
            Init::TorchUniform => {
                let bound = (1.0 / fan_in.sqrt()) as f32;
                return uniform(tensor, -bound, bound);
            }
            Init::HeUniform => {
                let bound = even((2.0 / fan_in).sqrt());
                return uniform(tensor, -bound, bound);
            }
            Init::XavierUniform { gain } => {
                let bound = even(f64::from(gain) / fan_mean.sqrt());
                return uniform(tensor, -bound, bound);
            }
            Init::Normal { std } => f64::from(std),
            Init::HeNormal => (2.0 / fan_in).sqrt(),
            Init::XavierNormal { gain } => f64::from(gain) / fan_mean.sqrt(),
            Init::LecunNormal => (1.0 / fan_in).sqrt(),
        };
        tensor.iter_mut().for_each(|w| *w = T::from_f64(f64::from(stream.normal()) * std));
    }
}

/// Which distributions a recipe asks for, in place of each layer's own.
///
/// Only tensors that are drawn are concerned: those that start as a constant, such as the scale and shift of a
/// batch normalisation, keep it.
///
/// # Examples
/// ```
/// use nn::init::{Init, InitScheme};
/// let net = nn::zoo::perceptron(50).build::<f32>()?;
/// let scheme = InitScheme { weight: Some(Init::HeNormal), bias: Some(Init::Zeros) };
/// let params = net.init_params(&scheme, 7);
/// assert_eq!(params[..], net.init_params(&scheme, 7)[..]);
/// assert_ne!(params[..], net.init_params(&scheme, 8)[..]);
/// assert!(params[net.params()[1].range.clone()].iter().all(|&b| b == 0.0));
/// # Ok::<(), nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InitScheme {
    /// For weights; none: PyTorch's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Init>,
    /// For biases; none: PyTorch's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias: Option<Init>,
}

impl InitScheme {
    fn of(&self, spec: &ParamSpec) -> Init {
        let chosen = match (spec.role, spec.init) {
            (_, Init::Zeros | Init::Ones) | (Role::Statistic, _) => None,
            (Role::Weight, _) => self.weight,
            (Role::Bias, _) => self.bias,
        };
        chosen.unwrap_or(spec.init)
    }
}

impl<T: Element> Sequential<T> {
    /// Fresh parameters. Each tensor has a random stream of its own, named by `seed` and the tensor's number, so
    /// that fused and unfused networks of one model start alike.
    #[must_use]
    pub fn init_params(&self, scheme: &InitScheme, seed: u64) -> Buffer<T> {
        let mut params = Buffer::zeros(self.num_slots());
        let nodes = self.nodes().iter().flat_map(|node| node.layer.params().iter().map(|_| fans(node)));
        for ((number, entry), fans) in self.params().iter().enumerate().zip(nodes) {
            let mut stream = Stream::new(seed, Purpose::Init, 0, number as u64);
            scheme.of(&entry.spec).fill(&mut params[entry.range.clone()], fans, &mut stream);
        }
        params
    }
}

/// The fans of a layer's weight, which its bias goes by too.
fn fans<T: Element>(node: &Node<T>) -> Fans {
    let specs = node.layer.params();
    let weight = specs.iter().find(|s| s.role == Role::Weight).or(specs.first());
    weight.map_or(Fans { fan_in: 1, fan_out: 1 }, |w| Fans { fan_in: w.fan_in(), fan_out: w.fan_out() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FANS: Fans = Fans { fan_in: 200, fan_out: 100 };

    fn draw(init: Init) -> Vec<f64> {
        let mut tensor = vec![0.0_f64; 40_000];
        init.fill(&mut tensor, FANS, &mut Stream::new(1, Purpose::Init, 0, 0));
        tensor
    }

    #[test]
    fn every_distribution_has_its_variance_and_bound() {
        let cases: [(Init, f64, Option<f64>); 8] = [
            (Init::TorchUniform, 1.0 / 600.0, Some((1.0_f64 / 200.0).sqrt())),
            (Init::HeNormal, 0.01, None),
            (Init::HeUniform, 0.01, Some(0.03_f64.sqrt())),
            (Init::XavierNormal { gain: 2.0 }, 4.0 / 150.0, None),
            (Init::XavierUniform { gain: 1.0 }, 1.0 / 150.0, Some(0.02_f64.sqrt())),
            (Init::LecunNormal, 1.0 / 200.0, None),
            (Init::Normal { std: 0.5 }, 0.25, None),
            (Init::Uniform { lo: -0.3, hi: 0.3 }, 0.03, Some(0.3)),
        ];
        for (init, variance, bound) in cases {
            let x = draw(init);
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            let found = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
            assert!(mean.abs() < 0.03 * variance.sqrt(), "{init:?}: mean {mean}");
            assert!((found / variance - 1.0).abs() < 0.03, "{init:?}: variance {found}, expected {variance}");
            if let Some(bound) = bound {
                let largest = x.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                assert!(largest <= bound * 1.0001 && largest > bound * 0.99, "{init:?}: {largest} {bound}");
            }
        }
    }

    #[test]
    fn a_bias_goes_by_the_fan_in_of_its_weight() {
        let net = crate::zoo::perceptron(50).build::<f32>().unwrap();
        let params = net.init_params(&InitScheme::default(), 3);
        let bias = &params[net.params()[1].range.clone()];
        let largest = bias.iter().fold(0.0_f32, |m, b| m.max(b.abs()));
        assert!(largest <= 0.125 && largest > 0.1, "64 inputs bound the bias by 1/8, found {largest}");
    }
}
