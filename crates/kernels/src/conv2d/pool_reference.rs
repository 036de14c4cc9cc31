//! The forms of [`ConvPool`] for numbers that have no vectors: one layer after the other.

use super::Filters;
use super::conv_pool::{ConvPool, Grads, Past};
use crate::simd::LANES;
use crate::{Element, activation, pool2d};

impl ConvPool {
    pub(super) fn forward_reference<T: Element>(
        &self,
        x: &[T],
        filters: Filters<'_, T>,
        b: Option<&[T]>,
        y: &mut [T],
        slope: &mut [T],
        winners: &mut [u8],
    ) {
        let mut conv = vec![T::ZERO; self.geom().output_len()];
        let (mut max, mut cells) = (vec![T::ZERO; y.len()], vec![0; y.len()]);
        self.plan.forward(x, filters, b, &mut conv);
        pool2d::max_forward(&self.pool, &conv, &mut max, &mut cells);
        match self.f {
            Some(f) => activation::forward(f, &max, y),
            None => y.copy_from_slice(&max),
        }
        if winners.is_empty() {
            return;
        }
        if let Some(f) = self.f.filter(|_| !slope.is_empty()) {
            activation::backward(f, &max, y, &vec![T::ONE; max.len()], slope);
        }
        winners.fill(0);
        for (k, &cell) in cells.iter().enumerate() {
            let (row, j) = (k / self.pool.out_w, k % self.pool.out_w);
            let at = row * self.row_bytes() + j / LANES * 4 + j % LANES / 8;
            winners[at] |= (cell >> 1) << (j % 8);
            winners[at + 2] |= (cell & 1) << (j % 8);
        }
    }

    pub(super) fn backward_reference<T: Element>(
        &self,
        past: &Past<'_, T>,
        dy: &[T],
        dx: Option<&mut [T]>,
        grads: Grads<'_, T>,
    ) {
        let mut dmax = dy.to_vec();
        if !past.slope.is_empty() {
            dmax.iter_mut().zip(past.slope).for_each(|(dz, &slope)| *dz *= slope);
        } else if let Some(f) = self.f {
            activation::backward(f, past.y, past.y, dy, &mut dmax);
        }
        let cells: Vec<u8> = (0..dy.len())
            .map(|k| {
                let (row, j) = (k / self.pool.out_w, k % self.pool.out_w);
                let at = row * self.row_bytes() + j / LANES * 4 + j % LANES / 8;
                let bit = |at: usize| past.winners[at] >> (j % 8) & 1;
                bit(at) << 1 | bit(at + 2)
            })
            .collect();
        let mut dconv = vec![T::ZERO; self.geom().output_len()];
        pool2d::max_backward(&self.pool, &dmax, &cells, &mut dconv);
        self.plan.accumulate_params(past.x, &dconv, grads.dw, grads.db);
        if let Some(dx) = dx {
            self.plan.backward_input(&dconv, past.filters, dx);
        }
    }
}
