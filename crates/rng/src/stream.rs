//! One sequence of random numbers.

use crate::{
    Purpose,
    ln::{exp, ln},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A sequence of random numbers, fixed by (seed, purpose, epoch, index).
///
/// The 256-bit key of ChaCha8 is the four numbers as little-endian `u64`, in that order; counter and stream start
/// at zero.
///
/// # Exactness
/// Every method gives the same bits on every machine with IEEE 754 arithmetic: only integers, `+ − × ÷` and `√` are
/// used, all of them exactly rounded. A test holds golden values.
///
/// # Source
/// Bernstein 2008, 'ChaCha, a variant of Salsa20', with 8 rounds.
///
/// # Examples
/// ```
/// use rng::{Purpose, Stream};
///
/// let order = Stream::new(7, Purpose::Shuffle, 3, 0).permutation(10);
/// assert_eq!(order, Stream::new(7, Purpose::Shuffle, 3, 0).permutation(10));
/// assert_ne!(order, Stream::new(7, Purpose::Shuffle, 4, 0).permutation(10));
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The sequence that belongs to these four numbers.
    pub fn new(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Self {
        let mut key = [0; 32];
        for (bytes, number) in key.chunks_exact_mut(8).zip([seed, purpose as u64, epoch, index]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        Self { generator: ChaCha8Rng::from_seed(key) }
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.generator.next_u32()
    }

    /// A number in [0, 1), one of 2²⁴ equally likely ones.
    #[inline]
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// A number in [0, 1), one of 2⁵³ equally likely ones.
    #[inline]
    pub fn uniform_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A number in [lo, hi]; `hi` itself only where rounding lands on it.
    #[inline]
    pub fn range(&mut self, lo: f32, hi: f32) -> f32 {
        lo + (hi - lo) * self.uniform()
    }

    /// A number in [lo, hi], its logarithm evenly spread; both ends over 0.
    pub fn log_range(&mut self, lo: f64, hi: f64) -> f64 {
        (lo * exp(self.uniform_f64() * ln(hi / lo))).clamp(lo, hi)
    }

    /// A whole number in 0…n−1, all equally likely; 0 where `n` is 0.
    ///
    /// # Source
    /// Lemire 2019, 'Fast random integer generation in an interval', arXiv 1805.10941.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let mut wide = u128::from(self.next_u64()) * u128::from(n);
        if (wide as u64) < n {
            let rejected = n.wrapping_neg() % n;
            while (wide as u64) < rejected {
                wide = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (wide >> 64) as u64
    }

    /// A number of the standard normal distribution (mean 0, variance 1), computed in `f64`.
    ///
    /// # Source
    /// Marsaglia & Bray 1964, the polar method; the second number of each pair is dropped, so that a stream has no
    /// state but its position.
    #[inline]
    pub fn normal(&mut self) -> f32 {
        loop {
            let x = 2.0 * self.uniform_f64() - 1.0;
            let y = 2.0 * self.uniform_f64() - 1.0;
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                return (x * (-2.0 * ln(s) / s).sqrt()) as f32;
            }
        }
    }

    /// A number in [0, 1] of the distribution Beta(`alpha`, `alpha`): even at 1, near 0 and 1 below, near ½ above;
    /// `alpha` is over 0.
    pub fn beta(&mut self, alpha: f64) -> f64 {
        // Two Gamma numbers by their share of the sum, from their logarithms: small ones would underflow.
        let (a, b) = (self.ln_gamma(alpha), self.ln_gamma(alpha));
        1.0 / (1.0 + exp(b - a))
    }

    /// The logarithm of a number of the distribution Gamma(`shape`, 1).
    ///
    /// # Source
    /// Marsaglia & Tsang 2000, 'A simple method for generating gamma variables', with its step for shapes below 1.
    fn ln_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = ln(1.0 - self.uniform_f64()) / shape;
            return self.ln_gamma(shape + 1.0) + boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = f64::from(self.normal());
            let root = 1.0 + c * x;
            if root > 0.0 {
                let v = root * root * root;
                let u = 1.0 - self.uniform_f64();
                if ln(u) < 0.5 * x * x + d - d * v + d * ln(v) {
                    return ln(d * v);
                }
            }
        }
    }

    /// True with probability `p` (never for `p` ≤ 0, always for `p` ≥ 1).
    #[inline]
    pub fn chance(&mut self, p: f32) -> bool {
        self.uniform() < p
    }

    /// The numbers 0…n−1 in random order, every order equally likely.
    ///
    /// # Source
    /// Fisher & Yates, as in Durstenfeld 1964.
    pub fn permutation(&mut self, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        for last in (1..order.len()).rev() {
            let chosen = self.below(last as u64 + 1) as usize;
            order.swap(last, chosen);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream::new(42, Purpose::Init, 1, 2)
    }

    /// Every stored result depends on these: if this test fails, the generator has changed, not the test.
    #[test]
    fn golden_values_never_change() {
        // The first two also come out of a ChaCha8 written from its paper (20 lines of Python).
        assert_eq!(stream().next_u64(), 8_902_829_084_396_245_550);
        assert_eq!(Stream::new(0, Purpose::Shuffle, 0, 0).next_u64(), 13_401_477_096_143_823_361);
        let mut s = stream();
        assert_eq!(
            [s.uniform().to_bits(), s.normal().to_bits(), s.normal().to_bits()],
            [1_031_226_656, 3_218_909_488, 1_056_907_945]
        );
        assert_eq!(s.uniform_f64().to_bits(), 4_600_126_516_613_182_840);
        assert_eq!(
            [s.below(6), s.below(1 << 63), s.below(1_000_003)],
            [2, 3_160_079_241_705_655_348, 724_111]
        );
        assert_eq!(s.permutation(10), [6, 2, 4, 0, 9, 5, 1, 8, 3, 7]);
    }

    #[test]
    fn each_of_the_four_numbers_matters() {
        let first = |seed, purpose, epoch, index| Stream::new(seed, purpose, epoch, index).next_u64();
        let mut seen = vec![
            first(1, Purpose::Init, 2, 3),
            first(2, Purpose::Init, 2, 3),
            first(1, Purpose::Split, 2, 3),
            first(1, Purpose::Init, 3, 3),
            first(1, Purpose::Init, 2, 2),
        ];
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }

    #[test]
    fn uniform_fills_its_range() {
        let mut s = stream();
        let draws: Vec<f32> = (0..100_000).map(|_| s.uniform()).collect();
        let mean = draws.iter().map(|&x| f64::from(x)).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.005, "mean {mean}");
        assert!(draws.iter().all(|x| (0.0..1.0).contains(x)));
        assert!(draws.iter().any(|&x| x < 1e-4) && draws.iter().any(|&x| x > 0.9999));
    }

    #[test]
    fn normal_has_the_moments_of_a_standard_normal() {
        let mut s = stream();
        let draws: Vec<f64> = (0..200_000).map(|_| f64::from(s.normal())).collect();
        let moment = |k: i32| draws.iter().map(|x| x.powi(k)).sum::<f64>() / draws.len() as f64;
        assert!(moment(1).abs() < 0.01, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "variance {}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.15, "fourth moment {}", moment(4));
    }

    #[test]
    fn beta_has_the_variance_of_its_distribution() {
        for alpha in [0.01, 0.2, 1.0, 4.0] {
            let mut s = stream();
            let draws: Vec<f64> = (0..50_000).map(|_| s.beta(alpha)).collect();
            assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)));
            let mean = draws.iter().sum::<f64>() / 5e4;
            let variance = draws.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>() / 5e4;
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: mean {mean}");
            assert!((variance - expected).abs() < 0.004, "{alpha}: variance {variance}");
        }
    }

    #[test]
    fn log_range_gives_each_power_of_ten_its_share() {
        let mut s = stream();
        let draws: Vec<f64> = (0..30_000).map(|_| s.log_range(1e-4, 1e-1)).collect();
        assert!(draws.iter().all(|x| (1e-4..=1e-1).contains(x)));
        let below = draws.iter().filter(|&&x| x < 1e-3).count();
        assert!((9_600..10_400).contains(&below), "{below}");
    }

    #[test]
    fn below_is_even_and_in_range() {
        let mut s = stream();
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[s.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (9_600..10_400).contains(&c)), "{counts:?}");
        assert_eq!([s.below(0), s.below(1)], [0, 0]);
        assert!((0..100).all(|_| s.below(u64::MAX) < u64::MAX));
    }

    #[test]
    fn permutation_holds_each_number_once_and_moves_them() {
        let mut order = stream().permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
        assert!(stream().permutation(0).is_empty());
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for index in 0..12_000 {
            *counts.entry(Stream::new(1, Purpose::Shuffle, 0, index).permutation(3)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|c| (1_850..2_150).contains(c)), "{counts:?}");
    }

    #[test]
    fn chance_obeys_its_limits() {
        let mut s = stream();
        assert!((0..1000).all(|_| !s.chance(0.0) && s.chance(1.0)));
        let hits = (0..100_000).filter(|_| s.chance(0.3)).count();
        assert!((29_000..31_000).contains(&hits), "{hits}");
    }
}
