#include "analysis/moments.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace phasegate::analysis {
namespace {

class CompensatedSum {
 public:
  void add(double x) {
    const double t = total_ + x;
    carry_ += std::abs(total_) >= std::abs(x) ? (total_ - t) + x : (x - t) + total_;
    total_ = t;
  }
  [[nodiscard]] double value() const { return total_ + carry_; }

 private:
  double total_ = 0;
  double carry_ = 0;
};

}  // namespace

double sum(std::span<const double> values) {
  CompensatedSum total;
  for (const double x : values) total.add(x);
  return total.value();
}

double mean(std::span<const double> values) {
  PHASEGATE_CHECK(!values.empty());
  return sum(values) / static_cast<double>(values.size());
}

double variance(std::span<const double> values) {
  PHASEGATE_CHECK(values.size() >= 2);
  const double centre = mean(values);
  CompensatedSum squares;
  for (const double x : values) squares.add((x - centre) * (x - centre));
  return squares.value() / static_cast<double>(values.size() - 1);
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace phasegate::analysis
