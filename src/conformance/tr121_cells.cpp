#include "conformance/tr121_cells.h"

#include <algorithm>
#include <cmath>

#include "analysis/economics.h"
#include "analysis/linearity.h"
#include "analysis/moments.h"
#include "analysis/percentile.h"
#include "conformance/consistency.h"
#include "conformance/leaves.h"
#include "conformance/series.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

constexpr double kUsdPerHour = 1.006;  // the report's on-demand price, TR119's configuration
constexpr double kTokensPerMonth = 1e9;

struct Mix {
  const char* name;
  double tokens;  // prompt and generated
};
constexpr Mix kMixes[] = {{"chat_default", 256 + 128},
                          {"agent_tool_step", 512 + 32},
                          {"codegen_medium", 512 + 1024},
                          {"long_context_summary", 2048 + 256}};

std::optional<double> median_of(const Rows& rows, const ValueOf& value) {
  const auto values = values_of(rows, value);
  if (values.empty()) return std::nullopt;
  return analysis::median(values);
}

ValueOf by_key(const char* key) {
  return [key](const Observation& row) { return number_of(row, key); };
}

std::string text_of(std::optional<std::int64_t> value) { return value ? std::to_string(*value) : std::string("1"); }

}  // namespace

bool is_warmup(const Observation& row) { return row.regime == evidence::Regime::warmup; }

std::optional<double> parameters_m(const Observation& row) {
  if (!row.parameters || !std::isfinite(*row.parameters) || *row.parameters <= 0) return std::nullopt;
  return *row.parameters / 1e6;
}

std::vector<Tr121Cell> tr121_cells(const Rows& rows) {
  const auto key = [](const Observation& row) {
    return name_of(row.backend, text_of(row.batch), row.model, row.scenario, mode_name(row.window));
  };
  std::vector<Tr121Cell> cells;
  for (const auto& [name, members] : cells_of(rows, key)) {
    const auto& first = *members.front();
    Tr121Cell cell;
    cell.backend = first.backend;
    cell.batch = text_of(first.batch);
    cell.model = first.model;
    cell.scenario = first.scenario;
    cell.mode = mode_name(first.window);
    for (const auto* row : members) {
      if (!row->usable()) continue;
      const double latency = *latency_of(*row);
      if (is_warmup(*row)) {
        cell.warmup.push_back(latency);
        continue;
      }
      cell.latency.push_back(latency);
      cell.rows.push_back(row);
    }
    cell.parameters_m = median_of(cell.rows, parameters_m);
    cells.push_back(std::move(cell));
  }
  return cells;
}

std::vector<Tr121Group> aggregate(const std::vector<Tr121Cell>& cells) {
  std::map<std::string, Tr121Group> groups;
  for (const auto& cell : cells) {
    if (cell.latency.empty()) continue;
    auto& group = groups[name_of(cell.backend, cell.batch, cell.model, cell.mode)];
    group.backend = cell.backend;
    group.batch = cell.batch;
    group.model = cell.model;
    group.mode = cell.mode;
    group.cells.push_back(&cell);
  }
  std::vector<Tr121Group> result;
  for (auto& [name, group] : groups) {
    std::vector<double> medians, rates, sizes;
    for (const auto* cell : group.cells) {
      medians.push_back(analysis::median(cell->latency));
      if (const auto rate = median_of(cell->rows, tok_s_of)) rates.push_back(*rate);
      if (cell->parameters_m) sizes.push_back(*cell->parameters_m);
    }
    group.scenarios = group.cells.size();
    group.latency_geomean_ms = geometric_mean(medians);
    group.latency_median_of_medians_ms = analysis::median(medians);
    if (rates.size() == medians.size()) group.tok_s_geomean = geometric_mean(rates);
    if (!sizes.empty()) group.parameters_m = analysis::median(sizes);
    result.push_back(std::move(group));
  }
  return result;
}

namespace {

std::optional<double> target_of(const Observation& row) {
  if (!row.target_tokens) return std::nullopt;
  return static_cast<double>(*row.target_tokens);
}

// Tokens that a prefill computes: the padded length of each row where the source has it.
std::optional<double> prompt_computed(const Observation& row) {
  if (!row.padded_tokens) return std::nullopt;
  return static_cast<double>(*row.padded_tokens * row.batch.value_or(1));
}

}  // namespace

void write_cells(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out) {
  std::map<std::string, double> targets;  // of a call: the rows of its prefill do not repeat it
  for (const auto& cell : cells)
    if (const auto target = median_of(cell.rows, target_of))
      targets[name_of(cell.backend, cell.batch, cell.model, cell.scenario)] = *target;
  for (const auto& cell : cells) {
    if (cell.latency.empty()) continue;
    const auto name = name_of("cell", cell.backend, cell.batch, cell.model, cell.scenario, cell.mode);
    const auto put = [&](const char* field, std::optional<double> value) {
      if (value) out.number(run.id, name_of(name, field), *value);
    };
    const auto ascending = analysis::sorted(cell.latency);
    put("n", static_cast<double>(cell.latency.size()));
    put("latency_mean_ms", analysis::mean(cell.latency));
    put("latency_median_ms", analysis::percentile(ascending, 0.5));
    put("latency_p95_ms", analysis::percentile(ascending, 0.95));
    put("latency_p99_ms", analysis::percentile(ascending, 0.99));
    put("params_millions_effective", cell.parameters_m);
    put("tokens_per_s_median", median_of(cell.rows, tok_s_of));
    if (cell.batch == "1") put("tokens_per_s_compute_median", median_of(cell.rows, tok_s_of));
    for (const char* key : {"tokens_total", "prompt_tokens_raw", "gen_tokens", "gen_tokens_raw", "gpu_peak_mb",
                            "ollama_load_ms", "params_millions_config", "params_millions_measured"}) {
      const auto field = std::string(key) + "_median";
      put(field.c_str(), median_of(cell.rows, by_key(key)));
    }
    if (cell.batch == "1") put("tokens_total_compute_median", median_of(cell.rows, by_key("tokens_total")));
    put("cuda_event_median_ms", median_of(cell.rows, [](const Observation& row) { return row.device_ms; }));
    put("prompt_tokens_compute_median", median_of(cell.rows, prompt_computed));
    const auto target = targets.find(name_of(cell.backend, cell.batch, cell.model, cell.scenario));
    if (target != targets.end()) put("gen_tokens_target_median", target->second);
  }
  for (const auto& group : aggregate(cells)) {
    const auto name = name_of("agg", group.backend, group.batch, group.model, group.mode);
    const auto put = [&](const char* field, std::optional<double> value) {
      if (value) out.number(run.id, name_of(name, field), *value);
    };
    put("n_scenarios", static_cast<double>(group.scenarios));
    put("params_millions_effective", group.parameters_m);
    put("latency_geomean_ms", group.latency_geomean_ms);
    put("latency_median_of_medians_ms", group.latency_median_of_medians_ms);
    put("tokens_per_s_geomean", group.tok_s_geomean);
    if (group.batch == "1") put("tokens_per_s_compute_geomean", group.tok_s_geomean);
    for (const char* key : {"gpu_peak_mb", "ollama_load_ms", "params_millions_config", "params_millions_measured"}) {
      std::vector<double> medians;
      for (const auto* cell : group.cells)
        if (const auto value = median_of(cell->rows, by_key(key))) medians.push_back(*value);
      const auto field = std::string(key) + "_median";
      if (!medians.empty()) put(field.c_str(), analysis::median(medians));
    }
  }
}

namespace {

void write_spread(DerivedSet& out, const std::string& run, const std::string& name, const std::vector<double>& ratios) {
  const auto spread = analysis::warmup_spread(ratios);
  if (!spread) return;
  out.number(run, name_of(name, "cells"), static_cast<double>(spread->cells));
  out.number(run, name_of(name, "median"), spread->median);
  out.number(run, name_of(name, "p95"), spread->p95);
  out.number(run, name_of(name, "max"), spread->max);
  out.number(run, name_of(name, "over_10x"), static_cast<double>(spread->over_10x));
}

// Ollama reports its own model load: what a first request waits for beyond the first prefill.
void write_load(const RunData& run, const Tr121Cell& cell, DerivedSet& out) {
  if (cell.mode != "prefill" || cell.backend.rfind("ollama", 0) != 0) return;
  Rows warm;
  for (const auto& row : run.rows) {
    const bool same = row.backend == cell.backend && row.model == cell.model && row.scenario == cell.scenario &&
                      mode_name(row.window) == cell.mode;
    if (same && is_warmup(row) && row.usable()) warm.push_back(&row);
  }
  const auto total = [](const Observation& row) -> std::optional<double> {
    const auto load = number_of(row, "ollama_load_ms");
    const auto infer = latency_of(row);
    if (!load || !infer) return std::nullopt;
    return *load + *infer;
  };
  const auto name = name_of("ollama_warmup", cell.backend, cell.model, cell.scenario);
  const auto put = [&](const char* field, std::optional<double> value) {
    if (value) out.number(run.id, name_of(name, field), *value);
  };
  const auto load = by_key("ollama_load_ms");
  const auto warm_infer = median_of(warm, latency_of);
  const auto measured_infer = median_of(cell.rows, latency_of);
  const auto warm_total = median_of(warm, total);
  const auto measured_total = median_of(cell.rows, total);
  put("warmup_n", static_cast<double>(warm.size()));
  put("measured_n", static_cast<double>(cell.rows.size()));
  put("warmup_prefill_infer_median_ms", warm_infer);
  put("warmup_load_median_ms", median_of(warm, load));
  put("warmup_prefill_total_median_ms", warm_total);
  put("measured_prefill_infer_median_ms", measured_infer);
  put("measured_load_median_ms", median_of(cell.rows, load));
  put("measured_prefill_total_median_ms", measured_total);
  if (warm_infer && measured_infer && *measured_infer > 0)
    put("warmup_ratio_infer_only", *warm_infer / *measured_infer);
  if (warm_total && measured_total && *measured_total > 0)
    put("warmup_ratio_total_including_load", *warm_total / *measured_total);
}

}  // namespace

void write_warmup(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out) {
  std::vector<double> all;
  std::map<std::string, std::vector<double>> by_series;
  for (const auto& cell : cells) {
    write_load(run, cell, out);
    const auto effect = analysis::warmup_row(cell.warmup, cell.latency);
    if (!effect) continue;
    const auto name = name_of("warmup", cell.backend, cell.model, cell.scenario, cell.mode);
    out.number(run.id, name_of(name, "warmup_n"), static_cast<double>(effect->warmup_n));
    out.number(run.id, name_of(name, "warmup_median_ms"), effect->warmup_median);
    out.number(run.id, name_of(name, "measured_n"), static_cast<double>(effect->measured_n));
    out.number(run.id, name_of(name, "measured_median_ms"), effect->measured_median);
    out.number(run.id, name_of(name, "warmup_minus_measured_ms"), effect->delta);
    if (!effect->ratio) continue;
    out.number(run.id, name_of(name, "warmup_to_measured_ratio"), *effect->ratio);
    all.push_back(*effect->ratio);
    by_series[name_of(cell.backend, cell.mode)].push_back(*effect->ratio);
  }
  write_spread(out, run.id, "warmup_ratio/all", all);
  for (const auto& [key, ratios] : by_series) write_spread(out, run.id, name_of("warmup_ratio", key), ratios);
}

void write_capacity(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out) {
  for (const auto& group : aggregate(cells)) {
    const auto name = name_of("capacity", group.backend, group.model);
    const auto put = [&](const std::string& field, double value) { out.number(run.id, name_of(name, field), value); };
    if (group.mode == "kv_decode") {
      const auto target = median_of(group.cells.front()->rows, target_of);
      if (target && *target > 0) put("ms_per_token", group.latency_geomean_ms / *target);
    }
    if (group.mode != "e2e_kv" || !group.tok_s_geomean) continue;
    const double usd = 1e6 / *group.tok_s_geomean / 3600 * kUsdPerHour;
    put("tok_s", *group.tok_s_geomean);
    put("usd_per_1m", usd);
    put("workers_at_1e9", kTokensPerMonth / analysis::kSecondsPerMonth / *group.tok_s_geomean);
    for (const auto& mix : kMixes) put(std::string("usd_per_1k_requests/") + mix.name, usd * mix.tokens / 1000);
  }
  for (const auto& [name, tokens] : {std::pair{"1e8", 1e8}, std::pair{"1e9", 1e9}, std::pair{"1e10", 1e10}})
    out.number(run.id, name_of("capacity/avg_tok_s", name), tokens / analysis::kSecondsPerMonth);
}

namespace {

// Three rows are one call: its parts make each row's latency, and tokens over latency its rate.
bool row_agrees(const Observation& row) {
  const double latency = row.latency_ms.front();
  const auto tokens = number_of(row, "tokens_total");
  if (tokens && !row.tok_s.empty() && !agree(row.tok_s.front(), *tokens / latency * 1000)) return false;
  const auto prefill = number_of(row, "prefill_ms");
  const auto decode = number_of(row, "kv_decode_ms");
  const auto projected = number_of(row, "kv_decode_ms_equiv");
  const auto generated = number_of(row, "gen_tokens_raw");
  if (decode && projected && generated && row.target_tokens && *generated > 0) {
    const double batch = static_cast<double>(row.batch.value_or(1));
    const double target = static_cast<double>(*row.target_tokens) / batch;
    if (!agree(*projected, *decode / *generated * target)) return false;
  }
  if (row.window == evidence::Window::prefill) return !prefill || agree(latency, *prefill);
  if (!projected) return true;
  if (row.window == evidence::Window::decode) return agree(latency, *projected);
  return !prefill || agree(latency, *prefill + *projected);
}

}  // namespace

void write_row_agreement(const RunData& run, DerivedSet& out) {
  count_inconsistent(run, "rows/inconsistent", "rate = tokens / time; latency = its parts, decode at the target length",
                     row_agrees, out);
}

// Median over models of decode / e2e, by backend and generated length: what a sweep's table says of several runs.
void write_model_fractions(const RunData& run, const std::vector<Tr121Cell>& cells, DerivedSet& out) {
  const auto groups = aggregate(cells);
  std::map<std::string, double> decode;
  for (const auto& group : groups)
    if (group.mode == "kv_decode") decode[name_of(group.backend, group.batch, group.model)] = group.latency_geomean_ms;
  std::map<std::string, std::vector<double>> shares;
  for (const auto& group : groups) {
    const auto own = decode.find(name_of(group.backend, group.batch, group.model));
    const auto target = median_of(group.cells.front()->rows, target_of);
    if (group.mode != "e2e_kv" || own == decode.end() || !target) continue;
    shares[name_of(group.backend, key_text(core::shortest(*target)))].push_back(own->second / group.latency_geomean_ms);
  }
  for (const auto& [key, values] : shares)
    out.number(run.id, name_of("decode_fraction/models", key, "median"), analysis::median(values));
}

// The share of decode of each call, as timed (Ollama's without the projection to the target length).
void write_call_fractions(const RunData& run, DerivedSet& out) {
  std::map<std::string, std::vector<double>> fractions;
  for (const auto& row : run.rows) {
    if (row.window == evidence::Window::prefill || row.window == evidence::Window::decode || is_warmup(row)) continue;
    const auto prefill = number_of(row, "prefill_ms");
    const auto decode = number_of(row, "kv_decode_ms");
    if (!prefill || !decode || *prefill + *decode <= 0) continue;
    const bool ollama = row.backend.rfind("ollama", 0) == 0;
    fractions[ollama ? "ollama" : "hf"].push_back(*decode / (*prefill + *decode));
  }
  for (const auto& [kind, values] : fractions)
    out.number(run.id, name_of("decode_fraction/calls", kind, "median"), analysis::median(values));
}

}  // namespace phasegate::conformance
