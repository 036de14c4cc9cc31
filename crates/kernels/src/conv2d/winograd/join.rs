//! From products back to pixels: `Aᵀ m` of 16 tiles, and a bias.

use super::transform::{self, TILE};
use crate::simd::{Kernel, LANES, Simd};

/// Tile `t` of a row becomes columns `4t … 4t + 3`. Rows lie `pitch` numbers apart; that is `4 · row`, without a gap, unless a
/// row has a whole number of vectors of tiles.
pub(super) struct Join<'a, const N: usize> {
    /// `[point][channel][tile]`, `m_plane` numbers a channel.
    pub(super) m: &'a [f32],
    pub(super) m_plane: usize,
    /// Tiles of a row.
    pub(super) row: usize,
    pub(super) channels: usize,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) y: &'a mut [f32],
    /// Numbers from one plane of `y` to the next.
    pub(super) y_plane: usize,
    pub(super) pitch: usize,
}

impl<const N: usize> Kernel for Join<'_, N> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let points = self.channels * self.m_plane;
        assert!(self.m_plane.is_multiple_of(LANES) && self.m.len() >= N * points);
        assert!(self.row.is_multiple_of(LANES) || self.pitch == TILE * self.row);
        // What rows are longer than their tiles.
        let gap = self.pitch - TILE * self.row;
        let end = TILE * self.m_plane + self.m_plane / self.row * gap;
        assert!(self.y.len() >= (self.channels - 1) * self.y_plane + end);
        assert!(self.bias.is_none_or(|b| b.len() == self.channels));
        for o in 0..self.channels {
            let bias = s.splat(self.bias.map_or(0.0, |b| b[o]));
            for at in (0..self.m_plane).step_by(LANES) {
                // SAFETY: the assertions cover every plane of `m` and four numbers of `y` for each tile, and the gaps.
                unsafe {
                    let from = self.m.as_ptr().add(o * self.m_plane + at);
                    let m = std::array::from_fn(|p| s.load(from.add(p * points)));
                    let y = transform::output::<S, N>(s, m).map(|y| s.add(y, bias));
                    let (low, high) = (s.interleave(y[0], y[2]), s.interleave(y[1], y[3]));
                    let (a, b) = s.interleave(low.0, high.0);
                    let (c, d) = s.interleave(low.1, high.1);
                    let to = self.y.as_mut_ptr().add(o * self.y_plane + TILE * at + at / self.row * gap);
                    for (k, y) in [a, b, c, d].into_iter().enumerate() {
                        s.store(to.add(k * LANES), y);
                    }
                }
            }
        }
    }
}
