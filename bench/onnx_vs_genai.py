#!/usr/bin/env python3
"""Decode step of phasegate's ONNX engine against onnxruntime-genai, on one folder, with one ONNX Runtime library.

    bench/onnx_vs_genai.py --step build/release/onnx_step --model DIR [--threads 1] [--rounds 8] [--json]

Each round starts both arms in fresh processes that decode the same text from a short prompt to a long context, in chunks
of steps, one arm at a time in the order A B, B A, A B, ...: what disturbs the machine for longer than a chunk meets both.
A round gives the median over the chunks of the ratio ours/theirs of median step times, and the ratio of the slopes of step
time against context (Theil-Sen over the chunks). Printed are the mean ratios with a 95 % interval (t over the rounds' log
ratios). Exit code 0 only when the upper ends of both intervals keep their bounds, and both arms chose the same tokens
through the same library file. Both arms stop spinning when a step ends, else the waiting one would take the other's core.

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
    """Runs inside the environment, in the same way as onnx_step."""
    import time
    import onnxruntime_genai as og
    ids = [int(i) for i in args.ids.split(",")]
    config = og.Config(args.model)
    # The end-of-text id is moved out of the way, so that the arm takes exactly the steps that were asked for.
    config.overlay(json.dumps({"model": {"eos_token_id": args.vocabulary - 1, "decoder": {"session_options": {
        "intra_op_num_threads": args.threads, "inter_op_num_threads": 1, "session.force_spinning_stop": "1"}}}}))
    model = og.Model(config)
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=args.context, do_sample=False)
    generator = og.Generator(model, params)
    generator.append_tokens(ids)
    generator.generate_next_token()  # chooses from the prompt's own logits: no pass of the model
    maps = Path("/proc/self/maps").read_text()
    library = next(line.split()[-1] for line in maps.splitlines() if "libonnxruntime.so" in line)
    print(json.dumps({"engine_version": og.__version__, "library": library}), flush=True)
    clock, seen = time.perf_counter_ns, len(ids) + 1
    for _ in sys.stdin:
        times = []
        for _ in range(args.chunk):
            start = clock()
            generator.generate_next_token()
            times.append(clock() - start)
        sequence = generator.get_sequence(0)
        print(json.dumps({"step_ns": times, "tokens": [int(t) for t in sequence[seen:]]}), flush=True)
        seen = len(sequence)


class Arm:
    """A process that loads a model and then answers each line with a chunk of steps."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.about, self.medians, self.tokens = self.read(), [], []

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args[0]} ended with exit code {self.process.wait()}")
        return json.loads(line)

    def chunk(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.read()
        self.medians.append(statistics.median(answer["step_ns"]))
        self.tokens += answer["tokens"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def slope(medians, chunk):
    """Nanoseconds a step for each further cached token: the median slope over all pairs of chunks (Theil-Sen)."""
    return statistics.median((medians[j] - medians[i]) / ((j - i) * chunk)
                             for i in range(len(medians)) for j in range(i + 1, len(medians)))


def interval(log_ratios):
    mean = statistics.fmean(log_ratios)
    half = T95[min(len(log_ratios) - 2, len(T95) - 1)] * statistics.stdev(log_ratios) / math.sqrt(len(log_ratios))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def verdict(low, high, bound):
    return "holds" if high <= bound else "exceeded" if low > bound else "inconclusive"


def measure(args):
    python = genai_python()
    environment = dict(os.environ, PHASEGATE_ORT_LIBRARY=library_of(python))
    vocabulary = json.loads((Path(args.model) / "genai_config.json").read_text())["model"]["vocab_size"]
    ids = ",".join(str((1 + 7919 * i) % (vocabulary - 2)) for i in range(args.prompt))
    commands = {
        "ours": [args.step, args.model, str(args.threads), str(args.context), str(args.chunk), ids],
        "theirs": [str(python), __file__, "--arm", "--model", args.model, "--threads", str(args.threads), "--context",
                   str(args.context), "--chunk", str(args.chunk), "--vocabulary", str(vocabulary), "--ids", ids]}
    rounds = []
    for index in range(args.rounds):
        arms = {name: Arm(command, environment) for name, command in commands.items()}
        for chunk in range((args.context - args.prompt - 1) // args.chunk):
            for name in ("ours", "theirs") if (index + chunk) % 2 == 0 else ("theirs", "ours"):
                arms[name].chunk()
        for arm in arms.values():
            arm.close()
        rounds.append(arms)
        print(f"round {index + 1} of {args.rounds}: step ratio {step_ratio(arms):.3f}", file=sys.stderr)
    return rounds


def step_ratio(arms):
    return statistics.median(a / b for a, b in zip(arms["ours"].medians, arms["theirs"].medians))


def compared(ours, theirs, ratios, bound):
    out = {"ours": statistics.median(ours), "theirs": statistics.median(theirs), "bound": bound}
    if min(ours + theirs) <= 0:
        return dict(out, verdict="inconclusive", reason="a slope is not positive: the machine is too noisy")
    ratio, low, high = interval([math.log(r) for r in ratios])
    return dict(out, ratio=ratio, ci95=[low, high], verdict=verdict(low, high, bound))


def summarise(rounds, args):
    out = {"model": args.model, "threads": args.threads, "contexts": [args.prompt, args.context], "rounds": len(rounds),
           "libraries": sorted({os.path.realpath(arm.about["library"]) for arms in rounds for arm in arms.values()}),
           "versions": {name: arm.about["engine_version"] for name, arm in rounds[0].items()},
           "same_tokens": all(arms["ours"].tokens == arms["theirs"].tokens for arms in rounds)}
    steps = {name: [statistics.median(arms[name].medians) / 1e6 for arms in rounds] for name in ("ours", "theirs")}
    slopes = {name: [slope(arms[name].medians, args.chunk) / 1e3 for arms in rounds] for name in ("ours", "theirs")}
    out["step_ms"] = compared(steps["ours"], steps["theirs"], [step_ratio(arms) for arms in rounds], STEP_BOUND)
    out["slope_us_per_token"] = compared(slopes["ours"], slopes["theirs"],
                                         [a / b for a, b in zip(slopes["ours"], slopes["theirs"]) if a > 0 and b > 0], SLOPE_BOUND)
    out["ok"] = (out["same_tokens"] and len(out["libraries"]) == 1 and
                 all(out[key]["verdict"] == "holds" for key in ("step_ms", "slope_us_per_token")))
    return out


def show(out):
    print(f"ONNX decode against onnxruntime-genai {out['versions']['theirs']}, ONNX Runtime {out['versions']['ours']}, "
          f"{out['threads']} thread(s), contexts {out['contexts'][0]} to {out['contexts'][1]}, {out['rounds']} rounds")
    for key, unit in (("step_ms", "ms a step"), ("slope_us_per_token", "us a step for each cached token")):
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
    parser.add_argument("--chunk", type=int, default=31, help="steps of one arm before the other's turn")
    parser.add_argument("--arm", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--vocabulary", type=int, help=argparse.SUPPRESS)
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
