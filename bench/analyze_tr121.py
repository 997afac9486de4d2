#!/usr/bin/env python3
"""All of `analyze` on the TR121 run with 10,000 resamples: ours against a vectorised numpy script, in one run.

    bench/analyze_tr121.py ARM PHASEGATE [--folder DIR] [--rounds 12] [--resamples 10000]

ARM is the program build/.../analyze_tr121, PHASEGATE the command. Both arms go from the text of the rows to the finished
numbers in a process that is already running, on one core, one arm at a time in the order A B, B A, ...; the figure is the
ratio of their times with a 95 % interval (t over the rounds' log ratios). The numpy arm draws each bootstrap at once, shares
the draws among fits of one size, and computes no more than ours does; that both compute the same is checked before any
figure is printed. The whole command is timed as well, start and files included: that is the figure for the 1 s bound.

Exit code 0 only when the lower end of the interval of numpy / ours is at least 5 and the slowest whole command took at most
1 s. numpy and scipy come from PyPI into a virtual environment in the cache folder.
"""
import argparse, json, math, os, statistics, subprocess, sys, tempfile, time, venv
from collections import defaultdict
from pathlib import Path

NUMPY, SCIPY = "2.4.6", "1.17.1"
RATIO_BOUND, SECONDS_BOUND = 5.0, 1.0
ROOT = Path(__file__).resolve().parent.parent


def cache_folder():
    base = os.environ.get("PHASEGATE_CACHE")
    return Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "phasegate"


def numpy_python():
    """The interpreter of an environment that has the pinned packages; made once."""
    folder = cache_folder() / f"numpy-{NUMPY}-{SCIPY}"
    python = folder / "bin" / "python"
    done = folder / ".done"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"numpy=={NUMPY}",
                        f"scipy=={SCIPY}"], check=True, stdout=sys.stderr)
        done.touch()
    return python


# ---------------------------------------------------------------- the numpy arm

WINDOWS = {"prefill": "prefill", "kv_decode": "decode", "e2e_kv": "e2e_sum"}


def stacked(cells):
    """Cells of one sample size as one array: {n: (keys, array)}."""
    by_n = defaultdict(list)
    for key, values in cells.items():
        by_n[len(values)].append(key)
    return {n: (keys, np.array([cells[k] for k in keys])) for n, keys in by_n.items()}


def summaries(cells, out):
    for n, (keys, x) in stacked(cells).items():
        mean, std = x.mean(1), x.std(1, ddof=1)
        q = np.percentile(x, [0, 25, 50, 75, 90, 95, 99, 100], axis=1)
        half = stats.t.ppf(0.975, n - 1) * std / np.sqrt(n)
        ordered = np.sort(x, 1)
        iqr = q[3] - q[1]
        beyond = ((x < (q[1] - 1.5 * iqr)[:, None]) | (x > (q[3] + 1.5 * iqr)[:, None])).sum(1)
        far = (np.abs(x - mean[:, None]) > 3 * std[:, None]).sum(1)
        first = x[:, 0] / np.median(x[:, 1:], 1)
        columns = (mean, std, q[2], mean - half, mean + half, iqr, beyond, far, first, ordered[:, :-1].mean(1), x[:, 1:].mean(1))
        for i, key in enumerate(keys):
            out["cells"]["|".join(key)] = [float(c[i]) for c in columns]


def medians_of(cells):
    return {k: m for n, (keys, x) in stacked(cells).items() for k, m in zip(keys, np.median(x, 1))}


def comparisons(cells, medians, out):
    arms = sorted({k[0] for k in cells})
    groups = defaultdict(lambda: defaultdict(dict))
    for backend, model, scenario, mode in cells:
        groups[model, mode][backend][scenario] = (backend, model, scenario, mode)
    pairs = []
    for (model, mode), by_arm in sorted(groups.items()):
        for i, a in enumerate(arms):
            for b in arms[i + 1:]:
                common = sorted(set(by_arm.get(a, ())) & set(by_arm.get(b, ())))
                if common:
                    pairs.append((model, mode, a, b, [by_arm[a][s] for s in common], [by_arm[b][s] for s in common]))
    x = np.array([np.concatenate([cells[k] for k in p[4]]) for p in pairs])
    y = np.array([np.concatenate([cells[k] for k in p[5]]) for p in pairs])
    welch = stats.ttest_ind(x, y, axis=1, equal_var=False).pvalue
    u = stats.mannwhitneyu(x, y, axis=1, method="asymptotic")
    pooled = np.sqrt((x.var(1, ddof=1) + y.var(1, ddof=1)) / 2)
    d = (x.mean(1) - y.mean(1)) / pooled
    cliff = 2 * u.statistic / (x.shape[1] * y.shape[1]) - 1
    logs = np.array([[np.log(medians[i] / medians[j]) for i, j in zip(p[4], p[5])] for p in pairs])
    n = logs.shape[1]
    centre, error = logs.mean(1), logs.std(1, ddof=1) / np.sqrt(n)
    p = 2 * stats.t.sf(np.abs(centre / error), n - 1)
    half = stats.t.ppf(0.975, n - 1) * error
    order = np.argsort(p, kind="stable")
    holm = np.empty_like(p)
    holm[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    for i, pair in enumerate(pairs):
        out["comparisons"]["|".join(pair[:4])] = [float(v[i]) for v in (welch, u.pvalue, d, cliff, np.exp(centre), np.exp(centre - half),
                                                                       np.exp(centre + half), p, holm)]


def tails(cells, out):
    groups = defaultdict(list)
    for key in cells:
        groups[key[0], key[1], key[3]].append(key)
    for group, keys in groups.items():
        x = np.array([cells[k] for k in keys])
        slow = (x > 3 * np.median(x)).sum(1)
        out["tails"]["|".join(group)] = int(slow.sum())


def line_draws(x, y, resamples):
    """Slopes and intercepts of all fits of one size at once; y is (fits, n). All x equal: numpy's minimum norm."""
    n = len(x)
    draws = np.random.default_rng(42).integers(0, n, size=(resamples, n))
    rx = x[draws]
    ry = y[:, draws]
    mx, my = rx.mean(1), ry.mean(2)
    dx = rx - mx[:, None]
    sxx = (dx * dx).sum(1)
    one = (draws == draws[:, :1]).all(1)
    slope = np.einsum("rn,frn->fr", dx, ry) / np.where(one, 1, sxx)
    intercept = my - slope * mx
    slope[:, one] = my[:, one] / (2 * rx[one, 0])
    intercept[:, one] = my[:, one] / 2
    return np.quantile(slope, [0.025, 0.975], axis=1), np.quantile(intercept, [0.025, 0.975], axis=1)


def fits(medians, sizes, resamples, out):
    groups = defaultdict(lambda: defaultdict(dict))
    for (backend, model, scenario, mode), value in medians.items():
        groups[backend, mode][model][scenario] = value
    by_sizes = defaultdict(list)
    for (backend, mode), models in groups.items():
        names = sorted(models, key=sizes.get)
        scenarios = sorted(models[names[0]])
        table = np.array([[models[m][s] for s in scenarios] for m in names])
        x = tuple(sizes[m] for m in names)
        by_sizes[x].append((backend, mode, "geometric_mean", np.exp(np.log(table).mean(1))))
        by_sizes[x] += [(backend, mode, s, table[:, i]) for i, s in enumerate(scenarios)]
    for size, entries in by_sizes.items():
        size = np.array(size)
        x, y = np.log10(size), np.log10([e[3] for e in entries])
        mx, my = x.mean(), y.mean(1)
        slope = ((x - mx) * (y - my[:, None])).sum(1) / ((x - mx) ** 2).sum()
        intercept = my - slope * mx
        residual = y - intercept[:, None] - slope[:, None] * x
        r2 = 1 - (residual**2).sum(1) / ((y - my[:, None]) ** 2).sum(1)
        slope_ci, intercept_ci = line_draws(x, y, resamples)
        for i, (backend, mode, scenario, value) in enumerate(entries):
            rank = stats.spearmanr(x, y[i])
            robust = stats.theilslopes(y[i], x, 0.95)
            entry = [slope[i], intercept[i], r2[i], slope_ci[0, i], slope_ci[1, i], intercept_ci[0, i], intercept_ci[1, i],
                     rank.statistic, rank.pvalue, robust.slope, robust.low_slope, robust.high_slope]
            if scenario == "geometric_mean":
                entry += list(np.polyfit(size, value, 1))
                try:
                    power, _ = optimize.curve_fit(lambda p, a, b, s: a + b * p**s, size, value, p0=(value.min() / 2, 1, 0.5),
                                                  bounds=([0, 0, 0], [np.inf, np.inf, 2]), max_nfev=20000)
                except RuntimeError:
                    power = ()
                out["overhead"]["|".join((backend, mode))] = [float(v) for v in power]
            out["fits"]["|".join((backend, mode, scenario))] = [float(v) for v in entry]


def numpy_analyze(lines, resamples):
    out = {"cells": {}, "comparisons": {}, "tails": {}, "fits": {}, "overhead": {}, "warmup": {}, "rates": {}, "gaps": {}, "early": {},
           "linearity": {}}
    measured, warm, rates, device, early, linear, sizes = (defaultdict(list) for _ in range(7))
    for line in lines:
        row = json.loads(line)
        key = (row["backend"], row["model"], row["scenario"], row["mode"])
        if row["status"] != "ok":
            continue
        if row["is_warmup"]:
            warm[key].append(row["latency_ms"])
            continue
        measured[key].append(row["latency_ms"])
        rates[key].append(row["tokens_per_s"])
        sizes[row["model"]] = row["params_millions_measured"]
        if row.get("cuda_event_ms") is not None:
            device[key].append((row["latency_ms"], row["cuda_event_ms"]))
        if row["mode"] != "prefill":
            early[key].append((row["gen_tokens_raw"], row["gen_tokens_target"]))
        if row["mode"] == "kv_decode":
            linear[row["backend"], row["model"]].append((row["gen_tokens_raw"], row["kv_decode_ms"]))
    summaries(measured, out)
    medians = medians_of(measured)
    rate_medians = medians_of(rates)
    for key, value in medians_of(warm).items():
        out["warmup"]["|".join(key)] = (float(value / medians[key]), float(value - medians[key]))
    ratios = np.array([v[0] for v in out["warmup"].values()])
    out["spread"] = [float(v) for v in np.percentile(ratios, [50, 95, 100])]
    out["rates"] = {"|".join(k): float(v) for k, v in rate_medians.items()}
    for key, pairs in device.items():
        wall, dev = np.array(pairs).T
        gap = np.abs(wall - dev)
        out["gaps"]["|".join(key)] = [float(v) for v in (*np.percentile(gap / wall, [50, 95]), *np.percentile(gap, [50, 95]))]
    for key, pairs in early.items():
        tokens, target = np.array(pairs).T
        out["early"]["|".join(key)] = float((tokens < target).mean())
    for key, pairs in linear.items():
        tokens, ms = np.array(pairs, dtype=float).T
        if len(set(tokens)) > 1:
            b, a = np.polyfit(tokens, ms, 1)
            error = ms / tokens * 64 - (a + 64 * b)
            out["linearity"]["|".join(key)] = [float(v) for v in (a, b, *np.percentile(error, [50, 95, 0, 100]))]
    comparisons(measured, medians, out)
    tails(measured, out)
    fits(medians, sizes, resamples, out)
    return json.dumps(out)


# ---------------------------------------------------------------- both

class Arm:
    def __init__(self, program, folder, resamples):
        self.process = subprocess.Popen([program, folder, "--resamples", str(resamples)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def close(a, b, tolerance):
    return abs(a - b) <= tolerance * max(1e-12, abs(a), abs(b))


def disagreements(ours, theirs):
    """Names of what the arms do not agree about. Quantised models of one server are one backend in both."""
    wrong = []

    def check(name, pairs, tolerance=1e-8):
        for a, b in pairs:
            if a is None or not close(a, b, tolerance):
                wrong.append(f"{name}: {a} {b}")

    mode_of = {v: k for k, v in WINDOWS.items()}
    cells = {(c["backend"], c["model"], c["scenario"], mode_of[c["window"]]): c for c in ours["cells"].values()}
    if len(cells) != len(theirs["cells"]):
        wrong.append(f"{len(cells)} cells against {len(theirs['cells'])}")
    for key, c in cells.items():
        name = "|".join(key)
        their = theirs["cells"][name]
        latency = c["latency_ms"]
        check(name, [(latency["mean"]["value"], their[0]), (latency["std"]["value"], their[1]), (latency["median"]["value"], their[2]),
                     (latency["mean"]["ci95"][0], their[3]), (latency["iqr"]["value"], their[5]), (c["first"]["ratio"], their[8]),
                     (c["tok_s"]["value"], theirs["rates"][name]), (c["warmup"]["ratio"], theirs["warmup"][name][0])])
    for f in ours["fits"].values():
        name = "|".join((f["arm"], mode_of[f["window"]], f["scenario"]))
        law, their = f["power_law"], theirs["fits"][name]
        check(name, [(law["slope"], their[0]), (law["r2"], their[2]), (law["slope_ci95"][0], their[3]), (law["slope_ci95"][1], their[4]),
                     (law["log10_intercept_ci95"][0], their[5]), (law["spearman"]["rho"], their[7]), (law["theil_sen"]["slope"], their[9]),
                     (law["theil_sen"]["slope_ci95"][0], their[10])])
    same_arms = [c for c in ours["comparisons"].values()]
    for c in same_arms:
        name = "|".join((c["model"], mode_of[c["window"]], c["a"].split(" ")[0], c["b"].split(" ")[0]))
        their = theirs["comparisons"][name]
        check(name, [(c["unblocked"]["welch_p"], their[0]), (c["unblocked"]["cohens_d"], their[2]), (c["blocked"]["ratio"], their[4]),
                     (c["blocked"]["p"], their[7]), (c["blocked"]["p_holm"], their[8])], 1e-6)
    if len(same_arms) != len(theirs["comparisons"]):
        wrong.append(f"{len(same_arms)} comparisons against {len(theirs['comparisons'])}")
    return wrong


def interval(values):
    centre = statistics.fmean(values)
    half = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return centre, centre - half, centre + half


def whole_command(phasegate, folder, resamples, times):
    with tempfile.TemporaryDirectory() as store:
        subprocess.run([phasegate, "--store", store, "import", "--from", "tr121", folder], check=True, capture_output=True)
        seconds = []
        for _ in range(times):
            start = time.perf_counter()
            subprocess.run([phasegate, "--store", store, "analyze", "last", "--resamples", str(resamples), "--json"], check=True,
                           capture_output=True)
            seconds.append(time.perf_counter() - start)
        return seconds


def measure(args):
    lines = Path(args.folder, "runs.jsonl").read_text(encoding="utf-8").splitlines()
    arm = Arm(args.arm, args.folder, args.resamples)
    arm.ask("go")
    theirs = json.loads(numpy_analyze(lines, args.resamples))
    wrong = disagreements(arm.ask("json"), theirs)
    if wrong:
        print("the arms do not compute the same:", *wrong[:10], sep="\n  ")
        return 1
    ours_ms, numpy_ms = [], []
    for i in range(args.rounds):
        for turn in ("AB", "BA")[i % 2]:
            if turn == "A":
                ours_ms.append(arm.ask("go")["ms"])
            else:
                start = time.perf_counter()
                numpy_analyze(lines, args.resamples)
                numpy_ms.append(1000 * (time.perf_counter() - start))
    ratio, low, high = (math.exp(v) for v in interval([math.log(b / a) for a, b in zip(ours_ms, numpy_ms)]))
    seconds = whole_command(args.phasegate, args.folder, args.resamples, 5)
    print(f"{len(lines)} rows, {args.resamples} resamples, {args.rounds} rounds, one core")
    print(f"  ours   median {statistics.median(ours_ms):8.1f} ms")
    print(f"  numpy  median {statistics.median(numpy_ms):8.1f} ms (numpy {np.__version__}, scipy {scipy.__version__})")
    print(f"  numpy / ours  {ratio:.2f} [{low:.2f}, {high:.2f}]   bound: at least {RATIO_BOUND}")
    print(f"  `phasegate analyze`, start and files included: slowest of {len(seconds)} {max(seconds):.3f} s   bound: {SECONDS_BOUND} s")
    if low >= RATIO_BOUND and max(seconds) <= SECONDS_BOUND:
        print("holds")
        return 0
    print("does not hold" if high < RATIO_BOUND or min(seconds) > SECONDS_BOUND else "inconclusive")
    return 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("arm")
    parser.add_argument("phasegate")
    parser.add_argument("--folder", default=str(ROOT / "tests/conformance/reports/tr121/20251224_002149"))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--resamples", type=int, default=10000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.inside:
        single = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        pin = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]  # both arms on one core
        return subprocess.run([*pin, numpy_python(), __file__, *sys.argv[1:], "--inside"], env=os.environ | single).returncode
    return measure(args)


if __name__ == "__main__":
    if "--inside" in sys.argv:
        import numpy as np
        import scipy
        from scipy import optimize, stats
    sys.exit(main())
