"""Checks that ten models drawn at random train as in PyTorch: `python check_models.py LENET FOLDER` (the program, an empty folder).

The models are made of all kinds of layers, with branches. Both programs begin with the same weights, saved by PyTorch, and see the same
batches. Compared, to 1e-4 of the largest: the loss before the first step (the forward pass), every tensor's gradient in it (what one plain
step of rate 1 subtracts), and the losses of 20 steps.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from check_weights import CLASSES, features, run
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import SGD
from torch_model import Net

MODELS, STEPS, BATCH, SIZE = 10, 20, 25, 20
LR = 0.02
CLOSE = 1e-4


class Draw:
    """A random model: layers until the picture is small, then a classifier."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.layers, self.shape, self.outputs = [], [1, SIZE, SIZE], [("input", [1, SIZE, SIZE])]

    def add(self, kind, shape, **settings):
        name = f"{kind}{len(self.layers)}"
        self.layers.append({"name": name, "kind": kind, **settings})
        self.shape = list(shape)
        self.outputs.append((name, list(shape)))

    def conv(self):
        pick, (channels, height, width) = self.random.choice, self.shape
        kernel, stride, dilation = pick([1, 2, 3, 5]), pick([1, 1, 2]), pick([1, 1, 1, 2])
        padding, groups = pick([0, kernel // 2, 1]), pick([g for g in (1, 1, 2, channels) if channels % g == 0])
        reach = dilation * (kernel - 1) + 1
        out = groups * pick([2, 4, 8] if groups == 1 else [1, 2]) * pick([1, 1, 3] if groups == 1 else [1])
        if min(height, width) + 2 * padding < reach + 2 or out > 40:
            return
        size = [(s + 2 * padding - reach) // stride + 1 for s in (height, width)]
        self.add("conv2d", [out, *size], out_channels=out, kernel_size=kernel, stride=stride, padding=padding, dilation=dilation,
                 groups=groups, bias=pick([True, False]))

    def pool(self):
        channels, height, width = self.shape
        kernel, stride = self.random.choice([(2, 2), (3, 2), (3, 1), (2, 1)])
        if min(height, width) >= 6:
            size = [(s - kernel) // stride + 1 for s in (height, width)]
            self.add(self.random.choice(["max_pool2d", "avg_pool2d"]), [channels, *size], kernel_size=kernel, stride=stride)

    def norm(self):
        kind = self.random.choice(["batch_norm2d", "batch_norm2d", "layer_norm"])
        self.add(kind, self.shape, eps=1e-3)

    def activation(self):
        kind = self.random.choice(["relu", "leaky_relu", "gelu", "sigmoid", "silu", "tanh"])
        settings = {"negative_slope": 0.1} if kind == "leaky_relu" else {}
        self.add(kind, self.shape, **settings)

    def join(self):
        now = self.outputs[-1][0]
        same = [name for name, shape in self.outputs[:-1] if shape == self.shape]
        sized = [(name, shape) for name, shape in self.outputs[:-1] if shape[1:] == self.shape[1:]]
        if same and self.random.random() < 0.5:
            self.add("add", self.shape, **{"from": [now, self.random.choice(same)]})
        elif sized:
            name, shape = self.random.choice(sized)
            self.add("concat", [shape[0] + self.shape[0], *self.shape[1:]], **{"from": [now, name]})

    def model(self, name):
        self.add("conv2d", [6, SIZE, SIZE], out_channels=6, kernel_size=3, padding=1)
        for _ in range(9):
            self.random.choice([self.conv, self.conv, self.pool, self.norm, self.activation, self.join])()
        if self.random.random() < 0.5:
            self.add("global_avg_pool2d", self.shape[:1])
        else:
            self.add("flatten", [self.shape[0] * self.shape[1] * self.shape[2]])
            self.add("linear", [30], out_features=30)
            self.add(self.random.choice(["softmax", "tanh", "layer_norm"]), [30])
        self.add("linear", [CLASSES], out_features=CLASSES)
        return {"name": name, "input": [1, SIZE, SIZE], "layers": self.layers}


def toml(spec):
    def value(v):
        return json.dumps(v)
    tables = ["\n[[layers]]\n" + "".join(f"{key} = {value(v)}\n" for key, v in layer.items()) for layer in spec["layers"]]
    return f'name = "{spec["name"]}"\ninput = {spec["input"]}\n' + "".join(tables)


def ours(lenet, model, photos, start, out, steps, lr):
    log = out.with_suffix(".csv")
    run(lenet, "train", "--quiet", "--data", photos, "--model", model, "--weights", start, "--out", out, "--log-steps", log,
        "--max-steps", steps, "--epochs", 100, "-b", BATCH, "--sched", "constant", "--mean", 0, "--std", 1, "--no-shuffle", "--no-aug",
        "--opt", "sgd", "--lr", lr, "--momentum", 0)
    losses = [float(line.split(",")[1]) for line in log.read_text().splitlines()[1:]]
    return np.array(losses), out / "weights" / "last.safetensors"


def theirs(spec, start, inputs, targets, steps):
    """The losses of some steps, and the gradients of the first."""
    net = Net(spec)
    with torch.no_grad():
        net.load(start)
    optimizer, losses, gradients = SGD(net.parameters(), lr=LR), [], {}
    while len(losses) < steps:
        for begin in range(0, len(inputs), BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs[begin:begin + BATCH]), targets[begin:begin + BATCH])
            loss.backward()
            if not losses:
                named = dict(net.named_parameters())
                gradients = {k.removeprefix("parts.").replace("__", "."): p.grad.clone() for k, p in named.items()}
            optimizer.step()
            losses.append(loss.item())
    return np.array(losses[:steps]), gradients


def check(lenet, seed, photos, folder):
    spec = Draw(seed).model(f"random{seed}")
    model = folder / f"random{seed}.toml"
    model.write_text(toml(spec))
    torch.manual_seed(seed)
    net, start = Net(spec), folder / f"start{seed}.safetensors"
    tensors = {key: tensor.contiguous() for key, tensor in net.tensors().items()}
    save_file(tensors, start)
    _, one = ours(lenet, model, photos, start, folder / f"one{seed}", 1, 1.0)
    losses, last = ours(lenet, model, photos, start, folder / f"run{seed}", STEPS, LR)
    with safe_open(last, "pt") as file:
        preprocess = json.loads(file.metadata()["lenet.preprocess"])
    lines = [line.rsplit(" ", 1) for line in (photos / "train.txt").read_text().splitlines()]
    inputs = torch.from_numpy(np.stack([features(photos / path, preprocess) for path, _ in lines]))
    targets = torch.tensor([int(label) for _, label in lines])
    expected, gradients = theirs(spec, load_file(start), inputs, targets, STEPS)
    stepped = load_file(one)
    largest = max(gradient.abs().max() for gradient in gradients.values())
    apart = [((tensors[key] - stepped[key] - gradient).abs().max() / largest).item() for key, gradient in gradients.items()]
    off = np.max(np.abs(losses - expected) / expected)
    first = abs(losses[0] - expected[0]) / expected[0]
    kinds = " ".join(sorted({layer["kind"] for layer in spec["layers"]}))
    print(f"{spec['name']}: forward {first:.1e}, gradients {max(apart):.1e}, {STEPS} steps {off:.1e} ({len(spec['layers'])} layers: {kinds})")
    if not (first <= CLOSE and max(apart) <= CLOSE and off <= CLOSE):
        sys.exit(f"{spec['name']}: PyTorch and lenet disagree\nlenet:   {losses}\nPyTorch: {expected}\n{model.read_text()}")
    return {layer["kind"] for layer in spec["layers"]}


def main():
    lenet, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    photos = folder / "photos"
    run(lenet, "synth", photos, "--train", 110, "--val", 20, "--test", 0)
    kinds = set()
    for seed in range(MODELS):
        kinds |= check(lenet, seed, photos, folder)
    print(f"all {MODELS} agree; kinds of layers met: {' '.join(sorted(kinds))}")


if __name__ == "__main__":
    main()
