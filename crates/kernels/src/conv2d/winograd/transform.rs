//! The small matrices of a one-dimensional Winograd convolution, as sums of vectors.
//!
//! Four neighbouring outputs of a filter of `r` taps need `n = r + 3` inputs and, this way, only `n` products:
//!
//! ```text
//!  y = Aᵀ [ (G g) ⊙ (Bᵀ d) ]          d: n inputs, g: r taps, y: 4 outputs, ⊙ lane by lane
//!  ∂L/∂g = Gᵀ [ (A ∂L/∂y) ⊙ (Bᵀ d) ]   the transposed of the same
//! ```
//!
//! It is the product of two polynomials by their values at `n` points: 0, ±1, ±2, ∞ for n = 6 (3 taps), and ±½ as well
//! for n = 8 (5 taps).
//!
//! Source: Winograd 1980, 'Arithmetic Complexity of Computations'; Lavin & Gray 2015, arXiv 1509.09308. Tested against the
//! convolution they stand for.

use crate::simd::Simd;

/// Outputs of a tile.
pub(in crate::conv2d) const TILE: usize = 4;

/// `Bᵀ d`.
#[inline(always)]
pub(in crate::conv2d) fn input<S: Simd, const N: usize>(s: S, d: [S::F; N]) -> [S::F; N] {
    let c = |x: f32| s.splat(x);
    // a + k·b
    let fma = |a: S::F, k: f32, b: S::F| s.mul_add(c(k), b, a);
    let mut v = d;
    if N == 8 {
        v[0] = fma(s.sub(d[0], d[6]), 5.25, s.sub(d[4], d[2]));
        v[7] = fma(s.sub(d[7], d[1]), 5.25, s.sub(d[3], d[5]));
        let even = fma(s.add(d[2], d[6]), -4.25, d[4]);
        let odd = fma(s.add(d[1], d[5]), -4.25, d[3]);
        (v[1], v[2]) = (s.add(even, odd), s.sub(even, odd));
        let even = fma(fma(d[6], 0.25, d[2]), -1.25, d[4]);
        let odd = fma(fma(s.add(d[5], d[5]), 0.5, d[1]), -2.5, d[3]);
        (v[3], v[4]) = (s.add(even, odd), s.sub(even, odd));
        let even = fma(fma(d[6], 4.0, d[2]), -5.0, d[4]);
        let odd = fma(fma(s.add(d[1], d[1]), 0.5, d[5]), -2.5, d[3]);
        (v[5], v[6]) = (s.add(even, odd), s.sub(even, odd));
    } else {
        v[0] = fma(fma(d[4], 4.0, d[0]), -5.0, d[2]);
        v[5] = fma(fma(d[5], 4.0, d[1]), -5.0, d[3]);
        let (even, odd) = (fma(d[4], -4.0, d[2]), fma(d[3], -4.0, d[1]));
        (v[1], v[2]) = (s.add(even, odd), s.sub(even, odd));
        let (even, odd) = (s.sub(d[4], d[2]), s.sub(d[3], d[1]));
        (v[3], v[4]) = (fma(even, 2.0, odd), fma(even, -2.0, odd));
    }
    v
}

/// `Aᵀ m`.
#[inline(always)]
pub(in crate::conv2d) fn output<S: Simd, const N: usize>(s: S, m: [S::F; N]) -> [S::F; TILE] {
    let fma = |a: S::F, k: f32, b: S::F| s.mul_add(s.splat(k), b, a);
    let (a, b) = (s.add(m[1], m[2]), s.sub(m[1], m[2]));
    let (c, d) = (s.add(m[3], m[4]), s.sub(m[3], m[4]));
    let y0 = s.add(s.add(m[0], a), c);
    let (y1, y2, y3) = (fma(b, 2.0, d), fma(a, 4.0, c), s.add(fma(b, 8.0, d), m[N - 1]));
    if N == 8 {
        let (e, f) = (s.add(m[5], m[6]), s.sub(m[5], m[6]));
        [s.add(y0, e), fma(y1, 0.5, f), fma(y2, 0.25, e), fma(y3, 0.125, f)]
    } else {
        [y0, y1, y2, y3]
    }
}

/// `A dy`.
#[inline(always)]
pub(in crate::conv2d) fn gradient<S: Simd, const N: usize>(s: S, y: [S::F; TILE]) -> [S::F; N] {
    let fma = |a: S::F, k: f32, b: S::F| s.mul_add(s.splat(k), b, a);
    let mut m = [y[0]; N];
    m[N - 1] = y[3];
    let (even, odd) = (s.add(y[0], y[2]), s.add(y[1], y[3]));
    (m[1], m[2]) = (s.add(even, odd), s.sub(even, odd));
    let (even, odd) = (fma(y[0], 4.0, y[2]), fma(s.add(y[1], y[1]), 8.0, y[3]));
    (m[3], m[4]) = (s.add(even, odd), s.sub(even, odd));
    if N == 8 {
        let odd = fma(s.mul(s.splat(0.5), y[1]), 0.125, y[3]);
        let even = fma(y[0], 0.25, y[2]);
        (m[5], m[6]) = (s.add(even, odd), s.sub(even, odd));
    }
    m
}

/// Row `point` of G: the powers of the point, scaled.
fn row(points: usize, point: usize, tap: usize) -> f32 {
    let taps = points - TILE + 1;
    let (at, scale) = match (points, point) {
        (_, p) if p + 1 == points => return if tap + 1 == taps { 1.0 } else { 0.0 },
        (8, 0) => (0.0, 1.0),
        (8, p @ 1..=2) => ([1.0, -1.0][p - 1], -2.0 / 9.0),
        (8, p @ 3..=4) => ([2.0, -2.0][p - 3], 1.0 / 90.0),
        (8, p) => ([0.5, -0.5][p - 5], 32.0 / 45.0),
        (_, 0) => (0.0, 0.25),
        (_, p @ 1..=2) => ([1.0, -1.0][p - 1], -1.0 / 6.0),
        (_, p) => ([2.0_f64, -2.0][p - 3], 1.0 / 24.0),
    };
    (scale * f64::powi(at, tap as i32)) as f32
}

/// G for `points` points, `[points][taps]`; unused places are zero.
pub(in crate::conv2d) fn filter(points: usize) -> [[f32; 5]; 8] {
    let taps = points - TILE + 1;
    std::array::from_fn(|p| {
        std::array::from_fn(|t| if p < points && t < taps { row(points, p, t) } else { 0.0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::scalar::Scalar;
    use crate::noise::noise;

    /// One lane of the vector forms, against the sums they stand for.
    fn check<const N: usize>() {
        let taps = N - TILE + 1;
        let s = Scalar;
        let (d, g, dy) = (noise(1, N), noise(2, taps), noise(3, TILE));
        let lane = |v: <Scalar as Simd>::F| s.sum(v) / 16.0;
        let v = input::<_, N>(s, std::array::from_fn(|i| s.splat(d[i])));
        let matrix = filter(N);
        let u: Vec<f32> = (0..N).map(|p| (0..taps).map(|t| matrix[p][t] * g[t]).sum()).collect();
        let y = output::<_, N>(s, std::array::from_fn(|p| s.mul(v[p], s.splat(u[p]))));
        for (j, &y) in y.iter().enumerate() {
            let expected: f32 = (0..taps).map(|t| g[t] * d[j + t]).sum();
            assert!((lane(y) - expected).abs() < 3e-6, "output {j}: {}, expected {expected}", lane(y));
        }
        let m = gradient::<_, N>(s, std::array::from_fn(|j| s.splat(dy[j])));
        for t in 0..taps {
            let found: f32 = (0..N).map(|p| matrix[p][t] * lane(s.mul(m[p], v[p]))).sum();
            let expected: f32 = (0..TILE).map(|j| dy[j] * d[j + t]).sum();
            assert!((found - expected).abs() < 3e-6, "tap {t}: {found}, expected {expected}");
        }
    }

    #[test]
    fn the_transforms_make_a_convolution_and_its_gradient() {
        check::<6>();
        check::<8>();
    }
}
