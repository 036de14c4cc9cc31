//! Batches turned back to pictures, for the eye.

use crate::{Batch, Feature, Loader, picture::Picture};

impl Loader {
    /// The pictures of a batch that this loader made, as the network sees them: augmented and mixed, the standardizing undone.
    /// None if the network is fed with histograms.
    ///
    /// Levels are rounded and cut at black and white. Of a mixed picture's own scale only that of its first part is known.
    #[must_use]
    pub fn seen(&self, batch: &Batch) -> Option<Vec<Picture>> {
        let preprocess = self.preprocess();
        if let Feature::Histogram { .. } = preprocess.feature {
            return None;
        }
        let rows = batch.input.chunks_exact(preprocess.feature_len()).zip(&batch.indices);
        Some(rows.map(|(values, &index)| self.picture(values, index)).collect())
    }

    fn picture(&self, values: &[f32], index: u32) -> Picture {
        let preprocess = self.preprocess();
        let (width, height, colour) = (preprocess.width, preprocess.height, preprocess.colour);
        let (area, channels) = (width * height, colour.channels());
        let plane = self.set().plane(index as usize);
        let mut data = vec![0; area * channels];
        for (channel, values) in values.chunks_exact(area).enumerate() {
            let (mean, std) = preprocess.scale_of(channel, &plane[channel * area..][..area]);
            for (pixel, value) in data.chunks_exact_mut(channels).zip(values) {
                // The cast cuts at 0 and 255.
                pixel[channel] = ((value * std + mean) * 255.0).round() as u8;
            }
        }
        Picture { width, height, colour, data }
    }
}
