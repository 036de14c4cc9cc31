"""File -> gray -> 128x128, images a second: lenet beside OpenCV, Pillow and torchvision, in turns in one run.

    python3 bench/photos/compare.py target/release/examples/measure FOLDER [--repeat N] [--rounds 3] [--limit N]

FOLDER has a `train.txt` ('path label' a line), or is one of photos alone, of which each is then read `--repeat` times. `measure` is built by
`cargo build --release -p lenet-data --example measure`. Peers that are not installed are left out. Each contender
runs once a round, in another order each round; the median of the rounds is told, and how many times as fast lenet was in each.
Our second pass, from the packed cache to batches of numbers, stands below. Files are read once before, so that
all find them in the page cache.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
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
    """Images a second of the first pass, and of the second from the packed cache."""
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    text = subprocess.run(
        [measure, folder, "train", "passes"], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return [float(re.search(name + r"\s+([0-9.]+)", text)[1]) for name in ("read, decode, resize", "second pass", "third pass", "memory alone")]


def told(name, rates, against=None):
    """One line: median, lowest and highest; with `against` the ratio of each turn as well."""
    line = f"  {name:52} {statistics.median(rates):9,.0f}   {min(rates):,.0f} to {max(rates):,.0f}"
    if against:
        ratios = [a / b for a, b in zip(against, rates)]
        line += f"   lenet {statistics.median(ratios):.2f}×   {min(ratios):.2f} to {max(ratios):.2f}"
    print(line)


def photos_folder(photos, times):
    """A list of the photos below a folder, each so many times, in a new folder of links: `photos` is only read."""
    folder = tempfile.mkdtemp(prefix="lenet-photos-")
    names = sorted(name for name in os.listdir(photos) if name.lower().endswith((".jpg", ".jpeg")))
    for name in names:
        os.symlink(os.path.abspath(os.path.join(photos, name)), os.path.join(folder, name))
    with open(os.path.join(folder, "train.txt"), "w", encoding="utf-8") as lines:
        lines.writelines(f"{name} {i % 2}\n" for i, name in enumerate(names * times))
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure")
    parser.add_argument("folder")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=8000, help="pictures that are read")
    parser.add_argument("--repeat", type=int, default=2, help="how often each photo of a plain folder is read")
    args = parser.parse_args()
    plain = not os.path.exists(os.path.join(args.folder, "train.txt"))
    folder = photos_folder(args.folder, args.repeat) if plain else args.folder
    lines = open(os.path.join(folder, "train.txt"), encoding="utf-8").read().splitlines()
    lines = [line for line in lines if line.strip()][: args.limit]
    paths = [os.path.realpath(os.path.join(folder, line.rsplit(" ", 1)[0])) for line in lines]
    # Ours reads the same pictures: a folder of its own with as many lines.
    own = tempfile.mkdtemp(prefix="lenet-photos-")
    with open(os.path.join(own, "train.txt"), "w", encoding="utf-8") as short:
        short.writelines(f"{i}.jpg {line.rsplit(' ', 1)[1]}\n" for i, line in enumerate(lines))
    for i, path in enumerate(paths):
        os.symlink(path, os.path.join(own, f"{i}.jpg"))
        open(path, "rb").read()
    others = peers()
    for threads in map(int, args.threads.split(",")):
        rates = {name: [] for name in ["lenet", *others]}
        passes = []
        for turn in range(args.rounds):
            names = list(rates)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if name == "lenet":
                    passes.append(ours(args.measure, own, threads))
                    rates[name].append(passes[-1][0])
                else:
                    rates[name].append(rate(others[name], paths, threads))
        print(f"{len(paths)} pictures, {threads} threads, images/s (median of {args.rounds}; lowest to highest)")
        for name, all_rates in rates.items():
            told(name, all_rates, None if name == "lenet" else rates["lenet"])
        for at, name in ((1, "lenet, second pass, cache opened and checked"), (2, "lenet, third pass, cache open")):
            told(name, [one[at] for one in passes])
            factors = [one[at] / one[0] for one in passes]
            print(f"    {statistics.median(factors):.0f}× the first pass, {min(factors):.0f} to {max(factors):.0f}")
        told("memory alone: the third pass's reads and writes", [one[3] for one in passes])
    for made in {own, folder} - {args.folder}:
        shutil.rmtree(made)


if __name__ == "__main__":
    main()
