//! Max pooling: `y[c, i, j] = max_{p,q} x[c, i·s + p − pad, j·s + q − pad]`.

use super::Pool2dGeom;
use super::halve::{self, Double, Halve};
use crate::{Element, isa};

/// Max over each window of one sample; `winners[k]` receives `p·kernel_size + q` of the first largest cell.
///
/// A NaN in a window wins it, so that it is seen downstream.
///
/// # Panics
/// If a slice's length does not match the geometry; `winners` is as long as `y`.
pub fn max_forward<T: Element>(g: &Pool2dGeom, x: &[T], y: &mut [T], winners: &mut [u8]) {
    g.check(x.len(), y.len());
    assert_eq!(winners.len(), y.len(), "one winner an output");
    assert!(g.kernel_size <= 16, "a winner is one byte: windows of at most 16 × 16");
    if let (true, Some(x)) = (halve::fits(g), T::as_f32(x)) {
        if let Some(y) = T::as_f32_mut(y) {
            isa::run(Halve { g, x, y, winners });
        }
        return;
    }
    let cells = g.out_h * g.out_w;
    for (c, plane) in x.chunks_exact(g.in_h * g.in_w).enumerate() {
        for i in 0..g.out_h {
            for j in 0..g.out_w {
                let (best, winner) = window_max(g, plane, i, j);
                let at = c * cells + i * g.out_w + j;
                y[at] = best;
                winners[at] = winner;
            }
        }
    }
}

fn window_max<T: Element>(g: &Pool2dGeom, plane: &[T], i: usize, j: usize) -> (T, u8) {
    let (mut best, mut winner) = (T::NEG_INFINITY, None);
    for p in 0..g.kernel_size {
        let Some(row) = g.row(i, p) else { continue };
        for q in 0..g.kernel_size {
            let Some(col) = g.col(j, q) else { continue };
            let value = plane[row * g.in_w + col];
            let is_nan = value.partial_cmp(&value).is_none();
            if winner.is_none() || value > best || is_nan {
                (best, winner) = (value, Some((p * g.kernel_size + q) as u8));
            }
        }
    }
    (best, winner.unwrap_or(0))
}

/// Sends each output's gradient to the cell that won: `dx[winner] += dy`, the rest zero. Overwrites `dx`.
///
/// # Panics
/// If a slice's length does not match the geometry.
pub fn max_backward<T: Element>(g: &Pool2dGeom, dy: &[T], winners: &[u8], dx: &mut [T]) {
    g.check(dx.len(), dy.len());
    assert_eq!(winners.len(), dy.len(), "one winner an output");
    if let (true, Some(dy)) = (halve::fits(g), T::as_f32(dy)) {
        if let Some(dx) = T::as_f32_mut(dx) {
            isa::run(Double { g, dy, winners, dx });
        }
        return;
    }
    dx.fill(T::ZERO);
    let cells = g.out_h * g.out_w;
    for (c, plane) in dx.chunks_exact_mut(g.in_h * g.in_w).enumerate() {
        for i in 0..g.out_h {
            for j in 0..g.out_w {
                let at = c * cells + i * g.out_w + j;
                let (p, q) = (winners[at] as usize / g.kernel_size, winners[at] as usize % g.kernel_size);
                if let (Some(row), Some(col)) = (g.row(i, p), g.col(j, q)) {
                    plane[row * g.in_w + col] += dy[at];
                }
            }
        }
    }
}
