#!/usr/bin/env bash
# Every check of the project. Needs Rust, a C compiler and Debian's package manager; what else is
# missing it installs.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install() {
    as_root apt-get update
    as_root apt-get install -y --no-install-recommends "$@"
}

is_skipped() {
    [[ ",${CACHE_TESTS_SKIP:-}," == *,$1,* ]]
}

# Tests talk to real servers, and instructions are counted by valgrind. CACHE_TESTS_SKIP=redis,valgrind
# does without one that is not there.
skip_redis=
skip_valgrind=
if ! command -v redis-server >/dev/null; then
    if is_skipped redis; then skip_redis=1; else install redis-server; fi
fi
if ! command -v valgrind >/dev/null; then
    if is_skipped valgrind; then skip_valgrind=1; else install valgrind; fi
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
# The default build alone, then everything together; not the benches, whose rivals switch on
# features of serde_json that others would get too.
step cargo test -p cache-runtime --lib
if [ -z "$skip_redis" ]; then
    step cargo test --workspace --exclude cache-benches --examples --lib --bins --tests
else
    all=$(cd tests && sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml | grep -v cache-tests)
    alone="allocations keys models regressions ui"
    step cargo test --workspace --exclude cache-benches --lib
    for test in $alone; do step cargo test -p cache-tests --test "$test"; done
    skipped=0
    for test in $all; do
        case " $alone " in *" $test "*) continue ;; esac
        count=$(cargo test -q -p cache-tests --test "$test" -- --list | grep -c ': test$' || true)
        skipped=$((skipped + count))
    done
    echo "skipped for want of redis-server: $skipped tests"
fi
step cargo test --workspace --exclude cache-benches --doc
# Keys do not depend on what other crates switch on in serde_json.
step cargo test -p cache-tests --features serde-extras --test keys
# A hit, a miss and an eviction take as many instructions as they did, and no tenth more.
if [ -z "$skip_valgrind" ]; then
    step cargo run --release -p cache-benches --bin instructions
else
    echo "skipped for want of valgrind: the count of instructions"
fi
