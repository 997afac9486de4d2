#!/usr/bin/env python3
"""Writes src/analysis/fits_golden.h: what numpy draws and what numpy and scipy fit, for the tests of src/analysis.

The tests do not run this; it is here so that each number has a source that can be run again:
    python3 -m venv VENV && VENV/bin/pip install scipy==1.17.1 numpy==2.4.6
    VENV/bin/python tools/golden/fits_golden.py src/analysis/fits_golden.h && clang-format -i src/analysis/fits_golden.h
"""
import sys
import warnings

import numpy as np
import scipy
from scipy import optimize, stats

out = []


def note(text):
    out.append(f"// {text}")


def doubles(name, values, call):
    body = ", ".join(repr(float(v)) for v in values)
    out.append(f"// {call}")
    out.append(f"inline constexpr std::array<double, {len(values)}> {name}{{{body}}};")


def whole(name, values, call):
    body = ", ".join(f"{int(v)}U" for v in values)
    out.append(f"// {call}")
    out.append(f"inline constexpr std::array<std::uint64_t, {len(values)}> {name}{{{body}}};")


def number(name, value, call):
    out.append(f"inline constexpr double {name} = {float(value)!r};  // {call}")


def generator():
    note("--- numpy_random_test.cpp")
    for seed in (0, 42, 2**40 + 3):
        whole(f"kRaw{seed}", np.random.PCG64(seed).random_raw(6), f"numpy.random.PCG64({seed}).random_raw(6)")
    doubles("kUniform42", np.random.default_rng(42).random(4), "default_rng(42).random(4)")
    for bound in (2, 7, 9, 1000, 2**31 + 1, 2**32 - 1, 2**32, 2**32 + 1, 3 * 2**61):
        rng = np.random.default_rng(42)
        dtype = np.int64 if bound < 2**63 else np.uint64
        draws = [int(v) for _ in range(3) for v in rng.integers(0, bound, size=5, dtype=dtype)]
        whole(f"kBelow{bound}", draws, f"default_rng(42): 3 times integers(0, {bound}, size=5)")
    rng = np.random.default_rng(7)
    mixed = [*rng.integers(0, 5, size=3), *rng.integers(0, 2**40, size=2), *rng.integers(0, 1, size=4),
             *rng.integers(0, 6, size=4)]
    whole("kMixed7", mixed, "default_rng(7): integers(0, 5, 3), (0, 2**40, 2), (0, 1, 4), (0, 6, 4) one after another")


def quantiles(values):
    return np.quantile(values, [0.025, 0.975])


def regression():
    note("--- regression_test.cpp: default_rng(11)")
    rng = np.random.default_rng(11)
    x = np.round(rng.uniform(0, 10, 12), 1)
    x[3] = x[7]  # a tie in x
    y = np.round(3 + 0.7 * x + rng.normal(0, 1, 12), 1)
    y[2] = y[9]
    doubles("kLineX", x, "x")
    doubles("kLineY", y, "y")
    slope, intercept = np.polyfit(x, y, 1)
    number("kLineSlope", slope, "numpy.polyfit(x, y, 1)[0]")
    number("kLineIntercept", intercept, "[1]")
    number("kLineR2", stats.linregress(x, y).rvalue**2, "scipy.stats.linregress(x, y).rvalue ** 2")
    rank = stats.spearmanr(x, y)
    number("kSpearmanRho", rank.statistic, "scipy.stats.spearmanr(x, y).statistic")
    number("kSpearmanP", rank.pvalue, ".pvalue")
    ts = stats.theilslopes(y, x, 0.95)
    number("kTheilSlope", ts.slope, "scipy.stats.theilslopes(y, x, 0.95).slope")
    number("kTheilIntercept", ts.intercept, ".intercept")
    number("kTheilLow", ts.low_slope, ".low_slope")
    number("kTheilHigh", ts.high_slope, ".high_slope")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = np.polyfit([1.5] * 4, [2.0, 3.0, 4.0, 7.0], 1)
    number("kOneXSlope", one[0], "numpy.polyfit([1.5] * 4, [2, 3, 4, 7], 1)[0]: minimum norm")
    number("kOneXIntercept", one[1], "[1]")
    b = np.round(rng.uniform(1, 4, 12), 2)
    z = np.round(1 + 0.3 * x - 0.5 * b + rng.normal(0, 0.2, 12), 3)
    doubles("kPlaneB", b, "b")
    doubles("kPlaneZ", z, "z")
    doubles("kPlane", np.linalg.lstsq(np.c_[np.ones(12), x, b], z, rcond=None)[0],
            "numpy.linalg.lstsq([1, x, b], z, rcond=None)[0]")
    pick = [0, 4, 4, 0, 0, 4, 4]
    doubles("kPlaneOfTwo", np.linalg.lstsq(np.c_[np.ones(7), x[pick], b[pick]], z[pick], rcond=None)[0],
            "the same on rows 0, 4, 4, 0, 0, 4, 4: minimum norm")
    pick = [5] * 7
    doubles("kPlaneOfOne", np.linalg.lstsq(np.c_[np.ones(7), x[pick], b[pick]], z[pick], rcond=None)[0],
            "on row 5 seven times")


def paired():
    note("--- hypothesis_test.cpp: default_rng(12)")
    rng = np.random.default_rng(12)
    a = np.round(rng.lognormal(2, 0.4, 9), 3)
    b = np.round(a * rng.lognormal(0.1, 0.1, 9), 3)
    doubles("kPairedA", a, "a")
    doubles("kPairedB", b, "b")
    for name, result in (("kPaired", stats.ttest_rel(a, b)), ("kPairedLog", stats.ttest_rel(np.log(a), np.log(b)))):
        number(name + "T", result.statistic, "scipy.stats.ttest_rel" + ("(log)" if "Log" in name else ""))
        number(name + "P", result.pvalue, ".pvalue")


def scaling():
    note("--- scaling_test.cpp: default_rng(13), five sizes in no order")
    rng = np.random.default_rng(13)
    size = np.array([7600.0, 268.1, 20900.0, 999.89, 8000.0])
    value = np.round(0.9 * size**0.6 * rng.lognormal(0, 0.2, 5), 3)
    doubles("kSizes", size, "size")
    doubles("kValues", value, "value")
    order = np.argsort(size)
    x, y = np.log10(size[order]), np.log10(value[order])
    slope, intercept = np.polyfit(x, y, 1)
    number("kPowerSlope", slope, "numpy.polyfit(log10 size, log10 value, 1)[0]")
    number("kPowerIntercept", intercept, "[1]")
    draws = np.random.default_rng(42)
    slopes, intercepts = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(1000):
            i = draws.integers(0, 5, size=5)
            s, c = np.polyfit(x[i], y[i], 1)
            slopes.append(s)
            intercepts.append(c)
    doubles("kPowerSlopeCi", quantiles(slopes), "1,000 resamples of default_rng(42), ordered by size, numpy.quantile")
    doubles("kPowerInterceptCi", quantiles(intercepts), "their intercepts")
    # Overhead: the optimum of the box, by scipy from several starts.
    for name, bias in (("Inside", 40.0), ("Edge", 0.0)):
        v = np.round(bias + 0.02 * size**1.1 * rng.lognormal(0, 0.05, 5), 4)
        if name == "Edge":
            v = np.round(9 * size**0.25 * rng.lognormal(0, 0.1, 5), 4)
        doubles(f"kOverhead{name}", v, "value")
        best = None
        for start in ((1, 1, 0.3), (10, 0.01, 1.0), (0.1, 0.001, 1.7), (50, 0.5, 0.6)):
            fitted, _ = optimize.curve_fit(lambda p, a, b, s: a + b * p**s, size, v, p0=start,
                                           bounds=([0, 0, 0], [np.inf, np.inf, 2]), ftol=1e-14, xtol=1e-14, gtol=1e-14,
                                           max_nfev=200000)
            error = float(((fitted[0] + fitted[1] * size**fitted[2] - v) ** 2).sum())
            if best is None or error < best[0]:
                best = (error, fitted)
        doubles(f"kOverhead{name}Fit", [*best[1], best[0]],
                "scipy.optimize.curve_fit(a + b P ** s), a, b >= 0, 0 <= s <= 2: a, b, s, sum of squares")


for part in (generator, regression, paired, scaling):
    part()
header = f"""// Written by tools/golden/fits_golden.py with scipy {scipy.__version__}, numpy {np.__version__}.
// Do not edit: run it again. Each number stands beside the call that gave it.
#pragma once

#include <array>
#include <cstdint>

namespace phasegate::analysis::golden {{

"""
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(header + "\n".join(out) + "\n\n}  // namespace phasegate::analysis::golden\n")
