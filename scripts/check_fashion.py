"""Fashion-MNIST from its IDX files, in one command: LeNet5 at 28x28, 0.89 test top-1 at least.

    python3 scripts/check_fashion.py LENET FOLDER

The files come with Debian's package dataset-fashion-mnist, which is installed if it is not there (root only).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

DATA = Path("/usr/share/datasets/fashion-mnist")
LEAST = 0.89
RECIPE = "--model lenet5 --imgsz 28 --epochs 12 --no-aug --weight-decay 0.02"


def ensure_data():
    if DATA.is_dir():
        return
    for step in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "dataset-fashion-mnist"]):
        subprocess.run(["apt-get", *step], check=True)


def main():
    lenet, work = sys.argv[1], Path(sys.argv[2])
    ensure_data()
    env = dict(os.environ, LENET_CACHE_DIR=str(work / "cache"))
    run = work / "run"
    begin = time.monotonic()
    subprocess.run([lenet, "train", "--data", DATA, *RECIPE.split(), "--out", run], check=True, env=env)
    seconds = time.monotonic() - begin
    top1 = json.loads((run / "summary.json").read_text())["test"]["top1"]
    print(f"LeNet5 on Fashion-MNIST: test top-1 {top1:.4f} in {seconds:.0f} s, {LEAST} at least wanted")
    if top1 < LEAST:
        sys.exit(1)


if __name__ == "__main__":
    main()
