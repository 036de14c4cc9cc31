//! The activations' formulas, one number at a time.

use super::Activation;
use crate::Element;

/// `f(x)` for one number.
pub fn activate_reference<T: Element>(f: Activation, x: T) -> T {
    match f {
        Activation::Relu => {
            if x < T::ZERO {
                T::ZERO
            } else {
                x
            }
        }
        Activation::LeakyRelu(slope) => {
            if x > T::ZERO {
                x
            } else {
                x * T::from_f64(f64::from(slope))
            }
        }
        Activation::Gelu => x * T::from_f64(normal(x.to_f64())),
        Activation::Sigmoid => sigmoid(x),
        Activation::Silu => x * sigmoid(x),
        Activation::Tanh => x.tanh(),
    }
}

/// `f'(x)` for one number, from `x` and `y = f(x)`.
pub fn derivative_reference<T: Element>(f: Activation, x: T, y: T) -> T {
    match f {
        Activation::Relu => {
            if x > T::ZERO {
                T::ONE
            } else {
                T::ZERO
            }
        }
        Activation::LeakyRelu(slope) => {
            if x > T::ZERO {
                T::ONE
            } else {
                T::from_f64(f64::from(slope))
            }
        }
        Activation::Gelu => {
            let x = x.to_f64();
            let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
            T::from_f64(normal(x) + x * density)
        }
        Activation::Sigmoid => y * (T::ONE - y),
        Activation::Silu => {
            let s = sigmoid(x);
            s * (T::ONE + x * (T::ONE - s))
        }
        Activation::Tanh => T::ONE - y * y,
    }
}

/// `1 / (1 + e⁻ˣ)`, from the side that cannot overflow.
fn sigmoid<T: Element>(x: T) -> T {
    if x < T::ZERO {
        let e = x.exp();
        e / (T::ONE + e)
    } else {
        T::ONE / (T::ONE + (-x).exp())
    }
}

/// `Φ(x)`, the share of the normal distribution below `x`, to some 1e-15.
///
/// Near zero by the series `½ + φ(x) · (x + x³/3 + x⁵/(3·5) + …)`, in the tails by the continued fraction
/// `φ(x) / (x + 1/(x + 2/(x + 3/(x + …))))` (Abramowitz & Stegun 26.2.11 and 26.2.14).
fn normal(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    if x.is_nan() {
        x
    } else if x.abs() < 4.0 {
        let (mut term, mut sum) = (x, x);
        for odd in (3..180).step_by(2) {
            term *= x * x / f64::from(odd);
            sum += term;
        }
        0.5 + density * sum
    } else {
        let tail = density / (1..100).rev().fold(x.abs(), |below, k| x.abs() + f64::from(k) / below);
        if x > 0.0 { 1.0 - tail } else { tail }
    }
}
