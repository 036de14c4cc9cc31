//! Max and average pooling over one sample, and their gradients.
//!
//! A padded cell never wins a max (it counts as −∞) and counts as zero in an average, divided by the whole
//! window, as PyTorch's defaults do.

mod average;
mod halve;
mod max;

pub use average::{average_backward, average_forward};
pub use max::{max_backward, max_forward};

use crate::conv2d::window_count;

/// Sizes of a square pooling window over one sample `[channels, in_h, in_w]` → `[channels, out_h, out_w]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the field's own")]
pub struct Pool2dGeom {
    pub channels: usize,
    pub in_h: usize,
    pub in_w: usize,
    pub kernel_size: usize,
    pub stride: usize,
    pub padding: usize,
    pub out_h: usize,
    pub out_w: usize,
}

impl Pool2dGeom {
    /// `None` if a size is zero, the window does not fit, or the padding is more than half of it (a window could then lie wholly in the padding).
    #[must_use]
    pub fn new(
        channels: usize,
        (in_h, in_w): (usize, usize),
        kernel_size: usize,
        stride: usize,
        padding: usize,
    ) -> Option<Self> {
        let sizes = [channels, in_h, in_w, kernel_size, stride];
        if sizes.contains(&0) || padding > kernel_size / 2 {
            return None;
        }
        let out_h = window_count(in_h, kernel_size, stride, padding, 1)?;
        let out_w = window_count(in_w, kernel_size, stride, padding, 1)?;
        Some(Pool2dGeom { channels, in_h, in_w, kernel_size, stride, padding, out_h, out_w })
    }

    /// Numbers in one input sample.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.channels * self.in_h * self.in_w
    }

    /// Numbers in one output sample.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.channels * self.out_h * self.out_w
    }

    fn check(&self, input: usize, output: usize) {
        assert_eq!((input, output), (self.input_len(), self.output_len()), "lengths of x, y for {self:?}");
    }

    /// Row `i·stride + p − padding` of the input, if it is not padding.
    #[inline(always)]
    fn row(&self, i: usize, p: usize) -> Option<usize> {
        (i * self.stride + p).checked_sub(self.padding).filter(|&row| row < self.in_h)
    }

    /// Column `j·stride + q − padding` of the input, if it is not padding.
    #[inline(always)]
    fn col(&self, j: usize, q: usize) -> Option<usize> {
        (j * self.stride + q).checked_sub(self.padding).filter(|&col| col < self.in_w)
    }
}
