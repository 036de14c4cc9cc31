//! A natural logarithm and its inverse, made of exactly rounded operations only.

/// Natural logarithm of a normal positive number, to within a few units in the last place.
///
/// The logarithm of the system's mathematics library differs between machines in the last bit, and with it every
/// initial weight would. This one uses only `+ − × ÷`, which IEEE 754 rounds exactly, so its bits are the same
/// everywhere: `x = m·2ᵉ` with `m` in [√½, √2), then `ln m = 2·atanh((m−1)/(m+1))` as a series.
pub(crate) fn ln(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut m = f64::from_bits((bits & MANTISSA) | (1023 << 52));
    if m >= std::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    // |t| ≤ 0.172, so t²⁰ is below the last bit of the sum.
    let mut series = 0.0;
    for odd in (1..=21).rev().step_by(2) {
        series = series * t2 + 1.0 / f64::from(odd);
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * t * series
}

/// `eˣ` to within a few units in the last place; 0 or infinity where a normal number can't hold it.
///
/// The same bits on every machine, as [`ln`]: `x = k·ln 2 + r` with `|r| ≤ ½ ln 2`, then a series for `eʳ`.
pub(crate) fn exp(x: f64) -> f64 {
    let k = (x / std::f64::consts::LN_2).round();
    if k > 1023.0 {
        return f64::INFINITY;
    }
    if k < -1022.0 {
        return 0.0;
    }
    let r = x - k * std::f64::consts::LN_2;
    // r¹⁷/17! is below the last bit of the sum.
    let series = (1..=16).rev().fold(1.0, |sum, n| 1.0 + r / f64::from(n) * sum);
    series * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::{exp, ln};

    #[test]
    fn the_inverse_agrees_with_the_library() {
        for i in -7000..7000 {
            let x = f64::from(i) * 0.1;
            // The error of k·ln 2 grows with k.
            assert!((exp(x) / x.exp() - 1.0).abs() < 3e-13, "exp({x})");
        }
        assert_eq!((exp(0.0), exp(-1e9), exp(1e9)), (1.0, 0.0, f64::INFINITY));
    }

    #[test]
    fn agrees_with_the_library() {
        for i in 1..10_000 {
            let x = f64::from(i) * 1e-4;
            for x in [x, x * 1e-12, x * 1e9] {
                assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "ln({x})");
            }
        }
        assert_eq!(ln(1.0), 0.0);
    }
}
