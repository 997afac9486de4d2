#!/usr/bin/env bash
# configure.sh PRESET: fetches or builds what the build needs (cached) and runs CMake once for that preset.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
llama=$(deps/llamacpp.sh)
ort=$(deps/onnxruntime.sh)
model=$(deps/models.sh)
cmake --preset "$preset" -DPHASEGATE_LLAMACPP_ROOT="$llama" -DPHASEGATE_ORT_ROOT="$ort" -DPHASEGATE_MODEL="$model" >"/tmp/phasegate-configure-$$.log" 2>&1 ||
  { cat "/tmp/phasegate-configure-$$.log" >&2; rm -f "/tmp/phasegate-configure-$$.log"; exit 1; }
rm -f "/tmp/phasegate-configure-$$.log"
