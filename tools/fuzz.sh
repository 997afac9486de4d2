#!/usr/bin/env bash
# fuzz.sh BUILD SECONDS: builds every fuzz target and runs each for SECONDS over its seed corpus, with a fixed seed.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
seconds=$2
cmake --build "$build" -j "${JOBS:-$(nproc)}" --target fuzzers
for target in "$build"/fuzz_*; do
  [ -x "$target" ] && [ -f "$target" ] || continue
  name=$(basename "$target")
  work=$(mktemp -d)
  corpus=tests/fuzz/corpus/${name#fuzz_}
  log=$work/log
  if "$target" -seed=1 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/" "$work" $([ -d "$corpus" ] && echo "$corpus") >"$log" 2>&1; then
    printf 'fuzz %-10s %s\n' "${name#fuzz_}" "$(grep -E '^Done [0-9]+ runs' "$log" || tail -n 1 "$log")"
  else
    tail -n 40 "$log"
    echo "fuzz ${name#fuzz_} failed: input kept in $work"
    exit 1
  fi
  rm -rf "$work"
done
