#!/usr/bin/env python3
"""Writes src/analysis/analysis_golden.h: the numbers that the tests of src/analysis are held to.

The tests do not run this; it is here so that each number has a source that can be run again:
    python3 -m venv VENV && VENV/bin/pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0
    VENV/bin/python tools/golden/analysis_golden.py src/analysis/analysis_golden.h && clang-format -i src/analysis/analysis_golden.h
The data are drawn from numpy's default_rng with the seed that stands beside them and rounded, so that the header holds
them exactly. The bootstrap is repeated with an implementation of xoshiro256**/splitmix64 in Python.
"""
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

out = []


def note(text):
    out.append(f"// {text}")


def data(name, values):
    body = ", ".join(repr(float(v)) for v in values)
    out.append(f"inline constexpr std::array<double, {len(values)}> {name}{{{body}}};")
    return np.asarray(values, dtype=float)


def number(name, value, call):
    out.append(f"inline constexpr double {name} = {float(value)!r};  // {call}")


def draw(seed, size, low=0.0, scale=1.0, decimals=4):
    rng = np.random.default_rng(seed)
    return np.round(low + rng.lognormal(0, 0.3, size) * scale, decimals)


class Xoshiro:
    """xoshiro256** seeded by splitmix64 (Blackman, Vigna 2018), and Lemire's unbiased bounded draw (2019)."""

    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & self.MASK
            z = seed
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
            self.s.append(z ^ (z >> 31))

    def rotl(self, x, k):
        return ((x << k) | (x >> (64 - k))) & self.MASK

    def next(self):
        s = self.s
        result = (self.rotl((s[1] * 5) & self.MASK, 7) * 9) & self.MASK
        t = (s[1] << 17) & self.MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = self.rotl(s[3], 45)
        return result

    def below(self, bound):
        threshold = ((1 << 64) - bound) % bound
        while True:
            product = self.next() * bound
            if (product & self.MASK) >= threshold:
                return product >> 64


def summary_section():
    note("--- summary_test.cpp: default_rng(1).lognormal(0, 0.3, 137) * 12, 4 decimals")
    x = data("kLatencies", draw(1, 137, scale=12))
    for q in (50, 90, 95, 99):
        number(f"kLatenciesP{q}", np.percentile(x, q), f"numpy.percentile(x, {q})")
    number("kLatenciesMean", x.mean(), "numpy.mean(x)")
    number("kLatenciesStd", x.std(ddof=1), "numpy.std(x, ddof=1)")
    number("kLatenciesIqr", stats.iqr(x), "scipy.stats.iqr(x)")
    low, high = stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x))
    number("kLatenciesMeanLow", low, "scipy.stats.t.interval(0.95, n-1, mean, sem(x))[0]")
    number("kLatenciesMeanHigh", high, "[1]")
    number("kLatenciesFirstRatio", x[0] / np.median(x[1:]), "x[0] / numpy.median(x[1:])")
    number("kLatenciesWithoutFirst", x[1:].mean(), "numpy.mean(x[1:])")
    number("kLatenciesWithoutMax", np.sort(x)[:-1].mean(), "numpy.mean(sorted(x)[:-1])")
    number("kLatenciesWithoutTop5", np.sort(x)[:-5].mean(), "numpy.mean(sorted(x)[:-5])")
    q1, q3 = np.percentile(x, [25, 75])
    iqr = (x < q1 - 1.5 * (q3 - q1)) | (x > q3 + 1.5 * (q3 - q1))
    z = np.abs(x - x.mean()) > 3 * x.std(ddof=1)
    data("kLatenciesBeyondIqr", np.flatnonzero(iqr))
    data("kLatenciesBeyond3Sd", np.flatnonzero(z))
    n = len(x)
    logs = np.log(x)
    g = stats.skew(logs, bias=False)
    k = stats.kurtosis(logs, bias=False)
    bc = (g * g + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    number("kLatenciesSarle", bc, "(skew(ln x)^2 + 1) / (kurtosis(ln x) + 3(n-1)^2/((n-2)(n-3))), scipy, bias=False")


def hypothesis_section():
    note("--- hypothesis_test.cpp: default_rng(2..6), lognormal(0, 0.3)")
    a = data("kArmA", draw(2, 40, scale=10))
    b = data("kArmB", draw(3, 31, low=1, scale=10))
    r = stats.ttest_ind(a, b, equal_var=False)
    number("kWelchT", r.statistic, "scipy.stats.ttest_ind(a, b, equal_var=False).statistic")
    number("kWelchP", r.pvalue, ".pvalue")
    number("kWelchDf", r.df, ".df")
    r = stats.ttest_ind(a, b)
    number("kPooledT", r.statistic, "scipy.stats.ttest_ind(a, b).statistic")
    number("kPooledP", r.pvalue, ".pvalue")
    r = stats.mannwhitneyu(a, b, method="asymptotic")
    number("kMwU", r.statistic, "scipy.stats.mannwhitneyu(a, b, method='asymptotic').statistic")
    number("kMwP", r.pvalue, ".pvalue")
    ta = data("kTiedA", np.round(draw(2, 40, scale=10)))
    tb = data("kTiedB", np.round(draw(3, 31, low=1, scale=10)))
    r = stats.mannwhitneyu(ta, tb)
    number("kTiedMwU", r.statistic, "scipy.stats.mannwhitneyu(a, b).statistic with ties")
    number("kTiedMwP", r.pvalue, ".pvalue")
    sa = data("kSmallA", draw(4, 6, scale=10))
    sb = data("kSmallB", draw(5, 9, low=3, scale=10))
    r = stats.mannwhitneyu(sa, sb, method="exact")
    number("kSmallMwU", r.statistic, "scipy.stats.mannwhitneyu(a, b, method='exact').statistic")
    number("kSmallMwP", r.pvalue, ".pvalue")
    sp = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2))
    number("kCohensD", (a.mean() - b.mean()) / sp, "(mean a - mean b) / pooled sd, numpy")
    number("kCliffsDelta", np.sign(a[:, None] - b[None, :]).mean(), "numpy.sign(a[:, None] - b).mean()")
    number("kTiedCliffsDelta", np.sign(ta[:, None] - tb[None, :]).mean(), "the same of the tied arms")
    c = data("kArmC", draw(6, 25, low=2, scale=10))
    r = stats.f_oneway(a, b, c)
    number("kAnovaF", r.statistic, "scipy.stats.f_oneway(a, b, c).statistic")
    number("kAnovaP", r.pvalue, ".pvalue")
    tc = data("kTiedC", np.round(draw(6, 25, low=2, scale=10)))
    r = stats.kruskal(ta, tb, tc)
    number("kKruskalH", r.statistic, "scipy.stats.kruskal(tied a, b, c).statistic")
    number("kKruskalP", r.pvalue, ".pvalue")
    p = data("kFamily", [0.011, 0.2, 0.004, 0.03, 0.04, 0.7, 0.0005, 0.04])
    data("kFamilyHolm", multipletests(p, method="holm")[1])
    data("kFamilyBonferroni", multipletests(p, method="bonferroni")[1])


def compare_section():
    note("--- compare_test.cpp: session medians of two candidates, default_rng(7): 8 % apart, 3 % noise, shared round")
    rng = np.random.default_rng(7)
    shared = rng.normal(0, 0.05, 7)
    a = data("kRoundsA", np.round(np.exp(np.log(52) + shared + rng.normal(0, 0.03, 7)), 4))
    b = data("kRoundsB", np.round(np.exp(np.log(48) + shared + rng.normal(0, 0.03, 7)), 4))
    d = np.log(a / b)
    r = stats.ttest_1samp(d, 0)
    ci = r.confidence_interval(0.95)
    number("kRoundsRatio", np.exp(d.mean()), "exp(mean(d)), d = ln(a / b)")
    number("kRoundsP", r.pvalue, "scipy.stats.ttest_1samp(d, 0).pvalue")
    number("kRoundsLow", np.exp(ci.low), "exp(confidence_interval(0.95).low)")
    number("kRoundsHigh", np.exp(ci.high), "exp(.high)")
    number("kRoundsSd", d.std(ddof=1), "numpy.std(d, ddof=1)")
    note("three scenarios with weights 1, 2, 1 over the same six rounds, default_rng(8)")
    rng = np.random.default_rng(8)
    weights = [1, 2, 1]
    total = np.zeros(6)
    for i, w in enumerate(weights):
        x = data(f"kBlock{i}A", np.round(np.exp(rng.normal(3 + i, 0.05, 6)), 4))
        y = data(f"kBlock{i}B", np.round(np.exp(rng.normal(2.9 + i, 0.05, 6)), 4))
        total += w * np.log(x / y)
    d = total / 4
    r = stats.ttest_1samp(d, 0)
    ci = r.confidence_interval(0.95)
    number("kBlockRatio", np.exp(d.mean()), "d = weighted mean over scenarios within the round")
    number("kBlockP", r.pvalue, "scipy.stats.ttest_1samp(d, 0).pvalue")
    number("kBlockLow", np.exp(ci.low), "exp(confidence_interval(0.95).low)")
    number("kBlockHigh", np.exp(ci.high), "exp(.high)")


def separate_section():
    note("--- separate_test.cpp: effect / sd of the log ratio, alpha, rounds for power 0.8")
    for effect, sd, alpha in ((0.08, 0.10, 0.05), (0.08, 0.10, 0.005), (0.06, 0.30, 0.05), (0.30, 0.10, 0.05)):
        n = TTestPower().solve_power(effect_size=effect / sd, alpha=alpha, power=0.8)
        name = f"kRounds{int(effect * 100):02d}_{int(sd * 100):02d}_{int(alpha * 1000)}"
        number(name, np.ceil(n), f"ceil(TTestPower().solve_power({effect}/{sd}, alpha={alpha}, power=0.8)), n = {n:.4f}")
    for es, n, alpha in ((0.8, 15, 0.05), (0.2, 197, 0.05), (3.0, 5, 0.005)):
        name = f"kPower{int(es * 10)}_{n}"
        number(name, TTestPower().power(es, n, alpha), f"TTestPower().power({es}, {n}, {alpha})")
    m, sd = 0.01, 0.04
    n = 5
    while stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n) >= np.log(1.05) - m:
        n += 1
    number("kRoundsEquivalence", n, "smallest n with t.ppf(0.975, n-1) * 0.04 / sqrt(n) < ln(1.05) - 0.01")


def distribution_section():
    note("--- distributions_test.cpp")
    number("kT975Df4", stats.t.ppf(0.975, 4), "scipy.stats.t.ppf(0.975, 4)")
    number("kTailT", 2 * stats.t.sf(12.5, 6), "2 * scipy.stats.t.sf(12.5, 6)")
    number("kTailNormal", 2 * stats.norm.sf(5.5), "2 * scipy.stats.norm.sf(5.5)")
    number("kTailF", stats.f.sf(7.25, 3, 40), "scipy.stats.f.sf(7.25, 3, 40)")
    number("kTailChi2", stats.chi2.sf(21.5, 4), "scipy.stats.chi2.sf(21.5, 4)")
    number("kClopperHigh", proportion_confint(25, 500, alpha=0.10, method="beta")[1],
           "statsmodels proportion_confint(25, 500, alpha=0.10, method='beta')[1]")
    number("kClopperLow", proportion_confint(25, 500, alpha=0.10, method="beta")[0], "[0]")
    number("kClopperZeroHigh", proportion_confint(0, 200, alpha=0.10, method="beta")[1],
           "proportion_confint(0, 200, alpha=0.10, method='beta')[1]")


def bootstrap_section():
    note("--- bootstrap_test.cpp: default_rng(9).lognormal(0, 0.3, 9) * 20; 500 resamples, xoshiro256** seed 42")
    x = data("kUnits", draw(9, 9, scale=20))
    random = Xoshiro(42)
    medians = [np.median([x[random.below(len(x))] for _ in x]) for _ in range(500)]
    number("kUnitsMedian", np.median(x), "numpy.median(x)")
    number("kUnitsLow", np.percentile(medians, 2.5), "numpy.percentile(medians of resamples, 2.5)")
    number("kUnitsHigh", np.percentile(medians, 97.5), "97.5")
    random = Xoshiro(42)
    means = [np.mean([x[random.below(len(x))] for _ in x]) for _ in range(500)]
    number("kUnitsMeanLow", np.percentile(means, 2.5), "numpy.percentile(means of the same resamples, 2.5)")
    number("kUnitsMeanHigh", np.percentile(means, 97.5), "97.5")
    y = data("kUnitsB", draw(10, 9, scale=25))
    random = Xoshiro(7)
    ratios = []
    for _ in range(500):
        i = [random.below(len(x)) for _ in x]
        ratios.append(np.median(x[i]) / np.median(y[i]))
    number("kRatioLow", np.percentile(ratios, 2.5), "of median(x[i]) / median(y[i]), seed 7")
    number("kRatioHigh", np.percentile(ratios, 97.5), "97.5")


def sessions_section():
    note("--- sessions_test.cpp: five sessions of 4, 6, 5, 6, 3 samples, default_rng(11), session effect 8 %, noise 2 %")
    rng = np.random.default_rng(11)
    logs, medians = [], []
    for i, n in enumerate((4, 6, 5, 6, 3)):
        x = data(f"kSession{i}", np.round(np.exp(3 + rng.normal(0, 0.08) + rng.normal(0, 0.02, n)), 5))
        logs.append(np.log(x))
        medians.append(np.log(np.median(x)))
    medians = np.array(medians)
    low, high = stats.t.interval(0.95, 4, medians.mean(), stats.sem(medians))
    number("kSessionCentre", np.exp(medians.mean()), "scipy.stats.gmean(session medians)")
    number("kSessionLow", np.exp(low), "exp(scipy.stats.t.interval(0.95, 4, mean, sem) of ln medians)[0]")
    number("kSessionHigh", np.exp(high), "[1]")
    every = np.concatenate(logs)
    sizes = np.array([len(g) for g in logs])
    within = sum(((g - g.mean()) ** 2).sum() for g in logs) / (len(every) - 5)
    between = sum(len(g) * (g.mean() - every.mean()) ** 2 for g in logs) / 4
    n0 = (len(every) - (sizes**2).sum() / len(every)) / 4
    number("kSessionWithin", np.sqrt(within), "sqrt(MS within) of ln x, one-way random effects")
    number("kSessionBetween", np.sqrt((between - within) / n0), "sqrt((MS between - MS within) / n0)")


def main():
    for section in (summary_section, hypothesis_section, compare_section, separate_section, distribution_section,
                    bootstrap_section, sessions_section):
        section()
    head = [
        "// Written by tools/golden/analysis_golden.py with "
        f"scipy {scipy.__version__}, numpy {np.__version__}, statsmodels {statsmodels.__version__}.",
        "// Do not edit: run it again. Each number stands beside the call that gave it.",
        "#pragma once", "", "#include <array>", "", "namespace phasegate::analysis::golden {", "",
    ]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join(head + out + ["", "}  // namespace phasegate::analysis::golden", ""]))


main()
