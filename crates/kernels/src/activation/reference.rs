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
