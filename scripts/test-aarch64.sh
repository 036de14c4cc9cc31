#!/usr/bin/env bash
# The NEON kernels, on a machine that has none: lints for aarch64, and the kernels' tests in an emulator, where each compares
# NEON with the plain form bit for bit. Needs rustup, Debian's archive and static.rust-lang.org; installs the rest itself.
set -euo pipefail
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"

step() {
    echo "== $*"
    "$@"
}

fail() {
    echo "$0: $*" >&2
    exit 1
}

# The standard library for the target lies with the compiler that cargo uses.
ensure_target() {
    local library
    library=$(rustc --print sysroot)/lib/rustlib/$target/lib
    compgen -G "$library/libstd-*.rlib" >/dev/null && return
    command -v rustup >/dev/null || fail "no standard library for $target, and no rustup to install it"
    step rustup target add "$target" || fail "rustup could not install the standard library for $target"
}

ensure_emulator() {
    local packages="qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
    if command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null &&
        [ -e /usr/aarch64-linux-gnu/lib/libc.so ]; then
        return
    fi
    step apt-get update -q || fail "apt-get could not reach Debian's archive, for $packages"
    # shellcheck disable=SC2086
    step apt-get install -y -q --no-install-recommends $packages || fail "apt-get could not install $packages"
}

ensure_target
ensure_emulator
step cargo clippy --workspace --all-targets --target "$target" -- -D warnings
step cargo test -p lenet-kernels --target "$target"
echo "== the kernels are right on $target"
