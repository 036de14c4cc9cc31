"""Measures lenet and other frameworks in turns, and prints how many times quicker lenet is.

    python3 -m venv target/peers-venv
    target/peers-venv/bin/pip install -r bench/peers/requirements.txt
    target/peers-venv/bin/python bench/peers/run.py --lenet target/release/lenet --models lenet5 --modes train

The peers run under the Python that runs this (or `--python`). For each combination all take their turn, some seconds each, again and
again; a ratio is of one round, so that a machine that changes its speed changes both. Let nothing else run, or give this a high priority.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import model

PEERS = "torch-eager", "torch-cl", "torch-compile", "jax", "onnxruntime"
HERE = Path(__file__).parent


class Lenet:
    """Started anew for each turn."""

    def __init__(self, program, flags=()):
        self.program, self.flags = program, list(flags)

    def params(self, name):
        text = subprocess.run([self.program, "inspect", model.word_for_lenet(name)], check=True, capture_output=True, text=True)
        return int(re.search(r"^total +([\d,]+)", text.stdout, re.M)[1].replace(",", ""))

    def measure(self, task, threads):
        command = [self.program, "bench", "--json", "--quiet", "--models", model.word_for_lenet(task["model"]),
                   "--modes", task["mode"], "-b", str(task["batch"]), "-j", str(threads), "--secs", str(task["secs"]), "--reps", "1", *self.flags]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
        return {"images_per_sec": found["images_per_sec"], "fma_fraction": found["fma_fraction"]}


class Burn:
    """Started anew for each turn, like lenet. Knows the two LeNets."""

    def __init__(self, program, threads):
        self.program, self.threads = program, threads

    def measure(self, task):
        if task["model"] not in ("lenet5", "lenet5-modified"):
            return {"error": "burn's side has the two LeNets only"}
        cores = sorted(os.sched_getaffinity(0))[: self.threads]
        command = [self.program, task["model"], task["mode"], str(task["batch"]), str(task["secs"])]
        found = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "RAYON_NUM_THREADS": str(self.threads)},
                               preexec_fn=lambda: os.sched_setaffinity(0, cores))
        return json.loads(found.stdout)

    def close(self):
        pass


class Worker:
    """A peer's process for one number of threads."""

    def __init__(self, python, peer, threads):
        self.process = subprocess.Popen([python, HERE / "worker.py", peer, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def measure(self, task):
        print(json.dumps(task), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def spread(numbers):
    return {"median": statistics.median(numbers), "min": min(numbers), "max": max(numbers)}


def combination(lenet, workers, task, threads, rounds):
    """All peers in turns: images/s of each, and lenet's ratio to it, as spreads."""
    own, others, errors = [], {peer: [] for peer in workers}, {}
    for peer, worker in workers.items():  # what is prepared here is not timed
        found = worker.measure({**task, "secs": 0.1})
        if "error" in found:
            errors[peer] = found["error"]
        elif found["params"] != lenet.params(task["model"]):
            errors[peer] = f"another net: {found['params']} parameters"
    for _ in range(rounds):
        own.append(lenet.measure(task, threads))
        for peer, worker in workers.items():
            if peer not in errors:
                time.sleep(0.05)  # idle threads of the one before fall asleep
                others[peer].append(worker.measure(task)["images_per_sec"])
    rates = [one["images_per_sec"] for one in own]
    rows = [{"peer": peer, "images_per_sec": spread(found), "ratio": spread([a / b for a, b in zip(rates, found)])}
            for peer, found in others.items() if found]
    return {**task, "threads": threads, "flags": lenet.flags, "lenet": spread(rates), "fma_fraction": statistics.median(one["fma_fraction"] for one in own),
            "peers": sorted(rows, key=lambda row: row["ratio"]["median"]), "errors": errors}


def table(found, bf16):
    """One line a combination and peer, the hardest peer first."""
    own = "lenet in bf16" if bf16 else "lenet"
    yield f"| model | mode | batch | threads | {own}, images/s | of peak | peer | its images/s | ratio (lowest–highest) |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in found:
        head = f"| {one['model']} | {one['mode']} | {one['batch']} | {one['threads']} | {one['lenet']['median']:,.0f} | {one['fma_fraction']:.0%} |"
        for row in one["peers"]:
            ratio = row["ratio"]
            yield f"{head} {row['peer']} | {row['images_per_sec']['median']:,.0f} | {ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f}) |"


def arguments():
    words = lambda text: text.split(",")
    numbers = lambda text: [int(word) for word in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lenet", default="target/release/lenet", help="the program")
    parser.add_argument("--bf16", action="store_true", help="inference of lenet with large weights in bf16; the peers keep f32")
    parser.add_argument("--burn", help="burn's side, as burn/Cargo.toml builds it; left out if not given")
    parser.add_argument("--python", default=sys.executable, help="the Python that has the peers")
    parser.add_argument("--peers", type=words, default=PEERS, help=f"some of {','.join(PEERS)}")
    parser.add_argument("--models", type=words, default=model.names(), help=f"some of {','.join(model.names())}")
    parser.add_argument("--modes", type=words, default=["train", "infer"])
    parser.add_argument("-b", "--batch-size", type=numbers, default=[32, 128])
    parser.add_argument("-j", "--threads", type=numbers, default=[os.cpu_count()])
    parser.add_argument("--secs", type=float, default=1.0, help="seconds a turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write all figures here too")
    return parser.parse_args()


def main():
    args = arguments()
    lenet, found = Lenet(args.lenet, ["--bf16"] if args.bf16 else []), []
    for threads in args.threads:
        for mode in args.modes:
            peers = [peer for peer in args.peers if mode == "infer" or peer != "onnxruntime"]
            workers = {peer: Worker(args.python, peer, threads) for peer in peers}
            if args.burn:
                workers["burn"] = Burn(args.burn, threads)
            for name in args.models:
                for batch in args.batch_size:
                    task = {"model": name, "mode": mode, "batch": batch, "secs": args.secs}
                    found.append(combination(lenet, workers, task, threads, args.rounds))
                    for peer, error in found[-1]["errors"].items():
                        print(f"{peer}, {name}, {mode}, batch {batch}: {error}", file=sys.stderr)
            for worker in workers.values():
                worker.close()
    print("\n".join(table(found, args.bf16)))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(any(one["errors"] for one in found))


if __name__ == "__main__":
    main()
