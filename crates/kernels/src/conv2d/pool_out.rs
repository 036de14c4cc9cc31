//! What a pooled convolution leaves of 16 windows: the activation, and for the backward pass its slope and who won.

use crate::activation::{self, Activation};
use crate::simd::{LANES, Simd};

/// One sample's outputs, rows of `columns` windows.
pub(super) struct Outputs<'a> {
    pub(super) f: Option<Activation>,
    pub(super) columns: usize,
    /// How far ahead of what is written memory is asked for what will be.
    pub(super) ahead: usize,
    pub(super) y: &'a mut [f32],
    /// `f'` of what won; empty where it follows from `y`, or if there is no backward pass.
    pub(super) slope: &'a mut [f32],
    /// Of each vector of windows 16 bits for the winner's row and 16 for its column; empty if there is no backward pass.
    pub(super) winners: &'a mut [u8],
}

impl Outputs<'_> {
    /// The same, lent for a shorter time.
    pub(super) fn again(&mut self) -> Outputs<'_> {
        let Outputs { f, columns, ahead, y, slope, winners } = self;
        Outputs { f: *f, columns: *columns, ahead: *ahead, y, slope, winners }
    }

    /// Vectors of a row.
    #[inline(always)]
    pub(super) fn vectors(&self) -> usize {
        self.columns.div_ceil(LANES)
    }

    /// Panics if there is not room for so many rows.
    #[inline(always)]
    pub(super) fn check(&self, rows: usize) {
        let cells = rows * self.columns;
        assert!(self.y.len() == cells && (self.slope.is_empty() || self.slope.len() == cells));
        assert!(self.winners.is_empty() || self.winners.len() == rows * self.vectors() * 4);
    }

    /// Vector `v` of a row: the largest number of each window, and bits that say whether it stood in the lower row, the right column.
    ///
    /// # Safety
    /// [`Outputs::check`] was called for more rows than `row`, and `v` is below [`Outputs::vectors`].
    #[inline(always)]
    pub(super) unsafe fn put<S: Simd>(
        &mut self,
        s: S,
        (row, v): (usize, usize),
        max: S::F,
        below: u16,
        right: u16,
    ) {
        let lanes = (self.columns - v * LANES).min(LANES);
        if !self.winners.is_empty() {
            let valid = u16::MAX >> (LANES - lanes);
            let bits = (u32::from(right & valid) << 16) | u32::from(below & valid);
            let at = (row * self.vectors() + v) * 4;
            self.winners[at..at + 4].copy_from_slice(&bits.to_le_bytes());
        }
        let at = row * self.columns + v * LANES;
        if !self.winners.is_empty() {
            s.prefetch(self.y.as_ptr().wrapping_add(at + self.ahead));
            s.prefetch(self.slope.as_ptr().wrapping_add(at + self.ahead));
        }
        // SAFETY: `lanes` windows are left of the row, in `y` and, if it is not empty, in `slope`.
        unsafe {
            let y = self.y.as_mut_ptr().add(at);
            match self.f {
                None => s.store_first(y, lanes, max),
                Some(f) if self.slope.is_empty() => s.store_first(y, lanes, activation::activate(s, f, max)),
                Some(f) => {
                    let (value, slope) = activation::activate_with_slope(s, f, max);
                    s.store_first(y, lanes, value);
                    s.store_first(self.slope.as_mut_ptr().add(at), lanes, slope);
                }
            }
        }
    }
}
