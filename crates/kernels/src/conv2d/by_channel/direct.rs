//! The sums as they stand, for any window, dilation, and a stride of 1 or 2.
//!
//! Forward, one group of cells: all outputs, which read `stride` numbers apart. The input's gradient, one group for each
//! phase of the stride: input cell `(s·m + u, s·n + v)` is reached by the taps with `p·d ≡ u + padding (mod s)` and
//! `q·d ≡ v + padding` alone, at output row `m + (u + padding − p·d) / s`.

use super::back_by_two::{self, BackByTwo};
use super::outer::{BAND_NUMBERS as CELL_NUMBERS, Outer};
use super::pack::Turned;
use super::sum_taps::SumTaps;
use super::turn::{AddSums, Padded, ToCells, ToPlanes};
use crate::conv2d::Conv2dGeom;
use crate::conv2d::passes::{cut, room};
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::LANES;

/// Numbers of an output's rows that are held between summing and turning: 128 KiB, in L2. Fewer, that L1 would hold, lost: the weights
/// come by more often.
const BAND_NUMBERS: usize = 32 * 1024;

/// Cells of the output that the same taps reach.
#[derive(Clone, Debug)]
struct Group {
    /// Channel read, window cell.
    taps: Vec<(usize, usize)>,
    offsets: Vec<usize>,
    rows: usize,
    columns: usize,
    /// The first cell in the output.
    first: (usize, usize),
}

/// Planes to planes: the forward pass, or the input's gradient.
#[derive(Clone, Debug)]
pub(in crate::conv2d) struct Direct {
    from: Padded,
    groups: Vec<Group>,
    /// Numbers of the source, cells of the output, between neighbours of a group.
    from_step: usize,
    to_step: usize,
    channels: usize,
    size: (usize, usize),
    /// Whether [`BackByTwo`] does it, with the same bits.
    pub(super) by_two: bool,
}

fn window(g: &Conv2dGeom) -> impl Iterator<Item = (usize, usize)> {
    let columns = g.kernel_w;
    (0..g.kernel_h).flat_map(move |p| (0..columns).map(move |q| (p, q)))
}

fn padded_input(g: &Conv2dGeom) -> Padded {
    let border = (g.padding, g.padding);
    Padded::new(g.in_channels, (g.in_h, g.in_w), border, border)
}

/// Where each (channel, row, column) of the window lies in the padded input.
fn offsets(g: &Conv2dGeom, from: &Padded) -> Vec<usize> {
    let at = |tap: usize| (tap * g.dilation) as isize - g.padding as isize;
    (0..g.in_channels).flat_map(|c| window(g).map(move |(p, q)| from.at(c, at(p), at(q)))).collect()
}

impl Direct {
    pub(super) fn forward(g: &Conv2dGeom) -> Self {
        let (from, cells) = (padded_input(g), g.kernel_h * g.kernel_w);
        let group = Group {
            taps: (0..g.in_channels).flat_map(|c| (0..cells).map(move |cell| (c, cell))).collect(),
            offsets: offsets(g, &from),
            rows: g.out_h,
            columns: g.out_w,
            first: (0, 0),
        };
        Direct {
            from,
            groups: vec![group],
            from_step: g.stride,
            to_step: 1,
            channels: g.out_channels,
            size: (g.out_h, g.out_w),
            by_two: false,
        }
    }

    pub(super) fn input_gradient(g: &Conv2dGeom) -> Self {
        let s = g.stride;
        // Rows (columns) from a phase's cell to what a tap reads for it.
        let shift = |phase: usize, tap: usize| {
            let apart = (phase + g.padding) as isize - (tap * g.dilation) as isize;
            (apart.rem_euclid(s as isize) == 0).then(|| apart.div_euclid(s as isize))
        };
        // How far the windows hang over before the first and behind the last row (column).
        let over = |cells: usize, kernel: usize, size: usize| {
            let reach =
                (0..s.min(cells)).flat_map(|u| (0..kernel).map(move |p| (u, p))).filter_map(|(u, p)| {
                    let last = ((cells - 1 - u) / s) as isize;
                    shift(u, p).map(|shift| (-shift, last + shift - (size as isize - 1)))
                });
            let most = reach.fold((0, 0), |most, (a, b)| (most.0.max(a), most.1.max(b)));
            (most.0 as usize, most.1 as usize)
        };
        let (rows, columns) = (over(g.in_h, g.kernel_h, g.out_h), over(g.in_w, g.kernel_w, g.out_w));
        let by_two = back_by_two::fits(g);
        let columns = if by_two { (columns.0.max(1), columns.1) } else { columns };
        let from = Padded::new(g.out_channels, (g.out_h, g.out_w), rows, columns);
        let group = |u: usize, v: usize| {
            let cells = || window(g).filter_map(move |(p, q)| Some((p, q, shift(u, p)?, shift(v, q)?)));
            let each = || (0..g.out_channels).flat_map(|o| cells().map(move |cell| (o, cell)));
            Group {
                taps: each().map(|(o, (p, q, ..))| (o, p * g.kernel_w + q)).collect(),
                offsets: each().map(|(o, (_, _, down, across))| from.at(o, down, across)).collect(),
                rows: (g.in_h - u).div_ceil(s),
                columns: (g.in_w - v).div_ceil(s),
                first: (u, v),
            }
        };
        let (rows, columns) = (s.min(g.in_h), s.min(g.in_w));
        let groups =
            (0..rows).flat_map(|u| (0..columns).map(move |v| (u, v))).map(|(u, v)| group(u, v)).collect();
        let (channels, size) = (g.in_channels, (g.in_h, g.in_w));
        Direct { from, groups, from_step: 1, to_step: s, channels, size, by_two }
    }

    fn depth(&self) -> usize {
        self.channels.next_multiple_of(LANES)
    }

    pub(super) fn packed_len(&self) -> usize {
        self.depth() * self.groups.iter().map(|group| group.taps.len()).sum::<usize>()
    }

    pub(super) fn pack(&self, w: Turned<'_>, packed: &mut [f32]) {
        let mut rest = packed;
        for group in &self.groups {
            let taps = &group.taps;
            let (own, behind) = rest.split_at_mut(self.depth() * taps.len());
            w.copy(taps.len(), |t| taps[t], own);
            rest = behind;
        }
    }

    pub(super) fn run(&self, x: &[f32], packed: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        if self.by_two {
            return with_scratch(self.from.len(), |scratch| {
                let (form, channels, size) = (&self.from, self.channels, self.size);
                let dy = form.fill(x, scratch);
                isa::run(BackByTwo { form, dy, weights: packed, channels, size, dx: y });
            });
        }
        let (depth, columns, step) = (self.depth(), self.size.1, self.to_step);
        let band = (BAND_NUMBERS / (columns * step * depth)).max(1);
        let lens = [self.from.len(), band * step * columns * depth];
        with_scratch(room(lens), |scratch| {
            let [from, out] = cut(scratch, lens);
            let from = self.from.fill(x, from);
            let x_row = self.from_step * self.from.pitch();
            for first in (0..self.size.0.div_ceil(step)).step_by(band) {
                let mut weights = packed;
                for group in &self.groups {
                    isa::run(SumTaps {
                        x: from,
                        offsets: &group.offsets,
                        weights,
                        bias,
                        depth,
                        rows: band.min(group.rows.saturating_sub(first)),
                        columns: group.columns,
                        start: first * x_row,
                        x_row,
                        x_step: self.from_step,
                        out: &mut *out,
                        out_start: group.first.0 * columns + group.first.1,
                        out_row: step * columns,
                        out_step: step,
                    });
                    weights = &weights[depth * group.taps.len()..];
                }
                let rows = (band * step).min(self.size.0 - first * step);
                isa::run(ToPlanes {
                    from: &*out,
                    channels: self.channels,
                    to: &mut *y,
                    plane: self.size.0 * columns,
                    first: first * step * columns,
                    cells: rows * columns,
                });
            }
        });
    }
}

/// The weight's gradient.
#[derive(Clone, Debug)]
pub(in crate::conv2d) struct DirectWeights {
    from: Padded,
    offsets: Vec<usize>,
    stride: usize,
    channels: usize,
    size: (usize, usize),
}

impl DirectWeights {
    pub(super) fn new(g: &Conv2dGeom) -> Self {
        let from = padded_input(g);
        let offsets = offsets(g, &from);
        DirectWeights { from, offsets, stride: g.stride, channels: g.out_channels, size: (g.out_h, g.out_w) }
    }

    /// Adds one sample's gradients.
    pub(super) fn add(&self, x: &[f32], dy: &[f32], dw: &mut [f32], mut db: Option<&mut [f32]>) {
        let (channels, (height, columns)) = (self.channels, self.size);
        let (depth, x_row) = (channels.next_multiple_of(LANES), self.stride * self.from.pitch());
        let band = (CELL_NUMBERS / (columns * depth)).max(1);
        let lens = [self.from.len(), band * columns * depth, self.offsets.len() * depth];
        with_scratch(room(lens), |scratch| {
            let [from, d, sums] = cut(scratch, lens);
            let from = self.from.fill(x, from);
            sums.fill(0.0);
            for first in (0..height).step_by(band) {
                let rows = band.min(height - first);
                isa::run(ToCells {
                    from: dy,
                    channels,
                    plane: height * columns,
                    first: first * columns,
                    cells: rows * columns,
                    to: &mut *d,
                    db: db.as_deref_mut(),
                });
                isa::run(Outer {
                    x: &from[first * x_row..],
                    offsets: &self.offsets,
                    rows,
                    columns,
                    x_row,
                    x_step: self.stride,
                    d: &*d,
                    depth,
                    sums: &mut *sums,
                });
            }
            isa::run(AddSums { sums, channels, dw });
        });
    }
}
