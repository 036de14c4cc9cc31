//! burn's side of the comparison: the two LeNets with the flex backend, one turn of some seconds.
//!
//!     peer-burn lenet5|lenet5-modified train|infer BATCH SECS
//!
//! Prints `{"params": …, "images_per_sec": …}`. Threads: `RAYON_NUM_THREADS` and the cores the process may use.

use std::time::Instant;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::{Device, Distribution, Int, Tensor};

#[derive(Module, Debug)]
struct LeNet {
    convs: Vec<Conv2d>,
    pools: Vec<MaxPool2d>,
    linears: Vec<Linear>,
    modified: bool,
}

impl LeNet {
    fn new(modified: bool, device: &Device) -> Self {
        let conv = |inp: usize, out: usize, k: usize, padding: usize| {
            let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
            Conv2dConfig::new([inp, out], [k, k]).with_padding(padding).init(device)
        };
        let pool = |padding: usize| {
            let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
            MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).with_padding(padding).init()
        };
        let extra = usize::from(modified);
        let mut convs = vec![conv(1, 6, 5, 0), conv(6, 16, 5, extra)];
        if modified {
            convs.push(conv(16, 32, 3, 0));
        }
        let flat = if modified { 32 } else { 16 } * 29 * 29;
        let linears = [(flat, 120), (120, 84), (84, 50)].map(|(a, b)| LinearConfig::new(a, b).init(device));
        LeNet { convs, pools: vec![pool(0), pool(extra)], linears: linears.into(), modified }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        fn f<const D: usize>(modified: bool, x: Tensor<D>) -> Tensor<D> {
            if modified { silu(x) } else { sigmoid(x) }
        }
        let mut x = x;
        for (i, conv) in self.convs.iter().enumerate() {
            x = conv.forward(x);
            if let Some(pool) = self.pools.get(i) {
                x = pool.forward(x);
            }
            x = f(self.modified, x);
        }
        let mut x = x.flatten(1, 3);
        for (i, linear) in self.linears.iter().enumerate() {
            x = linear.forward(x);
            if i + 1 < self.linears.len() {
                x = f(self.modified, x);
            }
        }
        x
    }
}

/// Runs `step` for `secs` seconds after one call, and prints the rate.
fn measure(params: usize, batch: usize, secs: f64, mut step: impl FnMut()) {
    step();
    let (start, mut steps) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < secs {
        step();
        steps += 1;
    }
    let rate = (steps * batch) as f64 / start.elapsed().as_secs_f64();
    println!("{{\"params\": {params}, \"images_per_sec\": {rate}}}");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, mode, batch, secs] = &args[..] else {
        eprintln!("peer-burn lenet5|lenet5-modified train|infer BATCH SECS");
        std::process::exit(2)
    };
    let (batch, secs) = (batch.parse().expect("a batch size"), secs.parse().expect("seconds"));
    let plain = Device::flex();
    let device = if mode == "train" { plain.autodiff() } else { plain };
    let mut net = LeNet::new(model == "lenet5-modified", &device);
    let params = net.num_params();
    let x = Tensor::<4>::random([batch, 1, 128, 128], Distribution::Uniform(0.0, 1.0), &device);
    if mode != "train" {
        return measure(params, batch, secs, || {
            std::hint::black_box(net.forward(x.clone()).into_data());
        });
    }
    let targets = Tensor::<1, Int>::from_ints(
        (0..batch as i32).map(|i| i % 50).collect::<Vec<_>>().as_slice(),
        &device,
    );
    let loss = CrossEntropyLossConfig::new().init(&device);
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
    let mut optim = SgdConfig::new().with_momentum(Some(momentum)).init();
    measure(params, batch, secs, || {
        let found = loss.forward(net.forward(x.clone()), targets.clone());
        let grads = GradientsParams::from_grads(found.backward(), &net);
        std::hint::black_box(found.into_data());
        net = optim.step(0.01, net.clone(), grads);
    });
}
