//! Two-dimensional convolution (cross-correlation) over one sample, and its gradients.
//!
//! [`Plan`] is what layers use. `reference.rs` holds the textbook loops that everything here is tested against.

mod by_channel;
mod column_weights;
mod columns;
mod compact;
mod conv_activate;
mod conv_pool;
#[cfg(test)]
mod conv_pool_tests;
mod correlate;
mod cost;
mod depthwise;
mod geom;
mod grad_weight;
mod gram;
mod halves;
mod layout;
mod passes;
mod phases;
mod plan;
mod pointwise;
mod pool_columns;
mod pool_out;
mod pool_reference;
mod pool_rows;
mod pool_slope;
mod pool_taps;
mod pool_tile;
mod reference;
mod sheet;
#[cfg(test)]
mod tests;
mod wide;
mod winograd;

pub use conv_activate::{Activated, ConvActivate};
pub use conv_pool::{ConvPool, Grads, Past};
pub use geom::{Conv2dGeom, window_count};
pub use plan::{Filters, Passes, Plan};
pub use reference::{accumulate_params_reference, backward_input_reference, forward_reference};
pub(crate) use sheet::Sheet;
pub use wide::Wide;
