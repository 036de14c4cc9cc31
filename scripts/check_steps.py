"""Checks that our steps are PyTorch's: `python check_steps.py LENET FOLDER` (the program, an empty folder).

Both begin with the same weights, saved by PyTorch without any metadata, and see the same batches in the order of the list. Compared
are the losses before each step (relative 1e-4) and the weights after the last.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import torch
from check_weights import MODELS, features, run
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import SGD, Adam, AdamW

LOSS_CLOSE = 1e-4
# A mean over each tensor: Adam divides gradients that are all but zero by themselves, so that single weights may differ by lr.
WEIGHT_CLOSE = 1e-5
STEPS, BATCH = 10, 32

# Flags, and what they mean to PyTorch.
OPTIMIZERS = {
    "sgd": (["--opt", "sgd", "--lr", 0.02, "--momentum", 0.9], lambda p: SGD(p, lr=0.02, momentum=0.9)),
    "sgd-decay": (
        ["--opt", "sgd", "--lr", 0.02, "--momentum", 0, "--weight-decay", 0.1, "--decayed", "all"],
        lambda p: SGD(p, lr=0.02, weight_decay=0.1)),
    "adam": (["--opt", "adam", "--lr", 0.001], lambda p: Adam(p, lr=0.001)),
    "adamw": (
        ["--opt", "adamw", "--lr", 0.001, "--weight-decay", 0.1, "--decayed", "all"],
        lambda p: AdamW(p, lr=0.001, weight_decay=0.1)),
}


def ours(lenet, model, flags, photos, start, out):
    log = out.with_suffix(".csv")
    run(lenet, "train", "--quiet", "--data", photos, "--model", model, "--weights", start, "--out", out, "--log-steps", log,
        "--max-steps", STEPS, "--epochs", 100, "-b", BATCH, "--sched", "constant", "--mean", 0, "--std", 1, "--no-shuffle", "--no-aug",
        *flags)
    with log.open() as file:
        rows = list(csv.DictReader(file))
    if [row["step"] for row in rows] != [str(step + 1) for step in range(STEPS)]:
        sys.exit(f"{log}: not the steps 1 to {STEPS}")
    return np.array([float(row["loss"]) for row in rows]), out / "weights" / "last.safetensors"


def theirs(layers, optimizer, start, inputs, targets):
    net = nn.Sequential(layers)
    net.load_state_dict(load_file(start))
    optimizer = optimizer(net.parameters())
    losses = []
    while len(losses) < STEPS:
        for begin in range(0, len(inputs), BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs[begin:begin + BATCH]), targets[begin:begin + BATCH])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return np.array(losses[:STEPS]), net


def check(lenet, model, layers, name, photos, folder):
    flags, optimizer = OPTIMIZERS[name]
    torch.manual_seed(1)
    for layer in layers.values():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    start = folder / f"{model}-{name}.safetensors"
    save_file(nn.Sequential(layers).state_dict(), start)
    losses, last = ours(lenet, model, flags, photos, start, folder / f"{model}-{name}")
    with safe_open(last, "pt") as file:
        preprocess = json.loads(file.metadata()["lenet.preprocess"])
    lines = [line.rsplit(" ", 1) for line in (photos / "train.txt").read_text().splitlines()]
    inputs = torch.from_numpy(np.stack([features(photos / path, preprocess) for path, _ in lines]))
    targets = torch.tensor([int(label) for _, label in lines])
    expected, net = theirs(layers, optimizer, start, inputs, targets)
    off = np.max(np.abs(losses - expected) / expected)
    ended = load_file(last)
    moved = max((tensor - ended[key]).abs().mean().item() for key, tensor in net.state_dict().items())
    print(f"{model}, {name}: losses {losses[0]:.4f} to {losses[-1]:.4f}, off by at most {off:.1e}; weights by {moved:.1e}")
    if off > LOSS_CLOSE or moved > WEIGHT_CLOSE:
        sys.exit(f"{model}, {name}: PyTorch and lenet disagree\nlenet:   {losses}\nPyTorch: {expected}")


def main():
    lenet, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    photos = folder / "photos"
    # 150 in batches of 32: two epochs of five steps, each with a last batch that is not full.
    run(lenet, "synth", photos, "--train", 150, "--val", 20, "--test", 0)
    for model, layers in MODELS.items():
        for name in OPTIMIZERS:
            check(lenet, model, layers, name, photos, folder)


if __name__ == "__main__":
    main()
