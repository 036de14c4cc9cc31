//! Limits on the gradient.

use kernels::{Element, reduce};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Scales all gradients down so that their joint Euclidean norm is at most `max_norm`; gives the norm before.
///
/// # Source
/// Pascanu et al. 2012, arXiv 1211.5063; `torch.nn.utils.clip_grad_norm_`, its 1e-6 included.
///
/// # Examples
/// ```
/// let mut grads = [3.0_f32, 4.0];
/// assert_eq!(nn::optim::clip_norm(&mut grads, 1.0), 5.0);
/// assert!((grads[0] - 0.6).abs() < 1e-6);
/// ```
pub fn clip_norm<T: Element>(grads: &mut [T], max_norm: f64) -> f64 {
    let norm = reduce::sum_squares(grads).sqrt();
    let factor = max_norm / (norm + 1e-6);
    if factor < 1.0 {
        let factor = T::from_f64(factor);
        grads.par_chunks_mut(BLOCK).for_each(|some| some.iter_mut().for_each(|g| *g *= factor));
    }
    norm
}

/// Limits every gradient to [−`max`, `max`]. A NaN stays.
pub fn clip_value<T: Element>(grads: &mut [T], max: f64) {
    let max = T::from_f64(max);
    grads.par_chunks_mut(BLOCK).for_each(|some| {
        for g in some {
            if *g > max {
                *g = max;
            } else if *g < -max {
                *g = -max;
            }
        }
    });
}

/// Limits on the gradient of a step; none given: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clip {
    /// The most of every number, over 0; see [`clip_value`]. Applied first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The most of the joint Euclidean norm, over 0; see [`clip_norm`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<f64>,
}

impl Clip {
    /// Brings gradients within the limits.
    pub fn apply<T: Element>(&self, grads: &mut [T]) {
        if let Some(max) = self.value {
            clip_value(grads, max);
        }
        if let Some(max) = self.norm {
            clip_norm(grads, max);
        }
    }
}

/// Numbers that a thread changes at once.
const BLOCK: usize = 1 << 16;
