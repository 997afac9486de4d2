// Written by tools/golden/fits_golden.py with scipy 1.17.1, numpy 2.4.6.
// Do not edit: run it again. Each number stands beside the call that gave it.
#pragma once

#include <array>
#include <cstdint>

namespace phasegate::analysis::golden {

// --- numpy_random_test.cpp
// numpy.random.PCG64(0).random_raw(6)
inline constexpr std::array<std::uint64_t, 6> kRaw0{11749869230777074271U, 4976686463289251617U,
                                                    755828109848996024U,   304881062738325533U,
                                                    15002187965291974971U, 16837368535893154894U};
// numpy.random.PCG64(42).random_raw(6)
inline constexpr std::array<std::uint64_t, 6> kRaw42{14276969152011380360U, 8095878257575067585U,
                                                     15838336090824644132U, 12864169557245331597U,
                                                     1737265434024182251U,  17997055833233904524U};
// numpy.random.PCG64(1099511627779).random_raw(6)
inline constexpr std::array<std::uint64_t, 6> kRaw1099511627779{14271435802380633900U, 18370326226487632705U,
                                                                8728610338774297736U,  1196284118644200768U,
                                                                3609140337366838735U,  10436164711768409565U};
// default_rng(42).random(4)
inline constexpr std::array<double, 4> kUniform42{0.7739560485559633, 0.4388784397520523, 0.8585979199113825,
                                                  0.6973680290593639};
// default_rng(42): 3 times integers(0, 2, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow2{0U, 1U, 1U, 0U, 0U, 1U, 0U, 1U, 0U, 0U, 1U, 1U, 1U, 1U, 1U};
// default_rng(42): 3 times integers(0, 7, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow7{0U, 5U, 4U, 3U, 3U, 6U, 0U, 4U, 1U, 0U, 3U, 6U, 5U, 5U, 5U};
// default_rng(42): 3 times integers(0, 9, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow9{0U, 6U, 5U, 3U, 3U, 7U, 0U, 6U, 1U, 0U, 4U, 8U, 6U, 6U, 6U};
// default_rng(42): 3 times integers(0, 1000, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow1000{89U,  773U, 654U, 438U, 433U, 858U, 85U, 697U,
                                                          201U, 94U,  526U, 975U, 735U, 761U, 717U};
// default_rng(42): 3 times integers(0, 2147483649, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow2147483649{
    942484272U,  1843824993U, 184566854U, 1497586439U, 432652533U,  202244314U,  1130604998U, 1540770720U,
    1803345591U, 967196436U,  796282693U, 392022359U,  1990212659U, 1678403331U, 137046513U};
// default_rng(42): 3 times integers(0, 4294967295, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow4294967295{
    383329927U, 3324115916U, 2811363264U, 1884968544U, 1859786275U, 3687649985U, 369133708U, 2995172877U,
    865305066U, 404488628U,  2261209995U, 4190266092U, 3160032368U, 3269070126U, 3081541439U};
// default_rng(42): 3 times integers(0, 4294967296, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow4294967296{
    383329928U, 3324115917U, 2811363265U, 1884968545U, 1859786276U, 3687649986U, 369133709U, 2995172878U,
    865305067U, 404488629U,  2261209996U, 4190266093U, 3160032369U, 3269070127U, 3081541440U};
// default_rng(42): 3 times integers(0, 4294967297, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow4294967297{
    3324115917U, 1884968546U, 3687649987U, 2995172878U, 404488629U,  4190266094U, 3269070128U, 3376120484U,
    550243862U,  1934392874U, 1592565387U, 3980425319U, 2765379634U, 3533734222U, 1904449482U};
// default_rng(42): 3 times integers(0, 6917529027641081856, size=5)
inline constexpr std::array<std::uint64_t, 15> kBelow6917529027641081856{
    3035954346590650344U, 5939376034059241549U, 4824063583966999348U, 6748895937462714196U, 5265205982608349610U,
    3115557799033939721U, 2565006096020841999U, 6410923712161666817U, 4453955658043608386U, 5691477342629772356U,
    1571930454150250101U, 3836356362470184204U, 441457721565038561U,  5725162656439295465U, 4369556816654345584U};
// default_rng(7): integers(0, 5, 3), (0, 2**40, 2), (0, 1, 4), (0, 6, 4) one after another
inline constexpr std::array<std::uint64_t, 13> kMixed7{4U, 3U, 3U, 852875435924U, 247617924053U, 0U, 0U, 0U, 0U, 5U,
                                                       0U, 1U, 1U};
// --- regression_test.cpp: default_rng(11)
// x
inline constexpr std::array<double, 12> kLineX{1.3, 5.0, 6.0, 1.3, 1.5, 9.3, 0.7, 1.3, 9.5, 6.2, 3.7, 5.1};
// y
inline constexpr std::array<double, 12> kLineY{4.6, 6.4, 5.8, 4.4, 4.9, 9.3, 3.3, 4.6, 8.8, 5.8, 6.0, 5.9};
inline constexpr double kLineSlope = 0.5233519138441555;       // numpy.polyfit(x, y, 1)[0]
inline constexpr double kLineIntercept = 3.5967822987777067;   // [1]
inline constexpr double kLineR2 = 0.8797999517176489;          // scipy.stats.linregress(x, y).rvalue ** 2
inline constexpr double kSpearmanRho = 0.8586626045105124;     // scipy.stats.spearmanr(x, y).statistic
inline constexpr double kSpearmanP = 0.0003486505420930012;    // .pvalue
inline constexpr double kTheilSlope = 0.5121951219512196;      // scipy.stats.theilslopes(y, x, 0.95).slope
inline constexpr double kTheilIntercept = 3.5719512195121945;  // .intercept
inline constexpr double kTheilLow = 0.2777777777777778;        // .low_slope
inline constexpr double kTheilHigh = 0.6666666666666664;       // .high_slope
inline constexpr double kOneXSlope = 1.3333333333333328;  // numpy.polyfit([1.5] * 4, [2, 3, 4, 7], 1)[0]: minimum norm
inline constexpr double kOneXIntercept = 1.9999999999999993;  // [1]
// b
inline constexpr std::array<double, 12> kPlaneB{2.06, 2.77, 1.71, 3.41, 3.6, 1.39, 2.4, 1.83, 1.25, 3.69, 2.29, 1.44};
// z
inline constexpr std::array<double, 12> kPlaneZ{0.469, 1.324, 1.904, -0.478, -0.28, 3.145,
                                                0.23,  0.218, 3.093, 0.847,  0.618, 1.835};
// numpy.linalg.lstsq([1, x, b], z, rcond=None)[0]
inline constexpr std::array<double, 3> kPlane{1.0156566743650972, 0.2937185366412122, -0.510529942795218};
// the same on rows 0, 4, 4, 0, 0, 4, 4: minimum norm
inline constexpr std::array<double, 3> kPlaneOfTwo{0.7494196003805899, 0.6988011417697427, -0.5771170313986677};
// on row 5 seven times
inline constexpr std::array<double, 3> kPlaneOfOne{0.035170276698936846, 0.32708357330011256, 0.048886684611522215};
// --- hypothesis_test.cpp: default_rng(12)
// a
inline constexpr std::array<double, 9> kPairedA{7.369, 11.229, 9.941, 9.871, 14.119, 4.562, 5.75, 4.357, 7.077};
// b
inline constexpr std::array<double, 9> kPairedB{8.999, 12.383, 11.545, 9.012, 15.835, 4.605, 7.589, 5.262, 8.6};
inline constexpr double kPairedT = -3.5007219054515017;     // scipy.stats.ttest_rel
inline constexpr double kPairedP = 0.008070538837897474;    // .pvalue
inline constexpr double kPairedLogT = -3.4156031887533946;  // scipy.stats.ttest_rel(log)
inline constexpr double kPairedLogP = 0.00914712800679031;  // .pvalue
// --- scaling_test.cpp: default_rng(13), five sizes in no order
// size
inline constexpr std::array<double, 5> kSizes{7600.0, 268.1, 20900.0, 999.89, 8000.0};
// value
inline constexpr std::array<double, 5> kValues{276.313, 13.926, 426.134, 57.579, 257.394};
inline constexpr double kPowerSlope = 0.7924533563787869;       // numpy.polyfit(log10 size, log10 value, 1)[0]
inline constexpr double kPowerIntercept = -0.7015785358155616;  // [1]
// 1,000 resamples of default_rng(42), ordered by size, numpy.quantile
inline constexpr std::array<double, 2> kPowerSlopeCi{0.45666841417464, 0.9011712257778758};
// their intercepts
inline constexpr std::array<double, 2> kPowerInterceptCi{-1.0254408485537716, 0.6559673658326256};
// value
inline constexpr std::array<double, 5> kOverheadInside{418.703, 50.2763, 1172.0881, 78.8837, 444.6076};
// scipy.optimize.curve_fit(a + b P ** s), a, b >= 0, 0 <= s <= 2: a, b, s, sum of squares
inline constexpr std::array<double, 4> kOverheadInsideFit{37.84478544279539, 0.02595896734731887, 1.0741487842966417,
                                                          17.905681340294777};
// value
inline constexpr std::array<double, 5> kOverheadEdge{79.9824, 35.1032, 90.3257, 59.8629, 83.2289};
// scipy.optimize.curve_fit(a + b P ** s), a, b >= 0, 0 <= s <= 2: a, b, s, sum of squares
inline constexpr std::array<double, 4> kOverheadEdgeFit{4.759438335117401e-27, 15.13501014318473, 0.1843662624189921,
                                                        123.33144979021111};

}  // namespace phasegate::analysis::golden
