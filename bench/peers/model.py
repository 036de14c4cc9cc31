"""The models of models/*.toml, which are lenet's own model files, as data for the peers."""

import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent / "models"
BUILT_IN = "perceptron", "lenet5", "lenet5-modified", "residual", "depthwise"


def names():
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name):
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())


def word_for_lenet(name):
    """What `lenet bench --models` is to be given."""
    return name if name in BUILT_IN else str(FOLDER / f"{name}.toml")


def batches(model, batch, rng):
    """Batches that are gone through in turn: as many samples as `lenet bench` has, the same range of numbers."""
    count = max(-(-256 // batch), 2)
    inputs = rng.uniform(-1, 1, (count, batch, *model["input"])).astype("float32")
    return inputs, rng.integers(0, model["layers"][-1]["out_features"], (count, batch))
