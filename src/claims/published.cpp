#include "claims/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <tuple>

namespace phasegate::claims {
namespace {

using core::Json;
using readers::Format;
using readers::Source;

const Json* find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::optional<double> number(const Json& object, std::string_view key) {
  const Json* found = find(object, key);
  return found != nullptr && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::optional<std::int64_t> count(const Json& object, std::string_view key) {
  const auto value = number(object, key);
  // Above 2^53 a double names no single count.
  if (!value || *value < 0 || *value > 9e15) return std::nullopt;
  return std::llround(*value);
}

std::optional<double> parsed(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// "median_ttft_ms" -> {"p50", "ttft"}.
std::optional<std::pair<std::string, std::string>> vllm_key(std::string_view key) {
  constexpr std::string_view kEnd = "_ms";
  if (key.size() < kEnd.size() || key.substr(key.size() - kEnd.size()) != kEnd) return std::nullopt;
  key.remove_suffix(kEnd.size());
  const auto cut = key.find('_');
  if (cut == std::string_view::npos) return std::nullopt;
  std::string statistic(key.substr(0, cut));
  if (statistic == "median") statistic = "p50";
  const bool known = statistic == "mean" || statistic == "std" || quantile_of(statistic);
  return known ? std::optional(std::pair(statistic, std::string(key.substr(cut + 1)))) : std::nullopt;
}

std::string vllm_metric(std::string_view name) {
  if (name == "ttft" || name == "tpot" || name == "itl") return std::string(name) + "_ms";
  return name == "e2el" ? "latency_ms" : "";
}

void from_vllm(const std::string& file, const Json& document, std::size_t part, std::vector<Published>& out) {
  const auto completed = count(document, "completed");
  for (const auto& [key, value] : document.items()) {
    const auto names = vllm_key(key);
    if (!names || !value.is_number()) continue;
    const auto metric = vllm_metric(names->second);
    if (metric.empty()) continue;
    const bool of_gaps = metric == "itl_ms" || metric == "tpot_ms";  // one-token answers have none
    out.push_back(
        {metric, names->first, value.get<double>(), of_gaps ? std::nullopt : completed, part, true, 0, file, key});
  }
  for (const auto& [key, metric] :
       {std::pair("request_throughput", "requests_s"), std::pair("output_throughput", "output_tok_s"),
        std::pair("total_token_throughput", "total_tok_s")}) {
    if (const auto value = number(document, key)) {
      out.push_back({metric, "mean", *value, completed, part, true, 0, file, key});
    }
  }
}

double to_ms(const std::string& unit) {
  if (unit == "s" || unit == "sec" || unit == "seconds") return 1e3;
  if (unit == "us") return 1e-3;
  return unit == "ns" ? 1e-6 : 1;
}

constexpr std::array<std::pair<const char*, const char*>, 7> kAiperf = {{{"request_latency", "latency_ms"},
                                                                         {"time_to_first_token", "ttft_ms"},
                                                                         {"inter_token_latency", "tpot_ms"},
                                                                         {"inter_chunk_latency", "itl_ms"},
                                                                         {"request_throughput", "requests_s"},
                                                                         {"output_token_throughput", "output_tok_s"},
                                                                         {"total_token_throughput", "total_tok_s"}}};

void from_aiperf(const std::string& file, const Json& document, std::vector<Published>& out) {
  const Json* records = find(document, "records");
  const Json& metrics = records != nullptr ? *records : document;
  for (const auto& [name, metric] : kAiperf) {
    const Json* stats = find(metrics, name);
    if (stats == nullptr || !stats->is_object()) continue;
    const Json* unit = find(*stats, "unit");
    const std::string_view kind = metric;
    const bool time = kind.substr(kind.size() - 3) == "_ms";
    const double scale = time && unit != nullptr && unit->is_string() ? to_ms(unit->get<std::string>()) : 1;
    for (const auto& [key, value] : stats->items()) {
      const std::string statistic = key == "avg" ? "mean" : key;
      const bool known = statistic == "mean" || statistic == "std" || statistic == "min" || statistic == "max";
      if (!value.is_number() || (!known && !quantile_of(statistic))) continue;
      out.push_back({metric, statistic, value.get<double>() * scale, count(*stats, "count"), 0, true, 0, file,
                     fmt::format("{}.{}", name, key)});
    }
  }
}

// "Time to First Token (ms)" of the CSV; two decimals are printed.
constexpr std::array<std::pair<const char*, const char*>, 6> kAiperfNames = {
    {{"Request Latency (ms)", "latency_ms"},
     {"Time to First Token (ms)", "ttft_ms"},
     {"Inter Token Latency (ms)", "tpot_ms"},
     {"Inter Chunk Latency (ms)", "itl_ms"},
     {"Request Throughput (requests/sec)", "requests_s"},
     {"Output Token Throughput (tokens/sec)", "output_tok_s"}}};

// "Request Count,40.00" of the second table.
std::optional<std::int64_t> aiperf_requests(const Source& source) {
  for (const auto& [file, table] : source.tables) {
    for (const auto& row : table.rows) {
      const auto value = row.size() > 1 && row[0] == "Request Count" ? parsed(row[1]) : std::nullopt;
      if (value && *value >= 0 && *value < 9e15) return std::llround(*value);
    }
  }
  return std::nullopt;
}

void from_aiperf_table(const std::string& file, const readers::Table& table, std::optional<std::int64_t> requests,
                       std::vector<Published>& out) {
  for (const auto& row : table.rows) {
    for (const auto& [name, metric] : kAiperfNames) {
      if (row.empty() || row[0] != name) continue;
      for (std::size_t i = 1; i < row.size() && i < table.columns.size(); ++i) {
        const std::string& column = table.columns[i];
        const std::string statistic = column == "avg" || column == "Value" ? "mean" : column;
        const auto value = parsed(row[i]);
        const bool known = statistic == "mean" || statistic == "std" || statistic == "min" || statistic == "max";
        if (!value || (!known && !quantile_of(statistic))) continue;
        // Gaps are more than requests; how many more the file does not say.
        const auto n = std::string_view(metric) == "itl_ms" ? std::nullopt : requests;
        out.push_back({metric, statistic, *value, n, 0, true, 0.005, file, fmt::format("{}: {}", name, column)});
      }
    }
  }
}

struct GuidellmMetric {
  const char* name;
  const char* metric;
  double scale;
  bool comparable;
};
// The rate is the mean of a step function over time; the gap is weighted by tokens.
constexpr std::array<GuidellmMetric, 5> kGuidellm = {{{"request_latency", "latency_ms", 1e3, true},
                                                      {"time_to_first_token_ms", "ttft_ms", 1, true},
                                                      {"inter_token_latency_ms", "tpot_ms", 1, false},
                                                      {"requests_per_second", "requests_s", 1, false},
                                                      {"output_tokens_per_second", "output_tok_s", 1, false}}};

// "p05" -> "p5", "p999" -> "p99.9": GuideLLM's keys drop the point.
std::string guidellm_statistic(const std::string& key) {
  if (key == "p001") return "p0.1";
  if (key == "p999") return "p99.9";
  if (key == "p01" || key == "p05") return fmt::format("p{}", key.back());
  return key;
}

void from_guidellm(const std::string& file, const Json& benchmark, std::size_t part, std::vector<Published>& out) {
  const Json* metrics = find(benchmark, "metrics");
  if (metrics == nullptr) return;
  for (const auto& entry : kGuidellm) {
    const Json* by_status = find(*metrics, entry.name);
    const Json* stats = by_status == nullptr ? nullptr : find(*by_status, "successful");
    if (stats == nullptr) continue;
    const auto n = count(*stats, "count");
    const auto add = [&](const std::string& statistic, double value, const std::string& key) {
      out.push_back({entry.metric, statistic, value * entry.scale, n, part, entry.comparable, 0, file,
                     fmt::format("benchmarks[{}].metrics.{}.successful.{}", part, entry.name, key)});
    };
    if (const auto value = number(*stats, "mean")) add("mean", *value, "mean");
    // A rate is one number; its percentiles over time are another statement.
    const bool rate = std::string_view(entry.metric).find("_s") == std::string_view(entry.metric).size() - 2;
    const Json* percentiles = find(*stats, "percentiles");
    if (rate || percentiles == nullptr || !percentiles->is_object()) continue;
    for (const auto& [key, value] : percentiles->items()) {
      if (value.is_number()) add(guidellm_statistic(key), value.get<double>(), "percentiles." + key);
    }
  }
}

// The CSV has one column for a list of percentiles, whose levels only GuideLLM's documentation names.
constexpr std::array<const char*, 11> kGuidellmList = {"min", "p0.1", "p1",  "p5",  "p10", "p25",
                                                       "p75", "p90",  "p95", "p99", "max"};
constexpr std::array<std::tuple<const char*, const char*, double>, 3> kGuidellmColumns = {
    {{"Request Latency / Successful Sec / ", "latency_ms", 1e3},
     {"Time to First Token / Successful ms / ", "ttft_ms", 1},
     {"Inter Token Latency / Successful ms / ", "tpot_ms", 1}}};

void from_guidellm_cell(Published base, double scale, const std::string& statistic, const std::string& cell,
                        std::vector<Published>& out) {
  const auto add = [&](const char* name, double value) {
    base.statistic = name;
    base.value = value * scale;
    out.push_back(base);
  };
  if (statistic == "Mean" || statistic == "Median") {
    if (const auto value = parsed(cell)) add(statistic == "Mean" ? "mean" : "p50", *value);
  } else if (statistic == "Percentiles") {
    const auto list = core::parse_json(cell, base.file);
    if (!list || !list->is_array() || list->size() != kGuidellmList.size()) return;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if ((*list)[i].is_number()) add(kGuidellmList[i], (*list)[i].get<double>());
    }
  }
}

void from_guidellm_table(const std::string& file, const readers::Table& table, std::vector<Published>& out) {
  const auto total = std::find(table.columns.begin(), table.columns.end(), "Request Counts / Successful");
  for (std::size_t part = 0; part < table.rows.size(); ++part) {
    const auto& row = table.rows[part];
    const auto at = static_cast<std::size_t>(total - table.columns.begin());
    const auto n = at < row.size() ? parsed(row[at]) : std::nullopt;
    for (std::size_t column = 0; column < std::min(row.size(), table.columns.size()); ++column) {
      for (const auto& [prefix, metric, scale] : kGuidellmColumns) {
        const auto& name = table.columns[column];
        if (name.rfind(prefix, 0) != 0) continue;
        Published base{metric, {}, 0, {}, part, false, 0, file, name};
        if (n && *n >= 0 && *n < 9e15) base.n = std::llround(*n);
        from_guidellm_cell(std::move(base), scale, name.substr(std::string_view(prefix).size()), row[column], out);
      }
    }
  }
}

// "result_99.00_percentile_latency_ns", "result_mean_latency_ns", "result_first_token_99.00_percentile_latency_ns",
// "result_time_per_output_token_mean".
void from_mlperf(const std::string& file, const Json& document, std::vector<Published>& out) {
  const auto samples = count(document, "result_query_count");
  for (const auto& [key, value] : document.items()) {
    if (key.rfind("result_", 0) != 0 || !value.is_number()) continue;
    std::string_view rest = std::string_view(key).substr(7);
    std::string metric = "latency_ms";
    for (const auto& [prefix, name] :
         {std::pair("first_token_", "ttft_ms"), std::pair("time_per_output_token_", "tpot_ms"),
          std::pair("time_to_output_token_", "tpot_ms")}) {
      if (rest.rfind(prefix, 0) != 0) continue;
      metric = name;
      rest.remove_prefix(std::string_view(prefix).size());
    }
    if (rest.size() < 3 || rest.substr(rest.size() - 3) != "_ns") continue;
    std::string statistic;
    const auto cut = rest.find("_percentile");
    if (cut != std::string_view::npos) {
      const auto q = parsed(rest.substr(0, cut));
      if (q) statistic = fmt::format("p{:g}", *q);
    } else if (rest.rfind("mean", 0) == 0) {
      statistic = "mean";
    } else if (rest.rfind("min", 0) == 0 || rest.rfind("max", 0) == 0) {
      statistic = rest.substr(0, 3);
    }
    if (!statistic.empty())
      out.push_back({metric, statistic, value.get<double>() / 1e6, samples, 0, true, 1e-6, file, key});
  }
}

Totals vllm_totals(const std::string& file, const Json& document, std::size_t part) {
  return {part,
          count(document, "completed"),
          count(document, "failed"),
          count(document, "num_prompts"),
          count(document, "total_input_tokens"),
          count(document, "total_output_tokens"),
          number(document, "duration"),
          file};
}

Totals aiperf_totals(const std::string& file, const Json& document) {
  const Json* records = find(document, "records");
  const Json& metrics = records != nullptr ? *records : document;
  const auto average = [&](const char* name) {
    const Json* stats = find(metrics, name);
    return stats == nullptr ? std::nullopt : number(*stats, "avg");
  };
  const auto whole = [&](const char* name) -> std::optional<std::int64_t> {
    const auto value = average(name);
    return value ? std::optional(std::llround(*value)) : std::nullopt;
  };
  return {0,
          whole("request_count"),
          whole("error_request_count"),
          std::nullopt,
          whole("total_isl"),
          whole("total_osl"),
          average("benchmark_duration"),
          file};
}

Totals guidellm_totals(const std::string& file, const Json& benchmark, std::size_t part) {
  Totals totals{part, {}, {}, {}, {}, {}, number(benchmark, "duration"), file};
  const Json* metrics = find(benchmark, "metrics");
  const Json* requests = metrics == nullptr ? nullptr : find(*metrics, "request_totals");
  if (requests != nullptr) {
    totals.completed = count(*requests, "successful");
    totals.failed = count(*requests, "errored");
    totals.attempted = count(*requests, "total");
  }
  return totals;
}

// Calls visit(file, result, part) for each result that the source holds.
template <class Visit>
void each_result(const Source& source, const Visit& visit) {
  std::size_t part = 0;
  for (const auto& [file, document] : source.documents) {
    if (source.format != Format::guidellm) {
      visit(file, document, part++);
      continue;
    }
    const Json* benchmarks = find(document, "benchmarks");
    if (benchmarks == nullptr || !benchmarks->is_array()) continue;
    for (const auto& benchmark : *benchmarks) visit(file, benchmark, part++);
  }
}

}  // namespace

std::optional<double> quantile_of(std::string_view statistic) {
  if (statistic.size() < 2 || statistic[0] != 'p') return std::nullopt;
  const auto percent = parsed(statistic.substr(1));
  if (!percent || *percent <= 0 || *percent >= 100) return std::nullopt;
  return *percent / 100;
}

std::vector<Published> published_of(const Source& source) {
  std::vector<Published> out;
  each_result(source, [&](const std::string& file, const Json& result, std::size_t part) {
    switch (source.format) {
      case Format::vllm: return from_vllm(file, result, part, out);
      case Format::aiperf: return from_aiperf(file, result, out);
      case Format::guidellm: return from_guidellm(file, result, part, out);
      case Format::mlperf_loadgen: return from_mlperf(file, result, out);
      default: return;
    }
  });
  if (source.format == Format::aiperf && out.empty()) {
    for (const auto& [file, table] : source.tables) from_aiperf_table(file, table, aiperf_requests(source), out);
  }
  if (source.format == Format::guidellm && out.empty()) {
    for (const auto& [file, table] : source.tables) from_guidellm_table(file, table, out);
  }
  return out;
}

std::vector<Totals> totals_of(const Source& source) {
  std::vector<Totals> out;
  each_result(source, [&](const std::string& file, const Json& result, std::size_t part) {
    switch (source.format) {
      case Format::vllm: out.push_back(vllm_totals(file, result, part)); return;
      case Format::aiperf: out.push_back(aiperf_totals(file, result)); return;
      case Format::guidellm: out.push_back(guidellm_totals(file, result, part)); return;
      default: return;
    }
  });
  return out;
}

}  // namespace phasegate::claims
