#!/usr/bin/env python3
"""Decode step of phasegate's ONNX engine against onnxruntime-genai, on one folder, with one ONNX Runtime library.

    bench/onnx_vs_genai.py --step build/release/onnx_step --model DIR [--threads 1] [--rounds 8] [--json]

Each round runs both arms, each in a fresh process, in the order A B, B A, A B, ... A round decodes from a short prompt to
a long context, so that it gives a median step time and a slope of step time against context. Printed are the medians of
each arm and the ratios ours/theirs with a 95 % interval (t) of the rounds' log ratios. Exit code 0 only when the upper
ends of both intervals keep their bounds, and both arms chose the same tokens through the same library file.

onnxruntime-genai comes from PyPI into a virtual environment in the cache folder, and takes the ONNX Runtime library of
the `onnxruntime` package there; ours is pointed at that very file.
"""
import argparse, json, math, os, statistics, subprocess, sys, venv
from pathlib import Path

GENAI, ORT = "0.18.0", "1.31.1"
STEP_BOUND, SLOPE_BOUND = 1.05, 1.25
# Two-sided 95 % quantiles of Student's t for 1..30 degrees of freedom.
T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
       2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]


def cache_folder():
    base = os.environ.get("PHASEGATE_CACHE")
    return Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "phasegate"


def genai_python():
    """The interpreter of an environment that has the pinned packages; made once."""
    folder = cache_folder() / f"genai-{GENAI}-{ORT}"
    python = folder / "bin" / "python"
    done = folder / ".done"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                        f"onnxruntime-genai=={GENAI}", f"onnxruntime=={ORT}"], check=True, stdout=sys.stderr)
        done.touch()
    return python


def library_of(python):
    found = subprocess.run([python, "-c", "import onnxruntime, pathlib; print(*pathlib.Path(onnxruntime.__file__)"
                            ".parent.joinpath('capi').glob('libonnxruntime.so*'))"], check=True, capture_output=True, text=True)
    return found.stdout.split()[0]


def genai_arm(args):
    """Runs inside the environment: prints the same JSON as onnx_step."""
    import time
    import onnxruntime_genai as og
    ids = [int(i) for i in args.ids.split(",")]
    config = og.Config(args.model)
    # The end-of-text id is moved out of the way, so that the arm takes exactly the steps that were asked for.
    config.overlay(json.dumps({"model": {"eos_token_id": args.vocabulary - 1, "decoder": {"session_options": {
        "intra_op_num_threads": args.threads, "inter_op_num_threads": 1}}}}))
    model = og.Model(config)
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=args.context, do_sample=False)
    generator = og.Generator(model, params)
    generator.append_tokens(ids)
    generator.generate_next_token()  # chooses from the prompt's own logits: no pass of the model
    times, clock = [], time.perf_counter_ns
    for _ in range(args.steps):
        start = clock()
        generator.generate_next_token()
        times.append(clock() - start)
    maps = Path("/proc/self/maps").read_text()
    library = next(line.split()[-1] for line in maps.splitlines() if "libonnxruntime.so" in line)
    tokens = [int(t) for t in generator.get_sequence(0)][len(ids):]
    print(json.dumps({"engine_version": og.__version__, "library": library, "step_ns": times, "tokens": tokens}))


def slope(times, first_context, bins=16):
    """Nanoseconds a step for each further cached token: least squares over the medians of equal bins of context."""
    size = len(times) // bins
    points = [(first_context + (b + 0.5) * size, statistics.median(times[b * size:(b + 1) * size])) for b in range(bins)]
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    return (sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points))


def interval(log_ratios):
    mean = statistics.fmean(log_ratios)
    half = T95[min(len(log_ratios) - 2, len(T95) - 1)] * statistics.stdev(log_ratios) / math.sqrt(len(log_ratios))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def verdict(low, high, bound):
    return "holds" if high <= bound else "exceeded" if low > bound else "inconclusive"


def measure(args):
    python = genai_python()
    library = library_of(python)
    config = json.loads((Path(args.model) / "genai_config.json").read_text())
    vocabulary = config["model"]["vocab_size"]
    ids = ",".join(str((1 + 7919 * i) % (vocabulary - 2)) for i in range(args.prompt))
    steps = args.context - args.prompt - 1
    ours = [args.step, args.model, str(args.threads), str(args.context), str(steps), ids]
    theirs = [str(python), __file__, "--arm", "--model", args.model, "--threads", str(args.threads), "--context",
              str(args.context), "--steps", str(steps), "--vocabulary", str(vocabulary), "--ids", ids]
    environment = dict(os.environ, PHASEGATE_ORT_LIBRARY=library)
    rounds = []
    for index in range(args.rounds):
        result = {}
        for name, command in [("ours", ours), ("theirs", theirs)][::1 if index % 2 == 0 else -1]:
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
            result[name] = json.loads(output)
        rounds.append(result)
        print(f"round {index + 1} of {args.rounds}: " + ", ".join(
            f"{name} {statistics.median(arm['step_ns']) / 1e6:.3f} ms" for name, arm in sorted(result.items())), file=sys.stderr)
    return rounds


def summarise(rounds, args):
    out = {"model": args.model, "threads": args.threads, "contexts": [args.prompt, args.context], "rounds": len(rounds),
           "libraries": sorted({os.path.realpath(arm["library"]) for r in rounds for arm in r.values()}),
           "versions": {name: rounds[0][name]["engine_version"] for name in ("ours", "theirs")},
           "same_tokens": all(r["ours"]["tokens"] == r["theirs"]["tokens"] for r in rounds)}
    figures = {"step_ms": lambda arm: statistics.median(arm["step_ns"]) / 1e6,
               "slope_us_per_token": lambda arm: slope(arm["step_ns"], args.prompt) / 1e3}
    for (key, figure), bound in zip(figures.items(), (STEP_BOUND, SLOPE_BOUND)):
        pairs = [(figure(r["ours"]), figure(r["theirs"])) for r in rounds]
        out[key] = {"ours": statistics.median(a for a, _ in pairs), "theirs": statistics.median(b for _, b in pairs), "bound": bound}
        if min(min(pair) for pair in pairs) <= 0:
            out[key].update(verdict="inconclusive", reason="a slope is not positive: the machine is too noisy")
            continue
        ratio, low, high = interval([math.log(a / b) for a, b in pairs])
        out[key].update(ratio=ratio, ci95=[low, high], verdict=verdict(low, high, bound))
    out["ok"] = (out["same_tokens"] and len(out["libraries"]) == 1 and
                 all(out[key]["verdict"] == "holds" for key in figures))
    return out


def show(out):
    print(f"ONNX decode against onnxruntime-genai {out['versions']['theirs']}, ONNX Runtime {out['versions']['ours']}, "
          f"{out['threads']} thread(s), contexts {out['contexts'][0]} to {out['contexts'][1]}, {out['rounds']} rounds")
    for key, unit in (("step_ms", "ms a step"), ("slope_us_per_token", "us a step and cached token")):
        row = out[key]
        ratio = (f"ratio {row['ratio']:.3f} [{row['ci95'][0]:.3f}, {row['ci95'][1]:.3f}]" if "ratio" in row else row["reason"])
        print(f"  ours {row['ours']:.4f}, theirs {row['theirs']:.4f} {unit}: {ratio}, bound {row['bound']}: {row['verdict']}")
    print(f"  same tokens: {out['same_tokens']}; library: {', '.join(out['libraries'])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--step", help="the program onnx_step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=32)
    parser.add_argument("--context", type=int, default=900)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    for inner in ("--arm",):
        parser.add_argument(inner, action="store_true", help=argparse.SUPPRESS)
    for inner in ("--steps", "--vocabulary"):
        parser.add_argument(inner, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ids", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.arm:
        return genai_arm(args)
    if not args.step or args.rounds < 7:
        parser.error("--step is needed, and at least 7 rounds")
    out = summarise(measure(args), args)
    print(json.dumps(out)) if args.json else show(out)
    return 0 if out["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
