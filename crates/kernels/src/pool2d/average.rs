//! Average pooling: `y[c, i, j] = Σ_{p,q} x[c, i·s + p − pad, j·s + q − pad] / kernel_size²`.

use super::Pool2dGeom;
use crate::Element;

/// Mean over each window of one sample; padded cells count as zeros.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn average_forward<T: Element>(g: &Pool2dGeom, x: &[T], y: &mut [T]) {
    g.check(x.len(), y.len());
    y.fill(T::ZERO);
    for_each_cell(g, |xi, yi| y[yi] += x[xi]);
    let scale = window_share(g);
    y.iter_mut().for_each(|y| *y *= scale);
}

/// Spreads each output's gradient evenly over its window. Overwrites `dx`.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn average_backward<T: Element>(g: &Pool2dGeom, dy: &[T], dx: &mut [T]) {
    g.check(dx.len(), dy.len());
    dx.fill(T::ZERO);
    let scale = window_share(g);
    for_each_cell(g, |xi, yi| dx[xi] += dy[yi] * scale);
}

fn window_share<T: Element>(g: &Pool2dGeom) -> T {
    T::from_f64(1.0 / (g.kernel_size * g.kernel_size) as f64)
}

/// Calls `visit(input index, output index)` for every unpadded cell of every window.
fn for_each_cell(g: &Pool2dGeom, mut visit: impl FnMut(usize, usize)) {
    for c in 0..g.channels {
        for i in 0..g.out_h {
            for p in 0..g.kernel_size {
                let Some(row) = g.row(i, p) else { continue };
                for j in 0..g.out_w {
                    for q in 0..g.kernel_size {
                        let Some(col) = g.col(j, q) else { continue };
                        visit((c * g.in_h + row) * g.in_w + col, (c * g.out_h + i) * g.out_w + j);
                    }
                }
            }
        }
    }
}
