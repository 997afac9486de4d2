// Percentiles, means and their intervals: enough samples, and the ones that the file publishes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "analysis/distributions.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "analysis/serial.h"
#include "claims/rules.h"

namespace phasegate::claims {
namespace {

struct Metric {
  const char* id;
  const char* words;
  std::vector<double> Cell::* values;
};
constexpr std::array<Metric, 4> kMetrics = {{{"latency_ms", "latency", &Cell::latency_ms},
                                             {"ttft_ms", "time to first token", &Cell::ttft_ms},
                                             {"tpot_ms", "mean gap of a request", &Cell::tpot_ms},
                                             {"itl_ms", "gap between chunks", &Cell::itl_ms}}};

// About 1/(1-q) samples are needed before one of them can be expected beyond the quantile q.
std::int64_t minimum_n(double q, const evidence::Thresholds& thresholds) {
  const auto is = [&](double other) { return std::abs(q - other) < 1e-9; };
  if (is(0.5)) return thresholds.min_n_median;
  if (is(0.95)) return thresholds.min_n_p95;
  if (is(0.99)) return thresholds.min_n_p99;
  return std::max<std::int64_t>(thresholds.min_n_median, std::llround(std::ceil(1 / std::min(q, 1 - q) - 1e-9)));
}

std::string words_of(const Metric& metric, const Inputs& in) {
  if (std::string_view(metric.id) != "latency_ms" || in.samples.cells.empty()) return metric.words;
  std::set<evidence::Window> windows;
  for (const auto& cell : in.samples.cells) windows.insert(cell.window);
  if (windows.size() != 1) return "duration of a call";
  switch (*windows.begin()) {
    case evidence::Window::request: return "request latency";
    case evidence::Window::prefill: return "prefill time";
    case evidence::Window::decode: return "decode time";
    case evidence::Window::service: return "service time";
    default: return "end-to-end time";
  }
}

// The samples of one metric over all cells.
struct Spread {
  std::vector<const std::vector<double>*> cells;  // those that have any
  std::int64_t fewest = 0;
  std::int64_t most = 0;
};

Spread spread_of(const Metric& metric, const Inputs& in) {
  Spread spread;
  for (const auto& cell : in.samples.cells) {
    const auto& values = cell.*metric.values;
    if (values.empty()) continue;
    const auto n = static_cast<std::int64_t>(values.size());
    spread.fewest = spread.cells.empty() ? n : std::min(spread.fewest, n);
    spread.most = std::max(spread.most, n);
    spread.cells.push_back(&values);
  }
  return spread;
}

std::string samples_text(const Spread& spread) {
  if (spread.cells.size() == 1) return plural(spread.fewest, "sample");
  if (spread.fewest == spread.most)
    return fmt::format("{} in each of {} cells", plural(spread.most, "sample"), spread.cells.size());
  return fmt::format("{} to {} samples in each of {} cells", spread.fewest, spread.most, spread.cells.size());
}

const Published* published_as(const Inputs& in, std::string_view metric, const std::string& statistic) {
  for (const auto& value : in.published) {
    if (value.metric == metric && value.statistic == statistic) return &value;
  }
  return nullptr;
}

Evidence evidence_of(const Inputs& in, const Published* published, std::int64_t n) {
  Evidence evidence{{}, {}, n};
  if (published != nullptr) {
    evidence.file = published->file;
    evidence.key = published->key;
  } else if (!in.source.files.empty()) {
    evidence.file = in.source.files.front().path;
  }
  return evidence;
}

// Without rows only the number of samples that the source itself states can speak.
Claim from_aggregate(const Inputs& in, Claim claim, const Published& published, std::int64_t need) {
  claim.evidence = evidence_of(in, &published, published.n.value_or(0));
  claim.published = published.value;
  if (published.n && *published.n < need) {
    claim.verdict = Verdict::not_supported;
    claim.reason = fmt::format("n_below_{}", need);
    claim.because = plural(*published.n, "sample");
    claim.needs = fmt::format("at least {} samples", need);
  } else {
    claim.verdict = Verdict::no_data;
    claim.reason = "rows_absent";
    claim.because =
        published.n ? fmt::format("published from {}, but no single one is in the file", plural(*published.n, "sample"))
                    : "published without its samples or their number";
    claim.needs = rows_hint(in.source.format);
  }
  return claim;
}

Claim percentile_claim(const Inputs& in, const Metric& metric, const std::string& words, const Spread& spread,
                       const std::string& statistic, double q) {
  const auto need = minimum_n(q, in.thresholds);
  const Published* published = published_as(in, metric.id, statistic);
  Claim claim = supported(Group::statistics, fmt::format("percentile.{}.{}", metric.id, statistic),
                          fmt::format("{} of the {}", statistic, words));
  if (spread.cells.empty()) return from_aggregate(in, std::move(claim), *published, need);
  claim.evidence = evidence_of(in, published, spread.fewest);
  if (published != nullptr && spread.cells.size() == 1) claim.published = published->value;
  claim.because = samples_text(spread);
  if (spread.fewest < need) {
    claim.verdict = Verdict::not_supported;
    claim.reason = fmt::format("n_below_{}", need);
    claim.needs = fmt::format("at least {} samples{}", need, spread.cells.size() > 1 ? " in each cell" : "");
    return claim;
  }
  if (spread.cells.size() == 1) claim.value = analysis::percentile(analysis::sorted(*spread.cells.front()), q);
  return claim;
}

void judge_percentiles(const Inputs& in, const Metric& metric, const Spread& spread, std::vector<Claim>& out) {
  std::set<double> quantiles;
  const auto words = words_of(metric, in);
  for (const auto& published : in.published) {
    const auto q = quantile_of(published.statistic);
    if (published.metric == metric.id && q && *q >= 0.5) quantiles.insert(*q);
  }
  if (spread.cells.empty() && quantiles.empty()) return;
  if (!spread.cells.empty()) quantiles.insert({0.5, 0.9, 0.95, 0.99});
  for (const double q : quantiles) {
    out.push_back(percentile_claim(in, metric, words, spread, fmt::format("p{:g}", q * 100), q));
  }
}

void judge_mean(const Inputs& in, const Metric& metric, const Spread& spread, std::vector<Claim>& out) {
  const Published* published = published_as(in, metric.id, "mean");
  if (spread.cells.empty() && published == nullptr) return;
  Claim claim = supported(Group::statistics, fmt::format("mean.{}", metric.id),
                          fmt::format("mean of the {}, with an interval", words_of(metric, in)));
  if (spread.cells.empty()) {
    out.push_back(from_aggregate(in, std::move(claim), *published, 2));
    return;
  }
  claim.evidence = evidence_of(in, published, spread.fewest);
  claim.because = samples_text(spread);
  if (spread.fewest < 2) {
    claim.verdict = Verdict::not_supported;
    claim.reason = "n_below_2";
    claim.needs = "at least 2 samples, better 10";
  } else if (spread.cells.size() == 1) {
    const auto& values = *spread.cells.front();
    const double mean = analysis::mean(values);
    const double effective = analysis::effective_samples(values);
    const double half =
        analysis::t_quantile(0.975, std::max(1.0, effective - 1)) * std::sqrt(analysis::variance(values) / effective);
    claim.value = mean;
    if (published != nullptr) claim.published = published->value;
    claim.because = fmt::format("{} ± {} ms ({})", figure(mean), figure(half), samples_text(spread));
    if (effective < 0.9 * static_cast<double>(values.size())) {
      claim.because += fmt::format(", neighbours move together: worth {:.0f} independent ones", effective);
    }
  }
  out.push_back(std::move(claim));
}

// Is a published percentile one of the rows? Type 7 is the definition here; another may take a neighbouring sample.
struct Agreement {
  std::int64_t compared = 0;
  std::int64_t differ = 0;
  double worst = 0;  // relative
  const Published* worst_of = nullptr;
  double worst_ours = 0;
  const Published* broken = nullptr;
  double broken_ours = 0;
};

void compare(const Published& published, std::span<const double> ascending, Agreement& agreement) {
  const double n = static_cast<double>(ascending.size());
  double ours = 0;
  double low = 0;
  double high = 0;
  if (const auto q = quantile_of(published.statistic)) {
    ours = analysis::percentile(ascending, *q);
    const double place = *q * (n - 1);
    const auto at = [&](double i) { return ascending[static_cast<std::size_t>(std::clamp(i, 0.0, n - 1))]; };
    low = at(std::floor(place) - 1);
    high = at(std::ceil(place) + 1);
  } else if (published.statistic == "mean") {
    ours = low = high = analysis::mean(ascending);
  } else {
    return;
  }
  ++agreement.compared;
  const double slack = published.rounding * 1.01 + std::abs(ours) * 1e-9;
  const double difference = std::abs(published.value - ours);
  if (difference <= slack) return;
  ++agreement.differ;
  const double wide = published.rounding * 1.01 + std::abs(ours) * 1e-6;
  if (published.value < low - wide || published.value > high + wide) {
    if (agreement.broken == nullptr) {
      agreement.broken = &published;
      agreement.broken_ours = ours;
    }
    return;
  }
  const double relative = ours != 0 ? difference / std::abs(ours) : 0;
  if (relative >= agreement.worst) {
    agreement.worst = relative;
    agreement.worst_of = &published;
    agreement.worst_ours = ours;
  }
}

// The rows of one published result, when it is certain that they are those behind it.
const std::vector<double>* rows_behind(const Inputs& in, const Published& published, const Metric& metric) {
  std::size_t results = 1;
  for (const auto& other : in.published) results = std::max(results, other.part + 1);
  if (results != in.samples.cells.size() || published.part >= in.samples.cells.size()) return nullptr;
  const auto& values = in.samples.cells[published.part].*metric.values;
  if (values.empty() || (published.n && *published.n != static_cast<std::int64_t>(values.size()))) return nullptr;
  return &values;
}

Agreement agreement_of(const Inputs& in) {
  Agreement agreement;
  for (const auto& metric : kMetrics) {
    std::vector<double> ascending;
    const std::vector<double>* sorted_of = nullptr;
    for (const auto& published : in.published) {
      if (published.metric != metric.id || !published.comparable) continue;
      const auto* values = rows_behind(in, published, metric);
      if (values == nullptr) continue;
      if (values != sorted_of) {
        ascending = analysis::sorted(*values);
        sorted_of = values;
      }
      compare(published, ascending, agreement);
    }
  }
  return agreement;
}

void judge_published(const Inputs& in, std::vector<Claim>& out) {
  if (in.samples.beyond_limits > 0 || in.source.bad_rows > 0) return;  // not all rows are known
  const Agreement agreement = agreement_of(in);
  if (agreement.compared == 0) return;
  Claim claim = supported(Group::consistency, "consistency.published", "the published figures follow from the rows",
                          fmt::format("{} means and percentiles recomputed", agreement.compared));
  claim.evidence = {in.published.front().file, {}, in.samples.ok};
  if (agreement.broken != nullptr) {
    const auto& broken = *agreement.broken;
    claim.verdict = Verdict::invalid;
    claim.reason = "published_not_from_rows";
    claim.because = fmt::format("{} {} is published as {}, the rows give {}", broken.statistic, broken.metric,
                                figure(broken.value), figure(agreement.broken_ours));
    claim.needs = "the file as the tool wrote it";
    claim.evidence.key = broken.key;
    claim.published = broken.value;
    claim.value = agreement.broken_ours;
  } else if (agreement.differ > 0) {
    const auto& worst = *agreement.worst_of;
    claim.because =
        fmt::format("{} of {} follow another definition of a percentile: {} {} {} there, {} by linear interpolation",
                    agreement.differ, agreement.compared, worst.statistic, worst.metric, figure(worst.value),
                    figure(agreement.worst_ours));
    claim.evidence.key = worst.key;
    claim.published = worst.value;
    claim.value = agreement.worst_ours;
  }
  out.push_back(std::move(claim));
}

}  // namespace

void judge_statistics(const Inputs& in, std::vector<Claim>& out) {
  for (const auto& metric : kMetrics) {
    const Spread spread = spread_of(metric, in);
    judge_percentiles(in, metric, spread, out);
    judge_mean(in, metric, spread, out);
  }
  const bool served = !in.samples.cells.empty() && in.samples.cells.front().window == evidence::Window::request;
  if (served && in.samples.prompt_shapes > 1) {
    out.push_back(refused(Verdict::not_supported, Group::statistics, "percentile.per_shape",
                          "a tail that holds for another mix of prompts", "pooled_shapes",
                          fmt::format("{} prompt lengths are pooled{}", in.samples.prompt_shapes,
                                      in.samples.prompt_shapes >= 1000 ? " or more" : ""),
                          "percentiles for each length, or a stated mix"));
  }
  judge_published(in, out);
}

}  // namespace phasegate::claims
