//! Shape rules, on random settings: what `build` promises is what `forward` fills, and nothing else panics.

use nn::layers::{Conv2dConfig, LinearConfig, Pool2dConfig};
use nn::{LayerSpec, Mode, ModelSpec, NamedLayer, Shape, StepId, zoo};
use proptest::prelude::*;

fn any_shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (1_usize..40).prop_map(Shape::Flat),
        (1_usize..5, 1_usize..20, 1_usize..20).prop_map(|(c, h, w)| Shape::image(c, h, w)),
    ]
}

/// A size, now and then zero.
fn size(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![20 => 1..=most, 1 => Just(0)]
}

fn any_layer() -> impl Strategy<Value = LayerSpec> {
    let pool = (size(4), prop::option::of(size(3)), 0_usize..3)
        .prop_map(|(kernel_size, stride, padding)| Pool2dConfig { kernel_size, stride, padding })
        .boxed();
    let conv = (size(4), size(5), size(3), 0_usize..3, size(2), size(2), any::<bool>()).prop_map(
        |(out_channels, kernel_size, stride, padding, dilation, groups, bias)| Conv2dConfig {
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
        },
    );
    prop_oneof![
        3 => conv.prop_map(LayerSpec::Conv2d),
        1 => pool.clone().prop_map(LayerSpec::MaxPool2d),
        1 => pool.prop_map(LayerSpec::AvgPool2d),
        1 => size(8).prop_map(|n| LayerSpec::Linear(LinearConfig::new(n))),
        1 => Just(LayerSpec::Flatten),
        1 => Just(LayerSpec::Silu),
        1 => Just(LayerSpec::BatchNorm2d(Default::default())),
    ]
}

/// The rule of a window, as PyTorch's documentation writes it.
fn windows(size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> usize {
    (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_chain_is_refused_in_one_line_or_runs(
        input in any_shape(),
        layers in prop::collection::vec(any_layer(), 1..5),
    ) {
        let layers = layers.into_iter().enumerate().map(|(i, l)| NamedLayer::new(format!("l{i}"), l)).collect();
        let spec = ModelSpec { name: "m".into(), input, layers };
        match spec.build::<f32>() {
            Err(error) => {
                let message = error.to_string();
                prop_assert!(message.starts_with("layer 'l") && !message.contains('\n'), "{}", message);
            }
            Ok(net) => {
                let params = net.init_params(&Default::default(), 1);
                let x = vec![0.5; 2 * input.len()];
                let mut ws = net.workspace(2, Mode::Train);
                net.forward(&params, &x, StepId::default(), &mut ws);
                prop_assert_eq!(ws.logits().len(), 2 * net.output_shape().len());
                prop_assert!(ws.logits().iter().all(|z| z.is_finite()));
                let (logits, grad) = ws.logits_and_grad();
                grad.copy_from_slice(logits);
                let mut grads = vec![0.0; net.num_slots()];
                net.backward(&params, &x, StepId::default(), &mut ws, &mut grads);
                prop_assert!(grads.iter().all(|g| g.is_finite()));
                prop_assert_eq!(net.num_params(), net.params().iter().map(|e| e.spec.len()).sum::<usize>());
            }
        }
    }

    #[test]
    fn windows_are_counted_as_in_pytorch(
        (h, w, k) in (1_usize..30, 1_usize..30, 1_usize..6),
        (stride, padding, dilation) in (1_usize..4, 0_usize..4, 1_usize..3),
    ) {
        let config = Conv2dConfig { stride, dilation, ..Conv2dConfig::new(2, k).with_padding(padding) };
        let reach = dilation * (k - 1) + 1;
        let fits = h.min(w) + 2 * padding >= reach;
        match LayerSpec::Conv2d(config).build::<f32>("c", Shape::image(1, h, w)) {
            Err(_) => prop_assert!(!fits),
            Ok(layer) => {
                prop_assert!(fits);
                let (oh, ow) = (windows(h, k, stride, padding, dilation), windows(w, k, stride, padding, dilation));
                prop_assert_eq!(layer.output_shape(), Shape::image(2, oh, ow));
                prop_assert_eq!(layer.macs(), (2 * k * k * oh * ow) as u64);
            }
        }
    }

    #[test]
    fn built_in_models_never_panic(
        name in prop::sample::select(&zoo::NAMES[..]),
        input in any_shape(),
        classes in 0_usize..12,
    ) {
        let spec = zoo::by_name(name, input, classes).unwrap();
        if let Ok(net) = spec.build::<f32>() {
            prop_assert_eq!(net.output_shape(), Shape::Flat(classes));
        }
    }
}
