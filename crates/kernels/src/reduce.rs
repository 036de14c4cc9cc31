//! Sums in a fixed order.

use crate::simd::{Kernel, LANES, Simd};
use crate::{Element, isa};
use rayon::prelude::*;

/// `Σ x`: lane `l` of 16 adds the terms `l, l+16, …`, then the lanes are folded.
#[must_use]
pub fn sum(x: &[f32]) -> f32 {
    isa::run(Sum(x))
}

/// [`sum`] in f32; in f64 one after the other.
pub fn plane_sum<T: Element>(x: &[T]) -> T {
    T::as_f32(x).map_or_else(|| x.iter().copied().sum(), |x| T::from_f64(f64::from(sum(x))))
}

struct Sum<'a>(&'a [f32]);

impl Kernel for Sum<'_> {
    type Out = f32;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let mut acc = s.splat(0.0);
        for chunk in self.0.chunks(LANES) {
            // SAFETY: the chunk has as many numbers as are read.
            acc = s.add(acc, unsafe { s.load_first(chunk.as_ptr(), chunk.len()) });
        }
        s.sum(acc)
    }
}

/// Adds the sum of each column of `x [rows, n]` to `sums [n]`, rows in order.
///
/// # Panics
/// If `x` is no whole number of rows.
pub fn accumulate_column_sums<T: Element>(x: &[T], sums: &mut [T]) {
    assert!(!sums.is_empty() && x.len().is_multiple_of(sums.len()), "whole rows");
    for row in x.chunks_exact(sums.len()) {
        for (s, &v) in sums.iter_mut().zip(row) {
            *s += v;
        }
    }
}

/// `y += x`.
///
/// # Panics
/// If the lengths differ.
pub fn add_assign<T: Element>(y: &mut [T], x: &[T]) {
    assert_eq!(x.len(), y.len(), "lengths of x, y");
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

/// Numbers of `y` that one thread adds to at a time in [`add_rows`].
const ADDED: usize = 1 << 11;

/// `y += Σ x[k]` over the rows of `x [k, stride]` in order; what lies behind the first `y.len()` numbers of a row does not count.
///
/// # Panics
/// If rows are shorter than `y`.
pub fn add_rows<T: Element>(y: &mut [T], x: &[T], stride: usize) {
    assert!(stride >= y.len(), "rows of {stride} for {} numbers", y.len());
    let add = |at: usize, y: &mut [T]| {
        for row in x.chunks_exact(stride.max(1)) {
            add_assign(y, &row[at..at + y.len()]);
        }
    };
    if y.len() <= ADDED {
        return add(0, y);
    }
    y.par_chunks_mut(ADDED).enumerate().for_each(|(k, y)| add(k * ADDED, y));
}

/// `Σ x²`, summed in f64: blocks of a fixed length one after the other, in each 16 sums side by side.
#[must_use]
pub fn sum_squares<T: Element>(x: &[T]) -> f64 {
    let sums: Vec<f64> = x.par_chunks(SQUARED).map(sum_squares_of_block).collect();
    sums.into_iter().sum()
}

/// Numbers that a thread squares at once.
const SQUARED: usize = 1 << 16;

fn sum_squares_of_block<T: Element>(x: &[T]) -> f64 {
    let mut sums = [0.0; LANES];
    for chunk in x.chunks(LANES) {
        for (sum, v) in sums.iter_mut().zip(chunk) {
            *sum += v.to_f64() * v.to_f64();
        }
    }
    sums.into_iter().sum()
}

/// Whether both have the same numbers, bit for bit: 0 is not −0, and a NaN is itself.
#[must_use]
pub fn same_bits<T: Element>(a: &[T], b: &[T]) -> bool {
    // Whole chunks without a way out, which the compiler turns into vector instructions.
    fn alike<U: Copy>(a: &[U], b: &[U], differ: impl Fn(U, U) -> bool + Copy) -> bool {
        let chunks = a.chunks(256).zip(b.chunks(256));
        a.len() == b.len()
            && chunks
                .into_iter()
                .all(|(a, b)| !a.iter().zip(b).fold(false, |any, (&a, &b)| any | differ(a, b)))
    }
    match (T::as_f32(a), T::as_f32(b)) {
        (Some(a), Some(b)) => alike(a, b, |a, b| a.to_bits() != b.to_bits()),
        _ => alike(a, b, |a, b| a.to_f64().to_bits() != b.to_f64().to_bits()),
    }
}

/// Whether no number is NaN or infinite, on the current rayon pool.
pub fn all_finite<T: Element>(x: &[T]) -> bool {
    let Some(x) = T::as_f32(x) else { return x.iter().all(|v| v.to_f64().is_finite()) };
    if x.len() <= FINITE_BLOCK {
        return isa::run(Finite(x));
    }
    x.par_chunks(FINITE_BLOCK).all(|x| isa::run(Finite(x)))
}

/// Whether every number is from −`most` to `most`, on the current rayon pool; a NaN is not.
pub fn all_within<T: Element>(x: &[T], most: f64) -> bool {
    let Some(x) = T::as_f32(x) else { return x.iter().all(|v| v.to_f64().abs() <= most) };
    let most = most as f32;
    if x.len() <= FINITE_BLOCK {
        return isa::run(Within { x, most });
    }
    x.par_chunks(FINITE_BLOCK).all(|x| isa::run(Within { x, most }))
}

struct Within<'a> {
    x: &'a [f32],
    most: f32,
}

impl Kernel for Within<'_> {
    type Out = bool;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> bool {
        let (mut min, mut max, mut finite) = (s.splat(0.0), s.splat(0.0), s.splat(0.0));
        for chunk in self.x.chunks(LANES) {
            // SAFETY: the chunk has as many numbers as are read.
            let x = unsafe { s.load_first(chunk.as_ptr(), chunk.len()) };
            (min, max) = (s.max(s.sub(s.splat(0.0), x), min), s.max(x, max));
            // What `max` may lose: a NaN stays one when multiplied by 0.
            finite = s.mul_add(x, s.splat(0.0), finite);
        }
        let beyond = s.gt(s.max(min, max), s.splat(self.most));
        s.bits(beyond) == 0 && s.sum(finite) == 0.0
    }
}

/// Numbers that a thread looks at once.
const FINITE_BLOCK: usize = 1 << 16;

struct Finite<'a>(&'a [f32]);

impl Kernel for Finite<'_> {
    type Out = bool;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> bool {
        // A number times 0 is 0, but NaN if it is not finite. Four sums, for one would wait for itself.
        let zero = s.splat(0.0);
        let mut acc = [zero; 4];
        let (whole, rest) = self.0.as_chunks::<{ 4 * LANES }>();
        for chunk in whole {
            for (acc, x) in acc.iter_mut().zip(chunk.as_chunks::<LANES>().0) {
                // SAFETY: the chunk has LANES numbers.
                *acc = s.mul_add(unsafe { s.load(x.as_ptr()) }, zero, *acc);
            }
        }
        let [a, b, c, d] = acc;
        let whole = s.sum(s.add(s.add(a, b), s.add(c, d)));
        whole == 0.0 && rest.iter().all(|x| x.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_in_order_whatever_thread_adds() {
        for (len, stride, rows) in
            [(3, 3, 4), (5, 9, 2), (2 * ADDED + 3, 2 * ADDED + 16, 3), (ADDED, ADDED, 0)]
        {
            let x = crate::noise::noise(1, rows * stride);
            let mut expected = crate::noise::noise(2, len);
            let mut found = expected.clone();
            for row in x.chunks_exact(stride) {
                expected.iter_mut().zip(row).for_each(|(y, &x)| *y += x);
            }
            add_rows(&mut found, &x, stride);
            assert_eq!(found, expected, "{len} of {stride}, {rows} rows");
        }
    }

    #[test]
    fn bits_are_the_same_or_not() {
        let x: Vec<f32> = (0..700).map(|i| i as f32).collect();
        let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        assert!(same_bits(&x, &x) && same_bits(&wide, &wide) && same_bits::<f32>(&[], &[]));
        assert!(
            !same_bits(&x, &x[1..]) && !same_bits(&[0.0], &[-0.0]) && same_bits(&[f32::NAN], &[f32::NAN])
        );
        for at in [0, 255, 256, 699] {
            let (mut y, mut wider) = (x.clone(), wide.clone());
            (y[at], wider[at]) = (0.5, 0.5);
            assert!(!same_bits(&x, &y) && !same_bits(&wide, &wider), "{at}");
        }
    }

    #[test]
    fn one_number_outside_is_found_wherever_it_stands() {
        for len in [1, 15, 16, 200, FINITE_BLOCK + 77] {
            let mut x: Vec<f32> = (0..len).map(|i| if i % 2 == 0 { 2.0 } else { -2.0 }).collect();
            assert!(all_within(&x, 2.0) && !all_within(&x, 1.9), "{len}");
            for at in [0, len / 2, len - 1] {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2.1, -2.1] {
                    let good = std::mem::replace(&mut x[at], bad);
                    assert!(!all_within(&x, 2.0), "{bad} at {at} of {len}");
                    x[at] = good;
                }
            }
        }
        assert!(all_within::<f32>(&[], 0.0) && !all_within(&[f64::NAN], 1.0) && all_within(&[-1.0_f64], 1.0));
    }

    #[test]
    fn one_number_that_is_not_finite_is_found_wherever_it_stands() {
        for len in [1, 15, 16, 64, 200, FINITE_BLOCK + 77] {
            let mut x = vec![f32::MAX; len];
            assert!(all_finite(&x), "{len}");
            for at in [0, len / 2, len - 1] {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let good = std::mem::replace(&mut x[at], bad);
                    assert!(!all_finite(&x), "{bad} at {at} of {len}");
                    x[at] = good;
                }
            }
        }
        assert!(all_finite::<f32>(&[]) && !all_finite(&[f64::NAN]));
    }
}
