"""Checks that PyTorch can use our weights: `python check_weights.py LENET FOLDER` (the program, an empty folder).

Trains each model for two steps, loads the weights with `strict=True` into the same layers of PyTorch, prepares pictures with Pillow and NumPy as the
file's metadata says, and compares all five probabilities of every picture with those of `lenet predict`.
"""

import json
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

CLOSE = 1e-6
CLASSES = 50

MODELS = {
    "perceptron": OrderedDict(fc1=nn.Linear(64, 50), act1=nn.ReLU(), fc2=nn.Linear(50, CLASSES)),
    "lenet5": OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), pool1=nn.MaxPool2d(2), act1=nn.Sigmoid(),
        conv2=nn.Conv2d(6, 16, 5), pool2=nn.MaxPool2d(2), act2=nn.Sigmoid(),
        flatten=nn.Flatten(),
        fc1=nn.Linear(29 * 29 * 16, 120), act3=nn.Sigmoid(),
        fc2=nn.Linear(120, 84), act4=nn.Sigmoid(),
        fc3=nn.Linear(84, CLASSES)),
    "lenet5-modified": OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), pool1=nn.MaxPool2d(2), act1=nn.SiLU(),
        conv2=nn.Conv2d(6, 16, 5, padding=1), pool2=nn.MaxPool2d(2, padding=1), act2=nn.SiLU(),
        conv3=nn.Conv2d(16, 32, 3), act3=nn.SiLU(),
        flatten=nn.Flatten(),
        fc1=nn.Linear(29 * 29 * 32, 120), act4=nn.SiLU(),
        fc2=nn.Linear(120, 84), act5=nn.SiLU(),
        fc3=nn.Linear(84, CLASSES)),
}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def features(path, preprocess):
    """From a picture to a model's input, as docs/formats.md says."""
    size = preprocess["width"], preprocess["height"]
    plane = np.asarray(Image.open(path).convert("L").resize(size, Image.BILINEAR))
    feature = preprocess["feature"]
    if feature["kind"] == "pixels":
        values = plane[None] / 255.0
        mean, std = (np.array(feature[key])[:, None, None] for key in ("mean", "std"))
    elif feature["kind"] == "picture-pixels":
        values = plane[None] / 255.0
        mean, std = values.mean(), max(values.std(), 1 / 255)
    else:
        share = np.bincount(plane.ravel() // 4, minlength=64) / plane.size
        shapes = {"plain": share, "sqrt": np.sqrt(share), "log": np.log(share + 1 / plane.size)}
        values = shapes[feature["transform"]]
        mean, std = (np.array(feature[key]) for key in ("mean", "std"))
    return ((values - mean) / std).astype(np.float32)


def check(lenet, model, layers, photos, folder):
    out = folder / model
    run(lenet, "train", "--quiet", "--data", photos, "--model", model, "--max-steps", 2, "--out", out)
    weights = out / "weights" / "last.safetensors"
    net = nn.Sequential(layers).eval()
    net.load_state_dict(load_file(weights), strict=True)
    with safe_open(weights, "pt") as file:
        metadata = file.metadata()
    names, preprocess = json.loads(metadata["lenet.classes"]), json.loads(metadata["lenet.preprocess"])
    said = [json.loads(line) for line in run(lenet, "predict", "--json", "--weights", weights, photos / "images/test").splitlines()]
    pictures = np.stack([features(one["path"], preprocess) for one in said])
    with torch.no_grad():
        probs = torch.softmax(net(torch.from_numpy(pictures)).double(), dim=1).numpy()
    worst = 0.0
    for one, row in zip(said, probs):
        for guess, expected in zip(one["top"], np.sort(row)[::-1]):
            if names[guess["index"]] != guess["label"]:
                sys.exit(f"{model}: class {guess['index']} is {names[guess['index']]}, not {guess['label']}")
            # Of two classes that are all but equal either may come first, so the class is asked for its own probability.
            worst = max(worst, abs(guess["prob"] - row[guess["index"]]), abs(guess["prob"] - expected))
    print(f"{model}: loads strictly; {len(said)} pictures, probabilities off by at most {worst:.1e}")
    if len(said) == 0 or worst > CLOSE:
        sys.exit(f"{model}: PyTorch and lenet disagree")


def main():
    lenet, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    photos = folder / "photos"
    run(lenet, "synth", photos, "--train", 100, "--val", 20, "--test", 20)
    for model, layers in MODELS.items():
        check(lenet, model, layers, photos, folder)


if __name__ == "__main__":
    main()
