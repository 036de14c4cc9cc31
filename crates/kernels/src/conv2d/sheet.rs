//! A gradient written straight to where the backward passes read it: for a layer that has a convolution inside.

use super::Plan;

/// Where `dy` lies among its borders of zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheet {
    /// Numbers of all of it.
    pub(crate) len: usize,
    /// Where row 0, column 0 of channel 0 lies.
    pub(crate) start: usize,
    /// Numbers from one channel, one row to the next.
    pub(crate) plane: usize,
    pub(crate) pitch: usize,
}

impl Plan {
    /// None if a form of this convolution wants `dy` as it is, or one group at a time.
    pub(crate) fn sheet(&self) -> Option<Sheet> {
        let as_it_is = self.geom.groups > 1
            || self.pointwise.is_some()
            || self.depthwise.is_some()
            || self.by_channel.any_gradient();
        let (plane, pitch) = (self.grad.plane, self.grad.pitch);
        (!as_it_is).then(|| Sheet { len: self.grad.len(), start: self.grad.start(), plane, pitch })
    }

    /// Writes zeros around the places of `dy`.
    pub(crate) fn clear_sheet(&self, sheet: &mut [f32]) {
        self.grad.clear_around(sheet, self.geom.out_h, self.geom.out_w);
    }

    /// One sample's gradients from a filled sheet: adds to `dw`, overwrites `dx`.
    pub(crate) fn backward_sheet(
        &self,
        x: &[f32],
        sheet: &[f32],
        packed: &[f32],
        dw: &mut [f32],
        dx: Option<&mut [f32]>,
    ) {
        assert_eq!((x.len(), dw.len()), (self.geom.input_len(), self.geom.weight_len()), "lengths of x, dw");
        if let Some(dx) = dx {
            assert_eq!(dx.len(), x.len(), "length of dx");
            self.input_gradient(sheet, self.packed_of(packed, 0).1, dx);
        }
        self.weight_gradient(x, sheet, dw);
    }
}
