//! Models as text, and what is refused.

use super::*;
use crate::zoo;

/// One layer of every kind, with settings that are not the default.
fn every_kind() -> ModelSpec {
    let conv = Conv2dConfig { stride: 2, dilation: 2, groups: 2, bias: false, ..Conv2dConfig::new(4, 3) };
    let kinds = [
        LayerSpec::Conv2d(conv.with_padding(2)),
        LayerSpec::BatchNorm2d(BatchNorm2dConfig { eps: 1e-3, momentum: 0.2 }),
        LayerSpec::Relu,
        LayerSpec::MaxPool2d(Pool2dConfig { stride: Some(1), ..Pool2dConfig::new(3).with_padding(1) }),
        LayerSpec::Sigmoid,
        LayerSpec::AvgPool2d(Pool2dConfig::new(2)),
        LayerSpec::Silu,
        LayerSpec::Flatten,
        LayerSpec::Dropout(DropoutConfig { p: 0.25 }),
        LayerSpec::Linear(LinearConfig { out_features: 3, bias: false }),
        LayerSpec::Tanh,
        LayerSpec::Gelu,
        LayerSpec::LeakyRelu(LeakyReluConfig { negative_slope: 0.2 }),
        LayerSpec::LayerNorm(LayerNormConfig { eps: 1e-3 }),
        LayerSpec::Softmax,
    ];
    let layers = kinds.into_iter().enumerate().map(|(i, l)| NamedLayer::new(format!("l{i}"), l)).collect();
    ModelSpec { name: "all".into(), input: Shape::image(2, 16, 12), layers }
}

#[test]
fn every_layer_comes_back_from_toml_and_json() {
    let image = Shape::image(1, 128, 128);
    let zoo = [zoo::perceptron(50), zoo::lenet5(image, 50), zoo::lenet5_modified(image, 50)];
    for spec in zoo.into_iter().chain([every_kind()]) {
        let text = toml::to_string(&spec).unwrap();
        assert_eq!(toml::from_str::<ModelSpec>(&text).unwrap(), spec, "{text}");
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ModelSpec>(&json).unwrap(), spec, "{json}");
    }
}

#[test]
fn a_built_network_keeps_what_it_was_built_from() {
    let spec = every_kind();
    let net = spec.build::<f32>().unwrap();
    for (node, layer) in net.nodes().iter().zip(&spec.layers) {
        assert_eq!((&node.name, node.spec.as_ref()), (&layer.name, Some(&layer.layer)));
    }
}

#[test]
fn defaults_need_not_be_written() {
    let text = "name = 'small'\ninput = [1, 8, 8]\n\
        layers = [{ name = 'c', kind = 'conv2d', out_channels = 2, kernel_size = 3 },\n\
                  { name = 'n', kind = 'batch_norm2d' }, { name = 'p', kind = 'max_pool2d', kernel_size = 2 }]";
    let spec: ModelSpec = toml::from_str(text).unwrap();
    assert_eq!(spec.layers[0].layer, LayerSpec::Conv2d(Conv2dConfig::new(2, 3)));
    assert_eq!(spec.build::<f32>().unwrap().output_shape(), Shape::image(2, 3, 3));
}

#[test]
fn a_mistake_in_a_model_file_is_named_with_its_layer() {
    let cases = [
        (
            "name = 'a', kind = 'conv2d', out_channels = 2, kernel = 3",
            "layer 'a': unknown field `kernel`, expected one of",
        ),
        ("name = 'a', kind = 'conv2d', out_channels = 2", "layer 'a': missing field `kernel_size`"),
        ("name = 'a', kind = 'conv3d'", "layer 'a': unknown variant `conv3d`, expected one of"),
        ("name = 'a', kind = 'relu', slope = 0.1", "layer 'a': unknown field `slope`"),
        ("name = 'a', kind = 'linear', out_features = -1", "layer 'a': invalid value: integer `-1`"),
        ("name = 'a'", "layer 'a': missing field `kind`"),
        ("kind = 'relu'", "a layer without a `name`"),
        ("name = 5, kind = 'relu'", "a layer's name must be a string, not 5"),
    ];
    for (layer, expected) in cases {
        let text = format!("name = 'm'\ninput = [1, 8, 8]\nlayers = [{{ {layer} }}]");
        let error = toml::from_str::<ModelSpec>(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\nshould say: {expected}");
        assert!(error.contains("line 3"), "{error}");
    }
}

#[test]
fn an_input_without_numbers_or_with_too_many_is_refused() {
    let layers = || vec![NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(4)))];
    let build = |input| ModelSpec { name: "m".into(), input, layers: layers() }.build::<f32>();
    assert_eq!(build(Shape::image(1, 0, 8)).unwrap_err(), BuildError::EmptyInput(Shape::image(1, 0, 8)));
    let error = build(Shape::image(usize::MAX, 2, 8)).unwrap_err().to_string();
    assert!(error.contains("'input' would have 18446744073709551615×2×8 numbers"), "{error}");
    for shape in ["[]", "[2, 3]", "[1, 2, 3, 4]", "[-1]"] {
        assert!(serde_json::from_str::<Shape>(shape).is_err(), "{shape}");
    }
}

#[test]
fn a_model_that_cannot_work_is_refused_by_the_layer_that_cannot() {
    let build = |layers: Vec<NamedLayer>| {
        let spec = ModelSpec { name: "m".into(), input: Shape::image(1, 8, 8), layers };
        spec.build::<f32>().unwrap_err().to_string()
    };
    let linear = || LayerSpec::Linear(LinearConfig::new(4));
    let pool = |k, padding| LayerSpec::MaxPool2d(Pool2dConfig { padding, ..Pool2dConfig::new(k) });
    let conv = |config| LayerSpec::Conv2d(config);
    let cases = [
        (vec![], "the model has no layers"),
        (vec![("a", linear()), ("a", linear())], "two layers are named 'a'"),
        (vec![("f", linear()), ("p", pool(2, 0))], "layer 'p' (max_pool2d) needs an image"),
        (vec![("p", pool(9, 0))], "layer 'p' (max_pool2d) needs at least 9×9"),
        (vec![("p", pool(3, 2))], "padding 2 is more than half"),
        (vec![("c", conv(Conv2dConfig::new(1, 9)))], "layer 'c' (conv2d) needs at least 9×9"),
        (vec![("c", conv(Conv2dConfig::new(0, 3)))], "out_channels must be at least 1"),
        (vec![("c", conv(Conv2dConfig { groups: 2, ..Conv2dConfig::new(2, 3) }))], "groups = 2 must divide"),
        (
            vec![("f", LayerSpec::Linear(LinearConfig::new(1 << 60)))],
            "'f' would have 1152921504606846976×64 weights",
        ),
        (vec![("c", conv(Conv2dConfig::new(usize::MAX, 3)))], "weights, more than 268435456"),
        (
            vec![("c", conv(Conv2dConfig::new(9, 3).with_padding(1 << 40)))],
            "9×2199023255558×2199023255558 numbers",
        ),
        (vec![("c", conv(Conv2dConfig::new(9, 3).with_padding(usize::MAX)))], "needs at least 3×3"),
        (
            vec![("c", conv(Conv2dConfig { stride: 0, ..Conv2dConfig::new(9, 3) }))],
            "stride must be at least 1",
        ),
        (vec![("d", LayerSpec::Dropout(DropoutConfig { p: 1.0 }))], "p = 1 must be"),
        (
            vec![("n", LayerSpec::BatchNorm2d(BatchNorm2dConfig { eps: 0.0, momentum: 0.1 }))],
            "eps = 0 must be positive",
        ),
    ];
    for (layers, expected) in cases {
        let error = build(layers.into_iter().map(|(n, l)| NamedLayer::new(n, l)).collect());
        assert!(error.contains(expected), "{error:?} should say {expected:?}");
    }
}

/// A residual block whose skip is a convolution, then two branches of different widths.
const BRANCHES: &str = r#"
name = "branches"
input = [1, 8, 8]
layers = [
    { name = "stem", kind = "conv2d", out_channels = 4, kernel_size = 3, padding = 1 },
    { name = "block.conv", kind = "conv2d", out_channels = 6, kernel_size = 3, padding = 1 },
    { name = "block.skip", kind = "conv2d", from = "stem", out_channels = 6, kernel_size = 1 },
    { name = "block.add", kind = "add", from = ["block.conv", "block.skip"] },
    { name = "act", kind = "silu" },
    { name = "a", kind = "conv2d", out_channels = 2, kernel_size = 3, padding = 1 },
    { name = "both", kind = "concat", from = ["a", "act", "input"] },
    { name = "pool", kind = "global_avg_pool2d" },
]
"#;

#[test]
fn branches_part_and_meet() {
    let spec: ModelSpec = toml::from_str(BRANCHES).unwrap();
    assert_eq!(spec.layers[2].from, ["stem"]);
    let again: ModelSpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
    assert_eq!(again, spec);
    let net = spec.build::<f32>().unwrap();
    assert_eq!(net.nodes()[6].layer.output_shape(), Shape::image(9, 8, 8));
    assert_eq!(net.output_shape(), Shape::Flat(9));
    assert_eq!(net.sources()[6], [Some(5), Some(4), None]);
    assert_eq!(net.params()[4].name, "block.skip.weight");
}

#[test]
fn a_branch_that_cannot_work_is_named() {
    let cases = [
        (
            r#"from = "stem""#,
            r#"from = "stern""#,
            "layer 'block.skip' reads 'stern', which is no layer before it",
        ),
        (
            r#"from = "stem""#,
            r#"from = "act""#,
            "layer 'block.skip' reads 'act', which is no layer before it",
        ),
        (r#"from = "stem""#, r#"from = ["stem", "block.conv"]"#, "layer 'block.skip' reads 2 layers"),
        (r#"from = "stem""#, "from = 3", "layer 'block.skip': `from` is the name"),
        (r#"["a", "act", "input"]"#, r#"["act", "input"]"#, "layer 'a' is read by no layer"),
        (r#"["block.conv", "block.skip"]"#, r#"["block.conv", "block.conv"]"#, "reads 'block.conv' twice"),
        (r#"["block.conv", "block.skip"]"#, r#""block.conv""#, "layer 'block.add' joins layers"),
        (
            r#"from = "stem", out_channels = 6"#,
            r#"from = "stem", out_channels = 5"#,
            "layer 'block.add' (add) needs inputs of one shape, 6×8×8 as the first, but its input is 5×8×8",
        ),
        (
            r#"kind = "conv2d", out_channels = 2, kernel_size = 3, padding = 1"#,
            r#"kind = "max_pool2d", kernel_size = 2"#,
            "layer 'both' (concat) needs inputs of one height and width",
        ),
    ];
    for (good, bad, expected) in cases {
        let text = BRANCHES.replace(good, bad);
        assert_ne!(text, BRANCHES, "{good}");
        let error = match toml::from_str::<ModelSpec>(&text) {
            Ok(spec) => spec.build::<f32>().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(expected), "{error:?} should say {expected:?}");
    }
}
