#include "analysis/serial.h"

#include <algorithm>

#include "analysis/moments.h"

namespace phasegate::analysis {

double effective_samples(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  if (values.size() < 3) return n;
  const double centre = mean(values);
  double products = 0;
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - centre) * (values[i] - centre);
    if (i > 0) products += (values[i] - centre) * (values[i - 1] - centre);
  }
  if (!(squares > 0) || products <= 0) return n;
  const double r = products / squares;
  return std::clamp(n * (1 - r) / (1 + r), 1.0, n);
}

}  // namespace phasegate::analysis
