//! A network as a table: what `inspect` prints and Tables I–III are made of.

use kernels::Element;

use crate::sequential::Sequential;
use crate::shape::Shape;

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRow {
    /// Name in the network, e.g. `conv1`.
    pub name: String,
    /// Kind, e.g. `conv2d`.
    pub kind: &'static str,
    /// Settings, e.g. `5×5, 1→6`; empty if there are none.
    pub settings: String,
    /// Shape of one output sample.
    pub output: Shape,
    /// Trained numbers; running statistics are not counted.
    pub params: usize,
    /// Multiply-adds of the forward pass over one sample.
    pub macs: u64,
}

/// All layers in order, and their sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Shape of one input sample.
    pub input: Shape,
    /// The layers in order.
    pub rows: Vec<LayerRow>,
    /// Trained numbers in all.
    pub params: usize,
    /// Multiply-adds of the forward pass over one sample.
    pub macs: u64,
}

/// The table of `net`.
///
/// # Examples
/// ```
/// let net = nn::zoo::lenet5(nn::Shape::image(1, 128, 128), 50).build::<f32>()?;
/// let summary = nn::summary::summarize(&net);
/// assert_eq!(summary.rows[0].settings, "5×5, 1→6");
/// assert_eq!(summary.rows[0].params, 156);
/// assert_eq!(summary.macs, 12_009_000);
/// # Ok::<(), nn::BuildError>(())
/// ```
#[must_use]
pub fn summarize<T: Element>(net: &Sequential<T>) -> Summary {
    let rows: Vec<LayerRow> = net
        .nodes()
        .iter()
        .map(|node| LayerRow {
            name: node.name.clone(),
            kind: node.layer.kind(),
            settings: node.layer.settings(),
            output: node.layer.output_shape(),
            params: node.layer.params().iter().filter(|p| p.is_trained()).map(|p| p.len()).sum(),
            macs: node.layer.macs(),
        })
        .collect();
    Summary {
        input: net.input_shape(),
        params: rows.iter().map(|r| r.params).sum(),
        macs: rows.iter().map(|r| r.macs).sum(),
        rows,
    }
}
