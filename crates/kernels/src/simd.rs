//! The small vector language in which kernels are written: 16 lanes of f32, whatever the machine has.
//!
//! AVX-512 holds the 16 lanes in one register, AVX2 in two, plain Rust in an array. A kernel written over
//! [`Simd`] therefore adds in the same order on each of them and gives the same bits. Holding a value of a type
//! that implements [`Simd`] proves that the CPU has the instructions: [`crate::Isa`] makes them after detection.

/// Lanes of a vector, on every instruction set.
pub(crate) const LANES: usize = 16;

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

    fn splat(self, x: f32) -> Self::F;
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

    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(self, a: Self::F) -> Self::F;
    /// `a · b + c`.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
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
