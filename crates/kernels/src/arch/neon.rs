//! 16 lanes in four 128-bit registers.

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

use crate::isa::RunOn;
use crate::simd::{FRACTION_BITS, HALF, Kernel, LOW_BITS, PairTaps, Simd, Weights};

/// Proof that the CPU has NEON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neon(());

impl Neon {
    pub(crate) fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }
}

impl RunOn for Neon {
    #[inline]
    fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "neon")]
        fn with_features<K: Kernel>(s: Neon, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: the token proves that the CPU has these features.
        unsafe { with_features(self, kernel) }
    }
}

/// Lanes 0–3, 4–7, 8–11 and 12–15.
type F = [float32x4_t; 4];
/// All bits of a lane are set, or none.
type M = [uint32x4_t; 4];

/// Each call of an intrinsic has this one reason to be sound.
macro_rules! neon {
    ($e:expr) => {{
        // SAFETY: the token proves that the CPU has the instruction; memory is the caller's promise.
        unsafe { $e }
    }};
}

/// An intrinsic on each of the four registers.
macro_rules! each {
    ($f:expr; $($x:expr),+) => {
        neon!([$f($($x[0]),+), $f($($x[1]),+), $f($($x[2]),+), $f($($x[3]),+)])
    };
}

/// The first `n` of 4 lanes from memory, the others zero. Only they are read: NEON has no masked load.
/// # Safety
/// `min(n, 4)` numbers can be read at `from`.
#[inline(always)]
unsafe fn load_first4(from: *const f32, n: usize) -> float32x4_t {
    neon!({
        let none = vdup_n_f32(0.0);
        match n {
            0 => vdupq_n_f32(0.0),
            1 => vcombine_f32(vld1_lane_f32::<0>(from, none), none),
            2 => vcombine_f32(vld1_f32(from), none),
            3 => vcombine_f32(vld1_f32(from), vld1_lane_f32::<0>(from.add(2), none)),
            _ => vld1q_f32(from),
        }
    })
}

/// Writes the first `n` of 4 lanes only.
/// # Safety
/// `min(n, 4)` numbers can be written at `to`.
#[inline(always)]
unsafe fn store_first4(to: *mut f32, n: usize, x: float32x4_t) {
    neon!(match n {
        0 => {}
        1 => vst1q_lane_f32::<0>(to, x),
        2 => vst1_f32(to, vget_low_f32(x)),
        3 => {
            vst1_f32(to, vget_low_f32(x));
            vst1q_lane_f32::<2>(to.add(2), x);
        }
        _ => vst1q_f32(to, x),
    })
}

/// Those of 4 lanes whose bit is set, the others zero.
/// # Safety
/// The number of each set lane can be read at `from`.
#[inline(always)]
unsafe fn load_where4(from: *const f32, lanes: u16) -> float32x4_t {
    neon!({
        let lanes = lanes & 0xF;
        if lanes == 0xF {
            return vld1q_f32(from);
        }
        let mut x = vdupq_n_f32(0.0);
        macro_rules! lane {
            ($($i:literal)*) => {$(
                if lanes >> $i & 1 == 1 {
                    x = vld1q_lane_f32::<$i>(from.wrapping_add($i), x);
                }
            )*};
        }
        lane!(0 1 2 3);
        x
    })
}

/// Lane i + lane i+8, then i+4.
#[inline(always)]
fn sum_to4(a: F) -> float32x4_t {
    neon!(vaddq_f32(vaddq_f32(a[0], a[2]), vaddq_f32(a[1], a[3])))
}

/// The last two folds of four vectors at once: lane i + lane i+2, then i+1.
#[inline(always)]
fn sums4(a: float32x4_t, b: float32x4_t, c: float32x4_t, d: float32x4_t) -> float32x4_t {
    /// Both vectors' two sums.
    #[inline(always)]
    fn two(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        neon!({
            let (a, b) = (vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b));
            let (low, high) = (vzip1q_f64(a, b), vzip2q_f64(a, b));
            vaddq_f32(vreinterpretq_f32_f64(low), vreinterpretq_f32_f64(high))
        })
    }
    neon!(vpaddq_f32(two(a, b), two(c, d)))
}

/// `a · wa + b · wb` of 4 pairs of 16-bit numbers.
#[inline(always)]
fn weighed(pairs: int16x8_t, upper: int16x8_t, lower: int16x8_t) -> int32x4_t {
    neon!({
        let low = vshlq_n_s32::<{ LOW_BITS as i32 }>(vmull_s16(vget_low_s16(pairs), vget_low_s16(upper)));
        let low = vmlal_s16(low, vget_low_s16(pairs), vget_low_s16(lower));
        let high = vshlq_n_s32::<{ LOW_BITS as i32 }>(vmull_high_s16(pairs, upper));
        let high = vmlal_high_s16(high, pairs, lower);
        vpaddq_s32(low, high)
    })
}

/// `sum + Σ pairs of numbers · weights`, in four lanes.
#[inline(always)]
fn add_products(sum: int32x4_t, numbers: [int16x8_t; 2], weights: [int16x8_t; 2]) -> int32x4_t {
    neon!({
        let mut sum = sum;
        for (numbers, weights) in numbers.into_iter().zip(weights) {
            sum = vmlal_s16(sum, vget_low_s16(numbers), vget_low_s16(weights));
            sum = vmlal_high_s16(sum, numbers, weights);
        }
        sum
    })
}

impl Simd for Neon {
    type F = F;
    type M = M;
    const ACCUMULATORS: usize = 6;

    #[inline(always)]
    fn splat(self, x: f32) -> F {
        neon!([vdupq_n_f32(x); 4])
    }
    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> F {
        neon!({
            let bytes = vld1q_u8(from);
            let (low, high) = (vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes));
            [
                vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))),
                vcvtq_f32_u32(vmovl_high_u16(low)),
                vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))),
                vcvtq_f32_u32(vmovl_high_u16(high)),
            ]
        })
    }
    #[inline(always)]
    unsafe fn load_bf16(self, from: *const u16) -> F {
        neon!({
            let (a, b) = (vld1q_u16(from), vld1q_u16(from.add(8)));
            [
                vreinterpretq_f32_u32(vshll_n_u16::<16>(vget_low_u16(a))),
                vreinterpretq_f32_u32(vshll_high_n_u16::<16>(a)),
                vreinterpretq_f32_u32(vshll_n_u16::<16>(vget_low_u16(b))),
                vreinterpretq_f32_u32(vshll_high_n_u16::<16>(b)),
            ]
        })
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> F {
        neon!([vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))])
    }
    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, n: usize) -> F {
        let part = |i: usize| neon!(load_first4(from.wrapping_add(i), n.saturating_sub(i)));
        if n >= 16 { neon!(self.load(from)) } else { [part(0), part(4), part(8), part(12)] }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: F) {
        neon!({
            vst1q_f32(to, x[0]);
            vst1q_f32(to.add(4), x[1]);
            vst1q_f32(to.add(8), x[2]);
            vst1q_f32(to.add(12), x[3]);
        })
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize, x: F) {
        neon!({
            if n >= 16 {
                return self.store(to, x);
            }
            store_first4(to, n, x[0]);
            store_first4(to.wrapping_add(4), n.saturating_sub(4), x[1]);
            store_first4(to.wrapping_add(8), n.saturating_sub(8), x[2]);
            store_first4(to.wrapping_add(12), n.saturating_sub(12), x[3]);
        })
    }
    #[inline(always)]
    unsafe fn load_where(self, from: *const f32, lanes: u16) -> F {
        let part = |i: usize| neon!(load_where4(from.wrapping_add(i), lanes >> i));
        [part(0), part(4), part(8), part(12)]
    }
    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        // SAFETY: a hint changes neither memory nor registers and cannot fault, whatever the address.
        unsafe {
            asm!("prfm pldl2keep, [{}]", in(reg) from.addr(), options(nomem, nostack, preserves_flags));
        }
    }

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        each!(vaddq_f32; a, b)
    }
    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        each!(vsubq_f32; a, b)
    }
    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        each!(vmulq_f32; a, b)
    }
    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        each!(vdivq_f32; a, b)
    }
    #[inline(always)]
    fn sqrt(self, a: F) -> F {
        each!(vsqrtq_f32; a)
    }
    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        each!(vfmaq_f32; c, a, b)
    }
    #[inline(always)]
    fn mul_add_where(self, m: M, a: F, b: F, c: F) -> F {
        self.select(m, self.mul_add(a, b, c), c)
    }
    #[inline(always)]
    fn neg_mul_add(self, a: F, b: F, c: F) -> F {
        each!(vfmsq_f32; c, a, b)
    }
    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        // NEON's own maximum is NaN where either is.
        self.select(self.gt(a, b), a, b)
    }
    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        self.select(self.gt(b, a), a, b)
    }
    #[inline(always)]
    fn round(self, a: F) -> F {
        each!(vrndnq_f32; a)
    }
    #[inline(always)]
    fn exp2(self, n: F) -> F {
        let exponent = each!(vcvtq_s32_f32; n);
        let bias = neon!([vdupq_n_s32(127); 4]);
        let exponent = each!(vaddq_s32; exponent, bias);
        let bits = each!(vshlq_n_s32::<23>; exponent);
        each!(vreinterpretq_f32_s32; bits)
    }

    #[inline(always)]
    fn gt(self, a: F, b: F) -> M {
        each!(vcgtq_f32; a, b)
    }
    #[inline(always)]
    fn select(self, m: M, a: F, b: F) -> F {
        each!(vbslq_f32; m, a, b)
    }
    #[inline(always)]
    fn bits(self, m: M) -> u16 {
        neon!({
            let low = vcombine_u16(vmovn_u32(m[0]), vmovn_u32(m[1]));
            let high = vcombine_u16(vmovn_u32(m[2]), vmovn_u32(m[3]));
            let bit = vld1q_u16([1, 2, 4, 8, 16, 32, 64, 128].as_ptr());
            vaddvq_u16(vandq_u16(low, bit)) | vaddvq_u16(vandq_u16(high, bit)) << 8
        })
    }
    #[inline(always)]
    fn mask(self, bits: u16) -> M {
        neon!({
            let bit = vld1q_u32([1, 2, 4, 8].as_ptr());
            let bits = u32::from(bits);
            [
                vtstq_u32(vdupq_n_u32(bits), bit),
                vtstq_u32(vdupq_n_u32(bits >> 4), bit),
                vtstq_u32(vdupq_n_u32(bits >> 8), bit),
                vtstq_u32(vdupq_n_u32(bits >> 12), bit),
            ]
        })
    }

    #[inline(always)]
    fn deinterleave(self, a: F, b: F) -> (F, F) {
        let (first, second) = ([a[0], a[2], b[0], b[2]], [a[1], a[3], b[1], b[3]]);
        (each!(vuzp1q_f32; first, second), each!(vuzp2q_f32; first, second))
    }
    #[inline(always)]
    fn interleave(self, a: F, b: F) -> (F, F) {
        let (low, high) = (each!(vzip1q_f32; a, b), each!(vzip2q_f32; a, b));
        ([low[0], high[0], low[1], high[1]], [low[2], high[2], low[3], high[3]])
    }

    #[inline(always)]
    unsafe fn weigh_pairs(self, window: *const u8, taps: &PairTaps, to: *mut u8) {
        neon!({
            let window = vld1q_u8(window);
            // Four pairs; a pick past the window gives a zero.
            let part = |i: usize| {
                let pick = vld1q_u8(taps.pick.as_ptr().cast::<u8>().add(16 * i));
                let pairs = vreinterpretq_s16_u8(vqtbl1q_u8(window, pick));
                let upper = vld1q_s16(taps.upper.as_ptr().add(8 * i));
                let lower = vld1q_s16(taps.lower.as_ptr().add(8 * i));
                let sum = vaddq_s32(weighed(pairs, upper, lower), vdupq_n_s32(HALF));
                // What is left after the shift fits 16 bits.
                vmovn_s32(vshrq_n_s32::<{ FRACTION_BITS as i32 }>(sum))
            };
            let low = vqmovun_s16(vcombine_s16(part(0), part(1)));
            let high = vqmovun_s16(vcombine_s16(part(2), part(3)));
            vst1q_u8(to, vcombine_u8(low, high));
        })
    }
    #[inline(always)]
    unsafe fn weigh_runs(self, runs: [*const u8; 4], weights: &[Weights]) -> [i32; 4] {
        neon!({
            // The products with the weights' upper and lower parts are summed apart and joined at the end.
            let mut sums = [[vdupq_n_s32(0); 2]; 4];
            for (i, weights) in weights.iter().enumerate() {
                let of = |part: &[i16; 16]| [vld1q_s16(part.as_ptr()), vld1q_s16(part.as_ptr().add(8))];
                let (upper, lower) = (of(&weights.upper), of(&weights.lower));
                for (sum, run) in sums.iter_mut().zip(runs) {
                    let bytes = vld1q_u8(run.add(16 * i));
                    let numbers = [vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes)];
                    let numbers = [vreinterpretq_s16_u16(numbers[0]), vreinterpretq_s16_u16(numbers[1])];
                    sum[0] = add_products(sum[0], numbers, upper);
                    sum[1] = add_products(sum[1], numbers, lower);
                }
            }
            sums.map(|[upper, lower]| vaddvq_s32(vaddq_s32(vshlq_n_s32::<{ LOW_BITS as i32 }>(upper), lower)))
        })
    }

    #[inline(always)]
    fn sum(self, a: F) -> f32 {
        neon!({
            let four = sum_to4(a);
            vpadds_f32(vadd_f32(vget_low_f32(four), vget_high_f32(four)))
        })
    }
    #[inline(always)]
    fn sums(self, a: [F; 16]) -> F {
        let four = |i: usize| sums4(sum_to4(a[i]), sum_to4(a[i + 1]), sum_to4(a[i + 2]), sum_to4(a[i + 3]));
        [four(0), four(4), four(8), four(12)]
    }
}
