//! Limits on the gradient.

use kernels::{Element, reduce};

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
        grads.iter_mut().for_each(|g| *g *= factor);
    }
    norm
}

/// Limits every gradient to [−`max`, `max`]. A NaN stays.
pub fn clip_value<T: Element>(grads: &mut [T], max: f64) {
    let max = T::from_f64(max);
    for g in grads {
        if *g > max {
            *g = max;
        } else if *g < -max {
            *g = -max;
        }
    }
}
