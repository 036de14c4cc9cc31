//! The small vector language in which kernels are written: 16 lanes of f32, whatever the machine has.
//!
//! AVX-512 holds the 16 lanes in one register, AVX2 in two, NEON in four, plain Rust in an array. A kernel written over
//! [`Simd`] therefore adds in the same order on each of them and gives the same bits. Holding a value of a type
//! that implements [`Simd`] proves that the CPU has the instructions: [`crate::Isa`] makes them after detection.

/// Lanes of a vector, on every instruction set.
pub(crate) const LANES: usize = 16;

/// Numbers from where a pass is to where it has memory fetched: 4 KiB.
const AHEAD: usize = 1024;

/// Bits after the point of a pixel's weight.
pub const FRACTION_BITS: u32 = 22;
/// Half a grey level in that fixed point: added before the fraction is cut off.
pub(crate) const HALF: i32 = 1 << (FRACTION_BITS - 1);

/// Bits of a weight below its upper part: two factors of 16 bits make one of 22, which no instruction multiplies bytes by.
pub(crate) const LOW_BITS: u32 = 11;

/// A weight in fixed point as its upper and its lower part.
#[inline(always)]
pub(crate) fn halves(weight: i32) -> [i16; 2] {
    [(weight >> LOW_BITS) as i16, (weight & ((1 << LOW_BITS) - 1)) as i16]
}

/// The reverse of [`halves`].
#[inline(always)]
pub(crate) fn whole(upper: i16, lower: i16) -> i32 {
    (i32::from(upper) << LOW_BITS) + i32::from(lower)
}

/// Weights of 16 neighbouring bytes, as [`halves`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weights {
    pub(crate) upper: [i16; LANES],
    pub(crate) lower: [i16; LANES],
}

/// Where 16 weighted pairs of bytes come from: pair `i` is 16-bit lanes `2i` and `2i + 1`.
#[derive(Clone, Debug)]
pub(crate) struct PairTaps {
    /// For each lane the byte of the window that it is: its index, then 128, which stands for a byte of zero.
    pub(crate) pick: [[u8; 2]; 2 * LANES],
    /// The lanes' weights, as [`halves`].
    pub(crate) upper: [i16; 2 * LANES],
    pub(crate) lower: [i16; 2 * LANES],
}

/// A token for an instruction set, and the operations it allows.
///
/// All functions are lane by lane unless they say otherwise. `mul_add` rounds once on every set.
pub(crate) trait Simd: Copy + Send + Sync {
    /// 16 lanes of f32.
    type F: Copy;
    /// 16 booleans.
    type M: Copy;
    /// Accumulators of 16 lanes that a tile may keep in registers beside a few operands.
    const ACCUMULATORS: usize;
    /// Whether those of the large tiles of most kernels do.
    const TILES_OF_24: bool = Self::ACCUMULATORS >= 24;
    /// Whether the lanes are those of registers, so that arithmetic on them is quicker than a look-up.
    const VECTORS: bool = true;

    fn splat(self, x: f32) -> Self::F;
    /// 16 bytes as numbers.
    /// # Safety
    /// 16 bytes can be read at `from`.
    unsafe fn load_bytes(self, from: *const u8) -> Self::F;
    /// 16 numbers of which memory holds the upper halves (bf16).
    /// # Safety
    /// 16 of them can be read at `from`.
    unsafe fn load_bf16(self, from: *const u16) -> Self::F;
    /// # Safety
    /// 16 numbers can be read at `from`.
    unsafe fn load(self, from: *const f32) -> Self::F;
    /// The first `n` lanes from memory, the others zero.
    /// # Safety
    /// `min(n, 16)` numbers can be read at `from`.
    unsafe fn load_first(self, from: *const f32, n: usize) -> Self::F;
    /// # Safety
    /// 16 numbers can be written at `to`.
    unsafe fn store(self, to: *mut f32, x: Self::F);
    /// Writes the first `n` lanes only.
    /// # Safety
    /// `min(n, 16)` numbers can be written at `to`.
    unsafe fn store_first(self, to: *mut f32, n: usize, x: Self::F);
    /// The lanes whose bit is set, the others zero; no other number is read.
    /// # Safety
    /// The number of each set lane can be read at `from`, which itself need not be in any buffer.
    unsafe fn load_where(self, from: *const f32, lanes: u16) -> Self::F;
    /// Asks for a cache line to be in L2 soon. Any address will do: it is a hint.
    fn prefetch(self, from: *const f32);

    /// The same for what a pass in order will come to soon: far enough ahead to hide the way to memory, which the processor's own
    /// guesses, that end with a page of 4 KiB, don't.
    #[inline(always)]
    fn prefetch_ahead(self, from: *const f32) {
        self.prefetch(from.wrapping_add(AHEAD));
    }

    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(self, a: Self::F) -> Self::F;
    /// `a · b + c`.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// `a · b + c` where `m`, else `c`.
    fn mul_add_where(self, m: Self::M, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// `c − a · b`.
    fn neg_mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The larger; `b` where either is NaN.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// The smaller; `b` where either is NaN.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// Nearest integer, ties to even.
    fn round(self, a: Self::F) -> Self::F;
    /// `2ⁿ` for integers `n` in −126…127.
    fn exp2(self, n: Self::F) -> Self::F;

    /// `a > b`; false where either is NaN.
    fn gt(self, a: Self::F, b: Self::F) -> Self::M;
    /// `a` where `m`, else `b`.
    fn select(self, m: Self::M, a: Self::F, b: Self::F) -> Self::F;
    /// Bit `i` is lane `i`.
    fn bits(self, m: Self::M) -> u16;
    /// Lane `i` is bit `i`.
    fn mask(self, bits: u16) -> Self::M;

    /// Lanes 0, 2, 4 … of `a` then `b`, and lanes 1, 3, 5 … likewise.
    fn deinterleave(self, a: Self::F, b: Self::F) -> (Self::F, Self::F);
    /// `a₀ b₀ a₁ b₁ …`, first and second half: the reverse of `deinterleave`.
    fn interleave(self, a: Self::F, b: Self::F) -> (Self::F, Self::F);

    /// `round(a · wa + b · wb)` of 16 pairs of bytes that lie near each other, see [`PairTaps`].
    /// # Safety
    /// 16 bytes can be read at `window` and written at `to`.
    unsafe fn weigh_pairs(self, window: *const u8, taps: &PairTaps, to: *mut u8);
    /// `Σ bytes · weights` of four runs of bytes with the same weights, see [`Weights`].
    /// # Safety
    /// `16 · weights.len()` bytes can be read at each of `runs`.
    unsafe fn weigh_runs(self, runs: [*const u8; 4], weights: &[Weights]) -> [i32; 4];

    /// `Σ lanes`, halves first: lane i + lane i+8, then i+4, i+2, i+1.
    fn sum(self, a: Self::F) -> f32;
    /// The sums of 16 vectors, in order, each as [`Simd::sum`] has it.
    #[inline(always)]
    fn sums(self, a: [Self::F; LANES]) -> Self::F {
        let sums = a.map(|a| self.sum(a));
        // SAFETY: 16 numbers are there.
        unsafe { self.load(sums.as_ptr()) }
    }
}

/// A piece of work that can be done on any instruction set; [`crate::Isa::run`] picks one.
///
/// `run` must be `#[inline(always)]`, as must be all that it calls with the token, so that it is compiled with
/// the instructions that the token stands for.
pub(crate) trait Kernel {
    type Out;
    fn run<S: Simd>(self, s: S) -> Self::Out;
}
