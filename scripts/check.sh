#!/usr/bin/env bash
# What must be green before every push, the cheapest check first. Run it from anywhere in the checkout.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    echo "== $*"
    "$@"
}

step cargo fmt --all --check
step cargo clippy --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --workspace --no-deps
step cargo test --workspace
echo "== all checks passed"
