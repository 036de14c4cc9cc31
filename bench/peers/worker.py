"""One peer in a process of its own: `python worker.py PEER THREADS`.

Reads a task a line from stdin, `{"model", "mode", "batch", "secs"}`, and answers `{"images_per_sec", "params"}` or
`{"error"}`. The first time a task comes it is prepared and warmed up; the process keeps it for the next round.
"""

import json
import os
import sys
import time
from itertools import cycle


def limit_threads(threads):
    """Before any framework is loaded: some count the processors, some ask the environment."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)


def measure(work, batches, secs):
    """Images a second of `work`, called with one batch after the other."""
    count, begin = 0, time.perf_counter()
    while True:
        work(*next(batches))
        count += 1
        took = time.perf_counter() - begin
        if took >= secs:
            return count / took


def main():
    peer, threads = sys.argv[1], int(sys.argv[2])
    limit_threads(threads)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints is not an answer
    import importlib

    import numpy

    import model

    kind, _, variant = peer.partition("-")
    prepare = importlib.import_module(f"peer_{kind}").prepare
    ready = {}
    for line in sys.stdin:
        task = json.loads(line)
        key = task["model"], task["mode"], task["batch"]
        try:
            if key not in ready:
                spec = model.read(task["model"])
                data = model.batches(spec, task["batch"], numpy.random.default_rng(0))
                work, batches, params = prepare(variant, spec, task["mode"], data, threads)
                ready[key] = work, cycle(batches), params
                measure(work, ready[key][1], task["secs"])
            work, batches, params = ready[key]
            measure(work, batches, 0.2 * task["secs"])
            answer = {"images_per_sec": task["batch"] * measure(work, batches, task["secs"]), "params": params}
        except Exception as error:  # told to the runner, which goes on with the others
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
