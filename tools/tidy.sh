#!/usr/bin/env bash
# tidy.sh BUILD: clang-tidy with the short list of .clang-tidy over our sources; anything it says is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
git ls-files 'src/*.cpp' | grep -v '_test\.cpp$' |
  xargs -P "${JOBS:-$(nproc)}" -n 4 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*' \
    --extra-arg=-Wno-unknown-warning-option 2>/dev/null
