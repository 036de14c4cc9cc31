"""A hundred times the photos, the same memory: 1,000 against 100,000 in a folder.

    python3 scripts/check_memory.py LENET FOLDER

Makes both folders of hard links to a few small pictures, trains a few steps on each, and compares the peaks of memory
that is the program's own (RssAnon of /proc, sampled every 2 ms): the packed cache is a mapped file, whose pages the system
takes back when it likes. More than 50 MB of difference is a failure.
"""

import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

ALLOWED_MB = 50
CLASSES = 10


def png(level):
    """A gray picture of 16 x 16."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes((level * 7 + x * y) % 256 for x in range(16)) for y in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def photos(folder, count):
    """A tree of class folders with so many pictures, a link each; a file bears 60,000 links at most."""
    originals = folder.parent / f"originals-{count}"
    originals.mkdir(parents=True)
    for level in range(CLASSES):
        (originals / f"{level}.png").write_bytes(png(level))
    for label in range(CLASSES):
        place = folder / f"class-{label}"
        place.mkdir(parents=True)
        for number in range(count // CLASSES):
            os.link(originals / f"{label}.png", place / f"photo-{number:06}.png")


def own_memory(pid):
    """Megabytes of anonymous memory now, or 0 where the process has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


def peak(lenet, data, work, run):
    env = dict(os.environ, XDG_CACHE_HOME=str(work / "cache"))
    command = [lenet, "train", "--data", data, "--model", "lenet5", "--imgsz", "32", "--max-steps", "3", "-b", "32"]
    command += ["--threads", "2", "--out", work / run]
    begin = time.monotonic()
    with open(work / f"{run}.log", "w") as log:
        process = subprocess.Popen(list(map(str, command)), env=env, stdout=log, stderr=log)
        highest = 0
        while process.poll() is None:
            highest = max(highest, own_memory(process.pid))
            time.sleep(0.002)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed, see {work / run}.log")
    print(f"{run}: {highest:.1f} MB at most, {time.monotonic() - begin:.1f} s")
    return highest


def main():
    lenet, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    peaks = {}
    for count in (1_000, 100_000):
        photos(work / f"photos-{count}", count)
        # First the cache is built, then it is found.
        for run in ("first", "second"):
            peaks[count, run] = peak(lenet, work / f"photos-{count}", work, f"{count}-{run}")
    for run in ("first", "second"):
        more = peaks[100_000, run] - peaks[1_000, run]
        print(f"{run} start: {more:.1f} MB more for 100 times the photos, {ALLOWED_MB} allowed")
        if more > ALLOWED_MB:
            sys.exit("too much")


main()
