//! `c = a · bᵀ` where `b` is stored in bf16, the upper half of an f32: half the bytes, for products that wait for `b` from memory.
//!
//! ```text
//!  f32    s eeeeeeee mmmmmmm|mmmmmmmmmmmmmmmm        8 bits of mantissa are left, rounded to nearest, ties to even
//!  bf16   s eeeeeeee mmmmmmm                         widened by 16 zeros: exact
//! ```
//!
//! Products and sums are f32's, in the order of `dot.rs`, whose text this is: the bits of a product with a rounded `b`.

use super::dot::{self, Stored};
use crate::simd::{LANES, Simd};

/// The upper half of an f32.
type Half = u16;

impl Stored for Half {
    /// Rows end in zeros, so that vectors are whole.
    fn pitch(k: usize) -> usize {
        k.next_multiple_of(LANES)
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, from: *const Half, _left: usize) -> S::F {
        // SAFETY: the caller's promise; rows are whole vectors.
        unsafe { s.load_bf16(from) }
    }
}

/// The nearest bf16; a NaN stays one.
fn round(x: f32) -> Half {
    let bits = x.to_bits();
    if x.is_nan() {
        return (bits >> 16) as Half | 0x40;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as Half
}

/// Numbers of a buffer that holds `b [n, k]` in bf16, two in the place of one.
#[must_use]
pub fn packed_len((n, k): (usize, usize)) -> usize {
    n * Half::pitch(k) / 2
}

fn halves(packed: &[f32]) -> &[Half] {
    // SAFETY: the same bytes, which are valid halves whatever they are, and no less aligned.
    unsafe { std::slice::from_raw_parts(packed.as_ptr().cast(), packed.len() * 2) }
}

fn halves_mut(packed: &mut [f32]) -> &mut [Half] {
    // SAFETY: as above; all bit patterns are valid numbers too.
    unsafe { std::slice::from_raw_parts_mut(packed.as_mut_ptr().cast(), packed.len() * 2) }
}

/// Rounds `b [n, k]` into `packed`.
///
/// # Panics
/// If a length does not match.
pub fn pack((n, k): (usize, usize), b: &[f32], packed: &mut [f32]) {
    assert_eq!((b.len(), packed.len()), (n * k, packed_len((n, k))), "lengths of b, packed for {:?}", (n, k));
    if k == 0 {
        return;
    }
    for (to, from) in halves_mut(packed).chunks_exact_mut(Half::pitch(k)).zip(b.chunks_exact(k)) {
        to.fill(0);
        to.iter_mut().zip(from).for_each(|(to, &x)| *to = round(x));
    }
}

/// `c = a · bᵀ`: `a [m, k]`, `c [m, n]`, overwritten; `b [n, k]` as [`pack`] left it.
///
/// # Panics
/// If a slice's length does not match `(m, n, k)`.
///
/// # Examples
/// ```
/// use kernels::gemm::bf16;
/// let mut packed = vec![0.0; bf16::packed_len((1, 2))];
/// bf16::pack((1, 2), &[1.0, 0.1], &mut packed);
/// let mut c = [0.0];
/// bf16::matmul_nt((1, 1, 2), &[2.0, 10.0], &packed, &mut c);
/// assert_eq!(c, [2.0 + 10.0 * 0.10009766]);
/// ```
pub fn matmul_nt(mnk: (usize, usize, usize), a: &[f32], packed: &[f32], c: &mut [f32]) {
    let (m, n, k) = mnk;
    let found = (a.len(), packed.len(), c.len());
    assert_eq!(found, (m * k, packed_len((n, k)), m * n), "lengths of a, packed, c for {mnk:?}");
    dot::matmul_nt(mnk, a, halves(packed), c);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::tests::same_on_each_isa;
    use crate::noise::noise;

    fn widened(half: Half) -> f32 {
        f32::from_bits(u32::from(half) << 16)
    }

    #[test]
    fn the_nearest_is_chosen_and_of_two_the_even_one() {
        for half in 0..=u16::MAX {
            let (x, next) = (widened(half), widened(half.wrapping_add(1)));
            if !x.is_finite() {
                assert!(if x.is_nan() { widened(round(x)).is_nan() } else { widened(round(x)) == x });
                continue;
            }
            assert_eq!(round(x), half);
            if next.is_finite() && half & 0x7fff != 0x7fff {
                let bits = |low: u32| f32::from_bits(u32::from(half) << 16 | low);
                assert_eq!(round(bits(0x7fff)), half, "just under the middle of {x} and {next}");
                assert_eq!(round(bits(0x8000)), half + (half & 1), "the middle of {x} and {next}");
                assert_eq!(round(bits(0x8001)), half + 1, "just over the middle of {x} and {next}");
            }
        }
        assert_eq!(widened(round(f32::MAX)), f32::INFINITY);
        for nan in [0x7f80_0001, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff_u32] {
            assert!(widened(round(f32::from_bits(nan))).is_nan(), "{nan:x}");
        }
    }

    /// The bits of the f32 product with a rounded `b`, whatever the shape.
    #[test]
    fn rounds_b_and_nothing_else() {
        for (m, n, k) in
            [(1, 1, 1), (1, 120, 800), (3, 5, 17), (9, 13, 100), (33, 12, 4000), (8, 50, 6200), (2, 7, 0)]
        {
            let (a, b) = (noise(1, m * k), noise(2, n * k));
            let mut packed = vec![f32::NAN; packed_len((n, k))];
            pack((n, k), &b, &mut packed);
            let rounded: Vec<f32> = b.iter().map(|&x| widened(round(x))).collect();
            let product = |work: &dyn Fn(&mut [f32])| {
                let mut c = vec![f32::NAN; m * n];
                work(&mut c);
                c
            };
            let found = same_on_each_isa(|| product(&|c| matmul_nt((m, n, k), &a, &packed, c)));
            let expected = product(&|c| super::super::matmul_nt((m, n, k), &a, &rounded, c));
            assert_eq!(found, expected, "{:?}", (m, n, k));
        }
    }
}
