//! Numbers by formula, so that a test and the script that made its golden file need not share a file of them.

/// `len` numbers, evenly spread in [−scale, scale) and the same in Python:
///
/// ```python
/// def formula(seed, n, scale):                       # numpy, arithmetic modulo 2⁶⁴
///     z = (np.arange(n, dtype=np.uint64) + np.uint64(seed * 1_000_003 + 1)) * np.uint64(0x9E3779B97F4A7C15)
///     z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
///     z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
///     z = z ^ (z >> np.uint64(31))
///     return ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0) * scale
/// ```
///
/// # Source
/// The mixer is SplitMix64: Steele, Lea & Flood 2014, 'Fast splittable pseudorandom number generators'.
///
/// # Examples
/// ```
/// let x = testkit::formula(7, 1000, 0.5);
/// assert!(x.iter().all(|v| v.abs() <= 0.5));
/// ```
#[must_use]
pub fn formula(seed: u64, len: usize, scale: f64) -> Vec<f64> {
    let first = seed.wrapping_mul(1_000_003).wrapping_add(1);
    (0..len as u64).map(|i| (mix(first.wrapping_add(i)) / f64::from(1 << 23) - 1.0) * scale).collect()
}

/// The upper 24 bits of the mixed counter.
fn mix(counter: u64) -> f64 {
    let mut z = counter.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f64
}

#[cfg(test)]
mod tests {
    use super::formula;

    /// Printed by the Python of the doc comment: `formula(3, 4, 2.0)`.
    #[test]
    fn python_makes_the_same_numbers() {
        assert_eq!(formula(3, 4, 2.0), FROM_PYTHON);
    }

    const FROM_PYTHON: [f64; 4] =
        [-0.13865923881530762, -0.49665069580078125, -1.9930665493011475, 0.9623959064483643];

    #[test]
    fn the_numbers_fill_their_range_evenly() {
        let x = formula(1, 100_000, 1.0);
        let mean = x.iter().sum::<f64>() / 1e5;
        let square = x.iter().map(|v| v * v).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (square - 1.0 / 3.0).abs() < 0.01, "{mean} {square}");
    }
}
