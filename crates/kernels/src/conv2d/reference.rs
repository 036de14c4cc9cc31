//! The textbook convolution: what every faster form is tested against.

use super::Conv2dGeom;
use crate::Element;

/// Calls `visit(input index, weight index, output index)` for every product of one sample's convolution.
///
/// `y[o, i, j] = b[o] + Σ_{c,p,q} w[o, c, p, q] · x[c, i·s + p·d − pad, j·s + q·d − pad]`
fn for_each_product(g: &Conv2dGeom, mut visit: impl FnMut(usize, usize, usize)) {
    let (in_per_group, out_per_group) = (g.in_channels / g.groups, g.out_channels / g.groups);
    for o in 0..g.out_channels {
        let first_channel = o / out_per_group * in_per_group;
        for i in 0..g.out_h {
            for j in 0..g.out_w {
                let y = (o * g.out_h + i) * g.out_w + j;
                for c in 0..in_per_group {
                    for p in 0..g.kernel_h {
                        let Some(row) = inside(i * g.stride + p * g.dilation, g.padding, g.in_h) else {
                            continue;
                        };
                        for q in 0..g.kernel_w {
                            let Some(col) = inside(j * g.stride + q * g.dilation, g.padding, g.in_w) else {
                                continue;
                            };
                            let x = ((first_channel + c) * g.in_h + row) * g.in_w + col;
                            let w = ((o * in_per_group + c) * g.kernel_h + p) * g.kernel_w + q;
                            visit(x, w, y);
                        }
                    }
                }
            }
        }
    }
}

/// Position in the unpadded row, if it is not in the padding.
fn inside(padded: usize, padding: usize, size: usize) -> Option<usize> {
    padded.checked_sub(padding).filter(|&at| at < size)
}

/// `y = w ⋆ x + b` over one sample, overwriting `y`.
pub fn forward_reference<T: Element>(g: &Conv2dGeom, x: &[T], w: &[T], b: Option<&[T]>, y: &mut [T]) {
    let cells = g.out_h * g.out_w;
    for (o, plane) in y.chunks_exact_mut(cells).enumerate() {
        plane.fill(b.map_or(T::ZERO, |b| b[o]));
    }
    for_each_product(g, |xi, wi, yi| y[yi] += w[wi] * x[xi]);
}

/// `dx = ∂L/∂x` from `dy = ∂L/∂y` over one sample, overwriting `dx`.
pub fn backward_input_reference<T: Element>(g: &Conv2dGeom, dy: &[T], w: &[T], dx: &mut [T]) {
    dx.fill(T::ZERO);
    for_each_product(g, |xi, wi, yi| dx[xi] += w[wi] * dy[yi]);
}

/// Adds one sample's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
pub fn accumulate_params_reference<T: Element>(
    g: &Conv2dGeom,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    db: Option<&mut [T]>,
) {
    for_each_product(g, |xi, wi, yi| dw[wi] += x[xi] * dy[yi]);
    if let Some(db) = db {
        for (db, plane) in db.iter_mut().zip(dy.chunks_exact(g.out_h * g.out_w)) {
            *db += plane.iter().copied().sum();
        }
    }
}
