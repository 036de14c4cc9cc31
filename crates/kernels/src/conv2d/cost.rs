//! Which form of a convolution is the fastest, reckoned in cycles from its sizes alone, so that the bits depend on nothing else.

use super::Conv2dGeom;
use super::winograd::Winograd;
use crate::simd::LANES;

/// Rows of the window times input channels from which on Winograd's form is faster: below, its sums are too short to
/// repay the transforms.
const LEAST_SUM: usize = 6;

/// Which passes Winograd's form can do, and does faster: forward and weight gradient, input gradient.
pub(super) fn by_winograd(g: &Conv2dGeom, spare_column: bool) -> (Option<Winograd>, Option<Winograd>) {
    let window = (g.kernel_h, g.kernel_w);
    let (inp, out) = (g.in_channels / g.groups, g.out_channels / g.groups);
    if (g.stride, g.dilation) != (1, 1) || g.padding >= g.kernel_h.min(g.kernel_w) {
        return (None, None);
    }
    let pass = |channels: (usize, usize), size: (usize, usize)| {
        let form = Winograd::new(channels, window, size, spare_column)?;
        let taps = channels.0 * channels.1 * g.kernel_h * g.kernel_w;
        let direct = taps * (size.0 * size.1).div_ceil(LANES) / 2;
        // Compared without spare columns, so that a pooled convolution takes the form of a plain one.
        let plain = Winograd::new(channels, window, size, false)?;
        (channels.0 * g.kernel_h >= LEAST_SUM && plain.cycles() < direct + direct / 10).then_some(form)
    };
    (pass((inp, out), (g.out_h, g.out_w)), pass((out, inp), (g.in_h, g.in_w)))
}

/// Whether vectors along rows leave many lanes idle.
pub(super) fn has_gaps((rows, columns): (usize, usize)) -> bool {
    let by_rows = rows * columns.div_ceil(LANES);
    10 * by_rows > 11 * (rows * columns).div_ceil(LANES)
}

/// Whether both gradients of a pooled convolution cost less from the winners alone (`pool_columns.rs`): cycles for a window, as
/// measured on shapes from 1→16 to 21→40 channels. Columns of `depth` vectors are filled and emptied whatever is done with them; the
/// other way does each product of both gradients on four outputs a window, or half of them by Winograd and its transforms.
pub(super) fn pooled_columns(g: &Conv2dGeom, depth: usize, winograd: bool) -> bool {
    let from_winners = depth as f64 * (55.0 + 1.45 * (g.kernel_w * g.out_channels) as f64);
    let products = (g.weight_len() * 8) as f64 / 32.0;
    let spread = match (winograd, g.kernel_w) {
        (false, _) => 1.3 * products,
        (true, 5) => 1.6 * products / 2.5,
        (true, _) => 1.6 * products / 2.0,
    };
    from_winners < spread
}
