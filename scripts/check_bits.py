"""Checks that the same command gives the same bytes: `python check_bits.py LENET FOLDER` (the program, an empty folder).

Trains each model for a few steps again and again: another time, with another number of threads, on every instruction set. (A set that the
machine lacks is replaced by its best one, so the check holds there too.)
"""

import os
import platform
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

MODELS = "perceptron", "lenet5", "lenet5-modified"
SETS = ("scalar", "neon") if platform.machine() in ("aarch64", "arm64") else ("scalar", "avx2", "avx512")
WAYS = {
    "first": ({}, 2),
    "again": ({}, 2),
    "1 thread": ({}, 1),
    "5 threads": ({}, 5),
    **{isa: ({"LENET_ISA": isa}, 2) for isa in SETS},
}


def train(lenet, model, out, variables, threads):
    command = [lenet, "train", "--quiet", "--data", "synthetic:83,20,20", "--model", model, "--max-steps", "4",
               "--threads", str(threads), "--out", out]
    subprocess.run(command, env={**os.environ, **variables}, check=True, stdout=subprocess.DEVNULL)
    return sha256((out / "weights" / "last.safetensors").read_bytes()).hexdigest()


def main():
    lenet, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    for model in MODELS:
        found = {way: train(lenet, model, folder / f"{model} {way}", *how) for way, how in WAYS.items()}
        others = [way for way, digest in found.items() if digest != found["first"]]
        if others:
            sys.exit(f"{model}: other weights than at first: {', '.join(others)}")
        print(f"{model}: {len(found)} runs, the same {found['first'][:16]}…")


if __name__ == "__main__":
    main()
