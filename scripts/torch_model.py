"""A model file of ours as a PyTorch module, for scripts that compare the two."""

from torch import nn, cat

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid, "silu": nn.SiLU, "tanh": nn.Tanh}


class Net(nn.Module):
    """The layers of a spec (a model file, or the metadata `lenet.model` of weights), each fed with what it reads."""

    def __init__(self, spec):
        super().__init__()
        self.layers = spec["layers"]
        shapes, self.parts, before = {"input": tuple(spec["input"])}, nn.ModuleDict(), "input"
        for layer in self.layers:
            layer["reads"] = layer.get("from") or [before]
            if isinstance(layer["reads"], str):
                layer["reads"] = [layer["reads"]]
            name, given = layer["name"], [shapes[key] for key in layer["reads"]]
            part, shapes[name] = build(layer, given)
            if part is not None:
                self.parts[name.replace(".", "__")] = part
            before = name
        self.out_features = shapes[before]

    def forward(self, x):
        values, before = {"input": x}, None
        for layer in self.layers:
            given, name = [values[key] for key in layer["reads"]], layer["name"]
            if layer["kind"] == "add":
                value = sum(given[1:], given[0])
            elif layer["kind"] == "concat":
                value = cat(given, 1)
            else:
                value = self.parts[name.replace(".", "__")](given[0])
            values[name], before = value, name
        return values[before]

    def tensors(self):
        """The state, named as in our weights files."""
        return {
            key.removeprefix("parts.").replace("__", "."): tensor
            for key, tensor in self.state_dict().items() if not key.endswith("num_batches_tracked")
        }

    def load(self, tensors):
        own = self.tensors()
        if own.keys() != tensors.keys():
            raise SystemExit(f"other tensors: {own.keys() ^ tensors.keys()}")
        for key, tensor in own.items():
            tensor.copy_(tensors[key])


def windows(size, layer):
    reach = layer.get("dilation", 1) * (layer["kernel_size"] - 1) + 1
    return (size + 2 * layer.get("padding", 0) - reach) // layer.get("stride", 1) + 1


def build(layer, given):
    """The module of a layer (none for a join), and the shape that it makes of the given shapes."""
    kind, shape = layer["kind"], given[0]
    if kind == "add":
        return None, shape
    if kind == "concat":
        return None, (sum(s[0] for s in given), *shape[1:])
    if kind in ACTIVATIONS:
        return ACTIVATIONS[kind](), shape
    if kind == "leaky_relu":
        return nn.LeakyReLU(layer.get("negative_slope", 0.01)), shape
    if kind == "conv2d":
        options = {key: layer[key] for key in ("stride", "padding", "dilation", "groups", "bias") if key in layer}
        out = layer["out_channels"], windows(shape[1], layer), windows(shape[2], layer)
        return nn.Conv2d(shape[0], layer["out_channels"], layer["kernel_size"], **options), out
    if kind in ("max_pool2d", "avg_pool2d"):
        layer = {**layer, "stride": layer.get("stride", layer["kernel_size"])}
        make = nn.MaxPool2d if kind == "max_pool2d" else nn.AvgPool2d
        out = shape[0], windows(shape[1], layer), windows(shape[2], layer)
        return make(layer["kernel_size"], layer["stride"], layer.get("padding", 0)), out
    if kind == "global_avg_pool2d":
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), (shape[0],)
    if kind == "batch_norm2d":
        return nn.BatchNorm2d(shape[0], layer.get("eps", 1e-5), layer.get("momentum", 0.1)), shape
    if kind == "layer_norm":
        return nn.LayerNorm(shape, layer.get("eps", 1e-5)), shape
    length = shape[0] if len(shape) == 1 else shape[0] * shape[1] * shape[2]
    if kind == "flatten":
        return nn.Flatten(), (length,)
    if kind == "dropout":
        return nn.Dropout(layer["p"]), shape
    if kind == "softmax":
        return nn.Softmax(1), shape
    if kind == "linear":
        part = nn.Linear(length, layer["out_features"], layer.get("bias", True))
        return (part if len(shape) == 1 else Flattened(part)), (layer["out_features"],)
    raise SystemExit(f"{layer['name']}: {kind} has no counterpart here")


class Flattened(nn.Module):
    """A linear layer that takes images, its parameters under its own name."""

    def __init__(self, linear):
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, x):
        return nn.functional.linear(x.flatten(1), self.weight, self.bias)
