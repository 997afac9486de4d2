#!/usr/bin/env bash
# onnxruntime.sh: the ONNX Runtime CPU library out of its PyPI wheel, into the cache; prints the folder with lib/.
# The wheel is fetched for a fixed Python tag, so the host's own Python version does not matter.
source "$(dirname "$0")/lib.sh"
version=1.31.1
root=$cache/onnxruntime-$version
if [ ! -e "$root/lib/libonnxruntime.so" ]; then
  wheel=$(pip_fetch 1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536 onnxruntime==$version \
    --only-binary=:all: --python-version 3.12 --implementation cp --abi cp312 --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64)
  rm -rf "$root.part" && mkdir -p "$root.part/lib"
  python3 - "$wheel" "$root.part" "$version" <<'PY'
import os, sys, zipfile
wheel, dest, version = sys.argv[1:]
archive = zipfile.ZipFile(wheel)
for name in archive.namelist():
    base = os.path.basename(name)
    if base in (f"libonnxruntime.so.{version}", "libonnxruntime_providers_shared.so"):
        open(os.path.join(dest, "lib", base), "wb").write(archive.read(name))
    elif base in ("LICENSE", "ThirdPartyNotices.txt"):
        open(os.path.join(dest, base), "wb").write(archive.read(name))
PY
  ln -s "libonnxruntime.so.$version" "$root.part/lib/libonnxruntime.so"
  rm -rf "$root" && mv "$root.part" "$root"
fi
echo "$root"
