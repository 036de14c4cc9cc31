//! The most that this CPU can multiply and add: what the other kernels are measured against.

use std::hint::black_box;

use crate::isa;
use crate::simd::{Kernel, LANES, Simd};

/// Does fused multiply-adds that touch nothing but registers, on the instruction set in use and the calling thread, and
/// gives their number, a multiply-add of one pair of numbers counting one. Take the time around it.
///
/// # Units and ranges
/// A round is a hundred or so vector operations; 10,000 rounds take a millisecond or less with AVX2 and AVX-512.
///
/// # Examples
/// ```
/// let start = std::time::Instant::now();
/// let count = kernels::peak::multiply_adds(1_000);
/// let gflops = 2.0 * count as f64 / start.elapsed().as_secs_f64() / 1e9;
/// assert!(count > 0 && gflops > 0.0);
/// ```
#[must_use]
pub fn multiply_adds(rounds: u64) -> u64 {
    isa::run(Chains { rounds })
}

/// Links of each chain a round.
const LINKS: u64 = 8;

struct Chains {
    rounds: u64,
}

impl Kernel for Chains {
    type Out = u64;
    /// As many independent chains as hide the latency of one operation (4 cycles, two a cycle, two registers a value
    /// with AVX2, four with NEON) and stay in registers.
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> u64 {
        if S::ACCUMULATORS >= 20 { chains::<S, 20>(s, self.rounds) } else { chains::<S, 6>(s, self.rounds) }
    }
}

/// `x ← a·x + b`, `COUNT` of them side by side; they settle at a fixed point, so no number overflows or underflows.
#[inline(always)]
fn chains<S: Simd, const COUNT: usize>(s: S, rounds: u64) -> u64 {
    let (a, b) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
    let mut x = [b; COUNT];
    for _ in 0..rounds {
        for _ in 0..LINKS {
            for x in &mut x {
                *x = s.mul_add(*x, a, b);
            }
        }
    }
    let total = x.into_iter().fold(b, |sum, x| s.add(sum, x));
    black_box(s.sum(total));
    rounds * LINKS * COUNT as u64 * LANES as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_rounds_are_twice_the_work_on_each_set() {
        for (name, (few, many)) in isa::tests::on_each_isa(|| (multiply_adds(10), multiply_adds(20))) {
            assert!(few > 0 && many == 2 * few, "{name}: {few} {many}");
        }
    }
}
