//! Parameters: one flat slice for the whole network, a named range for each tensor.

use std::ops::Range;

use crate::init::Init;

/// Every layer's parameters begin at a multiple of this many numbers, a cache line of f32.
pub const PARAM_ALIGN: usize = 16;

/// One parameter tensor of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Name inside the layer, as in a torch `state_dict`: `weight`, `bias`, `running_mean`.
    pub name: &'static str,
    /// Sizes, as in torch.
    pub shape: Vec<usize>,
    /// How it starts unless the recipe says otherwise.
    pub init: Init,
    /// What the optimizer does with it.
    pub role: Role,
}

impl ParamSpec {
    /// Numbers in the tensor.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds no number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether an optimizer moves it.
    #[must_use]
    pub fn is_trained(&self) -> bool {
        self.role != Role::Statistic
    }

    /// Inputs that one output sums over: the product of all sizes but the first.
    #[must_use]
    pub fn fan_in(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Outputs that one input reaches: the first size times the kernel's cells.
    #[must_use]
    pub fn fan_out(&self) -> usize {
        let kernel: usize = self.shape.iter().skip(2).product();
        self.shape.first().copied().unwrap_or(1) * kernel
    }
}

/// What the optimizer does with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Trained, and shrunk by weight decay.
    Weight,
    /// Trained, not decayed: biases, the scale and shift of normalisations.
    Bias,
    /// Not trained: running statistics.
    Statistic,
}

/// A tensor's place in the network's flat slice.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamEntry {
    /// Full name, e.g. `conv1.weight`.
    pub name: String,
    /// What it is.
    pub spec: ParamSpec,
    /// Where it lies.
    pub range: Range<usize>,
}
