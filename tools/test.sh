#!/usr/bin/env bash
# test.sh: everything that CI runs: layers, formatting, the release build with all tests, the sanitizer builds, fuzzing
# for a few seconds, clang-tidy. Any red, any skipped test without a reason, any warning fails.
# QUICK=1 stops after the release tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export JOBS=${JOBS:-$(nproc)}
started=$SECONDS
passed=0
step() { printf '\n== %s (at %d s)\n' "$*" $((SECONDS - started)); }

build_and_test() {  # preset, then targets (none = all)
  local preset=$1
  shift
  tools/configure.sh "$preset"
  cmake --build "build/$preset" -j "$JOBS" ${@:+--target "$@"} -- --quiet
  tools/ctest.sh "build/$preset" ${@:+-R "^($(echo "$*" | tr ' ' '|'))$"}
  passed=$((passed + $(grep -c ' Passed ' "build/$preset/ctest.log")))
}

step "layers"
python3 tools/check_layers.py
step "formatting"
git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.cpp' 'tests/*.h' 'bench/*.cpp' 'bench/*.h' | xargs clang-format-19 --dry-run --Werror
step "release build and tests"
build_and_test release
if [ -z "${QUICK:-}" ]; then
  step "address and undefined-behaviour sanitizers"
  build_and_test asan-ubsan
  step "fuzz targets, in the same build"
  tools/fuzz.sh build/asan-ubsan "${FUZZ_SECONDS:-5}"
  step "thread sanitizer: the programs in which several threads run"
  build_and_test tsan test_core test_bench test_engines test_engines_sim
  step "clang-tidy"
  tools/tidy.sh build/release
fi
step "done"
echo "$passed passed, 0 failed"
