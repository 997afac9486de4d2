#include "claims/ledger.h"

#include <algorithm>

#include "claims/ledger_rules.h"
#include "claims/ledger_texts.h"

namespace phasegate::claims {
namespace {

std::string place_text(const Anchor& anchor) {
  return anchor.place.empty() ? fmt::format("{} (run {}: not here)", anchor.path, anchor.run)
                              : fmt::format("{} (run {}: {})", anchor.path, anchor.run, anchor.place);
}

LedgerClaim claim_of_rule(const evidence::Rule& rule, std::size_t index, double alpha) {
  LedgerClaim claim;
  claim.id = fmt::format("rule.{}", index);
  claim.kind = "rule";
  claim.where = fmt::format("rules[{}]: {} {}, prompt {}-{}, gen {}-{}, batch {}-{}", index, rule.tier,
                            evidence::to_string(rule.workload), rule.bucket.prompt.low, rule.bucket.prompt.high,
                            rule.bucket.gen.low, rule.bucket.gen.high, rule.bucket.batch.low, rule.bucket.batch.high);
  for (const auto& ref : rule.evidence) claim.evidence.push_back({ref.run, ref.file, ref.key, {}});
  if (!rule.winner) {
    claim.text = "no candidate is known to be better here, so the default-safe one serves";
    claim.status = rule.reason.empty() ? Standing::not_supported : Standing::supported;
    claim.because = rule.reason.empty() ? "the rule does not say why it has no winner" : rule.reason;
    return claim;
  }
  claim.text = fmt::format("{} is the best candidate by {}", *rule.winner, rule.objective);
  if (!rule.effect) {
    claim.because = "the rule has no effect against another candidate";
    return claim;
  }
  const auto& effect = *rule.effect;
  const auto numbers = fmt::format("{:.3g} times {} [{:.3g}, {:.3g}], p {:.3g} over {} sessions", effect.ratio,
                                   effect.against, effect.ci_low, effect.ci_high, effect.p_adjusted, effect.sessions);
  const bool separated = effect.ci_low > 1 && effect.p_adjusted < alpha;
  claim.status = rule.evidence.empty() ? Standing::not_supported
                 : separated           ? Standing::supported
                                       : Standing::not_identifiable;
  claim.because = rule.evidence.empty() ? "the rule names no evidence; " + numbers : numbers;
  return claim;
}

constexpr int kDecodeHeavyTokens = 64;
constexpr double kDecodeHeavy = 0.9;
constexpr double kWarmPoolRatio = 10;

LedgerClaim run_claim(std::string id, std::string text, const std::string& run) {
  LedgerClaim claim;
  claim.id = std::move(id);
  claim.kind = "run";
  claim.text = std::move(text);
  claim.where = run;
  return claim;
}

LedgerClaim decode_of_run(const analysis::RunAnalysis& run) {
  auto claim =
      run_claim("run.decode_dominates", "decode dominates end to end at 64 generated tokens and more", run.run);
  bool all = true;
  for (const auto& shape : run.shapes) {
    if (shape.scenario.gen_tokens < kDecodeHeavyTokens || !shape.decode_fraction.value) continue;
    all = all && *shape.decode_fraction.value > kDecodeHeavy;
    claim.evidence.push_back({run.run, analysis::kCellsFile,
                              fmt::format("shapes/{}/{}/decode_fraction", shape.candidate, shape.scenario.id()),
                              fmt::format("{:.4g}", *shape.decode_fraction.value)});
  }
  claim.status = claim.evidence.empty() ? Standing::not_supported : all ? Standing::supported : Standing::is_false;
  claim.because = claim.evidence.empty() ? "no shape with 64 generated tokens was measured"
                  : all                  ? "decode is more than 90 % of every such shape"
                                         : "a shape spends less than 90 % in decode";
  return claim;
}

LedgerClaim cold_start_of_run(const analysis::RunAnalysis& run) {
  auto claim =
      run_claim("run.cold_start", "the first call is a regime of its own (more than 10 times a steady one)", run.run);
  std::size_t over = 0;
  std::size_t measured = 0;
  for (const auto& cell : run.cells) {
    if (!cell.warmup.ratio.value) continue;
    ++measured;
    if (*cell.warmup.ratio.value <= kWarmPoolRatio) continue;
    ++over;
    claim.evidence.push_back({run.run, analysis::kCellsFile, "cells/" + analysis::cell_key(cell) + "/warmup",
                              fmt::format("{:.4g}", *cell.warmup.ratio.value)});
  }
  claim.status = measured == 0 ? Standing::not_supported : over > 0 ? Standing::supported : Standing::is_false;
  claim.because = fmt::format("{} of {} cells", over, measured);
  return claim;
}

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::supported: return "supported";
    case Standing::not_supported: return "not_supported";
    case Standing::not_identifiable: return "not_identifiable";
    case Standing::is_false: return "false";
  }
  return "";
}

void FactBook::add_run(std::string report, std::string run, std::string place) {
  runs_[{std::move(report), std::move(run)}] = std::move(place);
}

std::vector<const Fact*> FactBook::matching(std::string_view report, std::string_view prefix,
                                            std::string_view suffix) const {
  std::vector<const Fact*> found;
  const auto facts = facts_.find(report);
  if (facts == facts_.end()) return found;
  for (const auto& fact : facts->second)
    if (fact.key.starts_with(prefix) && fact.key.ends_with(suffix)) found.push_back(&fact);
  return found;
}

const Fact* FactBook::find(std::string_view report, std::string_view key, std::string_view run) const {
  const auto facts = facts_.find(report);
  if (facts == facts_.end()) return nullptr;
  for (const auto& fact : facts->second)
    if (fact.key == key && (run.empty() || fact.run == run)) return &fact;
  return nullptr;
}

std::optional<std::string> FactBook::place_of(const std::string& report, const std::string& run) const {
  const auto found = runs_.find({report, run});
  if (found == runs_.end()) return std::nullopt;
  return found->second;
}

std::optional<double> number_of(const Fact* fact) {
  if (fact == nullptr || !std::holds_alternative<double>(fact->value)) return std::nullopt;
  return std::get<double>(fact->value);
}

std::string text_of(const Fact* fact) {
  if (fact == nullptr) return {};
  if (const auto number = number_of(fact)) return fmt::format("{:.6g}", *number);
  return std::get<std::string>(fact->value);
}

std::size_t Ledger::count(Standing standing) const {
  return static_cast<std::size_t>(
      std::count_if(claims.begin(), claims.end(), [&](const LedgerClaim& claim) { return claim.status == standing; }));
}

Ledger judge_whitepaper(const FactBook& facts, std::string subject) {
  Ledger ledger;
  ledger.subject = std::move(subject);
  for (const auto& text : ledger_texts()) {
    LedgerClaim claim;
    claim.id = text.id;
    claim.kind = text.kind;
    claim.text = text.text;
    claim.where = text.where;
    const auto finding = apply_rule(text.rule, facts);
    claim.status = finding.status;
    claim.because = finding.because;
    for (const auto* fact : finding.evidence)
      claim.evidence.push_back({fact->run, fact->file, fact->key, text_of(fact)});
    for (const auto& anchor : text.anchors)
      claim.anchors.push_back({anchor.path, anchor.run, facts.place_of(anchor.report, anchor.run).value_or("")});
    ledger.claims.push_back(std::move(claim));
  }
  return ledger;
}

Ledger judge_run(const analysis::RunAnalysis& run, bool canonical) {
  Ledger ledger;
  ledger.subject = run.run;
  auto valid = run_claim("run.canonical", "the run is canonical: policy may stand on it", run.run);
  valid.status = canonical ? Standing::supported : Standing::not_supported;
  valid.because = canonical ? "every rule of validation holds" : "validation says why not";
  valid.evidence.push_back({run.run, "validation.json", "canonical", canonical ? "true" : "false"});
  ledger.claims = {std::move(valid), decode_of_run(run), cold_start_of_run(run)};
  return ledger;
}

Ledger judge_policy(const evidence::Policy& policy, std::string subject) {
  Ledger ledger;
  ledger.subject = std::move(subject);
  double alpha = 0.05;
  if (policy.thresholds.contains("statistics") && policy.thresholds["statistics"].contains("alpha"))
    alpha = policy.thresholds["statistics"]["alpha"].get<double>();
  for (std::size_t i = 0; i < policy.rules.size(); ++i)
    ledger.claims.push_back(claim_of_rule(policy.rules[i], i, alpha));
  return ledger;
}

bool every_rule_is_supported(const evidence::Policy& policy, const Ledger& ledger) {
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const auto id = fmt::format("rule.{}", i);
    const bool supported = std::any_of(ledger.claims.begin(), ledger.claims.end(), [&](const LedgerClaim& claim) {
      return claim.id == id && claim.status == Standing::supported;
    });
    if (!supported) return false;
  }
  return true;
}

core::Json to_json(const LedgerClaim& claim) {
  auto evidence = core::Json::array();
  for (const auto& item : claim.evidence) {
    evidence.push_back({{"run", item.run},
                        {"file", item.file},
                        {"key", item.key},
                        {"value", item.value.empty() ? core::Json() : core::Json(item.value)}});
  }
  auto anchors = core::Json::array();
  for (const auto& anchor : claim.anchors) {
    anchors.push_back({{"path", anchor.path},
                       {"run", anchor.run},
                       {"here", anchor.place.empty() ? core::Json() : core::Json(anchor.place)}});
  }
  return {{"id", claim.id},
          {"kind", claim.kind},
          {"claim", claim.text},
          {"where", claim.where},
          {"status", to_string(claim.status)},
          {"because", claim.because},
          {"evidence", std::move(evidence)},
          {"anchors", std::move(anchors)}};
}

core::Json to_json(const Ledger& ledger) {
  auto claims = core::Json::array();
  for (const auto& claim : ledger.claims) claims.push_back(to_json(claim));
  core::Json summary = core::Json::object();
  for (const auto standing :
       {Standing::supported, Standing::not_supported, Standing::not_identifiable, Standing::is_false})
    summary[std::string(to_string(standing))] = ledger.count(standing);
  return {{"subject", ledger.subject}, {"claims", std::move(claims)}, {"summary", std::move(summary)}};
}

std::string to_text(const Ledger& ledger) {
  std::string out = fmt::format("claims of {}\n", ledger.subject);
  for (const auto& claim : ledger.claims) {
    out += fmt::format("\n{:<17} {}\n    {} [{}]\n", to_string(claim.status), claim.text, claim.id, claim.where);
    out += fmt::format("    {}\n", claim.because);
    constexpr std::size_t kShown = 6;
    for (std::size_t i = 0; i < std::min(kShown, claim.evidence.size()); ++i) {
      const auto& item = claim.evidence[i];
      out += fmt::format("    evidence: {} {} {}{}\n", item.run, item.file, item.key,
                         item.value.empty() ? "" : " = " + item.value);
    }
    if (claim.evidence.size() > kShown) out += fmt::format("    … and {} more\n", claim.evidence.size() - kShown);
    for (const auto& anchor : claim.anchors) out += fmt::format("    anchor: {}\n", place_text(anchor));
  }
  out += "\n";
  for (const auto standing :
       {Standing::supported, Standing::not_supported, Standing::not_identifiable, Standing::is_false})
    out += fmt::format("{} {}  ", ledger.count(standing), to_string(standing));
  return out + "\n";
}

}  // namespace phasegate::claims
