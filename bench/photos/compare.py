"""File -> gray -> 128x128, images a second: lenet beside OpenCV, Pillow and torchvision, in turns in one run.

    python3 bench/photos/compare.py target/release/examples/measure LIST [--repeat N] [--rounds 3]

LIST is a folder with `train.txt` ('path label' a line). `measure` is built by
`cargo build --release -p lenet-data --example measure`. Peers that are not installed are left out. Each contender
runs once a round, in another order each round; the median of the rounds is told. Files are read once before, so that
all find them in the page cache.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SIDE = 128


def opencv():
    import cv2

    cv2.setNumThreads(1)

    def reader(flags, interpolation):
        return lambda path: cv2.resize(cv2.imread(path, flags), (SIDE, SIDE), interpolation=interpolation)

    gray = cv2.IMREAD_GRAYSCALE
    return {
        "OpenCV gray, INTER_AREA": reader(gray, cv2.INTER_AREA),
        "OpenCV gray, INTER_LINEAR (aliases when shrinking)": reader(gray, cv2.INTER_LINEAR),
        "OpenCV half size, INTER_AREA": reader(cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.INTER_AREA),
    }


def pillow():
    from PIL import Image

    def plain(path):
        return Image.open(path).convert("L").resize((SIDE, SIDE), Image.BILINEAR).tobytes()

    def draft(path):
        image = Image.open(path)
        image.draft("L", (SIDE, SIDE))
        return image.convert("L").resize((SIDE, SIDE), Image.BILINEAR).tobytes()

    return {"Pillow, bilinear": plain, "Pillow with draft": draft}


def torchvision():
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms.v2.functional import resize

    torch.set_num_threads(1)

    def read(path):
        return resize(decode_jpeg(read_file(path), ImageReadMode.GRAY), [SIDE, SIDE], antialias=True)

    return {"torchvision.io gray, antialiased": read}


def peers():
    found = {}
    for load in (opencv, pillow, torchvision):
        try:
            found.update(load())
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    return found


def rate(read, paths, threads):
    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(read, paths, chunksize=64):
            pass
    return len(paths) / (time.perf_counter() - begin)


def ours(measure, folder, threads):
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    text = subprocess.run([measure, folder, "train"], env=environment, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"read, decode, resize\s+([0-9.]+)", text)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure")
    parser.add_argument("folder")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=8000, help="pictures that the peers read")
    args = parser.parse_args()
    lines = open(os.path.join(args.folder, "train.txt"), encoding="utf-8").read().splitlines()
    paths = [os.path.join(args.folder, line.rsplit(" ", 1)[0]) for line in lines if line.strip()][: args.limit]
    for path in paths:
        open(path, "rb").read()
    others = peers()
    for threads in map(int, args.threads.split(",")):
        rates = {name: [] for name in ["lenet", *others]}
        for turn in range(args.rounds):
            names = list(rates)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                one = ours(args.measure, args.folder, threads) if name == "lenet" else rate(others[name], paths, threads)
                rates[name].append(one)
        print(f"{len(paths)} pictures, {threads} threads, images/s (median of {args.rounds}; lowest to highest)")
        for name, all_rates in rates.items():
            low, high = min(all_rates), max(all_rates)
            print(f"  {name:52} {statistics.median(all_rates):9,.0f}   {low:,.0f} to {high:,.0f}")


if __name__ == "__main__":
    main()
