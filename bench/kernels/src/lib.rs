//! The kernels that matter, each at the size at which a model runs it, as closures that can be called again and again.

use kernels::conv2d::{ConvPool, Filters, Grads, Passes, Past, Plan, Wide};
use kernels::{Activation, Conv2dGeom, activation, gemm, pool2d};

/// A name, the multiply-adds of one call (0 where they are not what counts), and the call.
pub struct Case {
    /// What and at which size.
    pub name: &'static str,
    /// Multiply-adds of a call, by definition: a faster form is not credited with fewer.
    pub macs: u64,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

fn numbers(seed: usize, len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
}

/// All of them.
#[must_use]
pub fn cases() -> Vec<Case> {
    let lenet_conv2 = Conv2dGeom::square(6, 16, (62, 62), 5, 1, 0).expect("it fits");
    let modified_conv3 = Conv2dGeom::square(16, 32, (31, 31), 3, 1, 0).expect("it fits");
    let block2 = Conv2dGeom::square(80, 80, (8, 8), 3, 1, 1).expect("it fits");
    let depth = Conv2dGeom::new(64, 64, (16, 16), (3, 3), 1, 1, 1, 64).expect("it fits");
    let halving = Conv2dGeom::square(16, 32, (64, 64), 3, 2, 1).expect("it fits");
    let pooled = Conv2dGeom::square(16, 32, (32, 32), 3, 1, 1).expect("it fits");
    let mut all = Vec::new();
    all.extend(per_sample("conv 5×5 6→16, 62×62", lenet_conv2));
    all.extend(per_sample("conv 3×3 16→32, 31×31", modified_conv3));
    all.extend(per_sample("conv 3×3 16→32, 64×64, stride 2", halving));
    all.extend(batched("conv 3×3 80→80, 8×8, 8 samples", block2));
    all.extend(per_sample("depthwise 3×3 64, 16×16", depth));
    all.push(fused("conv 5×5 1→6, 128×128, pool, sigmoid"));
    all.push(fused_backward("conv 5×5 6→16, 62×62, pool, sigmoid, gradients", lenet_conv2));
    all.push(fused_backward("conv 3×3 16→32, 32×32, pool, sigmoid, gradients", pooled));
    all.extend(products());
    all.push(one_image_in_bf16("linear 13,456→120, one image, weights in bf16"));
    all.push(unary("sigmoid, 16,384", Activation::Sigmoid));
    all.push(unary("silu, 16,384", Activation::Silu));
    all.push(max_pool("max pool 2×2, 16×64×64"));
    all
}

const FORWARD: usize = 0;
const INPUT: usize = 1;
const WEIGHT: usize = 2;
/// Names cannot be made at run time for a `&'static str`: the three passes of a convolution, spelt out.
fn passes(name: &str) -> [&'static str; 3] {
    [", forward", ", input gradient", ", weight gradient"].map(|pass| &*format!("{name}{pass}").leak())
}

fn per_sample(name: &str, g: Conv2dGeom) -> [Case; 3] {
    let names = passes(name);
    let case = |pass: usize| {
        let (x, w, dy) = (numbers(1, g.input_len()), numbers(2, g.weight_len()), numbers(3, g.output_len()));
        let plan = Plan::new(g);
        let mut packed = vec![0.0; plan.packed_len::<f32>()];
        plan.pack(Passes::Both, &w, &mut packed);
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
        let run = move || match pass {
            FORWARD => plan.forward(&x, Filters { w: &w, packed: &packed }, None, &mut y),
            INPUT => plan.backward_input(&dy, Filters { w: &w, packed: &packed }, &mut dx),
            _ => plan.accumulate_params(&x, &dy, &mut dw, None),
        };
        Case { name: names[pass], macs: g.macs(), run: Box::new(run) }
    };
    [case(FORWARD), case(INPUT), case(WEIGHT)]
}

fn batched(name: &str, g: Conv2dGeom) -> [Case; 3] {
    const SAMPLES: usize = 8;
    let names = passes(name);
    let case = |pass: usize| {
        let (x, dy) = (numbers(1, SAMPLES * g.input_len()), numbers(3, SAMPLES * g.output_len()));
        let w = numbers(2, g.weight_len());
        let form = Wide::new(g).expect("a size for it");
        let mut packed = vec![0.0; form.packed_len()];
        form.pack(true, &w, &mut packed);
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w);
        let run = move || match pass {
            FORWARD => form.forward(&x, &packed, None, &mut y),
            INPUT => form.backward_input(&dy, &packed, &mut dx),
            _ => form.accumulate_params(&x, &dy, &mut dw, None),
        };
        Case { name: names[pass], macs: SAMPLES as u64 * g.macs(), run: Box::new(run) }
    };
    [case(FORWARD), case(INPUT), case(WEIGHT)]
}

fn fused(name: &'static str) -> Case {
    let g = Conv2dGeom::square(1, 6, (128, 128), 5, 1, 0).expect("it fits");
    let plan = ConvPool::new(g, 0, Some(Activation::Sigmoid)).expect("it fuses");
    let (x, w, b) = (numbers(1, g.input_len()), numbers(2, g.weight_len()), numbers(3, 6));
    let mut packed = vec![0.0; plan.plan().packed_len::<f32>()];
    plan.plan().pack(Passes::Both, &w, &mut packed);
    let mut y = vec![0.0; plan.pool().output_len()];
    let mut numbers = vec![0.0; plan.saved_numbers()];
    let mut bytes = vec![0; plan.saved_bytes()];
    let run = move || {
        plan.forward(&x, Filters { w: &w, packed: &packed }, Some(&b), &mut y, &mut numbers, &mut bytes);
    };
    Case { name, macs: g.macs(), run: Box::new(run) }
}

fn fused_backward(name: &'static str, g: Conv2dGeom) -> Case {
    let plan = ConvPool::new(g, 0, Some(Activation::Sigmoid)).expect("it fuses");
    let (x, w) = (numbers(1, g.input_len()), numbers(2, g.weight_len()));
    let mut packed = vec![0.0; plan.plan().packed_len::<f32>()];
    plan.plan().pack(Passes::Both, &w, &mut packed);
    let mut y = vec![0.0; plan.pool().output_len()];
    let mut slope = vec![0.0; plan.saved_numbers()];
    let mut winners = vec![0; plan.saved_bytes()];
    plan.forward(&x, Filters { w: &w, packed: &packed }, None, &mut y, &mut slope, &mut winners);
    let (dy, mut dx, mut dw) = (numbers(3, y.len()), x.clone(), w.clone());
    let run = move || {
        let filters = Filters { w: &w, packed: &packed };
        let past = Past { x: &x, filters, y: &y, slope: &slope, winners: &winners };
        plan.backward(&past, &dy, Some(&mut dx), Grads { dw: &mut dw, db: None });
    };
    Case { name, macs: 2 * g.macs(), run: Box::new(run) }
}

/// LeNet5's first linear layer, batch 32.
fn products() -> [Case; 3] {
    let (batch, out, len) = (32, 120, 13_456);
    let (x, w, dy) = (numbers(1, batch * len), numbers(2, out * len), numbers(3, batch * out));
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    let (x2, w2, dy2) = (x.clone(), w.clone(), dy.clone());
    let macs = (batch * out * len) as u64;
    let case = |name, run: Box<dyn FnMut()>| Case { name, macs, run };
    [
        case(
            "linear 13,456→120, batch 32, forward",
            Box::new(move || gemm::matmul_nt((batch, out, len), &x, &w, &mut y)),
        ),
        case(
            "linear 13,456→120, batch 32, input gradient",
            Box::new(move || gemm::matmul_nn((batch, len, out), &dy, &w2, &mut dx)),
        ),
        case(
            "linear 13,456→120, batch 32, weight gradient",
            Box::new(move || gemm::matmul_tn((out, len, batch), &dy2, &x2, &mut dw)),
        ),
    ]
}

fn one_image_in_bf16(name: &'static str) -> Case {
    let (out, len) = (120, 13_456);
    let mut packed = vec![0.0; gemm::bf16::packed_len((out, len))];
    gemm::bf16::pack((out, len), &numbers(2, out * len), &mut packed);
    let (x, mut y) = (numbers(1, len), vec![0.0; out]);
    let run = move || gemm::bf16::matmul_nt((1, out, len), &x, &packed, &mut y);
    Case { name, macs: (out * len) as u64, run: Box::new(run) }
}

fn unary(name: &'static str, f: Activation) -> Case {
    let (x, mut y) = (numbers(1, 16_384), vec![0.0; 16_384]);
    Case { name, macs: 0, run: Box::new(move || activation::forward(f, &x, &mut y)) }
}

fn max_pool(name: &'static str) -> Case {
    let g = kernels::Pool2dGeom::new(16, (64, 64), 2, 2, 0).expect("it fits");
    let (x, mut y) = (numbers(1, g.input_len()), vec![0.0; g.output_len()]);
    let mut winners = vec![0; g.output_len()];
    Case { name, macs: 0, run: Box::new(move || pool2d::max_forward(&g, &x, &mut y, &mut winners)) }
}
