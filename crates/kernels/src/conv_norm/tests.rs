//! The fused step against the layers one after the other, in f64.

use proptest::prelude::*;

use super::*;
use crate::conv2d::Passes;
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

/// `y`, `y` with the moments held fixed, `dx`, `dw`, `dscale`, `dshift`, one after the other.
fn all<T: Element>(net: &ConvNorm, batch: usize, values: &[Vec<T>; 6]) -> Vec<T> {
    let [x, w, b, scale, shift, dy] = values;
    let mut packed = vec![T::ZERO; net.plan().packed_len::<T>()];
    net.plan().pack(Passes::Both, w, &mut packed);
    let params = Params { filters: Filters { w, packed: &packed }, b: Some(b), scale, shift };
    let c = scale.len();
    let mut y = vec![T::ZERO; batch * net.output_len()];
    let mut numbers = vec![T::ZERO; batch * net.kept_numbers() + 2 * c + 1];
    let mut bytes = vec![0; batch * net.kept_bytes()];
    net.forward(x, &params, &mut y, &mut numbers, &mut bytes);
    let mut fixed = vec![T::ZERO; y.len()];
    let moments = &numbers[batch * net.kept_numbers()..];
    net.forward_fixed(x, &params, &moments[..c], &moments[c..2 * c], &mut fixed);
    let [mut dx, mut dw] = [x, w].map(|v| vec![T::ONE; v.len()]);
    let (mut dscale, mut dshift) = (vec![T::ONE; c], vec![T::ONE; c]);
    let grads = Grads { dw: &mut dw, dscale: &mut dscale, dshift: &mut dshift };
    let past = Past { x, y: &y, numbers: &numbers, bytes: &bytes };
    net.backward(&past, &params, dy, Some(&mut dx), grads);
    [y, fixed, dx, dw, dscale, dshift].concat()
}

/// A fused step, how many samples, and the mean of their values.
struct Case {
    g: Conv2dGeom,
    f: Option<Activation>,
    pooled: bool,
    batch: usize,
    middle: f32,
}

impl Case {
    fn net(&self) -> ConvNorm {
        let Self { g, f, pooled, .. } = *self;
        ConvNorm::new(g, 1e-5, f, pooled).unwrap_or_else(|| panic!("{g:?} {f:?} {pooled}"))
    }

    fn values(&self) -> [Vec<f32>; 6] {
        let (g, c) = (&self.g, self.g.out_channels);
        let x = noise(1, self.batch * g.input_len()).iter().map(|x| x + self.middle).collect();
        let dy = noise(6, self.batch * self.net().output_len());
        [x, noise(2, g.weight_len()), noise(3, c), noise(4, c), noise(5, c), dy]
    }

    fn check(&self) {
        let (net, values) = (self.net(), self.values());
        let found = same_on_each_isa(|| all(&net, self.batch, &values));
        let expected = all(&net, self.batch, &values.map(wide));
        let Self { g, f, pooled, .. } = self;
        assert_close(&format!("{g:?} {f:?} pooled {pooled}"), &found, &expected, 3e-5);
    }

    /// How near the values come to a jump of the gradient: two largest cells of a window that are equal, or the bend of
    /// an activation. Nearer than f32 rounds, f32 and f64 may rightly take different sides.
    fn distance_to_a_jump(&self) -> f64 {
        let flat = Self { f: None, pooled: false, ..*self };
        let z = all(&flat.net(), self.batch, &flat.values().map(wide));
        let mut z = z[..self.batch * flat.net().output_len()].to_vec();
        let mut distance = f64::INFINITY;
        if self.pooled {
            let (windows, w) = (z.chunks_exact(self.g.out_h * self.g.out_w), self.g.out_w);
            let windows = windows.flat_map(|plane| {
                let pairs = plane.chunks_exact(2 * w).map(|rows| rows.split_at(w));
                pairs.flat_map(|(a, b)| a.chunks_exact(2).zip(b.chunks_exact(2)))
            });
            let sorted = windows.map(|(a, b)| {
                let mut cells = [a[0], a[1], b[0], b[1]];
                cells.sort_by(f64::total_cmp);
                cells
            });
            let sorted: Vec<_> = sorted.collect();
            distance = sorted.iter().map(|cells| cells[3] - cells[2]).fold(distance, f64::min);
            z = sorted.iter().map(|cells| cells[3]).collect();
        }
        let bend = z.iter().map(|z| z.abs()).fold(f64::INFINITY, f64::min);
        if self.f.is_some() { distance.min(bend) } else { distance }
    }
}

fn wide(values: Vec<f32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

fn check(g: Conv2dGeom, f: Option<Activation>, pooled: bool, batch: usize) {
    Case { g, f, pooled, batch, middle: 0.0 }.check();
}

const MONOTONE: [Option<Activation>; 3] = [None, Some(Activation::Relu), Some(Activation::LeakyRelu(0.1))];

#[test]
fn agrees_with_the_layers_one_after_the_other() {
    for (inp, out, size, k, stride, padding) in [
        (1, 3, (16, 16), 3, 1, 1),
        (2, 16, (40, 37), 3, 1, 1),
        (3, 2, (70, 68), 5, 1, 0),
        (2, 5, (37, 40), 3, 2, 1),
        (1, 16, (37, 40), 3, 2, 1),
    ] {
        let g = Conv2dGeom::square(inp, out, size, k, stride, padding).unwrap();
        for f in MONOTONE {
            check(g, f, true, 3);
            check(g, f, false, 2);
        }
    }
}

#[test]
fn a_batch_of_many_groups_agrees_too() {
    check(Conv2dGeom::square(1, 2, (16, 16), 3, 1, 1).unwrap(), Some(Activation::Relu), true, 67);
}

/// The gradients of a short sum are differences of sums over the input as it is.
#[test]
fn an_input_far_from_zero_mean_agrees_too() {
    let g = Conv2dGeom::square(1, 4, (40, 36), 3, 2, 1).unwrap();
    Case { g, f: Some(Activation::Relu), pooled: false, batch: 5, middle: 3.0 }.check();
    let g = Conv2dGeom::square(1, 4, (40, 36), 3, 1, 1).unwrap();
    Case { g, f: None, pooled: true, batch: 5, middle: 3.0 }.check();
}

#[test]
fn planes_of_several_blocks_agree_too() {
    check(Conv2dGeom::square(1, 2, (66, 131), 1, 1, 0).unwrap(), Some(Activation::Relu), true, 2);
}

/// The shape at which the random ones once failed: two cells of a window apart by less than f32 sees.
#[test]
fn a_near_tie_is_seen() {
    let g = Conv2dGeom::square(3, 2, (22, 40), 2, 1, 0).unwrap();
    let d = Case { g, f: None, pooled: true, batch: 1, middle: 0.0 }.distance_to_a_jump();
    assert!(d < 1e-6, "{d}");
}

#[test]
fn small_planes_and_bent_functions_stay_apart() {
    let g = |size: usize| Conv2dGeom::square(1, 2, (size, size), 3, 1, 1).unwrap();
    assert!(ConvNorm::new(g(15), 1e-5, None, true).is_none());
    for f in [Activation::Silu, Activation::Gelu, Activation::LeakyRelu(-0.1)] {
        assert!(
            [true, false].iter().all(|&pooled| ConvNorm::new(g(16), 1e-5, Some(f), pooled).is_none()),
            "{f:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_shapes_agree(
        inp in 1..4_usize, out in 1..9_usize, h in 18..36_usize, w in 18..70_usize, k in 1..4_usize,
        padding in 0..2_usize, f in 0..3_usize, pooled: bool, batch in 1..4_usize,
    ) {
        prop_assume!(padding < k);
        let g = Conv2dGeom::square(inp, out, (h, w), k, 1, padding).unwrap();
        let case = Case { g, f: MONOTONE[f], pooled, batch, middle: 0.0 };
        prop_assume!(case.distance_to_a_jump() > 1e-5);
        case.check();
    }
}
