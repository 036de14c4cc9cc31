//! 16 lanes in two 256-bit registers.

use std::arch::x86_64::*;

use crate::isa::RunOn;
use crate::simd::{Kernel, Simd};

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

impl Simd for Avx2 {
    type F = F;
    type M = F;
    const ACCUMULATORS: usize = 6;

    #[inline(always)]
    fn splat(self, x: f32) -> F {
        x86!((_mm256_set1_ps(x), _mm256_set1_ps(x)))
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
    fn sum(self, a: F) -> f32 {
        x86!(sum8(_mm256_add_ps(a.0, a.1)))
    }
}
