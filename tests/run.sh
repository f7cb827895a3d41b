#!/usr/bin/env bash
# Every check of the project. Needs Rust, a C compiler and Debian's package manager; what else is
# missing it installs, or does without where CACHE_TESTS_SKIP (`redis,python`, …) names it.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/servers.sh
install_servers
install_http_cache_tests
# Nothing here is built twice, and what it takes to build a second time quickly fills the disk.
export CARGO_INCREMENTAL=0

step() {
    echo
    echo "== $*"
    local started=$SECONDS
    "$@"
    echo "== took $((SECONDS - started)) s"
}

# What the targets of the tests cannot do without.
needs() {
    case $1 in
        allocations | between_steps | conformance | docs | events | file_* | interleavings | keys | models | monitoring) ;;
        prefixed_store | properties) ;;
        regressions | reports | scopes | simulation | traces | two_levels | ui) ;;
        # They leave out what is not there; `outages` even Redis.
        outages) ;;
        examples | sql_* | stores) echo redis ;;
        interop) echo redis memcached python ;;
        memcached_*) echo memcached ;;
        backplane | redis_tls | redis_sentinel) echo redis openssl ;;
        web_browser) echo redis chromium ;;
        web_http_cache_tests) echo http-cache-tests ;;
        *) echo redis ;;
    esac
}

step cargo fmt --all --check
step cargo fmt --manifest-path fuzz/Cargo.toml --check
step cargo clippy --workspace --all-targets -- -D warnings
# Each feature alone, `default` too; those that begin with `_` are parts of others.
features=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z][a-z0-9-]*\) = .*/\1/p' cache-runtime/Cargo.toml)
for feature in $features; do
    step cargo clippy -p cache-runtime --features "$feature" -- -D warnings
done
# Without tokio, which is on by default.
step cargo clippy -p cache-runtime --no-default-features --all-targets -- -D warnings
step cargo clippy -p cache-runtime --all-targets --all-features -- -D warnings
step cargo clippy -p cache-web --no-default-features -- -D warnings
step cargo clippy -p cache-web --all-features -- -D warnings
# The command with one store alone.
step cargo clippy -p cache-cli --no-default-features --features redis -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --workspace --no-deps
RUSTDOCFLAGS="-D warnings" step cargo doc -p cache-web --all-features --no-deps

# The default build alone, then everything together; not the benches, whose rivals switch on
# features of serde_json that others would get too.
step cargo test -p cache-runtime --lib
# All that fails is shown in one run.
together=(cargo test --no-fail-fast --workspace --exclude cache-benches \
    --features cache-examples/all-stores,cache-web-examples/all-stores)
targets=(--lib --bins --examples)
left_out=()
for test in $(sed -n '/^\[\[test\]\]/,/^name/s/^name = "\(.*\)"/\1/p' tests/Cargo.toml tests/web/Cargo.toml cache-cli/Cargo.toml); do
    is_possible=1
    for server in $(needs "$test"); do
        if is_absent "$server"; then is_possible=; fi
    done
    if [ -n "$is_possible" ]; then targets+=(--test "$test"); else left_out+=("$test"); fi
done
step "${together[@]}" "${targets[@]}"
step "${together[@]}" --doc
# Keys do not depend on what other crates switch on in serde_json.
step cargo test -p cache-tests --features serde-extras --test keys
# A hit, a miss and an eviction take as many instructions as they did, and no tenth more.
if ! is_absent valgrind; then
    step cargo run --release -p cache-benches --bin instructions
fi

if [ "${#absent[@]}" -gt 0 ]; then
    count=0
    for test in "${left_out[@]}"; do
        tests=$("${together[@]}" -q --test "$test" -- --list | grep -c ': test$' || true)
        count=$((count + tests))
    done
    echo "skipped for want of ${absent[*]}: $count tests${left_out[*]:+ (${left_out[*]})}"
fi
echo "all checks passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
