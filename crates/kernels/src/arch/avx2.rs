//! 16 lanes in two 256-bit registers.

use std::arch::x86_64::*;

use crate::isa::RunOn;
use crate::simd::{FRACTION_BITS, HALF, Kernel, LOW_BITS, PairTaps, Simd, Weights};

/// Proof that the CPU has AVX2 and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }
}

impl RunOn for Avx2 {
    #[inline]
    fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "avx2,fma")]
        fn with_features<K: Kernel>(s: Avx2, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: the token proves that the CPU has these features.
        unsafe { with_features(self, kernel) }
    }
}

/// Lanes 0–7 and 8–15.
type F = (__m256, __m256);

/// Each call of an intrinsic has this one reason to be sound.
macro_rules! x86 {
    ($e:expr) => {{
        // SAFETY: the token proves that the CPU has the instruction; memory is the caller's promise.
        unsafe { $e }
    }};
}

/// The first `n` of 8 lanes, as all-ones integers.
#[inline(always)]
fn first(n: usize) -> __m256i {
    x86!(_mm256_cmpgt_epi32(_mm256_set1_epi32(n.min(8) as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)))
}

/// Lane i + lane i+4, then i+2, i+1.
#[inline(always)]
pub(super) unsafe fn sum8(a: __m256) -> f32 {
    x86!({
        let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    })
}

#[inline(always)]
fn exp2_half(n: __m256) -> __m256 {
    x86!({
        let exponent = _mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127));
        _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
    })
}

/// `a · wa + b · wb` of 8 pairs of 16-bit numbers.
#[inline(always)]
unsafe fn weighed(pairs: __m256i, upper: __m256i, lower: __m256i) -> __m256i {
    x86!({
        let upper = _mm256_slli_epi32::<{ LOW_BITS as i32 }>(_mm256_madd_epi16(pairs, upper));
        _mm256_add_epi32(upper, _mm256_madd_epi16(pairs, lower))
    })
}

/// [`Simd::weigh_runs`]. A run's sums are kept in eight lanes, which are added up for all four runs at once.
#[inline(always)]
pub(super) unsafe fn weigh_runs(runs: [*const u8; 4], weights: &[Weights]) -> [i32; 4] {
    x86!({
        let mut sums = [_mm256_setzero_si256(); 4];
        for (i, weights) in weights.iter().enumerate() {
            let upper = _mm256_loadu_si256(weights.upper.as_ptr().cast());
            let lower = _mm256_loadu_si256(weights.lower.as_ptr().cast());
            for (sum, run) in sums.iter_mut().zip(runs) {
                let numbers = _mm256_cvtepu8_epi16(_mm_loadu_si128(run.add(16 * i).cast()));
                *sum = _mm256_add_epi32(*sum, weighed(numbers, upper, lower));
            }
        }
        let pairs = (_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
        let fours = _mm256_hadd_epi32(pairs.0, pairs.1);
        let all = _mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256::<1>(fours));
        let mut out = [0; 4];
        _mm_storeu_si128(out.as_mut_ptr().cast(), all);
        out
    })
}

impl Simd for Avx2 {
    type F = F;
    type M = F;
    const ACCUMULATORS: usize = 6;

    #[inline(always)]
    fn splat(self, x: f32) -> F {
        x86!((_mm256_set1_ps(x), _mm256_set1_ps(x)))
    }
    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> F {
        x86!({
            let half =
                |from: *const u8| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast())));
            (half(from), half(from.add(8)))
        })
    }
    #[inline(always)]
    unsafe fn load_bf16(self, from: *const u16) -> F {
        x86!({
            let low = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
            let high = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.add(8).cast()));
            let wide = (_mm256_slli_epi32::<16>(low), _mm256_slli_epi32::<16>(high));
            (_mm256_castsi256_ps(wide.0), _mm256_castsi256_ps(wide.1))
        })
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> F {
        x86!((_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))))
    }
    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, n: usize) -> F {
        x86!((
            _mm256_maskload_ps(from, first(n)),
            _mm256_maskload_ps(from.wrapping_add(8), first(n.saturating_sub(8)))
        ))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: F) {
        x86!({
            _mm256_storeu_ps(to, x.0);
            _mm256_storeu_ps(to.add(8), x.1);
        })
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize, x: F) {
        x86!({
            _mm256_maskstore_ps(to, first(n), x.0);
            _mm256_maskstore_ps(to.wrapping_add(8), first(n.saturating_sub(8)), x.1);
        })
    }
    #[inline(always)]
    unsafe fn load_where(self, from: *const f32, lanes: u16) -> F {
        let (low, high) = self.mask(lanes);
        x86!((
            _mm256_maskload_ps(from, _mm256_castps_si256(low)),
            _mm256_maskload_ps(from.wrapping_add(8), _mm256_castps_si256(high))
        ))
    }
    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        x86!(_mm_prefetch::<_MM_HINT_T1>(from.cast()))
    }

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        x86!((_mm256_add_ps(a.0, b.0), _mm256_add_ps(a.1, b.1)))
    }
    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        x86!((_mm256_sub_ps(a.0, b.0), _mm256_sub_ps(a.1, b.1)))
    }
    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        x86!((_mm256_mul_ps(a.0, b.0), _mm256_mul_ps(a.1, b.1)))
    }
    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        x86!((_mm256_div_ps(a.0, b.0), _mm256_div_ps(a.1, b.1)))
    }
    #[inline(always)]
    fn sqrt(self, a: F) -> F {
        x86!((_mm256_sqrt_ps(a.0), _mm256_sqrt_ps(a.1)))
    }
    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        x86!((_mm256_fmadd_ps(a.0, b.0, c.0), _mm256_fmadd_ps(a.1, b.1, c.1)))
    }
    #[inline(always)]
    fn mul_add_where(self, m: Self::M, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        self.select(m, self.mul_add(a, b, c), c)
    }
    #[inline(always)]
    fn neg_mul_add(self, a: F, b: F, c: F) -> F {
        x86!((_mm256_fnmadd_ps(a.0, b.0, c.0), _mm256_fnmadd_ps(a.1, b.1, c.1)))
    }
    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        x86!((_mm256_max_ps(a.0, b.0), _mm256_max_ps(a.1, b.1)))
    }
    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        x86!((_mm256_min_ps(a.0, b.0), _mm256_min_ps(a.1, b.1)))
    }
    #[inline(always)]
    fn round(self, a: F) -> F {
        x86!((
            _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a.0),
            _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a.1)
        ))
    }
    #[inline(always)]
    fn exp2(self, n: F) -> F {
        (exp2_half(n.0), exp2_half(n.1))
    }

    #[inline(always)]
    fn gt(self, a: F, b: F) -> F {
        x86!((_mm256_cmp_ps::<_CMP_GT_OQ>(a.0, b.0), _mm256_cmp_ps::<_CMP_GT_OQ>(a.1, b.1)))
    }
    #[inline(always)]
    fn select(self, m: F, a: F, b: F) -> F {
        x86!((_mm256_blendv_ps(b.0, a.0, m.0), _mm256_blendv_ps(b.1, a.1, m.1)))
    }
    #[inline(always)]
    fn bits(self, m: F) -> u16 {
        x86!(_mm256_movemask_ps(m.0) as u16 | (_mm256_movemask_ps(m.1) as u16) << 8)
    }
    #[inline(always)]
    fn mask(self, bits: u16) -> F {
        x86!({
            let bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let half = |bits: i32| {
                let own = _mm256_and_si256(_mm256_set1_epi32(bits), bit);
                _mm256_castsi256_ps(_mm256_cmpeq_epi32(own, bit))
            };
            (half(i32::from(bits)), half(i32::from(bits >> 8)))
        })
    }

    #[inline(always)]
    fn deinterleave(self, a: F, b: F) -> (F, F) {
        // Within each 128-bit half the shuffle takes two numbers of either operand; then the halves are sorted.
        macro_rules! half {
            ($v:expr, $which:literal) => {{
                let mixed = _mm256_castps_pd(_mm256_shuffle_ps::<$which>($v.0, $v.1));
                _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(mixed))
            }};
        }
        x86!(((half!(a, 0x88), half!(b, 0x88)), (half!(a, 0xDD), half!(b, 0xDD))))
    }
    #[inline(always)]
    fn interleave(self, a: F, b: F) -> (F, F) {
        macro_rules! pair {
            ($a:expr, $b:expr) => {{
                let (low, high) = (_mm256_unpacklo_ps($a, $b), _mm256_unpackhi_ps($a, $b));
                (_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high))
            }};
        }
        x86!((pair!(a.0, b.0), pair!(a.1, b.1)))
    }

    #[inline(always)]
    unsafe fn weigh_pairs(self, window: *const u8, taps: &PairTaps, to: *mut u8) {
        x86!({
            let window = _mm256_broadcastsi128_si256(_mm_loadu_si128(window.cast()));
            let half = |i: usize| {
                let part = |of: *const __m256i| _mm256_loadu_si256(of.add(i));
                let pairs = _mm256_shuffle_epi8(window, part(taps.pick.as_ptr().cast()));
                let (upper, lower) = (part(taps.upper.as_ptr().cast()), part(taps.lower.as_ptr().cast()));
                let sum = _mm256_add_epi32(weighed(pairs, upper, lower), _mm256_set1_epi32(HALF));
                _mm256_srai_epi32::<{ FRACTION_BITS as i32 }>(sum)
            };
            // Packing works within the 128-bit halves: 0–3 8–11 4–7 12–15.
            let packed = _mm256_packs_epi32(half(0), half(1));
            let sorted = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
            let (low, high) = (_mm256_castsi256_si128(sorted), _mm256_extracti128_si256::<1>(sorted));
            _mm_storeu_si128(to.cast(), _mm_packus_epi16(low, high));
        })
    }
    #[inline(always)]
    unsafe fn weigh_runs(self, runs: [*const u8; 4], weights: &[Weights]) -> [i32; 4] {
        // SAFETY: as the caller promises.
        unsafe { weigh_runs(runs, weights) }
    }

    #[inline(always)]
    fn sum(self, a: F) -> f32 {
        x86!(sum8(_mm256_add_ps(a.0, a.1)))
    }
}
