//! The most that the current pool's threads can multiply and add together.

use std::time::{Duration, Instant};

/// Long enough for a stable figure, short beside a repetition.
const TIME: Duration = Duration::from_millis(5);
/// Of which the best counts: whatever else runs on the machine only ever takes away.
const BURSTS: usize = 3;
/// A tenth of a millisecond or so.
const ROUNDS: u64 = 1_000;

/// Fused multiply-adds a second from registers, all threads at once: the sum of each thread's own rate.
pub(super) fn multiply_adds_per_sec() -> f64 {
    let burst = |_| rayon::broadcast(|_| own_rate()).into_iter().sum();
    (0..BURSTS).map(burst).fold(0.0, f64::max)
}

fn own_rate() -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < TIME {
        count += kernels::peak::multiply_adds(ROUNDS);
    }
    count as f64 / start.elapsed().as_secs_f64()
}
