// TR120: does a compile label mean that compiled code ran? Latency statistics of eager and compiled runs, phase by
// phase, and a grade for each phase and shape from the compiler's own counters.
#include <algorithm>
#include <cmath>

#include "analysis/hypothesis.h"
#include "analysis/percentile.h"
#include "analysis/tails.h"
#include "conformance/consistency.h"
#include "conformance/derive.h"
#include "conformance/label_audit.h"
#include "conformance/series.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

constexpr const char* kEager = "transformers-gpu";
constexpr const char* kCompiled = "transformers-gpu-compile";

std::vector<double> samples_of(const Rows& rows) {
  std::vector<double> samples;
  for (const auto* row : rows)
    if (row->usable()) samples.insert(samples.end(), row->latency_ms.begin(), row->latency_ms.end());
  return samples;
}

void delta(DerivedSet& out, const std::string& run, const std::string& name, double a, double b) {
  out.number(run, name_of(name, "delta"), b - a);
  if (a != 0) out.number(run, name_of(name, "pct"), (b - a) / a * 100);
}

// b - a of each statistic, and Mann-Whitney's test; a is the eager side.
void compare(DerivedSet& out, const std::string& run, const std::string& name, const std::vector<double>& a,
             const std::vector<double>& b) {
  if (a.size() < 2 || b.size() < 2) return;
  DerivedSet sides;
  describe_latency(sides, run, "a", a);
  describe_latency(sides, run, "b", b);
  for (const std::string statistic : {"mean_ms", "median_ms", "std_ms", "max_ms", "p95", "p99"}) {
    const auto stem = statistic.ends_with("_ms") ? statistic.substr(0, statistic.size() - 3) : statistic;
    delta(out, run, name_of(name, stem + "_delta_ms"), *sides.number_of(run, name_of("a", statistic)),
          *sides.number_of(run, name_of("b", statistic)));
  }
  out.number(run, name_of(name, "n_a"), static_cast<double>(a.size()));
  out.number(run, name_of(name, "n_b"), static_cast<double>(b.size()));
  if (const auto test = analysis::mann_whitney_u(a, b)) {
    out.number(run, name_of(name, "mann_whitney/u_statistic"), test->statistic);
    out.number(run, name_of(name, "mann_whitney/p_value"), test->p);
  }
}

// One split of a phase's rows ("overall", "by_quantization", …): a description of each group, and eager against
// compiled inside each group of `pair_key`.
void split(const RunData& run, const std::string& mode, const std::string& split_name, const Rows& rows,
           const KeyOf& group_key, const KeyOf& pair_key, DerivedSet& out) {
  for (const auto& [key, cell] : cells_of(rows, group_key))
    describe_latency(out, run.id, name_of(mode, split_name, key), samples_of(cell));
  for (const auto& [key, cell] : cells_of(rows, pair_key)) {
    const auto sides = cells_of(cell, [](const Observation& row) { return row.backend; });
    const auto eager = sides.find(kEager);
    const auto compiled = sides.find(kCompiled);
    if (eager == sides.end() || compiled == sides.end()) continue;
    auto name = name_of(mode, "comparisons", split_name);
    if (!key.empty()) name = name_of(name, key);
    compare(out, run.id, name, samples_of(eager->second), samples_of(compiled->second));
  }
}

void device_times(const RunData& run, const std::string& mode, const Cells& by_backend, DerivedSet& out) {
  for (const auto& [backend, rows] : by_backend) {
    const auto device = values_of(rows, [](const Observation& row) { return row.device_ms; });
    if (!device.empty()) describe_latency(out, run.id, name_of(mode, "cuda_event", backend), device);
  }
}

// --- was it compiled? -----------------------------------------------------------------------------------------------

const core::Json* counters_of(const RunData& run, const std::string& mode) {
  for (const auto& [path, json] : run.source.documents)
    if (json.is_object() && json.contains("dynamo_counters") && text_at(json, {"mode"}) == mode) return &json;
  return nullptr;
}

bool limit_reached(const core::Json& counters) {
  const auto* unimplemented = at(counters, {"dynamo_counters", "unimplemented"});
  if (unimplemented == nullptr || !unimplemented->is_object()) return false;
  for (const auto& [key, count] : unimplemented->items())
    if (key.find("recompile_limit") != std::string::npos) return true;
  return false;
}

struct Grade {
  std::string grade;  // counter_consistent, refuted or unproven
  std::string reason;
};

// The published rule asks once for the whole run whether a compile happened. A phase is only what its own counters say:
// no graph in this phase means that this phase ran eager, whatever was compiled before it.
Grade grade_phase(const RunData& run, const core::Json* counters) {
  if (counters == nullptr) {
    const bool fallback = !text_at(run.source.config, {"torch_compile_config", "fallback_backend"}).empty();
    return fallback ? Grade{"refuted", "no counters: the fallback that the configuration names is not excluded"}
                    : Grade{"unproven", "no counters"};
  }
  const auto* meta = at(*counters, {"compile_meta"});
  const auto has = [&](const char* key) { return meta != nullptr && meta->contains(key) && !(*meta)[key].is_null(); };
  if (has("fallback_from") || has("fallback_error") || has("failed")) return {"refuted", "the compiler fell back"};
  if (meta == nullptr || text_at(*meta, {"backend"}) != "inductor") return {"refuted", "the backend is not inductor"};
  if (!has("dynamo_counters_after_compile")) return {"refuted", "no counters of the compile stage"};
  const auto graphs = number_at(*counters, {"dynamo_counters", "stats", "unique_graphs"});
  if (!graphs || *graphs <= 0) return {"refuted", "no graph was compiled or run in this phase"};
  if (limit_reached(*counters)) return {"refuted", "recompile limit reached: shapes beyond it ran eager"};
  return {"counter_consistent", "graphs in this phase, limit not reached"};
}

// The published rule of TR120, applied as published: compile backend, counters after compile, no fallback.
bool published_rule(const core::Json& counters) {
  const auto* meta = at(counters, {"compile_meta"});
  return meta != nullptr && text_at(*meta, {"backend"}) == "inductor" &&
         meta->contains("dynamo_counters_after_compile") && !meta->contains("fallback_from") &&
         !meta->contains("fallback_error");
}

void grade_shapes(const RunData& run, const std::string& mode, const Rows& compiled, const Grade& phase, bool limit,
                  DerivedSet& out) {
  std::vector<std::string> names;
  std::vector<std::vector<double>> samples;
  for (const auto& [scenario, rows] : cells_of(compiled, [](const Observation& row) { return row.scenario; })) {
    names.push_back(scenario);
    samples.push_back(samples_of(rows));
  }
  std::vector<analysis::ShapeSamples> shapes;
  for (std::size_t i = 0; i < names.size(); ++i) shapes.push_back({names[i], samples[i]});
  const auto mixture = analysis::mixture(shapes);
  if (!mixture) return;
  const auto name = name_of(mode, "tail", kCompiled);
  out.text(run.id, name_of(name, "shape"), mixture->one_shape ? mixture->dominant : mixture->reason);
  out.number(run.id, name_of(name, "slow_samples"), static_cast<double>(mixture->slow));
  for (const auto& shape : mixture->shapes) {
    out.number(run.id, name_of(name, "slow", shape.shape), static_cast<double>(shape.slow));
    // Beyond the limit a new shape runs eager: it is the one that is slow. Without one the counters name no shape.
    std::string grade = phase.grade;
    if (limit) {
      const bool eager = mixture->one_shape && shape.shape == mixture->dominant;
      grade = eager ? "refuted" : mixture->one_shape ? "counter_consistent" : "unproven";
    }
    out.text(run.id, name_of(mode, "compile/shape", shape.shape), grade);
  }
}

void compile_evidence(const RunData& run, const std::string& mode, const Cells& by_backend, DerivedSet& out) {
  const auto compiled = by_backend.find(kCompiled);
  if (compiled == by_backend.end()) return;
  const auto* counters = counters_of(run, mode);
  const auto grade = grade_phase(run, counters);
  out.text(run.id, name_of(mode, "compile/grade"), grade.grade);
  out.text(run.id, name_of(mode, "compile/reason"), grade.reason);
  const bool limit = counters != nullptr && limit_reached(*counters);
  grade_shapes(run, mode, compiled->second, grade, limit, out);
  if (counters == nullptr) return;
  const auto put = [&](const char* name, std::initializer_list<const char*> path) {
    out.number(run.id, name_of(mode, "compile", name), number_at(*counters, path).value_or(0));
  };
  put("unique_graphs", {"dynamo_counters", "stats", "unique_graphs"});
  put("frames_total", {"dynamo_counters", "frames", "total"});
  put("frames_ok", {"dynamo_counters", "frames", "ok"});
  put("graphs_after_compile", {"compile_meta", "dynamo_counters_after_compile", "stats", "unique_graphs"});
  put("wrapper_ms", {"compile_meta", "compile_wrapper_ms"});
  out.text(run.id, name_of(mode, "compile/recompile_limit_reached"), limit ? "true" : "false");
  if (const auto backend = text_at(*counters, {"compile_meta", "backend"}); !backend.empty())
    out.text(run.id, name_of(mode, "compile/actual_backend"), backend);
  if (run.published != nullptr && published_rule(*counters) && grade.grade == "refuted") {
    out.state({run.id, name_of(mode, "compile/grade"), Scalar(std::string("compiler-real")),
               "TR120, compiler-real rule applied to dynamo_counters.json of this phase", grade.reason});
  }
}

void explain(const RunData& run, DerivedSet& out) {
  const auto* json = document(run, "compiler_evidence.json");
  if (json == nullptr || !json->is_object()) return;
  for (const auto& [part, entry] : json->items())
    for (const char* key : {"graph_count", "graph_break_count", "out_guards_count"})
      if (const auto value = number_at(entry, {key})) out.number(run.id, name_of("explain", part, key), *value);
}

bool row_agrees(const Observation& row) {
  const auto tokens = row.window == evidence::Window::prefill  ? row.prompt_tokens
                      : row.window == evidence::Window::decode ? row.generated_tokens
                                                               : std::nullopt;
  if (!tokens || row.tok_s.empty()) return true;
  return agree(row.tok_s.front(), static_cast<double>(*tokens) / row.latency_ms.front() * 1000);
}

}  // namespace

void derive_tr120(const ReportData& report, DerivedSet& out) {
  const auto overall = [](const Observation& row) { return row.backend; };
  const auto by_precision = [](const Observation& row) { return name_of(row.backend, row.precision); };
  const auto by_scenario = [](const Observation& row) { return name_of(row.backend, row.precision, row.scenario); };
  for (const auto& run : report.runs) {
    Rows all;
    for (const auto& row : run.rows) all.push_back(&row);
    for (const auto& [mode, rows] :
         cells_of(all, [](const Observation& row) { return std::string(mode_name(row.window)); })) {
      const auto by_backend = cells_of(rows, overall);
      split(run, mode, "overall", rows, overall, [](const Observation&) { return std::string(); }, out);
      split(
          run, mode, "by_quantization", rows, by_precision, [](const Observation& row) { return row.precision; }, out);
      split(
          run, mode, "by_scenario_quantization", rows, by_scenario,
          [](const Observation& row) { return name_of(row.precision, row.scenario); }, out);
      device_times(run, mode, by_backend, out);
      compile_evidence(run, mode, by_backend, out);
    }
    if (!run.rows.empty()) count_inconsistent(run, "rows/inconsistent", "rate = tokens / time", row_agrees, out);
    explain(run, out);
    audit_labels(run, out);
  }
}

}  // namespace phasegate::conformance
