#include "analysis/otsu.h"

#include "analysis/moments.h"

namespace phasegate::analysis {

std::size_t otsu_cut(std::span<const double> ascending) {
  const double total = sum(ascending);
  const auto n = static_cast<double>(ascending.size());
  double below = 0;
  double best = -1;
  std::size_t cut = 1;
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    below += ascending[i - 1];
    const auto k = static_cast<double>(i);
    const double gap = below / k - (total - below) / (n - k);
    const double between = k * (n - k) * gap * gap;
    if (between > best) {
      best = between;
      cut = i;
    }
  }
  return cut;
}

}  // namespace phasegate::analysis
