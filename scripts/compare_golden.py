"""Compares stored golden files with freshly made ones: `python compare_golden.py STORED FRESH` (folders).

Tensors must agree closely, not to the bit: another processor sums in another order. Pixels must agree exactly, those of
lossy formats within two levels, as libraries differ in their filters. Encoded pictures are not compared: `modes.txt`
holds the pixels that they decode to.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

# Of the largest number in the tensor. Losses of 100 steps and float32 tensors gather rounding, all else is one pass.
CLOSE = 1e-9
GATHERED = 1e-6
LOSSY = (".jpg", "colour.webp")
LOSSY_LEVELS = 2


def compare_tensors(stored, fresh):
    stored, fresh = load_file(stored), load_file(fresh)
    yield from (f"{name}: only on one side" for name in sorted(stored.keys() ^ fresh.keys()))
    for name in sorted(stored.keys() & fresh.keys()):
        a, b = stored[name], fresh[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            yield f"{name}: {a.dtype}{a.shape} is now {b.dtype}{b.shape}"
            continue
        gathered = name.startswith("losses.") or a.dtype == np.float32
        off = np.abs(a.astype(np.float64) - b).max(initial=0.0) / max(np.abs(a).max(initial=0), 1e-30)
        if not off <= (GATHERED if gathered else CLOSE):
            yield f"{name}: off by {off:.1e} of its largest number"


def compare_pixels(stored, fresh):
    stored, fresh = stored.read_text().splitlines(), fresh.read_text().splitlines()
    if len(stored) != len(fresh):
        yield f"{len(stored)} lines are now {len(fresh)}"
    for number, (a, b) in enumerate(zip(stored, fresh), 1):
        name, allowed = a.split(" ")[0], 0
        if name.isdecimal():
            a, b = np.array(a.split(), int), np.array(b.split(), int)
        else:
            allowed = LOSSY_LEVELS if name.endswith(LOSSY) else 0
            if name != b.split(" ")[0]:
                yield f"line {number}: {name} is now {b.split(' ')[0]}"
                continue
            a, b = np.array(a.split()[1:], int), np.array(b.split()[1:], int)
        if a.shape != b.shape:
            yield f"line {number}: {a.size} numbers are now {b.size}"
        elif np.abs(a - b).max(initial=0) > allowed:
            yield f"line {number}: off by {np.abs(a - b).max()} levels, allowed are {allowed}"


COMPARERS = {".safetensors": compare_tensors, ".txt": compare_pixels}


def main():
    stored, fresh = map(Path, sys.argv[1:])
    names = {p.name for folder in (stored, fresh) for p in folder.iterdir() if p.suffix in COMPARERS}
    if not names:
        sys.exit(f"{stored}: no golden files")
    faults = []
    for name in sorted(names):
        a, b = stored / name, fresh / name
        if not (a.exists() and b.exists()):
            faults.append(f"{name}: only in {stored if a.exists() else fresh}")
            continue
        found = list(COMPARERS[a.suffix](a, b))
        faults += [f"{name}: {fault}" for fault in found]
        print(f"{name}: {'differs' if found else 'agrees'}")
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
