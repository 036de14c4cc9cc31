//! What the layer tables need to know of a model; whoever owns the model fills it in.

/// One layer, as a row of Tables I to III.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerRow {
    /// Such as `conv1`.
    pub name: String,
    /// Such as `Conv2d`.
    pub kind: String,
    /// Such as `5×5, 1→6`.
    pub settings: String,
    /// Per image, such as `6×124×124`.
    pub output_shape: String,
    /// Trained numbers.
    pub params: usize,
    /// Multiply-adds of one image's forward pass.
    pub macs: u64,
    /// Bytes of the parameters and of one image's output, as f32.
    pub memory: usize,
}

/// The layers of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelLayers {
    /// Name as in [`RunSummary::model`](train::history::RunSummary::model).
    pub model: String,
    /// What goes in, such as `1×128×128 gray image` or `64-bin histogram, log`.
    pub input: String,
    /// First to last.
    pub rows: Vec<LayerRow>,
}

impl ModelLayers {
    /// Trained numbers of the whole model.
    pub fn params(&self) -> usize {
        self.rows.iter().map(|r| r.params).sum()
    }

    /// Multiply-adds of one image's forward pass.
    pub fn macs(&self) -> u64 {
        self.rows.iter().map(|r| r.macs).sum()
    }
}
