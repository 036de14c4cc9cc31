#!/usr/bin/env bash
# The NEON kernels in an emulator, then checks against other programs, PyTorch and Pillow. Needs Python 3.11 or later, PyPI, Debian's
# archive and rustup; installs the rest itself: a virtual environment of about 6 GB under target/, made once (minutes) and used again.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${LENET_VENV:-target/system-venv}
work=target/system-test
python=$venv/bin/python

step() {
    echo "== $*"
    "$@"
}

# Debian keeps the maker of virtual environments in a package of its own.
ensure_venv_module() {
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        step apt-get update -q
        step apt-get install -y -q --no-install-recommends python3 python3-venv
    fi
}

# The copied list of packages is the mark of a finished install, so an interrupted one is started over.
ensure_venv() {
    if cmp -s scripts/requirements.txt "$venv/requirements.txt"; then
        echo "== using $venv"
        return
    fi
    ensure_venv_module
    step python3 -m venv --clear "$venv"
    step "$venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir -r scripts/requirements.txt
    cp scripts/requirements.txt "$venv/requirements.txt"
}

# Makes a crate's golden files anew, elsewhere, and compares them with the stored ones.
golden() {
    local stored=$1 script=$2 fresh
    fresh=$PWD/$work/$(echo "$stored" | tr / -)
    mkdir -p "$fresh"
    cp "$stored/$script" "$fresh/"
    echo "== $stored/$script"
    (cd "$fresh" && "$absolute_python" "$script")
    step "$python" scripts/compare_golden.py "$stored" "$fresh"
}

step scripts/test-aarch64.sh

ensure_venv
absolute_python=$(cd "$(dirname "$python")" && pwd)/python
rm -rf "$work"
mkdir -p "$work"

golden crates/nn/tests/golden make_golden.py
golden crates/data/tests/golden make.py

# Every f32 through exp, sigmoid and tanh: a minute.
step cargo test --release -p lenet-kernels --lib exhaustive -- --ignored --nocapture

# Instructions of each kernel, in the form without AVX-512, against the stored counts.
step bench/kernels/instructions.sh instructions.tsv

# Each check is given the program and an empty folder to work in.
step cargo build --release -p lenet
lenet=${CARGO_TARGET_DIR:-target}/release/lenet
for check in scripts/check_*.py; do
    folder=$work/$(basename "$check" .py)
    mkdir -p "$folder"
    step "$python" "$check" "$lenet" "$folder"
done
echo "== the system tests passed"
