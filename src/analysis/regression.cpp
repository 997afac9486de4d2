#include "analysis/regression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "analysis/ranks.h"
#include "core/check.h"

namespace phasegate::analysis {
namespace {

using core::ErrorKind;

core::Status usable(std::span<const double> x, std::span<const double> y, std::size_t minimum, const char* what) {
  if (x.size() != y.size()) {
    return core::fail(ErrorKind::invalid_input, "{}: {} x for {} y", what, x.size(), y.size());
  }
  if (x.size() < minimum) {
    return core::fail(ErrorKind::evidence, "{} needs at least {} points and got {}", what, minimum, x.size());
  }
  if (!all_finite(x) || !all_finite(y)) {
    return core::fail(ErrorKind::invalid_input, "{}: a coordinate is not a finite number", what);
  }
  return {};
}

bool constant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

double plain_sum(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// numpy.corrcoef of two lists, in numpy's order of operations: a perfect order gives 0.9999999999999999 there too, and
// the p of a published table hangs on that last bit.
double correlation(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  const double mx = plain_sum(x) / n;
  const double my = plain_sum(y) / n;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  const double r = xy / (n - 1) / std::sqrt(xx / (n - 1)) / std::sqrt(yy / (n - 1));
  return std::clamp(r, -1.0, 1.0);
}

// Sum over groups of equal values of k (k - 1) (2k + 5): what ties take off the variance of Kendall's S.
double tie_term(std::span<const double> values) {
  const auto ascending = sorted(values);
  double total = 0;
  for (std::size_t from = 0; from < ascending.size();) {
    std::size_t to = from + 1;
    while (to < ascending.size() && ascending[to] == ascending[from]) ++to;
    const auto k = static_cast<double>(to - from);
    total += k * (k - 1) * (2 * k + 5);
    from = to;
  }
  return total;
}

constexpr std::size_t kColumns = 3;

// One-sided Jacobi (Hestenes): rotates the columns of U until they are orthogonal; their norms are then the singular
// values, small ones with full relative accuracy, which the decision about the rank needs.
struct Svd {
  std::array<std::vector<double>, kColumns> u;  // columns times their singular value
  std::array<std::array<double, kColumns>, kColumns> v{};
  std::array<double, kColumns> singular{};
};

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

bool rotate(Svd& svd, std::size_t p, std::size_t q) {
  const double alpha = dot(svd.u[p], svd.u[p]);
  const double beta = dot(svd.u[q], svd.u[q]);
  const double gamma = dot(svd.u[p], svd.u[q]);
  if (std::abs(gamma) <= 1e-16 * std::sqrt(alpha * beta) || gamma == 0) return false;
  const double zeta = (beta - alpha) / (2 * gamma);
  const double t = std::copysign(1.0, zeta) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
  const double c = 1 / std::sqrt(1 + t * t);
  const double s = c * t;
  const auto turn = [c, s](double& x, double& y) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (std::size_t i = 0; i < svd.u[p].size(); ++i) turn(svd.u[p][i], svd.u[q][i]);
  for (std::size_t i = 0; i < kColumns; ++i) turn(svd.v[i][p], svd.v[i][q]);
  return true;
}

void decompose(Svd& svd) {
  constexpr int kMaxSweeps = 30;
  for (std::size_t i = 0; i < kColumns; ++i) svd.v[i][i] = 1;
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    bool turned = rotate(svd, 0, 1);
    turned = rotate(svd, 0, 2) || turned;
    turned = rotate(svd, 1, 2) || turned;
    if (!turned) break;
  }
  for (std::size_t i = 0; i < kColumns; ++i) svd.singular[i] = std::sqrt(dot(svd.u[i], svd.u[i]));
}

}  // namespace

std::optional<double> r_squared(std::span<const double> y, std::span<const double> predicted) {
  PHASEGATE_CHECK(y.size() == predicted.size() && !y.empty());
  const double centre = mean(y);
  double residual = 0;
  double total = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    residual += (y[i] - predicted[i]) * (y[i] - predicted[i]);
    total += (y[i] - centre) * (y[i] - centre);
  }
  if (!(total > 0)) return std::nullopt;
  return 1 - residual / total;
}

std::optional<Line> least_squares_line(std::span<const double> x, std::span<const double> y) {
  PHASEGATE_CHECK(x.size() == y.size() && !x.empty());
  const auto n = static_cast<double>(x.size());
  const double my = plain_sum(y) / n;
  if (constant(x)) {
    if (x.front() == 0) return std::nullopt;
    return Line{my / 2, my / (2 * x.front())};
  }
  const double mx = plain_sum(x) / n;
  double xx = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    xy += (x[i] - mx) * (y[i] - my);
  }
  const double slope = xy / xx;
  return Line{my - slope * mx, slope};
}

core::Result<LineFit> fit_line(std::span<const double> x, std::span<const double> y) {
  PHASEGATE_CHECK_OK(usable(x, y, 2, "a straight line"));
  if (constant(x)) return core::fail(ErrorKind::evidence, "a straight line needs two different x; all are {}", x[0]);
  LineFit fit;
  fit.n = x.size();
  fit.line = *least_squares_line(x, y);
  if (!std::isfinite(fit.line.slope) || !std::isfinite(fit.line.intercept)) {
    return core::fail(ErrorKind::invalid_input, "a straight line: the coordinates are too large or too close together");
  }
  std::vector<double> predicted(x.size());
  std::transform(x.begin(), x.end(), predicted.begin(), [&](double each) { return fit.line.at(each); });
  fit.r2 = r_squared(y, predicted);
  return fit;
}

Plane least_squares_plane(std::span<const double> a, std::span<const double> b, std::span<const double> y) {
  PHASEGATE_CHECK(a.size() == y.size() && b.size() == y.size() && !y.empty());
  Svd svd;
  svd.u[0].assign(y.size(), 1.0);
  svd.u[1].assign(a.begin(), a.end());
  svd.u[2].assign(b.begin(), b.end());
  decompose(svd);
  const double largest = std::max({svd.singular[0], svd.singular[1], svd.singular[2]});
  const double least =
      std::numeric_limits<double>::epsilon() * static_cast<double>(std::max(y.size(), kColumns)) * largest;
  std::array<double, kColumns> solution{};
  for (std::size_t k = 0; k < kColumns; ++k) {
    if (svd.singular[k] <= least) continue;
    const double along = dot(svd.u[k], y) / (svd.singular[k] * svd.singular[k]);
    for (std::size_t i = 0; i < kColumns; ++i) solution[i] += svd.v[i][k] * along;
  }
  return {solution[0], solution[1], solution[2]};
}

core::Result<RankCorrelation> spearman(std::span<const double> x, std::span<const double> y) {
  PHASEGATE_CHECK_OK(usable(x, y, 3, "Spearman's correlation"));
  if (constant(x) || constant(y)) {
    return core::fail(ErrorKind::evidence, "Spearman's correlation is undefined: one of the lists does not vary");
  }
  RankCorrelation result;
  result.n = x.size();
  result.rho = correlation(mid_ranks(x).of, mid_ranks(y).of);
  const double df = static_cast<double>(x.size()) - 2;
  const double room = (result.rho + 1) * (1 - result.rho);
  result.p = room > 0 ? t_two_sided_p(result.rho * std::sqrt(df / room), df) : 0;
  return result;
}

core::Result<TheilSen> theil_sen(std::span<const double> x, std::span<const double> y) {
  PHASEGATE_CHECK_OK(usable(x, y, 2, "the Theil-Sen line"));
  if (x.size() > kMaxTheilSenPoints) {
    return core::fail(ErrorKind::unsupported, "the Theil-Sen line compares all pairs of at most {} points, not of {}",
                      kMaxTheilSenPoints, x.size());
  }
  std::vector<double> slopes;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j)
      if (x[i] > x[j]) slopes.push_back((y[i] - y[j]) / (x[i] - x[j]));
  }
  if (slopes.empty()) return core::fail(ErrorKind::evidence, "the Theil-Sen line needs two different x");
  std::sort(slopes.begin(), slopes.end());
  TheilSen result;
  result.n = x.size();
  result.line.slope = percentile(slopes, 0.5);
  result.line.intercept = median(y) - result.line.slope * median(x);
  const auto n = static_cast<double>(x.size());
  const auto pairs = static_cast<double>(slopes.size());
  const double sigma = std::sqrt(std::max(0.0, (n * (n - 1) * (2 * n + 5) - tie_term(x) - tie_term(y)) / 18));
  const double reach = normal_quantile(0.975) * sigma;
  const auto last = static_cast<std::int64_t>(slopes.size()) - 1;
  // Half goes to the even neighbour, as numpy rounds.
  const auto upper = std::clamp<std::int64_t>(std::llrint((pairs + reach) / 2), 0, last);
  const auto lower = std::clamp<std::int64_t>(std::llrint((pairs - reach) / 2) - 1, 0, last);
  result.ci95 = {slopes[static_cast<std::size_t>(lower)], slopes[static_cast<std::size_t>(upper)]};
  return result;
}

}  // namespace phasegate::analysis
