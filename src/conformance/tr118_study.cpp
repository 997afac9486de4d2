// TR118 over the runs of a study: the crossover of two backends, what an engine build pays back, the audits' counts,
// the control backend of the builder sweeps.
#include <algorithm>
#include <cmath>

#include "analysis/moments.h"
#include "analysis/scaling.h"
#include "conformance/leaves.h"
#include "conformance/tr118_rows.h"

namespace phasegate::conformance {
namespace {

using evidence::Observation;

// time_to_recover = b B / (T - B); exact tokens = b B T / (T - B)
void amortise(DerivedSet& out, const std::string& run, const std::string& name, double build_s, double base,
              double target) {
  const double recover = build_s * base / (target - base);
  out.number(run, name_of(name, "throughput_delta"), target - base);
  out.number(run, name_of(name, "time_to_recover_s"), recover);
  out.number(run, name_of(name, "tokens_to_recover_baseline"), recover * base);
  out.number(run, name_of(name, "total_time_s"), build_s + recover);
  out.number(run, name_of(name, "total_tokens_baseline"), (build_s + recover) * base);
  out.number(run, name_of(name, "exact_tokens_needed"), build_s * base * target / (target - base));
  out.number(run, name_of(name, "speedup_ratio"), target / base);
}

const core::Json* study_document(const ReportData& report, std::string_view tail) {
  for (const auto& run : report.runs)
    if (const auto* json = document(run, tail)) return json;
  return nullptr;
}

void crossover(const core::Json& json, const std::string& study, DerivedSet& out) {
  const auto* list = at(json, {"points"});
  if (list == nullptr || !list->is_array()) return;
  std::vector<analysis::SizePoint> points;
  for (const auto& point : *list) {
    const auto size = number_at(point, {"parameter_count"});
    const auto cpu = number_at(point, {"onnx_cpu_tput"});
    const auto torch = number_at(point, {"pytorch_tput"});
    if (!size || !cpu || !torch || *torch <= 0) continue;
    points.push_back({*size, *cpu / *torch});
    out.number(study, name_of("crossover/points", key_text(core::shortest(*size)), "ratio"), *cpu / *torch);
  }
  const auto fit = analysis::fit_crossover(points);
  if (!fit) return out.absent(study, "crossover/fit/crossover_params", fit.error().message());
  out.number(study, "crossover/fit/slope_k", fit->k);
  out.number(study, "crossover/fit/intercept_logA0", fit->ln_a0);
  out.number(study, "crossover/fit/a0", std::exp(fit->ln_a0));
  out.number(study, "crossover/fit/r2", fit->r2, "ratios do not vary");
  out.number(study, "crossover/fit/crossover_params", fit->crossover);
  if (fit->ci95) {
    out.number(study, "crossover/fit/crossover_ci_95/0", fit->ci95->low);
    out.number(study, "crossover/fit/crossover_ci_95/1", fit->ci95->high);
  }
}

// Counts of all models of the study: from the rows where they are there, else from the audit's own counts.
void study_counts(const ReportData& report, const core::Json& audit, DerivedSet& out) {
  const auto* models = at(audit, {"models"});
  if (models == nullptr || !models->is_object()) return;
  double total = 0;
  double failed = 0;
  for (const auto& [model, entry] : models->items()) {
    const auto* summaries = at(entry, {"summaries"});
    if (summaries == nullptr || !summaries->is_array()) continue;
    for (const auto& summary : *summaries) {
      const auto path = text_at(summary, {"raw_path"});
      const auto mode = text_at(summary, {"mode"});
      auto rows = number_at(summary, {"total_runs"});
      auto bad = number_at(summary, {"degraded_runs"});
      for (const auto& run : report.runs) {
        if (run.rows.empty() || path.find(run.source.run) == std::string::npos) continue;
        rows = out.number_of(run.id, name_of("counts", mode, "total_runs"));
        bad = out.number_of(run.id, name_of("counts", mode, "degraded_runs"));
        const auto name = name_of("audit/models", model, "summaries", mode);
        out.number(report.study, name_of(name, "total_runs"), rows, "no rows of this mode");
        out.number(report.study, name_of(name, "degraded_runs"), bad, "no rows of this mode");
        if (rows && bad) out.number(report.study, name_of(name, "degraded_rate"), *bad / *rows);
      }
      if (!rows || !bad) return;
      total += *rows;
      failed += *bad;
    }
  }
  if (total == 0) return;
  out.number(report.study, "counts/total_runs", total);
  out.number(report.study, "counts/degraded_runs", failed);
  out.number(report.study, "counts/degraded_rate", failed / total);
}

void tiny_model(const core::Json& json, const std::string& study, DerivedSet& out) {
  const auto nll = number_at(json, {"perplexity_baseline", "mean_nll"});
  const auto vocabulary = number_at(json, {"vocab_size"});
  out.number(study, "tiny/parameter_count", number_at(json, {"parameter_count"}), "not recorded");
  if (!nll || !vocabulary) return;
  out.number(study, "tiny/perplexity_from_mean_nll", std::exp(*nll));
  out.number(study, "tiny/perplexity_baseline/perplexity", std::exp(*nll));
  out.number(study, "tiny/uniform_perplexity", *vocabulary);
  out.number(study, "tiny/ratio_vs_uniform", std::exp(*nll) / *vocabulary);
}

// The audit's failure list, by its own classifier, when the rows of every source are here.
void study_failures(const ReportData& report, const core::Json& audit, DerivedSet& out) {
  const auto* sources = at(audit, {"sources"});
  if (sources == nullptr || !sources->is_array()) return;
  std::map<std::string, int> counts;
  std::string missing;
  for (const auto& source : *sources) {
    const auto path = source.is_string() ? source.get<std::string>() : std::string();
    const auto run = std::find_if(report.runs.begin(), report.runs.end(), [&](const RunData& candidate) {
      return !candidate.rows.empty() && path.find(candidate.source.run) != std::string::npos;
    });
    if (run == report.runs.end()) {
      missing = path;
      continue;
    }
    for (const auto& row : run->rows) {
      if (path.find(tr118_mode(row)) == std::string::npos || !tr118_degraded(row)) continue;
      if (published_as_profile_mismatch(row)) ++counts[row.backend + ":" + tr118_mode(row) + ":profile_mismatch"];
    }
  }
  const auto* failures = at(audit, {"failures"});
  if (failures == nullptr || !failures->is_object()) return;
  for (const auto& [key, value] : failures->items()) {
    const auto name = name_of("audit/failures", key);
    if (missing.empty()) {
      out.number(report.study, name, counts[key]);
    } else {
      out.absent(report.study, name, "the rows of " + missing + " are not here");
    }
  }
}

// The control backend of the builder sweeps: its settings were never changed, so what moves is the machine.
void sweep_control(const ReportData& report, DerivedSet& out) {
  constexpr std::string_view kTail = "/latency_summary_prefill.csv";
  for (const auto& run : report.runs) {
    if (!run.rows.empty()) continue;
    for (const auto& [path, cells] : run.source.tables) {
      const auto full = (run.root / path).generic_string();
      if (!full.ends_with(kTail)) continue;
      const auto folder = full.substr(0, full.size() - kTail.size());
      const auto variant = folder.substr(folder.rfind('/') + 1);
      const TableView view(cells);
      std::vector<double> control;
      for (std::size_t i = 0; i < view.size(); ++i)
        if (view.text(i, "backend") == "onnxruntime-gpu")
          if (const auto value = view.number(i, "throughput_mean_tok_s")) control.push_back(*value);
      if (!control.empty())
        out.number(report.study, name_of("sweeps", variant, "onnxruntime-gpu/tok_s"), analysis::mean(control));
    }
  }
}

// The audit names no run: it was made of the one whose rows come nearest to its baseline.
const RunData* audited_run(const ReportData& report, const std::string& backend, double stated, const DerivedSet& out) {
  const RunData* nearest = nullptr;
  double distance = 0.7;  // of logarithms; a factor of two is another model
  for (const auto& run : report.runs) {
    const auto base = out.number_of(run.id, name_of("overall/prefill", backend, "tok_s"));
    if (!base || *base <= 0) continue;
    const double away = std::abs(std::log(*base / stated));
    if (away >= distance) continue;
    nearest = &run;
    distance = away;
  }
  return nearest;
}

void amortisation(const ReportData& report, const core::Json& audit, DerivedSet& out) {
  const auto base_backend = text_at(audit, {"baseline_backend"});
  const auto target_backend = text_at(audit, {"target_backend"});
  const auto build = number_at(audit, {"build_time_s"});
  const auto stated = number_at(audit, {"baseline_throughput"});
  if (!build || !stated || *stated <= 0) return;
  const auto* run = audited_run(report, base_backend, *stated, out);
  if (run == nullptr) return;
  const auto base = out.number_of(run->id, name_of("overall/prefill", base_backend, "tok_s"));
  const auto target = out.number_of(run->id, name_of("overall/prefill", target_backend, "tok_s"));
  if (!base || !target) return;
  out.number(report.study, "amortisation/baseline_throughput", *base);
  out.number(report.study, "amortisation/target_throughput", *target);
  amortise(out, report.study, "amortisation", *build, *base, *target);
  const auto precision = target_backend.substr(target_backend.rfind('-') + 1);
  if (const auto measured = out.number_of(run->id, name_of("engine", precision, "build_time_s")))
    amortise(out, report.study, "amortisation_measured_build", *measured, *base, *target);
}

}  // namespace

std::string tr118_mode(const Observation& row) { return std::string(mode_name(row.window)); }

bool tr118_degraded(const Observation& row) {
  return row.status != evidence::Status::ok || !row.degraded_reasons.empty();
}

bool published_as_profile_mismatch(const Observation& row) {
  std::string text = row.error;
  for (const auto& reason : row.degraded_reasons) text += " " + reason;
  return text.find("set_input_shape_failed") != std::string::npos || text.find("profile") != std::string::npos ||
         text.find("invalid argument") != std::string::npos;
}

void derive_tr118_study(const ReportData& report, DerivedSet& out) {
  if (const auto* json = study_document(report, "crossover_fit.json")) crossover(*json, report.study, out);
  if (const auto* json = study_document(report, "run_counts.json")) study_counts(report, *json, out);
  if (const auto* json = study_document(report, "trt_failures.json")) study_failures(report, *json, out);
  if (const auto* json = study_document(report, "tiny_model_check.json")) tiny_model(*json, report.study, out);
  if (const auto* json = study_document(report, "amortization_check.json")) amortisation(report, *json, out);
  sweep_control(report, out);
}

}  // namespace phasegate::conformance
