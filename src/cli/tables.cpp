#include "cli/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/json.h"

namespace phasegate::cli {
namespace {

// Left-aligned columns, two spaces apart, as wide as their widest cell.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i + 1 == row.size() ? row[i] : fmt::format("{:{}}  ", row[i], widths[i]);
    text += line + "\n";
  }
  return text;
}

std::string range_text(const evidence::Range& range) {
  return range.low == range.high ? std::to_string(range.low) : fmt::format("{}-{}", range.low, range.high);
}

}  // namespace

std::string estimate_text(const analysis::Estimate& estimate) {
  if (!estimate.value) return fmt::format("- ({})", estimate.reason.empty() ? "no value" : estimate.reason);
  std::string text = fmt::format("{:.4g}", *estimate.value);
  if (estimate.ci95) text += fmt::format(" [{:.4g}, {:.4g}]", estimate.ci95->low, estimate.ci95->high);
  return text;
}

std::string analysis_text(const analysis::RunAnalysis& analysis) {
  std::vector<std::vector<std::string>> rows = {
      {"cell", "phase", "sessions", "calls", "tok/s [95 %]", "ms [95 %]", "p95 ms", "flags"}};
  for (const auto& cell : analysis.cells) {
    std::string flags;
    if (cell.flags.bimodal) flags += "bimodal ";
    if (cell.flags.first_over_2x) flags += "first_slow ";
    if (cell.contention_share > 0) flags += fmt::format("contended {:.0f} % ", cell.contention_share * 100);
    if (cell.failures > 0) flags += fmt::format("{} failed ({}) ", cell.failures, cell.failure_reason);
    rows.push_back({cell.candidate + "/" + cell.scenario.id(), std::string(evidence::to_string(cell.phase)),
                    std::to_string(cell.sessions.size()), std::to_string(cell.calls_ms.n), estimate_text(cell.tok_s),
                    estimate_text(cell.ms), estimate_text(cell.calls_ms.p95), flags});
  }
  return fmt::format("{}: {} records\n", analysis.run, analysis.records) + aligned(rows);
}

std::string policy_text(const std::string& id, const evidence::Policy& policy) {
  std::vector<std::vector<std::string>> rows = {{"class", "prompt", "gen", "batch", "decision", "why"}};
  for (const auto& rule : policy.rules) {
    std::string why = rule.reason;
    if (rule.effect) {
      why = fmt::format("{:.3g}x over {} [{:.3g}, {:.3g}], p {:.2g}", rule.effect->ratio, rule.effect->against,
                        rule.effect->ci_low, rule.effect->ci_high, rule.effect->p_adjusted);
    }
    rows.push_back({std::string(evidence::to_string(rule.workload)), range_text(rule.bucket.prompt),
                    range_text(rule.bucket.gen), range_text(rule.bucket.batch),
                    rule.winner ? *rule.winner : "no winner: " + policy.default_safe, why});
  }
  std::string text = fmt::format(
      "policy {}{}\n", id, policy.provisional ? "  PROVISIONAL, NOT FOR POLICY: " + policy.provisional_reason : "");
  text += fmt::format("default-safe: {} ({})\n", policy.default_safe, policy.default_safe_reason);
  return text + aligned(rows);
}

}  // namespace phasegate::cli
