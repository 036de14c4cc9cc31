//! Planes into rows of a pitch and back, dealt out to the phases of a stride.

use crate::simd::{Kernel, LANES, Simd};

/// One column phase of a row of a plane: its columns `first, first + stride, …` at `at` of a phase that begins at `start`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) start: usize,
    pub(super) first: usize,
    pub(super) at: usize,
}

/// Where a plane's rows go: for each phase of its rows, the lanes of its column phases.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) width: usize,
    pub(super) stride: usize,
    pub(super) pitch: usize,
    /// Zero rows before the first.
    pub(super) padding: usize,
    /// `[row phase][column phase]`.
    pub(super) lanes: Vec<Vec<Lane>>,
}

impl Places {
    /// Beginning of a row's lanes in the phases.
    fn row(&self, i: usize) -> (&[Lane], usize) {
        let y = i + self.padding;
        (&self.lanes[y % self.stride], y / self.stride * self.pitch)
    }

    /// How many columns a lane has.
    fn count(&self, lane: &Lane) -> usize {
        (self.width.max(lane.first) - lane.first).div_ceil(self.stride)
    }

    /// The furthest number of `rows` rows that is written, whole vectors counted.
    fn reach(&self, rows: usize) -> usize {
        let last = (rows + self.padding) / self.stride * self.pitch;
        let lanes = || self.lanes.iter().flatten();
        lanes().map(|l| l.start + last + l.at + self.count(l).next_multiple_of(LANES)).max().unwrap_or(0)
    }
}

/// A plane dealt out. Zeros are written behind each row up to a whole vector, before the next row is.
pub(super) struct Deal<'a> {
    pub(super) places: &'a Places,
    pub(super) plane: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Kernel for Deal<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { places, plane, to } = self;
        assert!(places.reach(plane.len() / places.width) <= to.len());
        for (i, row) in plane.chunks_exact(places.width).enumerate() {
            let (lanes, start) = places.row(i);
            // SAFETY: `reach` is the furthest number written, whole vectors counted; no lane is read past its row.
            unsafe {
                match *lanes {
                    [one] => copy(
                        s,
                        row.as_ptr(),
                        to.as_mut_ptr().add(one.start + start + one.at),
                        row.len(),
                        LANES,
                    ),
                    [a, b] => {
                        let (even, odd) = if a.first == 0 { (a, b) } else { (b, a) };
                        let (even, odd) = (even.start + start + even.at, odd.start + start + odd.at);
                        let mut j = 0;
                        while j < row.len() {
                            let left = row.len() - j;
                            let from = row.as_ptr().add(j);
                            let x = s.load_first(from, left.min(LANES));
                            let y = if left > LANES {
                                s.load_first(from.add(LANES), left - LANES)
                            } else {
                                s.splat(0.0)
                            };
                            let (x, y) = s.deinterleave(x, y);
                            s.store(to.as_mut_ptr().add(even + j / 2), x);
                            s.store(to.as_mut_ptr().add(odd + j / 2), y);
                            j += 2 * LANES;
                        }
                    }
                    _ => {
                        for lane in lanes {
                            let from = row.iter().skip(lane.first).step_by(places.stride);
                            let to = &mut to[lane.start + start + lane.at..];
                            to.iter_mut().zip(from).for_each(|(to, &x)| *to = x);
                        }
                    }
                }
            }
        }
    }
}

/// The reverse of [`Deal`].
pub(super) struct Collect<'a> {
    pub(super) places: &'a Places,
    pub(super) from: &'a [f32],
    pub(super) plane: &'a mut [f32],
}

impl Kernel for Collect<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { places, from, plane } = self;
        assert!(places.reach(plane.len() / places.width) <= from.len());
        for (i, row) in plane.chunks_exact_mut(places.width).enumerate() {
            let (lanes, start) = places.row(i);
            // SAFETY: as in `Deal`: `reach` bounds what is read, and no row is written past its end.
            unsafe {
                match *lanes {
                    [one] => {
                        copy(s, from.as_ptr().add(one.start + start + one.at), row.as_mut_ptr(), row.len(), 0)
                    }
                    [a, b] => {
                        let (even, odd) = if a.first == 0 { (a, b) } else { (b, a) };
                        let (even, odd) = (even.start + start + even.at, odd.start + start + odd.at);
                        let mut j = 0;
                        while j < row.len() {
                            let left = row.len() - j;
                            let x = s.load(from.as_ptr().add(even + j / 2));
                            let y = s.load(from.as_ptr().add(odd + j / 2));
                            let (x, y) = s.interleave(x, y);
                            let to = row.as_mut_ptr().add(j);
                            s.store_first(to, left.min(LANES), x);
                            if left > LANES {
                                s.store_first(to.add(LANES), (left - LANES).min(LANES), y);
                            }
                            j += 2 * LANES;
                        }
                    }
                    _ => {
                        for lane in lanes {
                            let from = &from[lane.start + start + lane.at..];
                            row.iter_mut()
                                .skip(lane.first)
                                .step_by(places.stride)
                                .zip(from)
                                .for_each(|(to, &x)| *to = x);
                        }
                    }
                }
            }
        }
    }
}

/// Copies `len` numbers; whole vectors, zeros behind the last, if `whole` is not 0.
///
/// # Safety
/// `len` numbers can be read, and `len`, up to whole vectors if asked for, written.
#[inline(always)]
unsafe fn copy<S: Simd>(s: S, from: *const f32, to: *mut f32, len: usize, whole: usize) {
    let mut j = 0;
    while j < len {
        // SAFETY: the caller's promise.
        unsafe {
            let left = (len - j).min(LANES);
            let x = s.load_first(from.add(j), left);
            s.store_first(to.add(j), left.max(whole), x);
        }
        j += LANES;
    }
}
