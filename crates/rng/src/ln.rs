//! A natural logarithm made of exactly rounded operations only.

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

#[cfg(test)]
mod tests {
    use super::ln;

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
