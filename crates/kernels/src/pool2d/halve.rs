//! Max pooling 2×2 of stride 2 without padding, 16 windows at a time.
//!
//! ```text
//!  row 2i     e₀ o₀ e₁ o₁ …      columns split into even and odd put a window's four cells into one lane:
//!  row 2i+1   e₀ o₀ e₁ o₁ …      max of each row, then of the two rows; two bits say who won
//! ```
//!
//! A later cell wins only if it is larger, or not a number: as in `max.rs`, which it is tested against.

use super::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// Whether a pooling is of this kind.
pub(super) fn fits(g: &Pool2dGeom) -> bool {
    (g.kernel_size, g.stride, g.padding) == (2, 2, 0)
}

/// The 16 bits, a byte each.
fn bytes(bits: u16) -> [u8; LANES] {
    // Copies of a byte 9 places apart put its bit i at place 8·i + 7 (of the byte turned around).
    let spread = |byte: u8| {
        let copies = u64::from(byte.reverse_bits()).wrapping_mul(0x8040_2010_0804_0201);
        (copies >> 7) & 0x0101_0101_0101_0101
    };
    let [low, high] = bits.to_le_bytes().map(spread);
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

/// Bit `bit` of each byte; the reverse of [`bytes`].
fn bits(bytes: [u8; LANES], bit: u32) -> u16 {
    let gather = |half: u64| {
        let lowest = (half >> bit) & 0x0101_0101_0101_0101;
        (lowest.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u16
    };
    let all = u128::from_le_bytes(bytes);
    gather(all as u64) | gather((all >> 64) as u64) << 8
}

/// `y` and its winners, of one sample.
pub(super) struct Halve<'a> {
    pub(super) g: &'a Pool2dGeom,
    pub(super) x: &'a [f32],
    pub(super) y: &'a mut [f32],
    pub(super) winners: &'a mut [u8],
}

impl Kernel for Halve<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pool2dGeom { channels, in_h, in_w, out_h, out_w, .. } = *self.g;
        assert!(2 * out_h <= in_h && 2 * out_w <= in_w && self.x.len() == channels * in_h * in_w);
        assert!(self.y.len() == channels * out_h * out_w && self.winners.len() == self.y.len());
        for row in 0..channels * out_h {
            let (c, i) = (row / out_h, row % out_h);
            for j in (0..out_w).step_by(LANES) {
                let lanes = (out_w - j).min(LANES);
                let at = row * out_w + j;
                // SAFETY: the assertions cover two rows of `2 · out_w` cells of `x` and a row of `out_w` of `y`; no
                // more are asked for than a row has left.
                let (right, below) = unsafe {
                    let first = self.x.as_ptr().add((c * in_h + 2 * i) * in_w + 2 * j);
                    let second = first.add(in_w);
                    let (some, more) = ((2 * lanes).min(LANES), (2 * lanes).saturating_sub(LANES));
                    let (even0, odd0) = s.deinterleave(
                        s.load_first(first, some),
                        s.load_first(first.wrapping_add(LANES), more),
                    );
                    let (even1, odd1) = s.deinterleave(
                        s.load_first(second, some),
                        s.load_first(second.wrapping_add(LANES), more),
                    );
                    let (right0, max0) = later(s, even0, odd0);
                    let (right1, max1) = later(s, even1, odd1);
                    let (below, max) = later(s, max0, max1);
                    s.store_first(self.y.as_mut_ptr().add(at), lanes, max);
                    ((below & right1) | (!below & right0), below)
                };
                let (right, below) = (bytes(right), bytes(below));
                for (k, winner) in self.winners[at..at + lanes].iter_mut().enumerate() {
                    *winner = 2 * below[k] + right[k];
                }
            }
        }
    }
}

/// Where `b` takes the place of `a`, and the larger: NaN is larger than all.
#[inline(always)]
fn later<S: Simd>(s: S, a: S::F, b: S::F) -> (u16, S::F) {
    // A number is below +∞ or above −∞.
    let is_number = s.bits(s.gt(s.splat(f32::INFINITY), b)) | s.bits(s.gt(b, s.splat(f32::NEG_INFINITY)));
    let wins = s.bits(s.gt(b, a)) | !is_number;
    (wins, s.select(s.mask(wins), b, a))
}

/// `dx`: each output's gradient to the cell that won, zero elsewhere; of one sample.
pub(super) struct Double<'a> {
    pub(super) g: &'a Pool2dGeom,
    pub(super) dy: &'a [f32],
    pub(super) winners: &'a [u8],
    pub(super) dx: &'a mut [f32],
}

impl Kernel for Double<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pool2dGeom { channels, in_h, in_w, out_h, out_w, .. } = *self.g;
        assert!(2 * out_h <= in_h && 2 * out_w <= in_w && self.dx.len() == channels * in_h * in_w);
        assert!(self.dy.len() == channels * out_h * out_w && self.winners.len() == self.dy.len());
        if (2 * out_h, 2 * out_w) != (in_h, in_w) {
            self.dx.fill(0.0);
        }
        let zero = s.splat(0.0);
        for row in 0..channels * out_h {
            let (c, i) = (row / out_h, row % out_h);
            for j in (0..out_w).step_by(LANES) {
                let lanes = (out_w - j).min(LANES);
                let at = row * out_w + j;
                let mut winners = [0; LANES];
                winners[..lanes].copy_from_slice(&self.winners[at..at + lanes]);
                let (right, below) = (bits(winners, 0), bits(winners, 1));
                // SAFETY: as above, with `dy` for `y` and `dx` for `x`.
                unsafe {
                    let g = s.load_first(self.dy.as_ptr().add(at), lanes);
                    let first = self.dx.as_mut_ptr().add((c * in_h + 2 * i) * in_w + 2 * j);
                    let (some, more) = ((2 * lanes).min(LANES), (2 * lanes).saturating_sub(LANES));
                    for (to, won) in [(first, !below), (first.add(in_w), below)] {
                        let even = s.select(s.mask(won & !right), g, zero);
                        let odd = s.select(s.mask(won & right), g, zero);
                        let (low, high) = s.interleave(even, odd);
                        s.store_first(to, some, low);
                        s.store_first(to.wrapping_add(LANES), more, high);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::tests::same_on_each_isa;
    use crate::noise::noise;
    use crate::pool2d::{max_backward, max_forward};

    #[test]
    fn bits_and_bytes_are_each_others_reverse() {
        for b in [0, 1, 0x8000, 0b1011_0110_0101_1100, u16::MAX] {
            let all = bytes(b);
            assert!((0..16).all(|i| u16::from(all[i]) == b >> i & 1), "{b:b}: {all:?}");
            assert_eq!((bits(all, 0), bits(all.map(|b| b << 1), 1)), (b, b));
        }
    }

    #[test]
    fn gives_the_bits_and_winners_of_the_textbook() {
        for (h, w) in [(2, 2), (5, 7), (4, 32), (6, 33), (7, 34), (3, 65), (8, 100)] {
            let g = Pool2dGeom::new(3, (h, w), 2, 2, 0).unwrap();
            assert!(fits(&g));
            // Two equal cells in many a window, and a NaN.
            let mut x: Vec<f32> = noise(1, g.input_len()).iter().map(|v| (v * 3.0).round()).collect();
            x[h * w / 2] = f32::NAN;
            let wide: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
            let (mut expected, mut expected_winners) = (vec![0.0; g.output_len()], vec![9; g.output_len()]);
            max_forward(&g, &wide, &mut expected, &mut expected_winners);
            let dy = noise(2, g.output_len());
            let wide: Vec<f64> = dy.iter().map(|&v| f64::from(v)).collect();
            let mut expected_dx = vec![9.0; g.input_len()];
            max_backward(&g, &wide, &expected_winners, &mut expected_dx);
            same_on_each_isa(|| {
                let (mut y, mut winners) = (vec![9.0_f32; g.output_len()], vec![9; g.output_len()]);
                max_forward(&g, &x, &mut y, &mut winners);
                assert_eq!(winners, expected_winners, "{h}×{w}");
                let same = |a: f32, b: f64| f64::from(a) == b || (a.is_nan() && b.is_nan());
                assert!(y.iter().zip(&expected).all(|(&a, &b)| same(a, b)), "{h}×{w}: {y:?} {expected:?}");
                let mut dx = vec![9.0; g.input_len()];
                max_backward(&g, &dy, &winners, &mut dx);
                assert!(dx.iter().zip(&expected_dx).all(|(&a, &b)| f64::from(a) == b), "{h}×{w}");
                dx
            });
        }
    }
}
