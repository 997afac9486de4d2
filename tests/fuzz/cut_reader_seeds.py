#!/usr/bin/env python3
"""Cuts the seeds of the readers' fuzz targets out of tests/conformance: few rows, few files, in the bundle form that
fuzz_readers.cpp takes. Formats without data there have seeds written by hand beside these.
"""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent
DATA = ROOT.parent / "conformance"


def head(path, lines):
    return "".join((DATA / path).read_text(encoding="utf-8").splitlines(keepends=True)[:lines])


def whole(path):
    return (DATA / path).read_text(encoding="utf-8")


def shortened(value, most=3):
    """The same document with every list cut, so that a mutation hits something else than the tenth number."""
    if isinstance(value, list):
        return [shortened(item) for item in value[:most]]
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return value


def cut(path):
    return json.dumps(shortened(json.loads(whole(path))))


def bundle(format_name, name, *files):
    folder = ROOT / "corpus" / f"readers_{format_name}"
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"=== {kind} {path}\n{body if body.endswith(chr(10)) else body + chr(10)}" for kind, path, body in files)
    (folder / name).write_text(text, encoding="utf-8")


def main():
    reports = "reports/"
    gpt2 = reports + "tr118/gpt2/"
    bundle("tr118", "run",
           ("tr118_bench", "raw/bench_prefill_1765652089.jsonl", head(gpt2 + "raw/bench_prefill_1765652089.jsonl", 2)),
           ("tr118_manifest", "processed/manifest.json", cut(gpt2 + "processed/experiment_manifest_1765652089.json")),
           ("tr118_perplexity", "processed/perplexity.json", cut(gpt2 + "processed/perplexity_results.json")),
           ("tr118_latency_summary", "processed/latency.csv", head(gpt2 + "processed/latency_summary_generate.csv", 3)),
           ("bench_trt_build", "processed/trt.json", cut(gpt2 + "processed/trt_build_metadata_1765652089.json")))
    tr119 = reports + "tr119/"
    bundle("tr119", "run",
           ("tr119_bench", "raw/bench_tr119_1766283446.jsonl", head(tr119 + "raw/bench_tr119_1766283446.jsonl", 2)),
           ("tr119_manifest", "processed/manifest.json", cut(tr119 + "processed/experiment_manifest_1766283446.json")),
           ("tr119_config", "processed/config.yaml", whole(tr119 + "processed/config_used_1766283446.yaml")))
    tr120 = reports + "tr120/controlled/20251221_173112/"
    run = "runs/single_micro/transformers-gpu/fp32/run_1766338285500.json"
    bundle("tr120", "run",
           ("tr120_manifest", "manifest.json", whole(tr120 + "manifest.json")),
           ("tr120_metrics", "prefill/metrics.csv", head(tr120 + "prefill/metrics.csv", 4)),
           ("tr120_counters", "prefill/dynamo_counters.json", cut(tr120 + "prefill/dynamo_counters.json")),
           ("tr120_run", "prefill/" + run, cut(tr120 + "prefill/" + run)))
    tr121 = reports + "tr121/20251224_002149/"
    bundle("tr121", "lines",
           ("tr121_manifest", "manifest.json", cut(tr121 + "manifest.json")),
           ("tr121_runs", "runs.jsonl", head(tr121 + "runs.jsonl", 3)))
    bundle("tr121", "table", ("tr121_metrics", "metrics.csv", head(tr121 + "metrics.csv", 4)))
    bundle("tr121", "both",
           ("tr121_runs", "runs.jsonl", head(tr121 + "runs.jsonl", 2)),
           ("tr121_metrics", "metrics.csv", head(tr121 + "metrics.csv", 3)))
    foreign = "foreign/"
    bundle("aiperf", "records", ("aiperf_records", "profile_export.jsonl", head(foreign + "aiperf/profile_export.jsonl", 2)),
           ("aiperf_tables", "profile_export_aiperf.csv", head(foreign + "aiperf/profile_export_aiperf.csv", 6)),
           ("aiperf_summary", "profile_export_aiperf.json", cut(foreign + "aiperf/profile_export_aiperf.json")))
    bundle("guidellm", "json", ("guidellm_json", "out.json", cut(foreign + "guidellm/out.json")))
    bundle("guidellm", "csv", ("guidellm_csv", "out.csv", whole(foreign + "guidellm/out.csv")))
    bundle("vllm", "result", ("vllm_result", "result.json", cut(foreign + "vllm/bench-serve-detailed-2qps.json")))
    bundle("llama-bench", "json", ("llama_bench_json", "llama-bench.json", cut(foreign + "llama_bench/llama-bench.json")))
    bundle("llama-bench", "jsonl",
           ("llama_bench_jsonl", "llama-bench.jsonl", head(foreign + "llama_bench/llama-bench.jsonl", 2)))
    server = foreign + "mlperf_loadgen/server/"
    trace = whole(server + "mlperf_log_trace.json").splitlines()
    bundle("mlperf-loadgen", "server",
           ("mlperf_detail", "mlperf_log_detail.txt", head(server + "mlperf_log_detail.txt", 40)),
           ("mlperf_summary", "mlperf_log_summary.txt", whole(server + "mlperf_log_summary.txt")),
           ("mlperf_trace", "mlperf_log_trace.json", "\n".join(trace[:40])))


if __name__ == "__main__":
    main()
