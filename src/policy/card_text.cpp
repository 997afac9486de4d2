#include "policy/card_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phasegate::policy {
namespace {

using evidence::Bucket;
using evidence::Range;

bool touch(Range a, Range b) { return a.low <= b.high + 1 && b.low <= a.high + 1; }
Range join(Range a, Range b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

// Two boxes that agree in two axes and touch in the third, or of which one holds the other, are one box.
bool merge(Bucket& into, const Bucket& other) {
  const auto holds = [](Range outer, Range inner) { return outer.low <= inner.low && inner.high <= outer.high; };
  if (holds(into.prompt, other.prompt) && holds(into.gen, other.gen) && holds(into.batch, other.batch)) return true;
  const int same =
      (into.prompt == other.prompt ? 1 : 0) + (into.gen == other.gen ? 1 : 0) + (into.batch == other.batch ? 1 : 0);
  if (same < 2 || !touch(into.prompt, other.prompt) || !touch(into.gen, other.gen) || !touch(into.batch, other.batch)) {
    return false;
  }
  into = {join(into.prompt, other.prompt), join(into.gen, other.gen), join(into.batch, other.batch)};
  return true;
}

std::vector<Bucket> merged(std::vector<Bucket> buckets) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < buckets.size() && !changed; ++i) {
      for (std::size_t j = 0; j < buckets.size() && !changed; ++j) {
        if (i == j || !merge(buckets[i], buckets[j])) continue;
        buckets.erase(buckets.begin() + static_cast<std::ptrdiff_t>(j));
        changed = true;
      }
    }
  }
  std::sort(buckets.begin(), buckets.end());
  return buckets;
}

}  // namespace

std::string range_text(Range range) {
  return range.low == range.high ? fmt::format("{}", range.low) : fmt::format("{}–{}", range.low, range.high);
}

std::string bucket_text(Bucket bucket) {
  return fmt::format("prompt {}, gen {}, batch {}", range_text(bucket.prompt), range_text(bucket.gen),
                     range_text(bucket.batch));
}

std::string buckets_text(std::vector<Bucket> buckets, std::size_t most) {
  const std::vector<Bucket> boxes = merged(std::move(buckets));
  std::string text;
  for (std::size_t i = 0; i < boxes.size() && i < most; ++i) {
    text += (i == 0 ? "" : "; ") + bucket_text(boxes[i]);
  }
  if (boxes.size() > most) text += fmt::format("; and {} more buckets", boxes.size() - most);
  return text;
}

std::string day_of(const std::string& stamp) { return stamp.substr(0, 10); }

}  // namespace phasegate::policy
