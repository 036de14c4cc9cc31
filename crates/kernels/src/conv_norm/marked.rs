//! The loops of a normalisation without a pooling that leaves a bit a number: whether `z` is above 0, where `f` has the slope 1.
//!
//! ```text
//!  row i of channel c     16 numbers  16 numbers  …  last ones      u ─► y, and two bytes a vector
//! ```
//!
//! The backward pass then needs neither `u` nor `y`. Tested by `tests.rs` against the layers one after the other.

use super::pooled::slope_below;
use crate::Activation;
use crate::activation::activate;
use crate::batch_norm::vector::Affine;
use crate::simd::{Kernel, LANES, Simd};

const MARK_BYTES: usize = 2;

/// Bytes for the bits of a row.
pub(super) fn row_bytes(columns: usize) -> usize {
    columns.div_ceil(LANES) * MARK_BYTES
}

/// `y = f(z)` of one sample.
pub(super) struct NormalizeMarked<'a> {
    /// Rows and columns.
    pub(super) size: (usize, usize),
    /// `mean`, `factor`, `shift` of each channel.
    pub(super) affine: &'a [[f32; 3]],
    pub(super) f: Option<Activation>,
    pub(super) u: &'a [f32],
    pub(super) y: &'a mut [f32],
    pub(super) marks: &'a mut [u8],
}

impl Kernel for NormalizeMarked<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (rows, columns) = self.size;
        assert!(self.u.len() == self.affine.len() * rows * columns && self.y.len() == self.u.len());
        assert_eq!(self.marks.len(), self.affine.len() * rows * row_bytes(columns), "length of the bits");
        let marks = self.marks.as_chunks_mut::<MARK_BYTES>().0;
        let (vectors, zero) = (columns.div_ceil(LANES), s.splat(0.0));
        for (c, &affine) in self.affine.iter().enumerate() {
            let affine = Affine::stored(affine);
            for row in c * rows..(c + 1) * rows {
                for (v, mark) in marks[row * vectors..(row + 1) * vectors].iter_mut().enumerate() {
                    let (at, lanes) = (row * columns + v * LANES, columns - v * LANES);
                    // SAFETY: `lanes` numbers are left of the row in both.
                    unsafe {
                        s.prefetch_ahead(self.y.as_ptr().add(at));
                        let z = affine.apply(s, s.load_first(self.u.as_ptr().add(at), lanes));
                        let y = match self.f {
                            Some(f) => activate(s, f, z),
                            None => z,
                        };
                        s.store_first(self.y.as_mut_ptr().add(at), lanes, y);
                        *mark = s.bits(s.gt(z, zero)).to_le_bytes();
                    }
                }
            }
        }
    }
}

/// `dz = dy · f'(z)` of one sample, and its sum over each channel.
pub(super) struct MarkedGradient<'a> {
    /// Rows and columns.
    pub(super) size: (usize, usize),
    pub(super) f: Option<Activation>,
    pub(super) marks: &'a [u8],
    pub(super) dy: &'a [f32],
    pub(super) place: super::place::Place,
    pub(super) dz: &'a mut [f32],
    /// One a channel, added to.
    pub(super) sums: &'a mut [f32],
}

impl Kernel for MarkedGradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let ((rows, columns), channels) = (self.size, self.sums.len());
        assert_eq!(self.dy.len(), channels * rows * columns, "length of dy");
        assert_eq!(self.marks.len(), channels * rows * row_bytes(columns), "length of the bits");
        assert!(self.dz.len() >= self.place.end(channels, rows, columns));
        let marks = self.marks.as_chunks::<MARK_BYTES>().0;
        let (vectors, below) = (columns.div_ceil(LANES), s.splat(slope_below(self.f)));
        for (c, to) in self.sums.iter_mut().enumerate() {
            let (mut all, mut sum) = (0.0, s.splat(0.0));
            for i in 0..rows {
                let row = c * rows + i;
                for (v, &mark) in marks[row * vectors..(row + 1) * vectors].iter().enumerate() {
                    let (at, lanes) = (row * columns + v * LANES, columns - v * LANES);
                    // SAFETY: `lanes` numbers are left of the row, in its place too.
                    unsafe {
                        s.prefetch_ahead(self.dy.as_ptr().add(at));
                        let dy = s.load_first(self.dy.as_ptr().add(at), lanes);
                        let above = s.mask(u16::from_le_bytes(mark));
                        let dz = s.select(above, dy, s.mul(dy, below));
                        s.store_first(self.dz.as_mut_ptr().add(self.place.at(c, i) + v * LANES), lanes, dz);
                        sum = s.add(sum, dz);
                    }
                }
                if i % BAND == BAND - 1 || i + 1 == rows {
                    all += f64::from(s.sum(sum));
                    sum = s.splat(0.0);
                }
            }
            *to += all as f32;
        }
    }
}

/// Rows that are summed in f32.
const BAND: usize = 32;
