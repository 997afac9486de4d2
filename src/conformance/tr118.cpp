// TR118: ONNX Runtime and TensorRT against PyTorch. Unit of analysis: one repetition, the mean over its prompts.
// Degraded rows stay in the counts and leave every aggregate.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "conformance/consistency.h"
#include "conformance/derive.h"
#include "conformance/series.h"
#include "conformance/tr118_rows.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

std::string baseline_of(const RunData& run) {
  auto backend = text_at(run.source.config, {"baseline", "backend"});
  if (backend.empty() && !run.rows.empty()) backend = run.rows.front().backend;
  return backend;
}

// --- counts and failures ------------------------------------------------------------------------------------------

enum class FailureClass { dtype_or_size_mismatch, shape_out_of_range, timeout, no_room, other };

std::string_view to_string(FailureClass failure) {
  switch (failure) {
    case FailureClass::dtype_or_size_mismatch: return "dtype_or_size_mismatch";
    case FailureClass::shape_out_of_range: return "shape_out_of_range";
    case FailureClass::timeout: return "timeout";
    case FailureClass::no_room: return "no_room_for_generation";
    case FailureClass::other: return "other";
  }
  return "";
}

// A copy that the driver refuses is a buffer of the wrong size (int64 ids for an int32 buffer), not a shape outside the
// engine's profiles: that one says set_input_shape_failed.
FailureClass failure_of(const Observation& row) {
  std::string text = row.error;
  for (const auto& reason : row.degraded_reasons) text += " " + reason;
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  if (has("set_input_shape_failed")) return FailureClass::shape_out_of_range;
  if (has("cuMemcpyHtoD") || has("invalid argument")) return FailureClass::dtype_or_size_mismatch;
  if (has("timeout")) return FailureClass::timeout;
  if (has("no_room_for_generation")) return FailureClass::no_room;
  return FailureClass::other;
}

void count_rows(const RunData& run, const std::string& mode, const Rows& rows, DerivedSet& out) {
  std::map<FailureClass, int> classes;
  std::map<std::string, int> as_published;
  int failed = 0;
  for (const auto* row : rows) {
    if (!tr118_degraded(*row)) continue;
    ++failed;
    ++classes[failure_of(*row)];
    if (published_as_profile_mismatch(*row)) ++as_published[row->backend];
  }
  const auto total = static_cast<double>(rows.size());
  out.number(run.id, name_of("counts", mode, "total_runs"), total);
  out.number(run.id, name_of("counts", mode, "degraded_runs"), failed);
  out.number(run.id, name_of("counts", mode, "degraded_rate"), failed / total);
  for (const auto& [failure, count] : classes) out.number(run.id, name_of("failures", mode, to_string(failure)), count);
  for (const auto& [backend, count] : as_published)
    out.number(run.id, name_of("failures", mode, "published_classifier", backend), count);
  if (failed > 0) {
    const auto shapes = classes[FailureClass::shape_out_of_range];
    out.number(run.id, name_of("failures", mode, "shape_share"), static_cast<double>(shapes) / failed);
  }
}

// --- throughput and latency ---------------------------------------------------------------------------------------

struct CellStats {
  std::vector<double> latency, tok_s, ttft, warmup;
  double total = 0, failed = 0;
};

CellStats stats_of(const Rows& rows) {
  CellStats stats;
  for (const auto* row : rows) {
    stats.total += 1;
    if (tr118_degraded(*row)) {
      stats.failed += 1;
      continue;
    }
    if (const auto value = latency_of(*row)) stats.latency.push_back(*value);
    if (const auto value = tok_s_of(*row)) stats.tok_s.push_back(*value);
    if (const auto value = ttft_of(*row)) stats.ttft.push_back(*value);
    if (!row->warmup_ms.empty()) stats.warmup.push_back(analysis::mean(row->warmup_ms));
  }
  return stats;
}

void mean_and_median(DerivedSet& out, const std::string& run, const std::string& mean_name,
                     const std::string& median_name, const std::vector<double>& values) {
  if (values.empty()) return;
  out.number(run, mean_name, analysis::mean(values));
  out.number(run, median_name, analysis::median(values));
}

void describe_cell(const RunData& run, const std::string& name, const CellStats& stats, DerivedSet& out) {
  out.number(run.id, name_of(name, "n_total"), stats.total);
  out.number(run.id, name_of(name, "n_ok"), stats.total - stats.failed);
  out.number(run.id, name_of(name, "n_degraded"), stats.failed);
  out.number(run.id, name_of(name, "degraded_rate"), stats.failed / stats.total);
  describe(out, run.id, name, stats.latency);
  if (stats.latency.empty()) out.number(run.id, name_of(name, "n"), 0);
  mean_and_median(out, run.id, name_of(name, "throughput_mean_tok_s"), name_of(name, "throughput_median_tok_s"),
                  stats.tok_s);
  mean_and_median(out, run.id, name_of(name, "ttft_mean_ms"), name_of(name, "ttft_median_ms"), stats.ttft);
  mean_and_median(out, run.id, name_of(name, "warmup_mean_latency_ms"), name_of(name, "warmup_median_latency_ms"),
                  stats.warmup);
}

// Overall figure of a backend: arithmetic mean of its scenarios' means.
void overall(const RunData& run, const std::string& mode, DerivedSet& out, const Cells& by_backend) {
  for (const auto& [backend, rows] : by_backend) {
    std::vector<double> means;
    for (const auto& [scenario, cell] : cells_of(rows, [](const auto& row) { return row.scenario; })) {
      const auto stats = stats_of(cell);
      if (stats.tok_s.empty()) continue;
      means.push_back(analysis::mean(stats.tok_s));
    }
    if (means.empty()) {
      out.absent(run.id, name_of("overall", mode, backend, "tok_s"), "every row is degraded");
      continue;
    }
    out.number(run.id, name_of("overall", mode, backend, "tok_s"), analysis::mean(means));
    out.number(run.id, name_of("overall", mode, backend, "scenarios"), static_cast<double>(means.size()));
    const auto all = stats_of(rows);
    describe(out, run.id, name_of("pooled", mode, backend, "tok_s"), all.tok_s);
  }
}

// --- published comparisons ------------------------------------------------------------------------------------------

struct Metric {
  const char* list;  // member of statistical_analysis_<mode>.json
  const char* name;
  std::vector<double> CellStats::* values;
  bool pooled;
  bool by_scenario;
};

constexpr Metric kMetrics[] = {
    {"comparisons", "latency_ms", &CellStats::latency, true, false},
    {"comparisons_by_scenario", "latency_ms", &CellStats::latency, false, true},
    {"throughput_comparisons", "throughput_tok_s", &CellStats::tok_s, true, false},
    {"throughput_comparisons_by_scenario", "throughput_tok_s", &CellStats::tok_s, false, true},
    {"ttft_comparisons", "ttft_ms", &CellStats::ttft, true, true},
};

void compare_backends(const RunData& run, const std::string& mode, const Cells& by_backend, DerivedSet& out) {
  const auto baseline = baseline_of(run);
  const auto base = by_backend.find(baseline);
  if (base == by_backend.end()) return;
  const auto scenario_of = [](const Observation& row) { return row.scenario; };
  const auto base_cells = cells_of(base->second, scenario_of);
  const auto base_all = stats_of(base->second);
  for (const auto& [backend, rows] : by_backend) {
    if (backend == baseline) continue;
    const auto all = stats_of(rows);
    const auto cells = cells_of(rows, scenario_of);
    for (const auto& metric : kMetrics) {
      const auto name = name_of("stats", mode, metric.list, baseline, backend, metric.name);
      if (metric.pooled) compare_pooled(out, run.id, name, base_all.*metric.values, all.*metric.values, "effect_size");
      if (!metric.by_scenario) continue;
      for (const auto& [scenario, cell] : cells) {
        const auto base_cell = base_cells.find(scenario);
        if (base_cell == base_cells.end()) continue;
        compare_pooled(out, run.id, name + "::" + scenario, stats_of(base_cell->second).*metric.values,
                       stats_of(cell).*metric.values, "effect_size");
      }
    }
  }
}

// --- documents ------------------------------------------------------------------------------------------------------

void perplexity(const RunData& run, DerivedSet& out) {
  const auto* json = document(run, "perplexity_results.json");
  if (json == nullptr) return;
  const auto* results = at(*json, {"results"});
  if (results == nullptr || !results->is_array()) return;
  std::optional<double> base;
  const auto baseline = baseline_of(run);
  const auto ppl = [](const core::Json& row) -> std::optional<double> {
    const auto nll = number_at(row, {"nll_sum"});
    const auto tokens = number_at(row, {"token_count"});
    if (!nll || !tokens || *tokens <= 0) return std::nullopt;
    return std::exp(*nll / *tokens);
  };
  for (const auto& row : *results)
    if (text_at(row, {"backend"}) == baseline) base = ppl(row);
  for (const auto& row : *results) {
    const auto name = name_of("perplexity", text_at(row, {"backend"}));
    const auto value = ppl(row);
    const auto threshold = number_at(row, {"threshold"});
    if (!value) {
      out.absent(run.id, name_of(name, "perplexity"), "no_perplexity: " + text_at(row, {"error"}));
      out.text(run.id, name_of(name, "pass"), "false");  // NULL is a fail
      continue;
    }
    out.number(run.id, name_of(name, "perplexity"), *value);
    out.number(run.id, name_of(name, "mean_nll"), *number_at(row, {"nll_sum"}) / *number_at(row, {"token_count"}));
    if (!base) continue;
    const double delta = *value / *base - 1;
    out.number(run.id, name_of(name, "delta_frac"), delta);
    if (threshold || text_at(row, {"backend"}) == baseline)
      out.text(run.id, name_of(name, "pass"), delta <= threshold.value_or(0) ? "true" : "false");
  }
}

void accuracy_thresholds(const RunData& run, DerivedSet& out) {
  const auto* thresholds = at(run.source.config, {"accuracy", "perplexity_thresholds"});
  if (thresholds == nullptr || !thresholds->is_object()) return;
  for (const auto& [precision, value] : thresholds->items())
    if (value.is_number()) out.number(run.id, name_of("accuracy_threshold", precision), value.get<double>());
}

const core::Json* by_name(const RunData& run, std::string_view part) {
  for (const auto& [path, json] : run.source.documents)
    if (path.find(part) != std::string::npos) return &json;
  return nullptr;
}

void engines(const RunData& run, DerivedSet& out) {
  if (const auto* json = by_name(run, "export_metadata"); json != nullptr)
    out.number(run.id, "onnx/file_size_mb", number_at(*json, {"file_size_mb"}), "not recorded");
  const auto* json = by_name(run, "trt_build_metadata");
  if (json == nullptr || !json->is_array()) return;
  for (const auto& engine : *json) {
    const auto name = name_of("engine", text_at(engine, {"precision"}));
    out.number(run.id, name_of(name, "build_time_s"), number_at(engine, {"build_time_s"}), "engine reused, not built");
    out.number(run.id, name_of(name, "file_size_mb"), number_at(engine, {"file_size_mb"}), "not recorded");
    out.number(run.id, name_of(name, "num_layers"), number_at(engine, {"engine_inspect", "num_layers"}),
               "not recorded");
    out.number(run.id, name_of(name, "num_profiles"), number_at(engine, {"engine_inspect", "num_profiles"}),
               "not recorded");
    const auto* int8 = at(engine, {"engine_inspect", "has_int8_tensors"});
    if (int8 != nullptr && int8->is_boolean())
      out.text(run.id, name_of(name, "has_int8_tensors"), int8->get<bool>() ? "true" : "false");
  }
}

// The report's "token counts" of generate are the padded length of the buffer, not what was generated.
void tokens_of_cells(const RunData& run, const std::string& mode, const Rows& rows, DerivedSet& out) {
  for (const auto& [scenario, cell] : cells_of(rows, [](const Observation& row) { return row.scenario; })) {
    std::optional<double> most;
    for (const auto* row : cell) {
      if (row->padded_tokens)
        out.number(run.id, name_of("tokens", mode, scenario, "padded_length"),
                   static_cast<double>(*row->padded_tokens));
      if (row->generated_tokens && !tr118_degraded(*row))
        most = std::max(most.value_or(0), static_cast<double>(*row->generated_tokens));
    }
    if (most) out.number(run.id, name_of("tokens", mode, scenario, "generated"), *most);
  }
}

// A rate is tokens over time, and a prefill computes the padded length of every row of its batch.
bool row_agrees(const Observation& row) {
  for (std::size_t i = 0; i < row.latency_ms.size() && i < row.tok_s.size(); ++i) {
    const auto tokens = number_of(row, fmt::format("tokens_processed[{}]", i).c_str());
    if (!tokens) return true;
    if (!agree(row.tok_s[i], *tokens / row.latency_ms[i] * 1000)) return false;
    const bool prefill = row.window == evidence::Window::prefill;
    if (prefill && row.padded_tokens && row.batch && *tokens != static_cast<double>(*row.padded_tokens * *row.batch))
      return false;
  }
  return true;
}

}  // namespace

void derive_tr118(const ReportData& report, DerivedSet& out) {
  for (const auto& run : report.runs) {
    Rows all;
    for (const auto& row : run.rows) all.push_back(&row);
    for (const auto& [mode, rows] : cells_of(all, tr118_mode)) {
      count_rows(run, mode, rows, out);
      const auto by_backend = cells_of(rows, [](const Observation& row) { return row.backend; });
      for (const auto& [key, cell] :
           cells_of(rows, [](const Observation& row) { return row.backend + "/" + row.scenario; }))
        describe_cell(run, name_of("latency", mode, key), stats_of(cell), out);
      overall(run, mode, out, by_backend);
      compare_backends(run, mode, by_backend, out);
      tokens_of_cells(run, mode, rows, out);
    }
    if (!run.rows.empty())
      count_inconsistent(run, "rows/inconsistent", "rate = tokens / time, tokens = batch x length", row_agrees, out);
    perplexity(run, out);
    accuracy_thresholds(run, out);
    engines(run, out);
  }
  derive_tr118_study(report, out);
}

}  // namespace phasegate::conformance
