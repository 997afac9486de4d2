#!/usr/bin/env python3
"""`phasegate measure` against llama-bench of the same commit: same model, threads, shapes and CPU variant.

Arms are interleaved (A B, then B A) in one run, each arm a fresh process with its own warm-up. The ratio of medians of each
round is one value; the interval is Student's t over the rounds' log ratios. llama-bench measures decode after a context
(-d), which is our decode after a prompt. Passes when the 95 % interval of every ratio lies within 0.97 to 1.03; otherwise it
prints "inconclusive" with the reason and fails.

Usage: vs_llama_bench.py PHASEGATE LLAMA_ROOT MODEL.gguf [--rounds 8] [--repetitions 3] [--prompts 64,512] [--gen 64] [--threads 1]
"""
import argparse
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

T975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262, 11: 2.228, 12: 2.201, 15: 2.145, 20: 2.093}


def t975(n):
    return T975.get(n) or T975[max(k for k in T975 if k <= n)]


def ours(arguments, store):
    command = [arguments.phasegate, "--json", "--store", str(store), "measure", "--engine", "llamacpp", "--model", arguments.model,
               "--prompt", arguments.prompts, "--gen", str(arguments.gen), "--threads", str(arguments.threads),
               "--repetitions", str(arguments.repetitions)]
    document = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    rates = {}
    for cell in document["cells"]:
        if cell["phase"] != "e2e":
            rates[(cell["phase"], cell["prompt_tokens"])] = cell["tok_s"]["median"]
    manifest = json.loads((store / "runs" / document["run"] / "manifest.json").read_text())
    return rates, manifest["candidates"][0]["identity"]["backend"]


def theirs(arguments, folder):
    base = [str(folder / "llama-bench"), "-m", arguments.model, "-t", str(arguments.threads), "-r", str(arguments.repetitions), "-o", "json"]
    rates = {}
    for extra, phase in ((["-p", arguments.prompts, "-n", "0"], "prefill"), (["-p", "0", "-n", str(arguments.gen), "-d", arguments.prompts], "decode")):
        done = subprocess.run(base + extra, capture_output=True, text=True, check=True)
        for row in json.loads(done.stdout):
            tokens = row["n_prompt"] if phase == "prefill" else row["n_depth"]
            rates[(phase, tokens)] = statistics.median(row["samples_ts"])
    return rates


def tools_with_one_variant(llama_root, variant, folder):
    """llama-bench picks its CPU back end by what lies beside it; only the variant that we ran lies here."""
    for name in os.listdir(llama_root / "bin"):
        if name.startswith("libggml-cpu-") and name != f"lib{variant}.so":
            continue
        if name.startswith(("lib", "llama-bench")):
            shutil.copy(llama_root / "bin" / name, folder / name)
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("phasegate")
    parser.add_argument("llama_root", type=pathlib.Path)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--prompts", default="64,512")
    parser.add_argument("--gen", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        store = folder / "store"
        _, variant = ours(arguments, store)  # also a warm-up of the page cache
        (folder / "tools").mkdir()
        tools = tools_with_one_variant(arguments.llama_root, variant, folder / "tools")
        rounds = []
        for index in range(arguments.rounds):
            if index % 2 == 0:
                a, b = ours(arguments, store)[0], theirs(arguments, tools)
            else:
                b, a = theirs(arguments, tools), ours(arguments, store)[0]
            rounds.append((a, b))
            print(f"round {index + 1}/{arguments.rounds}", file=sys.stderr)
    print(f"phasegate measure / llama-bench, {variant}, {arguments.threads} thread(s), {arguments.rounds} rounds")
    failed = False
    for key in sorted(rounds[0][0]):
        logs = [math.log(a[key] / b[key]) for a, b in rounds]
        mean, half = statistics.mean(logs), t975(len(logs)) * statistics.stdev(logs) / math.sqrt(len(logs))
        low, middle, high = (math.exp(x) for x in (mean - half, mean, mean + half))
        verdict = "ok"
        if low < 0.97 or high > 1.03:
            verdict = "outside" if low > 1.03 or high < 0.97 else f"inconclusive: the interval is {high - low:.3f} wide, noise {100 * statistics.stdev(logs):.1f} % a round"
            failed = True
        print(f"  {key[0]:8} after {key[1]:4}  ours {statistics.median(a[key] for a, _ in rounds):8.2f} tok/s  llama-bench "
              f"{statistics.median(b[key] for _, b in rounds):8.2f}  ratio {middle:.4f} [{low:.4f}, {high:.4f}]  {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
