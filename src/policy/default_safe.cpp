#include "policy/default_safe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/gates/gates.h"

namespace phasegate::policy {
namespace {

struct Choice {
  const evidence::Candidate* candidate;
  std::string why;
};

bool is_onnxruntime(const evidence::Candidate& candidate, bool gpu) {
  const std::string& engine = candidate.identity.engine;
  if (engine != "onnx" && engine != "onnxruntime") return false;
  const std::string& backend = candidate.identity.backend;
  const bool on_gpu = backend.find("CUDA") != std::string::npos || backend.find("Tensorrt") != std::string::npos;
  return gpu == on_gpu;
}

// In the order of preference, each once.
std::vector<Choice> preferences(const Pool& pool, const std::string& tier) {
  const std::vector<const evidence::Candidate*> members = pool.of_tier(tier);
  std::vector<Choice> choices;
  const auto add = [&](const std::string& why, const auto& accepts) {
    for (const evidence::Candidate* candidate : members) {
      const bool known = std::any_of(choices.begin(), choices.end(),
                                     [&](const Choice& choice) { return choice.candidate == candidate; });
      if (!known && accepts(*candidate)) choices.push_back({candidate, why});
    }
  };
  // The newest run's matrix speaks last: it is the one that was written with the others known.
  for (auto run = pool.runs.rbegin(); run != pool.runs.rend(); ++run) {
    const std::string& named = (*run)->manifest.default_safe;
    add("named in the matrix", [&](const evidence::Candidate& c) { return !named.empty() && c.name == named; });
  }
  add("onnxruntime on a GPU comes first", [](const evidence::Candidate& c) { return is_onnxruntime(c, true); });
  add("onnxruntime comes first", [](const evidence::Candidate& c) { return is_onnxruntime(c, false); });
  add("first listed", [](const evidence::Candidate&) { return true; });
  return choices;
}

std::optional<std::string> refusal(const Pool& pool, const evidence::Candidate& candidate) {
  if (candidate.identity.compile) return "compile: it is compiled, and default-safe is not";
  const auto accuracy = pool.accuracy.find(candidate.name);
  GateInput input{
      candidate, accuracy == pool.accuracy.end() ? nullptr : accuracy->second, pool.thresholds, {}, {}, {}, {}, {}};
  if (const auto no = attribution_gate(input)) return "attribution: " + no->detail;
  if (const auto no = accuracy_gate(input)) return "accuracy: " + no->detail;
  return std::nullopt;
}

}  // namespace

core::Result<DefaultSafe> choose_default_safe(const Pool& pool, const std::string& tier) {
  std::vector<std::string> passed_over;
  for (const Absent& absent : pool.absent) {
    if (absent.candidate != pool.runs.back()->manifest.default_safe) continue;
    passed_over.push_back(
        fmt::format("{}, named in the matrix, passed over (never ran: {})", absent.candidate, absent.reason));
  }
  for (const Choice& choice : preferences(pool, tier)) {
    if (const auto why_not = refusal(pool, *choice.candidate)) {
      passed_over.push_back(fmt::format("{} passed over ({})", choice.candidate->name, *why_not));
      continue;
    }
    std::string reason = choice.why + "; compile off, attribution and accuracy pass";
    if (!passed_over.empty()) reason += fmt::format("; {}", fmt::join(passed_over, "; "));
    return DefaultSafe{choice.candidate->name, std::move(reason)};
  }
  return core::fail(core::Error{core::ErrorKind::evidence,
                                fmt::format("no candidate of {} may be default-safe, so there is nothing to route to: "
                                            "{}",
                                            tier, fmt::join(passed_over, "; ")),
                                "default_safe",
                                "measure one that runs where it was asked to, uncompiled, with its accuracy"});
}

}  // namespace phasegate::policy
