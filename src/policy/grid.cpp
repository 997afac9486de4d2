#include "policy/grid.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "policy/classify.h"

namespace phasegate::policy {
namespace {

using evidence::Bucket;
using evidence::Range;
using evidence::Scenario;

// The points of an axis and the intervals between neighbours.
std::vector<Range> elements(const std::set<int>& points) {
  std::vector<Range> ranges;
  for (auto at = points.begin(); at != points.end(); ++at) {
    ranges.push_back({*at, *at});
    if (const auto next = std::next(at); next != points.end()) ranges.push_back({*at, *next});
  }
  return ranges;
}

// Parts of a range on which the class can not change: [low, cut - 1] and [cut, high] for each cut inside.
std::vector<Range> split(Range range, std::vector<int> cuts) {
  std::sort(cuts.begin(), cuts.end());
  std::vector<Range> parts;
  int low = range.low;
  for (const int cut : cuts) {
    if (cut <= low || cut > range.high) continue;
    parts.push_back({low, cut - 1});
    low = cut;
  }
  parts.push_back({low, range.high});
  return parts;
}

// Corners of the element; empty unless all of them were measured.
std::vector<Scenario> corners_of(const Bucket& element, const std::set<Scenario>& measured) {
  std::set<Scenario> corners;
  for (const int prompt : {element.prompt.low, element.prompt.high}) {
    for (const int gen : {element.gen.low, element.gen.high}) {
      for (const int batch : {element.batch.low, element.batch.high}) {
        const Scenario corner{prompt, gen, batch, 0};
        if (!measured.contains(corner)) return {};
        corners.insert(corner);
      }
    }
  }
  return {corners.begin(), corners.end()};
}

// A part that shrank to one end of its element is a face, and faces are elements of their own.
bool is_face(Range part, Range element) {
  return part.low == part.high && element.low != element.high && (part.low == element.low || part.low == element.high);
}

std::optional<double> smallest_fraction(const std::vector<Scenario>& corners, const FractionOf& fraction_of) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const Scenario& corner : corners) {
    const auto fraction = fraction_of(corner);
    if (!fraction) return std::nullopt;
    smallest = std::min(smallest, *fraction);
  }
  return smallest;
}

bool within(Range inner, Range outer) { return inner.low >= outer.low && inner.high <= outer.high; }

void add_element(const Bucket& element, const std::vector<Scenario>& corners, const FractionOf& fraction_of,
                 const evidence::Thresholds& thresholds, std::vector<Box>& boxes) {
  const auto fraction = smallest_fraction(corners, fraction_of);
  if (fraction && *fraction > thresholds.decode_heavy_fraction) {
    boxes.push_back({element, evidence::WorkloadClass::decode_heavy, corners});
    return;
  }
  for (const Range batch : split(element.batch, {2})) {
    if (is_face(batch, element.batch)) continue;
    std::vector<int> cuts = {thresholds.decode_heavy_gen_tokens};
    if (batch.low > 1) cuts.push_back(thresholds.prefill_heavy_max_gen + 1);
    for (const Range gen : split(element.gen, std::move(cuts))) {
      if (is_face(gen, element.gen)) continue;
      const Classification whole = classify({element.prompt.low, gen.low, batch.low}, fraction, thresholds);
      boxes.push_back({{element.prompt, gen, batch}, whole.workload, corners});
    }
  }
}

}  // namespace

double volume(const Bucket& bucket) {
  const auto length = [](Range range) { return static_cast<double>(range.high) - range.low + 1; };
  return length(bucket.prompt) * length(bucket.gen) * length(bucket.batch);
}

double Box::volume() const { return policy::volume(bucket); }

bool Box::inside(const Box& other) const {
  return workload == other.workload && within(bucket.prompt, other.bucket.prompt) &&
         within(bucket.gen, other.bucket.gen) && within(bucket.batch, other.bucket.batch);
}

std::vector<Box> boxes_of(const std::set<Scenario>& measured, const FractionOf& fraction_of,
                          const evidence::Thresholds& thresholds) {
  std::set<int> prompts;
  std::set<int> gens;
  std::set<int> batches;
  for (const Scenario& scenario : measured) {
    prompts.insert(scenario.prompt_tokens);
    gens.insert(scenario.gen_tokens);
    batches.insert(scenario.batch);
  }
  std::vector<Box> boxes;
  for (const Range prompt : elements(prompts)) {
    for (const Range gen : elements(gens)) {
      for (const Range batch : elements(batches)) {
        const Bucket element{prompt, gen, batch};
        const std::vector<Scenario> corners = corners_of(element, measured);
        if (!corners.empty()) add_element(element, corners, fraction_of, thresholds, boxes);
      }
    }
  }
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
    const auto key = [](const Box& box) { return std::tuple(-box.volume(), box.workload, box.bucket); };
    return key(a) < key(b);
  });
  return boxes;
}

}  // namespace phasegate::policy
