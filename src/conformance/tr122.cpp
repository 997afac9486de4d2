// TR122: power, energy and heat. Where its trace and events are here, the poller's own figures and every event's energy
// status are computed from them; what arithmetic on the printed numbers decides needs no files.
#include <algorithm>
#include <cmath>

#include "analysis/energy.h"
#include "analysis/percentile.h"
#include "conformance/derive.h"

namespace phasegate::conformance {
namespace {

constexpr double kPollInterval_s = 0.1;

std::vector<analysis::PowerSample> samples_of(const readers::Source& source) {
  std::vector<analysis::PowerSample> samples;
  for (const auto& trace : source.power_traces) {
    for (std::size_t i = 0; i < trace.t_ns.size(); ++i) {
      analysis::PowerSample sample;
      sample.t_ns = trace.t_ns[i];
      sample.read_ok = trace.read_ok[i] != 0 && std::isfinite(trace.power_w[i]);
      sample.watts = sample.read_ok ? trace.power_w[i] : 0;
      samples.push_back(sample);
    }
  }
  return samples;
}

void poller(const RunData& run, DerivedSet& out) {
  std::vector<double> dt_ms;
  double reads = 0;
  double valid = 0;
  for (const auto& trace : run.source.power_traces) {
    reads += static_cast<double>(trace.t_ns.size());
    for (std::size_t i = 0; i < trace.t_ns.size(); ++i) {
      valid += trace.read_ok[i] != 0 ? 1 : 0;
      if (i > 0) dt_ms.push_back(static_cast<double>(trace.t_ns[i] - trace.t_ns[i - 1]) / 1e6);
    }
  }
  if (dt_ms.empty()) return;
  const auto ascending = analysis::sorted(dt_ms);
  out.number(run.id, "poller/reads", reads);
  out.number(run.id, "poller/valid", valid);
  out.number(run.id, "poller/read_errors", reads - valid);
  out.number(run.id, "poller/median_dt_ms", analysis::percentile(ascending, 0.5));
  out.number(run.id, "poller/p95_dt_ms", analysis::percentile(ascending, 0.95));
  out.number(run.id, "poller/max_gap_ms", ascending.back());
}

void events(const RunData& run, DerivedSet& out) {
  const auto samples = samples_of(run.source);
  if (samples.empty()) return;
  const analysis::PowerTrain train(samples);
  std::map<std::string, std::map<std::string, double>> counts;
  for (const auto& row : run.rows) {
    const auto start = number_of(row, "t_start_ns");
    const auto end = number_of(row, "t_end_ns");
    if (!start || !end) continue;
    const auto energy = analysis::event_energy(
        train, {static_cast<std::int64_t>(*start), static_cast<std::int64_t>(*end)}, analysis::EnergyContext{});
    counts[std::string(mode_name(row.window))][std::string(analysis::to_string(energy.status))] += 1;
  }
  for (const auto& [phase, by_status] : counts)
    for (const auto& [status, count] : by_status) out.number(run.id, name_of("events", phase, status), count);
}

void baseline(const RunData& run, DerivedSet& out) {
  for (const auto& [path, json] : run.source.documents)
    for (const char* key : {"idle_watts_mean", "idle_watts_std", "idle_watts_min", "idle_watts_max", "idle_temp_c",
                            "idle_gpu_util_p95", "power_outlier_fraction"})
      if (const auto value = number_at(json, {key})) out.number(run.id, name_of("baseline", key), *value);
}

std::optional<Scalar> printed(const PublishedRun& run, std::string_view name) {
  for (const auto& value : run.values)
    if (value.name == name) return value.value;
  return std::nullopt;
}

std::optional<double> printed_number_of(const PublishedRun& run, std::string_view name) {
  const auto value = printed(run, name);
  if (!value || !std::holds_alternative<double>(*value)) return std::nullopt;
  return std::get<double>(*value);
}

// sigma_E(T) = sigma sqrt(T dt); the mean of a baseline of 120 s has sigma / sqrt(N); a trace lasts reads x interval.
void arithmetic(const PublishedRun& run, DerivedSet& out) {
  if (const auto sd = printed_number_of(run, "baseline/idle_watts_std")) {
    out.number(run.run, "baseline/sem_watts", *sd / std::sqrt(120 / kPollInterval_s));
    for (const auto& [name, seconds] : {std::pair{"0.1", 0.1}, std::pair{"1", 1.0}, std::pair{"10", 10.0}})
      out.number(run.run, name_of("sigma_energy", name), *sd * std::sqrt(seconds * kPollInterval_s));
  }
  if (const auto reads = printed_number_of(run, "poller/reads"))
    out.number(run.run, "soak/longest_possible_s", *reads * kPollInterval_s);
  if (const auto response = printed(run, "check/instrument_response"))
    out.text(run.run, "check/validated", to_text(*response) == "fail" ? "not validated" : "validated");
}

}  // namespace

void derive_tr122(const ReportData& report, DerivedSet& out) {
  for (const auto& run : catalogue(readers::Format::tr122).runs) arithmetic(run, out);
  for (const auto& run : report.runs) {
    poller(run, out);
    events(run, out);
    baseline(run, out);
  }
}

}  // namespace phasegate::conformance
