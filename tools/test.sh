#!/usr/bin/env bash
# test.sh: everything that CI runs: layers, formatting, the release build with all tests, the sanitizer builds, fuzzing
# for a few seconds, clang-tidy. Any red, any skipped test without a reason, any warning fails.
# QUICK=1 stops after the release tests.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
started=$SECONDS
step() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - started)); }

step "layers"
python3 tools/check_layers.py

step "formatting"
git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.cpp' 'tests/*.h' 'bench/*.cpp' 'bench/*.h' |
  xargs clang-format-19 --dry-run --Werror

build_and_test() {  # preset, ctest arguments
  local preset=$1
  shift
  tools/configure.sh "$preset"
  cmake --build "build/$preset" -j "$jobs"
  tools/ctest.sh "build/$preset" "$@"
}

step "release build and tests"
build_and_test release
[ -z "${QUICK:-}" ] || exit 0

step "address and undefined-behaviour sanitizers"
build_and_test asan-ubsan
step "thread sanitizer"
build_and_test tsan
step "fuzz targets"
tools/configure.sh fuzz
tools/fuzz.sh build/fuzz "${FUZZ_SECONDS:-15}"
step "clang-tidy"
tools/tidy.sh build/release
step "done"
