//! 16 lanes in one 512-bit register.

use std::arch::x86_64::*;

use crate::isa::RunOn;
use crate::simd::{FRACTION_BITS, HALF, Kernel, LOW_BITS, PairTaps, Simd, Weights};

/// Proof that the CPU has AVX-512 F, BW, DQ, VL and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        has.then_some(Avx512(()))
    }
}

impl RunOn for Avx512 {
    #[inline]
    fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn with_features<K: Kernel>(s: Avx512, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: the token proves that the CPU has these features.
        unsafe { with_features(self, kernel) }
    }
}

/// The first `n` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    if n >= 16 { !0 } else { (1 << n) - 1 }
}

/// Each call of an intrinsic has this one reason to be sound.
macro_rules! x86 {
    ($e:expr) => {{
        // SAFETY: the token proves that the CPU has the instruction; memory is the caller's promise.
        unsafe { $e }
    }};
}

impl Simd for Avx512 {
    type F = __m512;
    type M = __mmask16;
    const ACCUMULATORS: usize = 28;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        x86!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    unsafe fn load_bf16(self, from: *const u16) -> __m512 {
        x86!({
            let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
        })
    }
    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> __m512 {
        x86!(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast()))))
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        x86!(_mm512_loadu_ps(from))
    }
    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, n: usize) -> __m512 {
        x86!(_mm512_maskz_loadu_ps(first(n), from))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        x86!(_mm512_storeu_ps(to, x))
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize, x: __m512) {
        x86!(_mm512_mask_storeu_ps(to, first(n), x))
    }
    #[inline(always)]
    unsafe fn load_where(self, from: *const f32, lanes: u16) -> __m512 {
        x86!(_mm512_maskz_loadu_ps(lanes, from))
    }
    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        x86!(_mm_prefetch::<_MM_HINT_T1>(from.cast()))
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_div_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        x86!(_mm512_sqrt_ps(a))
    }
    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        x86!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn mul_add_where(self, m: __mmask16, a: __m512, b: __m512, c: __m512) -> __m512 {
        x86!(_mm512_mask3_fmadd_ps(a, b, c, m))
    }
    #[inline(always)]
    fn neg_mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        x86!(_mm512_fnmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_min_ps(a, b))
    }
    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        x86!(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a))
    }
    #[inline(always)]
    fn exp2(self, n: __m512) -> __m512 {
        x86!({
            let exponent = _mm512_add_epi32(_mm512_cvttps_epi32(n), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
        })
    }

    #[inline(always)]
    fn gt(self, a: __m512, b: __m512) -> __mmask16 {
        x86!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b))
    }
    #[inline(always)]
    fn select(self, m: __mmask16, a: __m512, b: __m512) -> __m512 {
        x86!(_mm512_mask_blend_ps(m, b, a))
    }
    #[inline(always)]
    fn bits(self, m: __mmask16) -> u16 {
        m
    }
    #[inline(always)]
    fn mask(self, bits: u16) -> __mmask16 {
        bits
    }

    #[inline(always)]
    fn deinterleave(self, a: __m512, b: __m512) -> (__m512, __m512) {
        x86!({
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            (_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b))
        })
    }
    #[inline(always)]
    fn interleave(self, a: __m512, b: __m512) -> (__m512, __m512) {
        x86!({
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            (_mm512_permutex2var_ps(a, low, b), _mm512_permutex2var_ps(a, high, b))
        })
    }

    #[inline(always)]
    unsafe fn weigh_pairs(self, window: *const u8, taps: &PairTaps, to: *mut u8) {
        x86!({
            let window = _mm512_broadcast_i32x4(_mm_loadu_si128(window.cast()));
            let pairs = _mm512_shuffle_epi8(window, _mm512_loadu_si512(taps.pick.as_ptr().cast()));
            let upper = _mm512_madd_epi16(pairs, _mm512_loadu_si512(taps.upper.as_ptr().cast()));
            let lower = _mm512_madd_epi16(pairs, _mm512_loadu_si512(taps.lower.as_ptr().cast()));
            let sum = _mm512_add_epi32(_mm512_slli_epi32::<LOW_BITS>(upper), lower);
            let sum = _mm512_srai_epi32::<FRACTION_BITS>(_mm512_add_epi32(sum, _mm512_set1_epi32(HALF)));
            let cut = _mm512_max_epi32(sum, _mm512_setzero_si512());
            _mm_storeu_si128(to.cast(), _mm512_cvtusepi32_epi8(cut));
        })
    }
    #[inline(always)]
    unsafe fn weigh_runs(self, runs: [*const u8; 4], weights: &[Weights]) -> [i32; 4] {
        // SAFETY: as the caller promises; AVX-512 has AVX2.
        unsafe { super::avx2::weigh_runs(runs, weights) }
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        x86!({
            let low = _mm512_castps512_ps256(a);
            let high = _mm512_extractf32x8_ps::<1>(a);
            super::avx2::sum8(_mm256_add_ps(low, high))
        })
    }
    #[inline(always)]
    fn sums(self, a: [__m512; 16]) -> __m512 {
        // Each fold halves the lanes of a sum and joins two neighbours: 16 vectors of 1 sum, 8 of 2, 4 of 4, 2 of 8.
        let fold = |a: __m512, b: __m512, low: __m512i, half: i32| {
            x86!({
                let high = _mm512_add_epi32(low, _mm512_set1_epi32(half));
                _mm512_add_ps(_mm512_permutex2var_ps(a, low, b), _mm512_permutex2var_ps(a, high, b))
            })
        };
        let eight = x86!(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
        let four = x86!(_mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27));
        let two = x86!(_mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29));
        let one = x86!(_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
        let mut a = a;
        for (low, half) in [(eight, 8), (four, 4), (two, 2), (one, 1)] {
            for i in 0..half as usize {
                a[i] = fold(a[2 * i], a[2 * i + 1], low, half);
            }
        }
        a[0]
    }
}
