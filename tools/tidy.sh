#!/usr/bin/env bash
# tidy.sh BUILD: clang-tidy with the short list of .clang-tidy over our sources; anything it says is an error.
# A file that passed is not looked at again until it, any header of ours or the list changes (stamps in the cache folder).
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
stamps=${PHASEGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/phasegate}/tidy
mkdir -p "$stamps"
headers=$(git ls-files 'src/*.h' .clang-tidy | xargs sha256sum | sha256sum | cut -c1-64)
export build stamps headers

check() {
  local key
  key=$( (echo "$headers"; sha256sum <"$1") | sha256sum | cut -c1-64)
  [ -e "$stamps/$key" ] && return 0
  local said
  if ! said=$(clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*' \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-deprecated-declarations "$1" 2>/dev/null); then
    printf '%s\n' "$said"
    return 1
  fi
  touch "$stamps/$key"
}
export -f check
git ls-files 'src/*.cpp' | grep -v '_test\.cpp$' | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'check {}'
