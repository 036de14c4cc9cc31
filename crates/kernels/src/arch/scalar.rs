//! 16 lanes as an array: runs everywhere, and says what each operation means.

use crate::simd::{FRACTION_BITS, HALF, LANES, PairTaps, Simd, Weights, whole};

/// Needs no instruction that the target lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scalar;

type F = [f32; LANES];

#[inline(always)]
fn map2(a: F, b: F, f: impl Fn(f32, f32) -> f32) -> F {
    std::array::from_fn(|i| f(a[i], b[i]))
}

impl Simd for Scalar {
    type F = F;
    type M = [bool; LANES];
    const ACCUMULATORS: usize = 6;
    const VECTORS: bool = false;

    #[inline(always)]
    fn splat(self, x: f32) -> F {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> F {
        // SAFETY: the caller promises 16 readable bytes.
        unsafe { from.cast::<[u8; LANES]>().read() }.map(f32::from)
    }
    #[inline(always)]
    unsafe fn load_bf16(self, from: *const u16) -> F {
        // SAFETY: the caller promises 16 readable halves.
        unsafe { from.cast::<[u16; LANES]>().read_unaligned() }
            .map(|half| f32::from_bits(u32::from(half) << 16))
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> F {
        // SAFETY: the caller promises 16 readable numbers; an array of f32 has no alignment beyond theirs.
        unsafe { from.cast::<F>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, n: usize) -> F {
        // SAFETY: only lanes below `n` are read, which the caller promises.
        std::array::from_fn(|i| if i < n { unsafe { *from.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: F) {
        // SAFETY: the caller promises 16 writable numbers.
        unsafe { to.cast::<F>().write_unaligned(x) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize, x: F) {
        for (i, x) in x.into_iter().enumerate().take(n) {
            // SAFETY: only lanes below `n` are written, which the caller promises.
            unsafe { *to.add(i) = x }
        }
    }

    #[inline(always)]
    unsafe fn load_where(self, from: *const f32, lanes: u16) -> F {
        // SAFETY: only lanes whose bit is set are read, which the caller promises.
        std::array::from_fn(|i| if lanes >> i & 1 == 1 { unsafe { *from.wrapping_add(i) } } else { 0.0 })
    }
    #[inline(always)]
    fn prefetch(self, _from: *const f32) {}

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        map2(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self, a: F) -> F {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }
    #[inline(always)]
    fn mul_add_where(self, m: Self::M, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        self.select(m, self.mul_add(a, b, c), c)
    }
    #[inline(always)]
    fn neg_mul_add(self, a: F, b: F, c: F) -> F {
        std::array::from_fn(|i| (-a[i]).mul_add(b[i], c[i]))
    }
    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        map2(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        map2(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn round(self, a: F) -> F {
        a.map(f32::round_ties_even)
    }
    #[inline(always)]
    fn exp2(self, n: F) -> F {
        n.map(|n| f32::from_bits((n as i32).wrapping_add(127).wrapping_shl(23) as u32))
    }

    #[inline(always)]
    fn gt(self, a: F, b: F) -> Self::M {
        std::array::from_fn(|i| a[i] > b[i])
    }
    #[inline(always)]
    fn select(self, m: Self::M, a: F, b: F) -> F {
        std::array::from_fn(|i| if m[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn bits(self, m: Self::M) -> u16 {
        m.iter().enumerate().fold(0, |bits, (i, &lane)| bits | (u16::from(lane) << i))
    }
    #[inline(always)]
    fn mask(self, bits: u16) -> Self::M {
        std::array::from_fn(|i| bits >> i & 1 == 1)
    }

    #[inline(always)]
    fn deinterleave(self, a: F, b: F) -> (F, F) {
        let at = |i: usize| if i < LANES { a[i] } else { b[i - LANES] };
        (std::array::from_fn(|i| at(2 * i)), std::array::from_fn(|i| at(2 * i + 1)))
    }
    #[inline(always)]
    fn interleave(self, a: F, b: F) -> (F, F) {
        let at = |i: usize| if i.is_multiple_of(2) { a[i / 2] } else { b[i / 2] };
        (std::array::from_fn(at), std::array::from_fn(|i| at(i + LANES)))
    }

    #[inline(always)]
    unsafe fn weigh_pairs(self, window: *const u8, taps: &PairTaps, to: *mut u8) {
        // SAFETY: the caller promises 16 readable bytes.
        let window = unsafe { window.cast::<[u8; LANES]>().read() };
        let out: [u8; LANES] = std::array::from_fn(|i| {
            let term = |lane: usize| {
                let byte = window[usize::from(taps.pick[lane][0])];
                i32::from(byte).wrapping_mul(whole(taps.upper[lane], taps.lower[lane]))
            };
            let sum = term(2 * i).wrapping_add(term(2 * i + 1)).wrapping_add(HALF);
            (sum >> FRACTION_BITS).clamp(0, 255) as u8
        });
        // SAFETY: the caller promises 16 writable bytes.
        unsafe { to.cast::<[u8; LANES]>().write(out) }
    }
    #[inline(always)]
    unsafe fn weigh_runs(self, runs: [*const u8; 4], weights: &[Weights]) -> [i32; 4] {
        runs.map(|run| {
            let mut sum = 0_i32;
            for (i, weights) in weights.iter().enumerate() {
                // SAFETY: the caller promises 16 readable bytes for each element of `weights`.
                let bytes = unsafe { run.cast::<[u8; LANES]>().add(i).read() };
                for (lane, byte) in bytes.into_iter().enumerate() {
                    let weight = whole(weights.upper[lane], weights.lower[lane]);
                    sum = sum.wrapping_add(i32::from(byte).wrapping_mul(weight));
                }
            }
            sum
        })
    }

    #[inline(always)]
    fn sum(self, a: F) -> f32 {
        let mut a = a;
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                a[i] += a[i + half];
            }
        }
        a[0]
    }
}
