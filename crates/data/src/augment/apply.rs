//! From a plane to the levels of its augmented picture.

use super::{Augment, Key, Warp, crop, warp};

/// A sample's plane, `[channels, height, width]` with channels of `area` pixels and rows of `width`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) plane: &'a [u8],
    pub(crate) area: usize,
    pub(crate) width: usize,
}

/// Buffers, reused from picture to picture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) crop: crop::Scratch,
    padded: Vec<f32>,
}

impl Augment {
    /// The levels, from 0 to 255, of the augmented picture, written to `out`; mixing aside.
    pub(crate) fn levels(&self, source: Source<'_>, key: Key, scratch: &mut Scratch, out: &mut [f32]) {
        let Source { plane, area, width } = source;
        let height = area / width;
        let (view, warp) = (self.view(width, height, key), self.warp(key));
        let map = warp::Map::new(view, warp, width, height);
        for (plane, out) in plane.chunks_exact(area).zip(out.chunks_exact_mut(area)) {
            if warp == Warp::NONE {
                view.sample(plane, width, 1.0, 0.0, out, &mut scratch.crop);
            } else {
                map.sample(plane, width, self.border, &mut scratch.padded, out);
            }
        }
        if self.color_jitter != [0.0; 3] {
            self.jitter(key).apply(out, area);
        }
        if self.noise > 0.0 {
            self.add_noise(out, width, key);
        }
        if let Some(patch) = self.erased(width, height, key) {
            for (plane, out) in plane.chunks_exact(area).zip(out.chunks_exact_mut(area)) {
                let fill = warp::mean(plane);
                patch.rows(width).for_each(|row| out[row].fill(fill));
            }
        }
    }
}
