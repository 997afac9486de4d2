// The aggregates that a source publishes, under one set of names whatever the tool calls them. Nothing is computed here
// but units. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "readers/source.h"

namespace phasegate::claims {

// metric: "latency_ms", "ttft_ms", "tpot_ms" (mean gap of one request), "itl_ms" (each gap), "requests_s",
//         "output_tok_s", "total_tok_s"
// statistic: "mean", "std", "min", "max", or a percentile "p50", "p99.9"
struct Published {
  std::string metric;
  std::string statistic;
  double value = 0;
  std::optional<std::int64_t> n;  // samples behind it, when the source says
  std::size_t part = 0;           // which result of the source: 0 unless it holds several
  bool comparable = true;         // false: the tool weights or smooths, so that the rows need not give it
  double rounding = 0;            // half a unit of the last digit that was printed
  std::string file;
  std::string key;
};

// Totals that the source states, for one of its results.
struct Totals {
  std::size_t part = 0;
  std::optional<std::int64_t> completed;
  std::optional<std::int64_t> failed;
  std::optional<std::int64_t> attempted;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> generated_tokens;
  std::optional<double> duration_s;
  std::string file;
};

[[nodiscard]] std::vector<Published> published_of(const readers::Source& source);
[[nodiscard]] std::vector<Totals> totals_of(const readers::Source& source);

// 0.99 of "p99", 0.999 of "p99.9"; nullopt for what is no percentile.
[[nodiscard]] std::optional<double> quantile_of(std::string_view statistic);

}  // namespace phasegate::claims
