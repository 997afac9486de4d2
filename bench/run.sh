#!/usr/bin/env bash
# run.sh BUILD: every benchmark of phasegate itself, each printing its figures, its bound and whether it holds.
# Needs a quiet machine for the timed ones; a noisy one prints "inconclusive" and fails, it never passes by luck.
# BENCH=name... chooses some of the names below.
set -uo pipefail
cd "$(dirname "$0")/.."
build=$1
wanted=${BENCH:-recorder validate import analyze aa_imported aa energy llama genai twice resample}
phasegate=$build/phasegate
PHASEGATE_ORT_LIBRARY=$(deps/onnxruntime.sh)/lib/libonnxruntime.so  # the same library for both arms of genai
export PHASEGATE_ORT_LIBRARY
store=$build/bench-store
failed=()
step() { printf '\n== %s\n' "$1"; shift; "$@" || failed+=("$1"); }

forged() {  # the demo model as q8_0 in both formats, made once
  local out=$build/bench-models/smollm2-q8_0
  [ -e "$out/forge.json" ] || "$phasegate" forge --from "$(deps/models.sh)" --to gguf,onnx --quant q8_0 --out "$out" >/dev/null
  echo "$out"
}

for name in $wanted; do
  case $name in
    recorder) step "recorder: cost of a step on the null engine" "$build/recorder" ;;
    validate) step "validate: 100,000 records, memory" "$build/validate" ;;
    import) step "import and validate of JSONL: MB/s of one core, memory" "$build/import" tests/conformance/reports ;;
    aa_imported) step "A/A on repeated cells of real runs, and a true 3 %" "$build/aa_imported" tests/conformance/reports ;;
    analyze) step "all of analyze on the TR121 run against numpy" bench/analyze_tr121.py "$build/analyze_tr121" "$phasegate" ;;
    aa) step "A/A, simulated: false alarms in 500 trials" "$build/aa_false_alarms" ;;
    energy) step "energy: 1,000,000 random windows and sensor trains" "$build/energy_fuzz" ;;
    llama) step "decode and prefill against llama-bench" bench/vs_llama_bench.py "$phasegate" "$(deps/llamacpp.sh tools)" "$(forged)/gguf/model.gguf" ;;
    genai) step "ONNX decode step against onnxruntime-genai" python3 bench/onnx_vs_genai.py --step "$build/onnx_step" --model "$(forged)/onnx" ;;
    twice) step "two quick runs of one plan" python3 bench/quick_twice.py "$phasegate" "$(forged)" "$store" ;;
    resample) step "A/A, resampled real sessions: false alarms in 200 trials" python3 bench/resample_sessions.py "$phasegate" "$(forged)" "$build/aa_false_alarms" ;;
    *) echo "unknown benchmark $name"; exit 2 ;;
  esac
done
echo
if [ "${#failed[@]}" -gt 0 ]; then printf 'not within bounds: %s\n' "${failed[@]}"; exit 1; fi
echo "all within bounds"
