//! Average pooling: `y[c, i, j] = Σ_{p,q} x[c, i·s + p − pad, j·s + q − pad] / kernel_size²`.

use super::Pool2dGeom;
use crate::{Element, reduce};

/// Mean over each window of one sample; padded cells count as zeros.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn average_forward<T: Element>(g: &Pool2dGeom, x: &[T], y: &mut [T]) {
    g.check(x.len(), y.len());
    if spans_planes(g) {
        let share: T = window_share(g);
        for (plane, y) in x.chunks_exact(g.in_h * g.in_w).zip(y) {
            *y = reduce::plane_sum(plane) * share;
        }
        return;
    }
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
    let scale = window_share(g);
    if spans_planes(g) {
        for (plane, &dy) in dx.chunks_exact_mut(g.in_h * g.in_w).zip(dy) {
            plane.fill(dy * scale);
        }
        return;
    }
    dx.fill(T::ZERO);
    for_each_cell(g, |xi, yi| dx[xi] += dy[yi] * scale);
}

/// Whether the one window of each channel is its plane.
fn spans_planes(g: &Pool2dGeom) -> bool {
    (g.in_h, g.in_w, g.padding) == (g.kernel_size, g.kernel_size, 0)
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
