//! How parameters start.

use serde::{Deserialize, Serialize};

/// The distribution that a parameter tensor starts from. `fan_in` and `fan_out` are the weight's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// All zeros.
    Zeros,
    /// All ones.
    Ones,
    /// PyTorch's default for convolutions and linear layers: uniform in ±1/√`fan_in`, weights and biases alike.
    TorchUniform,
}
