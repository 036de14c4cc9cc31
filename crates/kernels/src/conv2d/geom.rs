//! The sizes of a convolution, computed once and passed to every kernel.

/// Sizes of a two-dimensional convolution over one sample.
///
/// # Shapes
/// - input `[in_channels, in_h, in_w]`, weight `[out_channels, in_channels / groups, kernel_h, kernel_w]`
/// - output `[out_channels, out_h, out_w]`
///
/// # Source
/// Geometry as in Dumoulin & Visin 2016, arXiv 1603.07285.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the field's own; shapes stand above")]
pub struct Conv2dGeom {
    pub in_channels: usize,
    pub out_channels: usize,
    pub in_h: usize,
    pub in_w: usize,
    pub kernel_h: usize,
    pub kernel_w: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
    pub groups: usize,
    pub out_h: usize,
    pub out_w: usize,
}

impl Conv2dGeom {
    /// A dense convolution with a square kernel; `None` if the window does not fit the padded input or a
    /// size is zero.
    ///
    /// # Examples
    /// ```
    /// let g = kernels::Conv2dGeom::square(1, 6, (128, 128), 5, 1, 0).unwrap();
    /// assert_eq!((g.out_h, g.out_w), (124, 124));
    /// ```
    #[must_use]
    pub fn square(
        in_channels: usize,
        out_channels: usize,
        (in_h, in_w): (usize, usize),
        kernel_size: usize,
        stride: usize,
        padding: usize,
    ) -> Option<Self> {
        Self::new(in_channels, out_channels, (in_h, in_w), (kernel_size, kernel_size), stride, padding, 1, 1)
    }

    /// The general form; `None` if the window does not fit, a size is zero, or `groups` does not divide both
    /// channel counts.
    #[must_use]
    #[allow(
        clippy::too_many_arguments,
        reason = "eight sizes make a convolution; the caller is a config struct"
    )]
    pub fn new(
        in_channels: usize,
        out_channels: usize,
        (in_h, in_w): (usize, usize),
        (kernel_h, kernel_w): (usize, usize),
        stride: usize,
        padding: usize,
        dilation: usize,
        groups: usize,
    ) -> Option<Self> {
        let sizes = [in_channels, out_channels, in_h, in_w, kernel_h, kernel_w, stride, dilation, groups];
        if sizes.contains(&0) || !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
            return None;
        }
        let out_h = window_count(in_h, kernel_h, stride, padding, dilation)?;
        let out_w = window_count(in_w, kernel_w, stride, padding, dilation)?;
        Some(Conv2dGeom {
            in_channels,
            out_channels,
            in_h,
            in_w,
            kernel_h,
            kernel_w,
            stride,
            padding,
            dilation,
            groups,
            out_h,
            out_w,
        })
    }

    /// Numbers in one input sample.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.in_channels * self.in_h * self.in_w
    }

    /// Numbers in one output sample.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.out_channels * self.out_h * self.out_w
    }

    /// Numbers in the weight.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.out_channels * (self.in_channels / self.groups) * self.kernel_h * self.kernel_w
    }

    /// Multiply-adds of the forward pass over one sample, padded cells counted.
    #[must_use]
    pub fn macs(&self) -> u64 {
        (self.weight_len() * self.out_h * self.out_w) as u64
    }
}

/// Windows of `kernel` cells, `dilation` apart, that start every `stride` cells of a padded row:
/// `(size + 2·padding − dilation·(kernel − 1) − 1) / stride + 1`, rounded down. `None` if none fits.
#[must_use]
pub fn window_count(
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
) -> Option<usize> {
    let reach = dilation.checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
    let padded = padding.checked_mul(2)?.checked_add(size)?;
    Some(padded.checked_sub(reach)? / stride + 1)
}
