"""Kills training again and again: `python check_kills.py LENET FOLDER [KILLS]` (the program, an empty folder, 300 kills).

Runs of `lenet train --resume` are killed with SIGKILL at random times, on 1 and on 2 threads, and started again, until they end. Their
weights must be those of a run that nobody disturbed, byte for byte, and so must the rows of results.csv (but for times) and of the step log.
Then SIGTERM and SIGINT: the run must save itself and exit with 143 and 130.
"""

import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

# Dropout, batch normalisation, averaged weights: whatever has a memory or a die.
MODEL = """name = "killed"
input = [1, 24, 24]
layers = [
    { name = "conv1", kind = "conv2d", out_channels = 8, kernel_size = 5 },
    { name = "norm1", kind = "batch_norm2d" },
    { name = "act1", kind = "relu" },
    { name = "pool1", kind = "max_pool2d", kernel_size = 2 },
    { name = "drop", kind = "dropout", p = 0.2 },
    { name = "flatten", kind = "flatten" },
    { name = "fc1", kind = "linear", out_features = 50 },
]
"""
STEPS = 6 * 40


class Lab:
    def __init__(self, lenet, folder):
        self.lenet, self.folder = lenet, folder
        self.model = folder / "killed.toml"
        self.model.write_text(MODEL)
        self.env = {**os.environ, "LENET_CACHE_DIR": str(folder / "cache")}

    def start(self, out, threads):
        command = [self.lenet, "train", "--quiet", "--data", "synthetic:960,60,60", "--model", self.model, "--epochs", "6", "-b", "24",
                   "--ema", "0.99", "--resume", "--checkpoint-steps", "7", "--log-steps", f"{out}.csv", "--threads", str(threads),
                   "--out", out]
        return subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def whole(self, out, threads):
        begin = time.monotonic()
        self.must_end(self.start(out, threads), 0)
        return time.monotonic() - begin

    def must_end(self, run, code):
        error = run.communicate()[1]
        if run.returncode != code:
            sys.exit(f"exit code {run.returncode}, expected {code}: {error}")


def outcome(out):
    """What a run leaves, without its times."""
    files = [out / "weights" / "best.safetensors", out / "weights" / "last.safetensors", out / "predictions.csv"]
    digest = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    rows = [row.split(",") for row in (out / "results.csv").read_text().splitlines()]
    results = [[row[0], *row[2:9]] for row in rows]
    steps = Path(f"{out}.csv").read_text()
    assert len(steps.splitlines()) == 1 + STEPS, f"{out}.csv has {len(steps.splitlines())} lines"
    return digest, results, steps


def killed(lab, out, dice, longest):
    """One run, killed until it ends; gives how often."""
    kills = 0
    while True:
        run = lab.start(out, dice.choice([1, 2]))
        try:
            run.wait(dice.uniform(0, longest))
        except subprocess.TimeoutExpired:
            run.kill()
        error = run.communicate()[1]
        if run.returncode == 0:
            return kills
        if run.returncode != -signal.SIGKILL:
            sys.exit(f"{out}: after {kills} kills exit code {run.returncode}: {error}")
        kills += 1


def signalled(lab, out, number, after):
    run = lab.start(out, 2)
    deadline = time.monotonic() + 60
    while not (out / "checkpoint").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(after)
    run.send_signal(number)
    lab.must_end(run, 128 + number)
    lab.whole(out, 1)


def main():
    lab = Lab(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
    wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    lab.whole(lab.folder / "warm", 2)  # draws the pictures, which the others find in the cache
    secs = lab.whole(lab.folder / "whole", 2)
    expected = outcome(lab.folder / "whole")
    if outcome(lab.folder / "warm") != expected:
        sys.exit("two undisturbed runs are not the same")
    dice, kills, runs = random.Random(13), 0, 0
    while kills < wanted:
        out = lab.folder / f"killed{runs}"
        kills += killed(lab, out, dice, 0.6 * secs)
        runs += 1
        if outcome(out) != expected:
            sys.exit(f"{out}: other weights, results or steps than without kills")
    for number in (signal.SIGTERM, signal.SIGINT):
        for i in range(3):
            out = lab.folder / f"signal{number}-{i}"
            signalled(lab, out, number, 0.02 * i)
            if outcome(out) != expected:
                sys.exit(f"{out}: other weights, results or steps than without signals")
    print(f"{kills} kills of {runs} runs on 1 and 2 threads, 6 runs stopped by SIGTERM and SIGINT: "
          f"all ended in the same weights, {expected[0][:16]}…")


if __name__ == "__main__":
    main()
