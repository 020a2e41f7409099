#!/bin/bash
# All benchmarks, as `make bench` runs them: codec, store, load; figures go to docs/performance.md.
# Usage: bench.sh [--quick] [ROUNDS]
# Needs Debian's ejabberd, prosody and libwbxml2-dev. Nothing else should run meanwhile.
# The default of three rounds takes about an hour, --quick under ten minutes.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
quick=
[ "${1-}" = --quick ] && quick=--quick && shift
rounds=${1:-$([ -n "$quick" ] && echo 1 || echo 3)}
# Wherever else builds go, the figures are looked for here; those of an earlier run are not.
export CARGO_TARGET_DIR=$PWD/target
rm -rf target/criterion target/bench-run/store.txt
run=$PWD/target/bench-run results=$PWD/target/bench-run/results.jsonl
mkdir -p "$run"

cargo build --release --bin onesoup
(cd benches/loadgen && cargo build --release)
# What a person feels: one message at a time through real servers.
cargo test --release --test e2e -- --ignored latency --nocapture | grep '^|' | tee "$run/latency.txt"
cargo bench --features bench-libwbxml --bench codec -- ${quick:+--warm-up-time 1 --measurement-time 2}
cargo bench --bench store -- $([ -n "$quick" ] && echo 2 || echo 5) | tee "$run/store.txt"
rm -f "$results"
RUN_DIR=$run python3 benches/run.py $quick "$results" "$rounds"
python3 benches/summarise.py "$results" docs/performance.md
