# Shared by the scripts of this folder: where fetched things live, and how a hash-pinned package is had.
# Everything lands in $PHASEGATE_CACHE (default: ~/.cache/phasegate); nothing is written to the tree.
set -euo pipefail
cache=${PHASEGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/phasegate}
mkdir -p "$cache/download"
say() { printf 'deps: %s\n' "$*" >&2; }

# pip_fetch SHA256 REQUIREMENT [pip options]: prints the path of the downloaded file, fetched once.
pip_fetch() {
  local sha=$1 req=$2 dir tmp
  shift 2
  dir=$cache/download/$sha
  if ! compgen -G "$dir/*" >/dev/null; then
    say "fetching $req"
    tmp=$(mktemp -d "$cache/download/tmp.XXXXXX")
    printf '%s --hash=sha256:%s\n' "$req" "$sha" >"$tmp.txt"
    python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes "$@" -d "$tmp" -r "$tmp.txt" >&2
    rm -f "$tmp.txt"
    mv "$tmp" "$dir"
  fi
  compgen -G "$dir/*"
}
