#!/usr/bin/env bash
# demo.sh PHASEGATE DIR: the main job on a real model: doctor, a quick run on SmolLM2-135M with llama.cpp and ONNX Runtime,
# and the Decision Card in the terminal and as DIR/card.html. The run stays in DIR/store, so every number can be traced.
set -euo pipefail
phasegate=$1
dir=$2
cd "$(dirname "$0")/.."
model=$(deps/models.sh)
mkdir -p "$dir"
"$phasegate" --store "$dir/store" doctor
"$phasegate" --store "$dir/store" run --quick --model "$model" --pricing data/pricing/example.yaml --html "$dir/card.html"
echo
echo "The card as a page: $dir/card.html"
echo "Where a number comes from: $phasegate --store $dir/store explain last --prompt-tokens 64 --gen-tokens 64"
