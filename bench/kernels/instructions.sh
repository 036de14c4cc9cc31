#!/usr/bin/env bash
# Instructions a call of each kernel, counted by callgrind: the same on a noisy machine, so a slow-down shows.
# valgrind knows no AVX-512, so the AVX2 form is counted. Prints a table; with a stored one as argument, compares and fails on +5 %
# (and 20,000: the smallest kernels differ by as much from run to run).
set -euo pipefail
cd "$(dirname "$0")"
command -v valgrind >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends valgrind; } >&2

cargo build --release --quiet
calls=${CARGO_TARGET_DIR:-target}/release/calls
export LENET_ISA=avx2 RAYON_NUM_THREADS=1

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$calls" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

found=$(mktemp)
trap 'rm -f "$found"' EXIT
number=0
while IFS= read -r name; do
    few=$(count 1 "$number")
    many=$(count 3 "$number")
    printf '%s\t%s\n' "$(((many - few) / 2))" "$name" | tee -a "$found"
    number=$((number + 1))
done < <("$calls")

if [ $# -gt 0 ]; then
    awk -F'\t' 'NR == FNR { was[$2] = $1; next }
        $2 in was && $1 > 1.05 * was[$2] + 20000 { print "more instructions: " $2 ": " was[$2] " -> " $1; bad = 1 }
        END { exit bad }' "$1" "$found"
fi
