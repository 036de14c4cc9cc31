"""Makes the golden files beside it with PyTorch, in float64: `python make_golden.py` (torch, numpy, safetensors).

Parameters and inputs are made by formula, here and in the tests alike, so only results are stored. Inputs of the
models are chosen so that no window of a max pool holds a near-tie: there, float32 may pick another winner than float64.
"""

import math
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def formula(seed, n, scale):
    """See `testkit::formula`."""
    z = (np.arange(n, dtype=np.uint64) + np.uint64(seed * 1_000_003 + 1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0) * scale


def tensor(seed, shape, scale, offset=0.0):
    """Numbers that float32 holds exactly."""
    x = (formula(seed, math.prod(shape), scale) + offset).astype(np.float32)
    return torch.from_numpy(x.astype(np.float64)).reshape(shape)


# --- the three models ------------------------------------------------------------------------------------------------

CLASSES = 50


def perceptron():
    return nn.Sequential(OrderedDict(fc1=nn.Linear(64, 50), act1=nn.ReLU(), fc2=nn.Linear(50, CLASSES)))


def lenet5():
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), pool1=nn.MaxPool2d(2), act1=nn.Sigmoid(),
        conv2=nn.Conv2d(6, 16, 5), pool2=nn.MaxPool2d(2), act2=nn.Sigmoid(),
        flatten=nn.Flatten(),
        fc1=nn.Linear(29 * 29 * 16, 120), act3=nn.Sigmoid(),
        fc2=nn.Linear(120, 84), act4=nn.Sigmoid(),
        fc3=nn.Linear(84, CLASSES)))


def lenet5_modified():
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), pool1=nn.MaxPool2d(2), act1=nn.SiLU(),
        conv2=nn.Conv2d(6, 16, 5, padding=1), pool2=nn.MaxPool2d(2, padding=1), act2=nn.SiLU(),
        conv3=nn.Conv2d(16, 32, 3), act3=nn.SiLU(),
        flatten=nn.Flatten(),
        fc1=nn.Linear(29 * 29 * 32, 120), act4=nn.SiLU(),
        fc2=nn.Linear(120, 84), act5=nn.SiLU(),
        fc3=nn.Linear(84, CLASSES)))


# name: (builder, sample shape, gain of the start weights, batch of the training runs, lr of SGD, of Adam)
MODELS = {
    "perceptron": (perceptron, (64,), 1.4, 32, 0.1, 0.001),
    "lenet5": (lenet5, (1, 128, 128), 2.5, 2, 0.01, 0.001),
    "lenet5-modified": (lenet5_modified, (1, 128, 128), 1.3, 2, 0.001, 0.0001),
}
PASS_BATCH = 2
TRAIN_BATCHES = 4
STEPS = 100
SAMPLED = 1000  # gradients of larger tensors are stored as this many evenly spaced entries, and their norm


def fill_parameters(net, gain):
    for k, p in enumerate(net.parameters()):
        fan_in = math.prod(p.shape[1:]) if p.dim() > 1 else None
        scale = gain * math.sqrt(3.0 / fan_in) if fan_in else 0.1
        with torch.no_grad():
            p.copy_(tensor(100 + k, p.shape, scale))


def smallest_gap(net, x):
    """Difference of the two largest cells, over all windows of all max pools."""
    gap = math.inf
    for layer in net:
        if isinstance(layer, nn.MaxPool2d):
            padded = F.pad(x, [layer.padding] * 4, value=-math.inf)
            cells = padded.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
            top = cells.topk(2, dim=4).values
            gap = min(gap, (top[..., 0] - top[..., 1]).min().item())
        x = layer(x)
    return gap


def targets(n):
    return torch.tensor([(7 * i + 3) % CLASSES for i in range(n)])


def sampled(grad):
    flat = grad.flatten()
    stride = max(1, -(-flat.numel() // (SAMPLED if flat.numel() > 20_000 else flat.numel())))
    return flat[::stride].clone()


def make_pass(build, shape, gain):
    net = build()
    fill_parameters(net, gain)
    seeds = range(1000, 1200)
    with torch.no_grad():
        seed = max(seeds, key=lambda s: smallest_gap(net, tensor(s, (PASS_BATCH, *shape), 0.5, 0.5)))
        x = tensor(seed, (PASS_BATCH, *shape), 0.5, 0.5)
        gap = smallest_gap(net, x)
    logits = net(x)
    loss = F.cross_entropy(logits, targets(PASS_BATCH))
    loss.backward()
    out = {"input_seed": torch.tensor([seed]), "logits": logits.detach(), "loss": loss.detach().reshape(1)}
    for name, p in net.named_parameters():
        out[f"grad.{name}"] = sampled(p.grad)
        out[f"norm.{name}"] = p.grad.norm().reshape(1)
    print(f"  input seed {seed}, smallest gap in a pool {gap:.1e}, logits' std {logits.std():.2f}")
    return out


OPTIMIZERS = {
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


def train(build, shape, gain, batch, optimizer, lr, dtype):
    net = build().to(dtype)
    fill_parameters(net, gain)
    optimizer = OPTIMIZERS[optimizer](net.parameters(), lr)
    x = tensor(2000, (TRAIN_BATCHES * batch, *shape), 0.5, 0.5).to(dtype)
    y = targets(TRAIN_BATCHES * batch)
    losses = []
    for step in range(STEPS):
        at = slice(step % TRAIN_BATCHES * batch, (step % TRAIN_BATCHES + 1) * batch)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[at]), y[at])
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return torch.tensor(losses, dtype=torch.float64)


def make_model(name):
    build, shape, gain, batch, *rates = MODELS[name]
    print(name)
    out = make_pass(build, shape, gain)
    for optimizer, lr in zip(OPTIMIZERS, rates):
        out[f"losses.{optimizer}"] = exact = train(build, shape, gain, batch, optimizer, lr, torch.float64)
        single = train(build, shape, gain, batch, optimizer, lr, torch.float32)
        worst = ((single - exact) / exact).abs().max()
        print(f"  {optimizer}: loss {exact[0]:.4f} -> {exact[-1]:.4f}; torch's own float32 is off by {worst:.1e}")
    save_file(out, HERE / f"{name}.safetensors")


# --- layers, losses, optimizers, schedules ---------------------------------------------------------------------------

LAYERS = {
    "conv_stride": (nn.Conv2d(3, 4, 3, stride=2, padding=1), (3, 9, 8)),
    "conv_dilation": (nn.Conv2d(2, 2, 3, padding=2, dilation=2), (2, 7, 8)),
    "conv_groups": (nn.Conv2d(4, 6, 3, groups=2, bias=False), (4, 6, 5)),
    "max_pool": (nn.MaxPool2d(3, stride=2, padding=1), (2, 9, 8)),
    "max_pool_apart": (nn.MaxPool2d(2, stride=3), (2, 8, 9)),
    "avg_pool": (nn.AvgPool2d(2), (2, 8, 9)),
    "avg_pool_padded": (nn.AvgPool2d(3, stride=2, padding=1), (2, 8, 9)),
    "linear": (nn.Linear(12, 5), (3, 2, 2)),
    "linear_no_bias": (nn.Linear(7, 3, bias=False), (7,)),
    "batch_norm": (nn.BatchNorm2d(3), (3, 4, 5)),
    "relu": (nn.ReLU(), (40,)),
    "sigmoid": (nn.Sigmoid(), (40,)),
    "silu": (nn.SiLU(), (40,)),
    "tanh": (nn.Tanh(), (40,)),
}
LAYER_BATCH = 3


def make_layers(out):
    for k, (name, (layer, shape)) in enumerate(LAYERS.items()):
        params = list(layer.parameters())
        for i, p in enumerate(params):
            with torch.no_grad():
                p.copy_(tensor(10 * k + i, p.shape, 1.0))
        x = tensor(10 * k + 5, (LAYER_BATCH, *shape), 4.0).requires_grad_()
        y = layer(x.flatten(1) if isinstance(layer, nn.Linear) else x)
        dy = tensor(10 * k + 6, y.shape, 1.0)
        y.backward(dy)
        out[f"{name}.output"] = y.detach().contiguous()
        out[f"{name}.grad_input"] = x.grad
        if params:
            out[f"{name}.grad_params"] = torch.cat([p.grad.flatten() for p in params])
        if isinstance(layer, nn.BatchNorm2d):
            out[f"{name}.running"] = torch.cat([layer.running_mean, layer.running_var])
            out[f"{name}.eval"] = layer.eval()(x).detach()


def make_losses(out):
    for name, options in {
        "mean": {}, "sum": {"reduction": "sum"}, "smoothed": {"label_smoothing": 0.1},
    }.items():
        z = tensor(500, (4, 7), 3.0).requires_grad_()
        loss = F.cross_entropy(z, torch.tensor([3, 0, 6, 3]), **options)
        loss.backward()
        out[f"loss.{name}"], out[f"loss.{name}.grad"] = loss.detach().reshape(1), z.grad


STEPPERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1),
}


def make_optimizers(out):
    for name, make in STEPPERS.items():
        p = nn.Parameter(tensor(600, (12,), 1.0))
        optimizer = make([p])
        for step in range(5):
            p.grad = tensor(601 + step, (12,), 1.0)
            optimizer.step()
        out[f"optim.{name}"] = p.detach()
    p = nn.Parameter(torch.zeros(12))
    p.grad = tensor(620, (12,), 1.0)
    norm = nn.utils.clip_grad_norm_([p], 0.5)
    out["clip.grad"], out["clip.norm"] = p.grad, norm.reshape(1)


def make_schedules(out):
    def rates(steps, make):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
        schedule, found = make(optimizer), []
        for _ in range(steps):
            found.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return torch.tensor(found)

    lr = torch.optim.lr_scheduler
    out["lr.one_cycle"] = rates(199, lambda o: lr.OneCycleLR(o, 0.3, total_steps=200))
    out["lr.one_cycle_set"] = rates(56, lambda o: lr.OneCycleLR(
        o, 0.3, total_steps=57, pct_start=0.2, div_factor=10.0, final_div_factor=100.0))
    out["lr.cosine"] = rates(120, lambda o: lr.CosineAnnealingLR(o, T_max=120, eta_min=0.03))
    out["lr.step"] = rates(120, lambda o: lr.StepLR(o, step_size=30, gamma=0.2))  # 3 epochs of 10 steps
    out["lr.per_batch"] = rates(120, lambda o: lr.ExponentialLR(o, gamma=0.999))


def make_state_dict():
    """A file as PyTorch users write it: float32, with the counter of a batch normalisation, without metadata."""
    torch.manual_seed(1)
    net = nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 2, 3), norm1=nn.BatchNorm2d(2), act1=nn.ReLU(),
        flatten=nn.Flatten(), fc1=nn.Linear(2 * 4 * 4, 3))).float()
    net.train()(tensor(700, (4, 1, 6, 6), 1.0).float())
    net.eval()
    save_file(net.state_dict(), HERE / "torch_state_dict.safetensors")
    return net(tensor(701, (2, 1, 6, 6), 1.0).float()).detach()


def main():
    parts = {"state_dict.logits": make_state_dict()}
    make_layers(parts)
    make_losses(parts)
    make_optimizers(parts)
    make_schedules(parts)
    save_file(parts, HERE / "parts.safetensors")
    for name in MODELS:
        make_model(name)


if __name__ == "__main__":
    main()
