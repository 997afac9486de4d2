// Written by tools/golden/analysis_golden.py with scipy 1.17.1, numpy 2.4.6, statsmodels 0.15.0.
// Do not edit: run it again. Each number stands beside the call that gave it.
#pragma once

#include <array>

namespace phasegate::analysis::golden {

// --- summary_test.cpp: default_rng(1).lognormal(0, 0.3, 137) * 12, 4 decimals
inline constexpr std::array<double, 137> kLatencies{
    13.3109, 15.3542, 13.2505, 8.117,   15.7449, 13.7195, 10.2146, 14.2855, 13.3869, 13.107,  12.1028, 14.1388, 9.6212,
    11.4276, 10.384,  14.3616, 12.1439, 10.992,  9.4909,  11.1089, 12.0293, 11.0477, 17.6922, 16.231,  5.3205,  6.8087,
    11.387,  10.5724, 12.7943, 12.8084, 22.6522, 8.596,   10.7148, 22.1478, 14.5693, 14.641,  10.2852, 7.3191,  12.6183,
    12.3989, 8.3037,  9.7761,  11.7434, 9.0384,  11.6514, 12.3487, 12.1288, 10.309,  14.3397, 15.678,  13.2125, 9.388,
    14.9454, 10.324,  15.6216, 8.7004,  15.7879, 11.928,  8.2506,  10.9215, 12.1964, 13.0234, 8.9374,  8.608,   12.7405,
    10.432,  12.8785, 15.0709, 7.3175,  12.9516, 17.3276, 10.9753, 9.409,   15.038,  12.948,  15.7002, 10.8194, 7.6934,
    11.6104, 10.4977, 15.1425, 12.7177, 7.357,   8.3843,  15.6433, 14.7145, 9.903,   11.9962, 13.7162, 13.8105, 15.6079,
    12.9598, 11.6634, 11.1034, 16.4715, 6.1083,  11.5111, 12.1194, 7.8248,  13.26,   9.8702,  15.5435, 11.5563, 14.6678,
    17.2975, 13.4609, 9.2275,  7.6187,  20.3061, 11.606,  9.7604,  12.5307, 11.3303, 15.4955, 12.1228, 12.0496, 9.6846,
    13.8153, 8.8,     14.6534, 18.9554, 7.5951,  5.7261,  14.4395, 25.7717, 8.8874,  8.2458,  14.3191, 9.3249,  10.3098,
    10.81,   14.0765, 10.6261, 13.0433, 11.381,  9.3139,  10.9021};
inline constexpr double kLatenciesP50 = 12.0293;                  // numpy.percentile(x, 50)
inline constexpr double kLatenciesP90 = 15.65718;                 // numpy.percentile(x, 90)
inline constexpr double kLatenciesP95 = 17.30352;                 // numpy.percentile(x, 95)
inline constexpr double kLatenciesP99 = 22.470615999999993;       // numpy.percentile(x, 99)
inline constexpr double kLatenciesMean = 12.16502700729927;       // numpy.mean(x)
inline constexpr double kLatenciesStd = 3.2751179254589142;       // numpy.std(x, ddof=1)
inline constexpr double kLatenciesIqr = 4.235799999999999;        // scipy.stats.iqr(x)
inline constexpr double kLatenciesMeanLow = 11.61168136004684;    // scipy.stats.t.interval(0.95, n-1, mean, sem(x))[0]
inline constexpr double kLatenciesMeanHigh = 12.718372654551702;  // [1]
inline constexpr double kLatenciesFirstRatio = 1.1080643482966015;    // x[0] / numpy.median(x[1:])
inline constexpr double kLatenciesWithoutFirst = 12.156601470588233;  // numpy.mean(x[1:])
inline constexpr double kLatenciesWithoutMax = 12.06497794117647;     // numpy.mean(sorted(x)[:-1])
inline constexpr double kLatenciesWithoutTop5 = 11.793753787878787;   // numpy.mean(sorted(x)[:-5])
inline constexpr std::array<double, 3> kLatenciesBeyondIqr{30.0, 33.0, 124.0};
inline constexpr std::array<double, 3> kLatenciesBeyond3Sd{30.0, 33.0, 124.0};
inline constexpr double kLatenciesSarle =
    0.2822983304786898;  // (skew(ln x)^2 + 1) / (kurtosis(ln x) + 3(n-1)^2/((n-2)(n-3))), scipy, bias=False
// --- hypothesis_test.cpp: default_rng(2..6), lognormal(0, 0.3)
inline constexpr std::array<double, 40> kArmA{10.5836, 8.5485,  8.8345,  4.8073,  17.1586, 14.0952, 9.0699,  12.613,
                                              10.8802, 8.4692,  13.4081, 9.1104,  9.0606,  7.8848,  11.4624, 9.7068,
                                              11.7773, 8.3347,  10.3878, 7.6515,  12.8716, 10.5803, 11.0426, 11.3106,
                                              7.3843,  12.6485, 18.5338, 6.1169,  5.9522,  6.367,   12.8716, 10.3937,
                                              13.8196, 12.4201, 10.6521, 10.8895, 9.5035,  12.9763, 7.1254,  8.8112};
inline constexpr std::array<double, 31> kArmB{19.4462, 5.6454,  12.3364, 9.4339,  9.7302,  10.3737, 6.4553,  10.3279,
                                              8.7139,  28.0987, 11.7008, 9.9961,  10.1908, 9.1839,  8.2866,  9.8937,
                                              12.5556, 10.3093, 14.3286, 10.4182, 11.073,  16.9002, 12.7766, 9.5936,
                                              10.4663, 12.7605, 18.8698, 10.223,  10.2954, 14.508,  8.6649};
inline constexpr double kWelchT = -1.4697734687250377;   // scipy.stats.ttest_ind(a, b, equal_var=False).statistic
inline constexpr double kWelchP = 0.14791252985485345;   // .pvalue
inline constexpr double kWelchDf = 49.80306800673354;    // .df
inline constexpr double kPooledT = -1.5438589905486801;  // scipy.stats.ttest_ind(a, b).statistic
inline constexpr double kPooledP = 0.12719676743081812;  // .pvalue
inline constexpr double kMwU = 543.0;                // scipy.stats.mannwhitneyu(a, b, method='asymptotic').statistic
inline constexpr double kMwP = 0.37512839452204594;  // .pvalue
inline constexpr std::array<double, 40> kTiedA{11.0, 9.0,  9.0,  5.0,  17.0, 14.0, 9.0,  13.0, 11.0, 8.0,
                                               13.0, 9.0,  9.0,  8.0,  11.0, 10.0, 12.0, 8.0,  10.0, 8.0,
                                               13.0, 11.0, 11.0, 11.0, 7.0,  13.0, 19.0, 6.0,  6.0,  6.0,
                                               13.0, 10.0, 14.0, 12.0, 11.0, 11.0, 10.0, 13.0, 7.0,  9.0};
inline constexpr std::array<double, 31> kTiedB{19.0, 6.0,  12.0, 9.0,  10.0, 10.0, 6.0,  10.0, 9.0,  28.0, 12.0,
                                               10.0, 10.0, 9.0,  8.0,  10.0, 13.0, 10.0, 14.0, 10.0, 11.0, 17.0,
                                               13.0, 10.0, 10.0, 13.0, 19.0, 10.0, 10.0, 15.0, 9.0};
inline constexpr double kTiedMwU = 545.5;               // scipy.stats.mannwhitneyu(a, b).statistic with ties
inline constexpr double kTiedMwP = 0.3863405586162023;  // .pvalue
inline constexpr std::array<double, 6> kSmallA{8.2239, 9.4893, 16.4727, 12.1865, 6.1115, 9.9844};
inline constexpr std::array<double, 9> kSmallB{10.8617, 9.7213,  12.282,  14.3443, 17.0609,
                                               13.3346, 11.4722, 10.9023, 15.5185};
inline constexpr double kSmallMwU = 13.0;                 // scipy.stats.mannwhitneyu(a, b, method='exact').statistic
inline constexpr double kSmallMwP = 0.1134865134865135;   // .pvalue
inline constexpr double kCohensD = -0.36942472865030657;  // (mean a - mean b) / pooled sd, numpy
inline constexpr double kCliffsDelta = -0.12419354838709677;      // numpy.sign(a[:, None] - b).mean()
inline constexpr double kTiedCliffsDelta = -0.12016129032258065;  // the same of the tied arms
inline constexpr std::array<double, 25> kArmC{
    15.7154, 19.0395, 6.6487,  11.5946, 15.5543, 17.0027, 14.1669, 17.6696, 12.9088, 13.7984, 12.5508, 9.2458, 9.757,
    13.2061, 10.4025, 16.6443, 16.7361, 19.1538, 11.9221, 17.1454, 9.6204,  9.8279,  12.2469, 12.881,  8.1897};
inline constexpr double kAnovaF = 5.292225110800229;      // scipy.stats.f_oneway(a, b, c).statistic
inline constexpr double kAnovaP = 0.0066567127826025595;  // .pvalue
inline constexpr std::array<double, 25> kTiedC{16.0, 19.0, 7.0,  12.0, 16.0, 17.0, 14.0, 18.0, 13.0,
                                               14.0, 13.0, 9.0,  10.0, 13.0, 10.0, 17.0, 17.0, 19.0,
                                               12.0, 17.0, 10.0, 10.0, 12.0, 13.0, 8.0};
inline constexpr double kKruskalH = 10.557975418539575;    // scipy.stats.kruskal(tied a, b, c).statistic
inline constexpr double kKruskalP = 0.005097588423255257;  // .pvalue
inline constexpr std::array<double, 8> kFamily{0.011, 0.2, 0.004, 0.03, 0.04, 0.7, 0.0005, 0.04};
inline constexpr std::array<double, 8> kFamilyHolm{0.066, 0.4, 0.028, 0.15, 0.16, 0.7, 0.004, 0.16};
inline constexpr std::array<double, 8> kFamilyBonferroni{0.088, 1.0, 0.032, 0.24, 0.32, 1.0, 0.004, 0.32};
// --- compare_test.cpp: session medians of two candidates, default_rng(7): 8 % apart, 3 % noise, shared round
inline constexpr std::array<double, 7> kRoundsA{54.1367, 52.0089, 50.3462, 50.4715, 51.3783, 49.6413, 50.7208};
inline constexpr std::array<double, 7> kRoundsB{47.9608, 49.7493, 45.4752, 45.2835, 44.3198, 43.9447, 45.5566};
inline constexpr double kRoundsRatio = 1.1135425549728355;  // exp(mean(d)), d = ln(a / b)
inline constexpr double kRoundsP = 0.00010684045715746552;  // scipy.stats.ttest_1samp(d, 0).pvalue
inline constexpr double kRoundsLow = 1.0813712928855397;    // exp(confidence_interval(0.95).low)
inline constexpr double kRoundsHigh = 1.1466709259746168;   // exp(.high)
inline constexpr double kRoundsSd = 0.03169877029007276;    // numpy.std(d, ddof=1)
// three scenarios with weights 1, 2, 1 over the same six rounds, default_rng(8)
inline constexpr std::array<double, 6> kBlock0A{18.4135, 18.7871, 18.7641, 19.7355, 17.8923, 19.8967};
inline constexpr std::array<double, 6> kBlock0B{17.3248, 19.0046, 19.0648, 19.4844, 18.8851, 18.126};
inline constexpr std::array<double, 6> kBlock1A{56.9965, 58.8666, 52.8427, 56.29, 54.4818, 58.6742};
inline constexpr std::array<double, 6> kBlock1B{47.3779, 48.6632, 50.3056, 50.0441, 45.5143, 50.3001};
inline constexpr std::array<double, 6> kBlock2A{147.5364, 146.6447, 147.2652, 150.047, 135.5283, 160.3924};
inline constexpr std::array<double, 6> kBlock2B{128.6284, 120.0528, 133.7405, 144.4414, 130.8524, 145.1204};
inline constexpr double kBlockRatio = 1.1071997733190382;  // d = weighted mean over scenarios within the round
inline constexpr double kBlockP = 0.0016669263493140612;   // scipy.stats.ttest_1samp(d, 0).pvalue
inline constexpr double kBlockLow = 1.0609739202576447;    // exp(confidence_interval(0.95).low)
inline constexpr double kBlockHigh = 1.155439652786222;    // exp(.high)
// --- separate_test.cpp: effect / sd of the log ratio, alpha, rounds for power 0.8
inline constexpr double kRounds08_10_50 =
    15.0;  // ceil(TTestPower().solve_power(0.08/0.1, alpha=0.05, power=0.8)), n = 14.3028
inline constexpr double kRounds08_10_5 =
    25.0;  // ceil(TTestPower().solve_power(0.08/0.1, alpha=0.005, power=0.8)), n = 24.7771
inline constexpr double kRounds06_30_50 =
    199.0;  // ceil(TTestPower().solve_power(0.06/0.3, alpha=0.05, power=0.8)), n = 198.1508
inline constexpr double kRounds30_10_50 =
    4.0;  // ceil(TTestPower().solve_power(0.3/0.1, alpha=0.05, power=0.8)), n = 3.1440
inline constexpr double kPower8_15 = 0.8213105387241096;   // TTestPower().power(0.8, 15, 0.05)
inline constexpr double kPower2_197 = 0.7976886061251465;  // TTestPower().power(0.2, 197, 0.05)
inline constexpr double kPower30_5 = 0.7555369315702833;   // TTestPower().power(3.0, 5, 0.005)
inline constexpr double kRoundsEquivalence =
    7.0;  // smallest n with t.ppf(0.975, n-1) * 0.04 / sqrt(n) < ln(1.05) - 0.01
// --- distributions_test.cpp
inline constexpr double kT975Df4 = 2.7764451051977934;        // scipy.stats.t.ppf(0.975, 4)
inline constexpr double kTailT = 1.6027512142573336e-05;      // 2 * scipy.stats.t.sf(12.5, 6)
inline constexpr double kTailNormal = 3.797912493177536e-08;  // 2 * scipy.stats.norm.sf(5.5)
inline constexpr double kTailF = 0.0005379959349259258;       // scipy.stats.f.sf(7.25, 3, 40)
inline constexpr double kTailChi2 = 0.00025198354771992253;   // scipy.stats.chi2.sf(21.5, 4)
inline constexpr double kClopperHigh =
    0.06913607724453699;  // statsmodels proportion_confint(25, 500, alpha=0.10, method='beta')[1]
inline constexpr double kClopperLow = 0.03499847873037865;  // [0]
inline constexpr double kClopperZeroHigh =
    0.014867039231272057;  // proportion_confint(0, 200, alpha=0.10, method='beta')[1]
// --- bootstrap_test.cpp: default_rng(9).lognormal(0, 0.3, 9) * 20; 500 resamples, xoshiro256** seed 42
inline constexpr std::array<double, 9> kUnits{15.7192, 21.5115, 12.1682, 24.3508, 28.1844,
                                              17.4606, 22.7571, 21.5637, 17.7685};
inline constexpr double kUnitsMedian = 21.5115;               // numpy.median(x)
inline constexpr double kUnitsLow = 15.7192;                  // numpy.percentile(medians of resamples, 2.5)
inline constexpr double kUnitsHigh = 24.3508;                 // 97.5
inline constexpr double kUnitsMeanLow = 17.16314277777778;    // numpy.percentile(means of the same resamples, 2.5)
inline constexpr double kUnitsMeanHigh = 23.223364444444442;  // 97.5
inline constexpr std::array<double, 9> kUnitsB{17.9551, 20.113,  19.7733, 27.0847, 23.2035,
                                               25.9669, 32.1943, 32.3384, 28.8304};
inline constexpr double kRatioLow = 0.6163112547866141;   // of median(x[i]) / median(y[i]), seed 7
inline constexpr double kRatioHigh = 1.0695321433898475;  // 97.5
// --- sessions_test.cpp: five sessions of 4, 6, 5, 6, 3 samples, default_rng(11), session effect 8 %, noise 2 %
inline constexpr std::array<double, 4> kSession0{20.69579, 20.63998, 19.93604, 20.02089};
inline constexpr std::array<double, 6> kSession1{19.47641, 19.23416, 19.54554, 18.55729, 19.86859, 19.21864};
inline constexpr std::array<double, 5> kSession2{21.15125, 21.0489, 21.40645, 21.56174, 21.12336};
inline constexpr std::array<double, 6> kSession3{20.11551, 19.49914, 19.24958, 19.99889, 19.5772, 19.09393};
inline constexpr std::array<double, 3> kSession4{18.64399, 18.37538, 18.26573};
inline constexpr double kSessionCentre = 19.72788368324181;  // scipy.stats.gmean(session medians)
inline constexpr double kSessionLow =
    18.47015373557294;  // exp(scipy.stats.t.interval(0.95, 4, mean, sem) of ln medians)[0]
inline constexpr double kSessionHigh = 21.071259080532275;       // [1]
inline constexpr double kSessionWithin = 0.018589819211442003;   // sqrt(MS within) of ln x, one-way random effects
inline constexpr double kSessionBetween = 0.049534507174673274;  // sqrt((MS between - MS within) / n0)

}  // namespace phasegate::analysis::golden
