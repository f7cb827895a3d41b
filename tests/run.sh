#!/usr/bin/env bash
# Every check of the project. Needs Rust, a C compiler and Debian's package manager; what else is
# missing it installs.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Tests talk to real servers.
if ! command -v redis-server >/dev/null; then
    as_root apt-get update
    as_root apt-get install -y --no-install-recommends redis-server
fi

step() {
    echo
    echo "== $*"
    "$@"
}

step cargo fmt --all --check
step cargo clippy --workspace --all-targets -- -D warnings
for features in "" "zlib" "blake3" "redis" "testing"; do
    step cargo clippy -p cache-runtime --features "$features" -- -D warnings
done
RUSTDOCFLAGS="-D warnings" step cargo doc --workspace --no-deps
# The default build alone, then everything together.
step cargo test -p cache-runtime --lib
step cargo test --workspace --examples --lib --bins --tests
step cargo test --workspace --doc
# Keys do not depend on what other crates switch on in serde_json.
step cargo test -p cache-tests --features serde-extras --test keys
