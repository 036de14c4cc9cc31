//! Every layer through [`check_layer`].

use nn::layers::{
    BatchNorm2dConfig, Conv2dConfig, DropoutConfig, LayerNormConfig, LeakyReluConfig, LinearConfig,
    Pool2dConfig,
};
use nn::{LayerSpec, Shape};

use crate::check_layer::check_layer;

#[test]
fn conv2d() {
    let conv = |config| LayerSpec::Conv2d(config);
    check_layer(&conv(Conv2dConfig::new(3, 3)), Shape::image(2, 6, 5));
    check_layer(&conv(Conv2dConfig::new(2, 5)), Shape::image(1, 9, 24));
    check_layer(
        &conv(Conv2dConfig { stride: 2, ..Conv2dConfig::new(3, 3).with_padding(1) }),
        Shape::image(2, 7, 6),
    );
    check_layer(
        &conv(Conv2dConfig { dilation: 2, ..Conv2dConfig::new(2, 3).with_padding(2) }),
        Shape::image(2, 6, 5),
    );
    check_layer(
        &conv(Conv2dConfig { groups: 2, bias: false, ..Conv2dConfig::new(4, 2) }),
        Shape::image(4, 4, 5),
    );
    check_layer(&conv(Conv2dConfig::new(3, 1)), Shape::image(2, 3, 4));
    check_layer(&conv(Conv2dConfig::new(3, 1)), Shape::image(2, 2, 16));
    // Many channels over few cells are done over the whole batch.
    check_layer(&conv(Conv2dConfig::new(16, 1)), Shape::image(12, 2, 3));
    check_layer(
        &conv(Conv2dConfig { stride: 2, bias: false, ..Conv2dConfig::new(16, 3).with_padding(1) }),
        Shape::image(12, 3, 2),
    );
}

#[test]
fn max_pool2d() {
    check_layer(&LayerSpec::MaxPool2d(Pool2dConfig::new(2)), Shape::image(2, 6, 7));
    check_layer(&LayerSpec::MaxPool2d(Pool2dConfig::new(2).with_padding(1)), Shape::image(2, 6, 7));
    let overlapping = Pool2dConfig { stride: Some(2), ..Pool2dConfig::new(3).with_padding(1) };
    check_layer(&LayerSpec::MaxPool2d(overlapping), Shape::image(1, 8, 7));
}

#[test]
fn avg_pool2d() {
    check_layer(&LayerSpec::AvgPool2d(Pool2dConfig::new(2)), Shape::image(2, 6, 7));
    let overlapping = Pool2dConfig { stride: Some(2), ..Pool2dConfig::new(3).with_padding(1) };
    check_layer(&LayerSpec::AvgPool2d(overlapping), Shape::image(1, 8, 7));
}

#[test]
fn batch_norm2d() {
    check_layer(&LayerSpec::BatchNorm2d(BatchNorm2dConfig::default()), Shape::image(3, 4, 5));
    let lively = BatchNorm2dConfig { eps: 0.1, momentum: 0.5 };
    check_layer(&LayerSpec::BatchNorm2d(lively), Shape::image(1, 3, 3));
}

#[test]
fn linear() {
    check_layer(&LayerSpec::Linear(LinearConfig::new(5)), Shape::Flat(7));
    check_layer(&LayerSpec::Linear(LinearConfig { bias: false, out_features: 18 }), Shape::image(2, 4, 3));
}

#[test]
fn activations() {
    let leaky = LayerSpec::LeakyRelu(LeakyReluConfig { negative_slope: 0.2 });
    let bare = [LayerSpec::Relu, LayerSpec::Gelu, LayerSpec::Sigmoid, LayerSpec::Silu, LayerSpec::Tanh];
    for spec in bare.into_iter().chain([leaky]) {
        check_layer(&spec, Shape::image(2, 3, 7));
        check_layer(&spec, Shape::Flat(33));
    }
}

#[test]
fn dropout() {
    check_layer(&LayerSpec::Dropout(DropoutConfig { p: 0.4 }), Shape::Flat(37));
    check_layer(&LayerSpec::Dropout(DropoutConfig { p: 0.0 }), Shape::image(1, 3, 3));
}

#[test]
fn flatten() {
    check_layer(&LayerSpec::Flatten, Shape::image(2, 3, 4));
    check_layer(&LayerSpec::Flatten, Shape::Flat(5));
}

#[test]
fn layer_norm() {
    check_layer(&LayerSpec::LayerNorm(LayerNormConfig::default()), Shape::image(2, 3, 4));
    check_layer(&LayerSpec::LayerNorm(LayerNormConfig { eps: 0.1 }), Shape::Flat(9));
}

#[test]
fn global_avg_pool2d() {
    check_layer(&LayerSpec::GlobalAvgPool2d, Shape::image(3, 4, 5));
}

#[test]
fn softmax() {
    check_layer(&LayerSpec::Softmax, Shape::Flat(6));
}
