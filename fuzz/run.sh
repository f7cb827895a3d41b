#!/usr/bin/env bash
# Runs one target, or each after the other, under libFuzzer: fuzz/run.sh [target|all] [seconds].
# Needs Rust and a C++ compiler, which it installs where there is none.
set -euo pipefail
cd "$(dirname "$0")"
target=${1:-all}
seconds=${2:-60}

command -v c++ > /dev/null || { apt-get update && apt-get install -y g++; }
host=$(rustc -vV | sed -n 's/^host: //p')
# Counters at every edge and every comparison are the compiler's own; `--target` keeps them out of
# what runs during the build.
counted="--cfg cache_fuzz -C passes=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    counted+=" -C llvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS=$counted cargo build --release --target "$host"
program=target/$host/release/cache-fuzz

if [ "$target" = all ]; then
    targets=$("$program" | sed -n 's/^targets: //p' || true)
else
    targets=$target
fi
for target in $targets; do
    echo "== $target"
    folder=found/$target
    mkdir -p "$folder"
    CACHE_FUZZ_TARGET=$target CACHE_FUZZ_FOLDER=$folder "$program" "$folder/corpus" \
        -dict="$folder/words" -artifact_prefix="$folder/" -max_total_time="$seconds" \
        -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
