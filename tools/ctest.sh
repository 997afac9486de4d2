#!/usr/bin/env bash
# ctest.sh BUILD [ctest arguments]: runs the tests and fails on a skipped test that gives no reason.
# A test skips with GTEST_SKIP() << "reason"; ctest sees it through the program's output.
set -euo pipefail
build=$1
shift
log=$build/ctest.log
ctest --test-dir "$build" --output-on-failure -j "${JOBS:-$(nproc)}" --no-tests=error "$@" | tee "$log"
last=$build/Testing/Temporary/LastTest.log
if grep -E '^\[  SKIPPED \]' "$last" >/dev/null; then
  # GoogleTest prints "file:line: Skipped" and then the reason; an empty reason is a failure.
  awk '/: Skipped$/ { getline reason; if (reason ~ /^[[:space:]]*$/ || reason ~ /^\[/) { print "skipped without a reason: " $0; bad = 1 } else print "skipped: " reason } END { exit bad }' "$last"
fi
