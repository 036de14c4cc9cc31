//! Small planes without gaps: what a tap reads of a narrow image, laid out so that no lane is idle.
//!
//! The inner loop (`correlate.rs`) takes 16 neighbouring columns at once; of a plane of 4 × 4 cells it would use 4 lanes.
//! So the columns that a tap reads are copied side by side, row after row, and the whole plane is one row of cells:
//!
//! ```text
//!  laid out, pitch 6        columns from 0       from 1       from 2
//!  . . . . . .              . . . .              . . . .      . . . .       a tap one row below another of the
//!  . a b c d .      ─►      . a b c              a b c d      b c d .       same column shares its copy,
//!  . e f g h .              . e f g              e f g h      f g h .       `columns` numbers further on
//! ```

use crate::simd::{Kernel, LANES, Simd};

/// Which blocks of a laid out image are copied, and where each tap then finds its cells.
#[derive(Clone, Debug)]
pub(super) struct Compact {
    /// First number of each copy in the laid out image, and its rows.
    copies: Vec<(usize, usize)>,
    pitch: usize,
    columns: usize,
    /// Where the cells of each tap begin, in the order of the offsets.
    pub(super) offsets: Vec<usize>,
    len: usize,
}

impl Compact {
    /// For taps at `offsets` of an image of this pitch, each of which reads `rows × columns` cells.
    pub(super) fn new(offsets: &[usize], pitch: usize, (rows, columns): (usize, usize)) -> Self {
        let mut copies: Vec<(usize, usize)> = Vec::new();
        // The copy that serves a tap, and how many rows below its first.
        let places: Vec<(usize, usize)> = offsets
            .iter()
            .map(|&offset| {
                let below = |&(start, many): &(usize, usize)| {
                    let down = offset.checked_sub(start)?;
                    (down.is_multiple_of(pitch) && down / pitch < many).then_some(down / pitch)
                };
                match copies.iter().enumerate().rev().find_map(|(k, copy)| Some((k, below(copy)?))) {
                    Some((k, down)) => {
                        copies[k].1 = copies[k].1.max(down + rows);
                        (k, down)
                    }
                    None => {
                        copies.push((offset, rows));
                        (copies.len() - 1, 0)
                    }
                }
            })
            .collect();
        let mut starts = Vec::with_capacity(copies.len());
        let mut len = 0;
        for &(_, rows) in &copies {
            starts.push(len);
            len += rows * columns;
        }
        let offsets = places.iter().map(|&(k, down)| starts[k] + down * columns).collect();
        Compact { copies, pitch, columns, offsets, len }
    }

    /// Numbers of the copies, with room for a vector that reaches past the end.
    pub(super) fn len(&self) -> usize {
        self.len.next_multiple_of(LANES) + 2 * LANES
    }
}

/// Makes the copies of one laid out image.
pub(super) struct Gather<'a> {
    pub(super) form: &'a Compact,
    pub(super) from: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Compact { columns, pitch, .. } = *self.form;
        let width = columns.next_multiple_of(LANES);
        assert!(self.to.len() >= self.form.len());
        let mut to = self.to.as_mut_ptr();
        for &(start, rows) in &self.form.copies {
            assert!(self.from.len() >= start + (rows - 1) * pitch + width);
            let mut from = self.from[start..].as_ptr();
            for _ in 0..rows {
                // SAFETY: the assertions cover whole vectors of each row, and of each copy with a vector to spare;
                // what a vector writes behind its row is overwritten by the next one.
                unsafe {
                    for j in (0..width).step_by(LANES) {
                        s.store(to.add(j), s.load(from.add(j)));
                    }
                    to = to.add(columns);
                }
                from = from.wrapping_add(pitch);
            }
        }
    }
}
