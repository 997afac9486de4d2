#include "claims/ledger_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/check.h"

namespace phasegate::claims {
namespace {

using Found = std::vector<const Fact*>;

constexpr double kAlpha = 0.05;
constexpr int kDecodeHeavyTokens = 64;
constexpr double kDecodeHeavy = 0.9;  // share of decode, the whitepaper's own gate
constexpr std::string_view kOrtGpu = "onnxruntime-gpu";

LedgerFinding nothing(const char* what) { return {Standing::not_supported, fmt::format("no data here: {}", what), {}}; }

// "a/b/c" -> "b" for index 1; empty beyond the end.
std::string part(std::string_view key, std::size_t index) {
  for (; index > 0; --index) {
    const auto slash = key.find('/');
    if (slash == std::string_view::npos) return {};
    key.remove_prefix(slash + 1);
  }
  return std::string(key.substr(0, key.find('/')));
}

// The report's generate recomputes the whole sequence for each token; decode with a KV cache is another window.
LedgerFinding decode_default(const FactBook& facts) {
  const auto winners = facts.matching("tr119", "winner/generate/");
  Found cached;
  for (const auto* fact : facts.matching("tr121", "agg/" + std::string(kOrtGpu), "kv_decode/latency_geomean_ms"))
    cached.push_back(fact);
  if (winners.empty() && cached.empty()) return nothing("costs of generate by backend");
  const auto wins = std::count_if(winners.begin(), winners.end(), [](const Fact* f) { return text_of(f) == kOrtGpu; });
  const auto lead = fmt::format("{} is the cheapest in {} of {} scenarios of an uncached 8-token loop", kOrtGpu, wins,
                                winners.size());
  if (cached.empty()) return {Standing::not_supported, lead + "; no run here decodes with a KV cache on it", winners};
  auto evidence = winners;
  evidence.insert(evidence.end(), cached.begin(), cached.end());
  const bool all = wins == static_cast<std::ptrdiff_t>(winners.size());
  return {all ? Standing::supported : Standing::is_false, lead, evidence};
}

// The winner's interval of latency lies below the other's in the same cell.
bool separated(const FactBook& facts, const std::string& scenario, const std::string& winner, const std::string& other,
               Found& evidence) {
  const auto key = [&](const std::string& backend, const char* end) {
    return fmt::format("latency/{}/{}/prefill/{}", backend, scenario, end);
  };
  const auto* high = facts.find("tr119", key(winner, "ci_upper"));
  const auto* low = facts.find("tr119", key(other, "ci_lower"));
  if (high == nullptr || low == nullptr) return false;
  evidence.push_back(high);
  evidence.push_back(low);
  return *number_of(high) < *number_of(low);
}

LedgerFinding prefill_inversion(const FactBook& facts) {
  Found single, batch;
  for (const auto* fact : facts.matching("tr119", "winner/prefill/"))
    (part(fact->key, 2).starts_with("batch") ? batch : single).push_back(fact);
  if (single.empty() || batch.empty()) return nothing("winners of prefill at batch 1 and above");
  LedgerFinding finding;
  bool differ = false;
  bool batch_clear = false;
  bool single_clear = false;
  for (const auto* b : batch) {
    for (const auto* s : single) {
      if (text_of(b) == text_of(s)) continue;
      differ = true;
      finding.evidence.insert(finding.evidence.end(), {b, s});
      batch_clear |= separated(facts, part(b->key, 2), text_of(b), text_of(s), finding.evidence);
      single_clear |= separated(facts, part(s->key, 2), text_of(s), text_of(b), finding.evidence);
    }
  }
  if (!differ) return {Standing::is_false, "one backend is the cheapest at every batch", batch};
  finding.status = batch_clear && single_clear ? Standing::supported : Standing::not_identifiable;
  finding.because = batch_clear && single_clear
                        ? "another backend wins at batch 1 than in a batch, each with an interval below the other's"
                        : "the winners differ, but their intervals of latency overlap";
  return finding;
}

LedgerFinding compile_prefill(const FactBook& facts) {
  const auto grades = facts.matching("tr120", "prefill/compile/grade");
  if (grades.empty()) return nothing("compiled prefill with its counters");
  LedgerFinding finding{Standing::not_supported, "no run shows compiled prefill that its own counters bear out",
                        grades};
  for (const auto* grade : grades) {
    if (text_of(grade) != "counter_consistent") continue;
    const auto* eager = facts.find("tr120", "prefill/overall/transformers-gpu/p99", grade->run);
    const auto* compiled = facts.find("tr120", "prefill/overall/transformers-gpu-compile/p99", grade->run);
    const auto* p = facts.find("tr120", "prefill/comparisons/overall/mann_whitney/p_value", grade->run);
    if (eager == nullptr || compiled == nullptr || p == nullptr) continue;
    if (*number_of(compiled) < *number_of(eager) && *number_of(p) < kAlpha) {
      return {Standing::supported,
              "graphs of the phase are counted, the limit is not reached, median and p99 fall",
              {grade, eager, compiled, p}};
    }
    finding = {Standing::is_false, "compiled prefill is counted and is not faster at p99", {grade, eager, compiled, p}};
  }
  return finding;
}

LedgerFinding compile_decode(const FactBook& facts) {
  const auto grades = facts.matching("tr120", "kv_decode/compile/grade");
  if (grades.empty()) return nothing("compiled decode with its counters");
  for (const auto* grade : grades) {
    if (text_of(grade) != "counter_consistent") continue;
    const auto* delta = facts.find("tr120", "kv_decode/comparisons/overall/median_delta_ms/pct", grade->run);
    if (delta == nullptr) continue;
    const bool slower = *number_of(delta) > 0;
    return {
        slower ? Standing::supported : Standing::is_false, "a run whose decode was compiled decides", {grade, delta}};
  }
  return {Standing::not_identifiable,
          "no run here ran compiled decode: the label was on, its phase has no graph or no counters", grades};
}

LedgerFinding label_effect(const FactBook& facts) {
  const auto* p = facts.find("tr120", "label/comparisons/overall/mann_whitney/p_value");
  if (p == nullptr) return nothing("the audit of the compile label");
  if (*number_of(p) >= kAlpha)
    return {Standing::is_false, "nothing was compiled behind the label, and its effect is not significant", {p}};
  return {Standing::not_supported, "a difference, but a label is no evidence of a compiler", {p}};
}

LedgerFinding labels(const FactBook& facts) {
  Found evidence;
  const auto* p = facts.find("tr120", "label/comparisons/overall/mann_whitney/p_value");
  if (p != nullptr && *number_of(p) >= kAlpha) evidence.push_back(p);
  for (const auto* grade : facts.matching("tr120", "", "/compile/grade"))
    if (text_of(grade) == "refuted") evidence.push_back(grade);
  for (const auto* int8 : facts.matching("tr118", "engine/int8/has_int8_tensors"))
    if (text_of(int8) == "false") evidence.push_back(int8);
  if (evidence.empty()) return nothing("labels beside what ran");
  return {Standing::supported, "labels here name what did not run: phases without a graph, engines without int8",
          evidence};
}

LedgerFinding int8(const FactBook& facts) {
  const auto* tensors = facts.find("tr118", "engine/int8/has_int8_tensors");
  if (tensors == nullptr) return nothing("the inspection of the int8 engine");
  const auto* ratio = facts.find("tr118", "amortisation/speedup_ratio");
  Found evidence{tensors};
  if (ratio != nullptr) evidence.push_back(ratio);
  if (text_of(tensors) == "false")
    return {Standing::is_false, "the engine is faster, but it has no int8 tensor: the precision is a label", evidence};
  return {Standing::supported, "the engine has int8 tensors", evidence};
}

LedgerFinding cold_start(const FactBook& facts) {
  const auto cells = facts.matching("tr121", "warmup_ratio/all/cells");
  Found evidence;
  double over = 0;
  for (const auto* fact : facts.matching("tr121", "warmup_ratio/all/over_10x")) {
    over += *number_of(fact);
    evidence.push_back(fact);
  }
  if (cells.empty() || evidence.empty()) return nothing("first calls beside measured ones");
  evidence.insert(evidence.end(), cells.begin(), cells.end());
  if (over > 0)
    return {Standing::supported, "cells whose first call takes more than 10 times a measured one", evidence};
  return {Standing::is_false, "no first call takes more than 10 times a measured one", evidence};
}

LedgerFinding energy_gate(const FactBook& facts) {
  const auto* none = facts.find("tr119", "energy/no_data_rows");
  const auto* with = facts.find("tr119", "energy/rows_with_evidence");
  if (none == nullptr || with == nullptr) return nothing("power beside rows");
  if (*number_of(none) > 0)
    return {
        Standing::supported, "rows with fewer than two power samples stand among the published energies", {none, with}};
  return {Standing::not_identifiable, "every row here has enough samples", {none, with}};
}

LedgerFinding energy_ranking(const FactBook& facts) {
  const auto rankings = facts.matching("tr119", "energy/", "/ranking");
  if (rankings.empty()) return nothing("power beside rows");
  Found refused;
  for (const auto* fact : rankings)
    if (text_of(fact) == "refused") refused.push_back(fact);
  if (refused.empty()) return {Standing::not_identifiable, "energies of different scopes cannot be ranked", rankings};
  return {Standing::not_supported, "candidates without valid energy cannot be ranked", refused};
}

LedgerFinding energy_secondary(const FactBook& facts) {
  const auto* none = facts.find("tr119", "energy/no_data_rows");
  const auto shares = facts.matching("tr119", "analysis/cost_breakdown/", "/energy_pct");
  if (none == nullptr || shares.empty()) return nothing("costs with their energy");
  auto evidence = shares;
  evidence.push_back(none);
  if (*number_of(none) > 0)
    return {Standing::not_supported, "the share of energy is small, but rows of it have no valid energy", evidence};
  return {Standing::supported, "energy is a small share of every cost", evidence};
}

LedgerFinding decode_dominates(const FactBook& facts) {
  Found long_ones;
  for (const auto* fact : facts.matching("tr121", "decode_fraction/models/", "/median")) {
    const auto tokens = part(fact->key, 3);
    int count = 0;
    std::from_chars(tokens.data(), tokens.data() + tokens.size(), count);
    if (count >= kDecodeHeavyTokens) long_ones.push_back(fact);
  }
  if (long_ones.empty()) return nothing("decode fractions at 64 generated tokens and more");
  const bool all =
      std::all_of(long_ones.begin(), long_ones.end(), [](const Fact* fact) { return *number_of(fact) > kDecodeHeavy; });
  return {all ? Standing::supported : Standing::is_false,
          all ? "decode is more than 90 % of the time on every backend" : "a backend spends less than 90 % in decode",
          long_ones};
}

LedgerFinding scaling(const FactBook& facts, const char* series, const char* what) {
  const auto fits = facts.matching("tr121", fmt::format("scaling/{}/1/e2e_kv/__all__/", series), "planning");
  if (fits.empty()) return nothing(what);
  const bool all = std::all_of(fits.begin(), fits.end(), [](const Fact* f) { return text_of(f) == "actionable"; });
  auto evidence = fits;
  for (const auto* fact : facts.matching("tr121", fmt::format("scaling/{}/1/e2e_kv/__all__/", series), "slope"))
    if (part(fact->key, 5) == "slope") evidence.push_back(fact);
  for (const auto* fact : facts.matching("tr121", fmt::format("scaling/{}/1/e2e_kv/__all__/", series), "r2"))
    evidence.push_back(fact);
  if (all) return {Standing::supported, "R^2 is at least 0.2 and the interval of the slope excludes 0", evidence};
  return {Standing::not_identifiable, "a fit misses the gate: R^2 below 0.2 or an interval with 0", evidence};
}

LedgerFinding scaling_served(const FactBook& facts) { return scaling(facts, "ollama", "fits of served models"); }
LedgerFinding scaling_gpu(const FactBook& facts) { return scaling(facts, "hf_gpu_fp16", "fits on the GPU"); }

LedgerFinding depth(const FactBook& facts) {
  const auto fits = facts.matching("tr121", "layers/hf_gpu_fp16/1/e2e_kv/planning_layers");
  if (fits.empty()) return nothing("fits on parameters and layers");
  const bool all = std::all_of(fits.begin(), fits.end(), [](const Fact* f) { return text_of(f) == "actionable"; });
  if (all) return {Standing::supported, "the exponent of depth excludes 0", fits};
  return {Standing::not_identifiable, "the interval of the exponent of depth includes 0", fits};
}

LedgerFinding polling(const FactBook& facts) {
  const auto none = facts.matching("tr122", "events/prefill/no_data");
  if (none.empty()) return nothing("events with their power trace");
  const auto good = facts.matching("tr122", "events/prefill/good");
  if (good.empty()) return {Standing::supported, "no short event has two distinct readings", none};
  return {Standing::is_false, "short events have two distinct readings", good};
}

// "about three times": rounds to 3.
LedgerFinding about_three(const Fact* dear, const Fact* cheap, const char* what) {
  if (dear == nullptr || cheap == nullptr || *number_of(cheap) <= 0) return nothing(what);
  const double ratio = *number_of(dear) / *number_of(cheap);
  const bool holds = ratio >= 2.5 && ratio < 3.5;
  return {holds ? Standing::supported : Standing::is_false, fmt::format("the ratio is {:.2f}", ratio), {dear, cheap}};
}

LedgerFinding generate_ratio(const FactBook& facts) {
  const Fact* dear = nullptr;
  const Fact* cheap = nullptr;
  for (const auto* fact : facts.matching("tr119", "mean/generate/", "/total_usd_per_1m")) {
    if (part(fact->key, 2).find("gpu") == std::string::npos) continue;
    if (dear == nullptr || *number_of(fact) > *number_of(dear)) dear = fact;
    if (cheap == nullptr || *number_of(fact) < *number_of(cheap)) cheap = fact;
  }
  return about_three(dear, cheap, "costs of generate by backend");
}

LedgerFinding tier_ratio(const FactBook& facts) {
  return about_three(facts.find("tr121", "capacity/ollama/gpt-oss-20b:latest/usd_per_1m"),
                     facts.find("tr121", "capacity/ollama/qwen2.5:7b/usd_per_1m"), "costs of a 7B and a 20B model");
}

struct NamedRule {
  std::string_view name;
  LedgerFinding (*judge)(const FactBook&);
};

constexpr std::array<NamedRule, 18> kRules = {{{"decode_default", decode_default},
                                               {"prefill_inversion", prefill_inversion},
                                               {"compile_prefill", compile_prefill},
                                               {"compile_decode", compile_decode},
                                               {"cold_start", cold_start},
                                               {"energy_gate", energy_gate},
                                               {"decode_dominates", decode_dominates},
                                               {"labels", labels},
                                               {"label_effect", label_effect},
                                               {"energy_secondary", energy_secondary},
                                               {"scaling_served", scaling_served},
                                               {"scaling_gpu", scaling_gpu},
                                               {"depth", depth},
                                               {"polling", polling},
                                               {"energy_ranking", energy_ranking},
                                               {"int8", int8},
                                               {"generate_ratio", generate_ratio},
                                               {"tier_ratio", tier_ratio}}};

const NamedRule* find_rule(std::string_view name) {
  const auto* found = std::find_if(kRules.begin(), kRules.end(), [&](const auto& rule) { return rule.name == name; });
  return found == kRules.end() ? nullptr : found;
}

}  // namespace

bool has_rule(std::string_view name) { return find_rule(name) != nullptr; }

LedgerFinding apply_rule(std::string_view name, const FactBook& facts) {
  const auto* rule = find_rule(name);
  PHASEGATE_CHECK(rule != nullptr);
  return rule->judge(facts);
}

}  // namespace phasegate::claims
