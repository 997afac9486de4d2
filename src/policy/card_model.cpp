#include "policy/card_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "evidence/thresholds.h"
#include "policy/card_boundary.h"
#include "policy/card_text.h"
#include "policy/classify.h"
#include "policy/tier.h"

namespace phasegate::policy {
namespace {

using core::Json;
using evidence::Policy;
using evidence::Rule;
using evidence::WorkloadClass;

constexpr std::array<WorkloadClass, 3> kClasses = {WorkloadClass::decode_heavy, WorkloadClass::prefill_heavy,
                                                   WorkloadClass::mixed};
constexpr const char* kDash = "—";
constexpr std::size_t kBucketsInWords = 4;

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

std::optional<double> number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

class Maker {
 public:
  explicit Maker(const Policy& policy, const evidence::Thresholds& thresholds)
      : policy_(policy), thresholds_(thresholds), tiers_(policy.candidates) {}

  CardModel make() {
    const auto id = evidence::policy_id(policy_);
    card_.policy_id = id ? id->value : "";
    card_.scope = policy_.scope;
    card_.created = policy_.created;
    card_.expires = policy_.expires;
    card_.provisional = policy_.provisional;
    card_.provisional_reason = policy_.provisional_reason;
    for (const Json& run : table("runs")) {
      if (const auto files = run.find("files"); files != run.end() && files->contains("records.jsonl")) {
        records_hash_[text_of(run, "run")] = files->at("records.jsonl").get<std::string>();
      }
      manifest_hash_[text_of(run, "run")] = text_of(run, "manifest_sha256");
    }
    for (const std::string& tier : tiers_.names()) card_.tiers.push_back(tier_card(tier));
    card_.gates = {compile_gate_card(), warmup_gate_card(), energy_gate_card()};
    add_accuracy();
    add_words();
    add_boundary();
    add_runs();
    card_.headline = headline();
    return std::move(card_);
  }

 private:
  [[nodiscard]] const Json& table(const char* key) const {
    static const Json kEmpty = Json::array();
    const auto found = policy_.tables.find(key);
    return found == policy_.tables.end() ? kEmpty : *found;
  }

  // Every number registers where it came from and gets the index of that row.
  int refer(const std::string& run, const std::string& file, const std::string& key, const std::string& value) {
    const bool derived_from_records = file.starts_with("analysis/");
    const auto& hashes = derived_from_records ? records_hash_ : manifest_hash_;
    const auto hash = hashes.find(run);
    card_.evidence.push_back({run, file, key, hash == hashes.end() ? std::string() : hash->second, value});
    return static_cast<int>(card_.evidence.size());
  }

  int refer_policy(const std::string& key, const std::string& value) {
    card_.evidence.push_back({fmt::format("{}", fmt::join(policy_.runs, ", ")), "policy", key, card_.policy_id, value});
    return static_cast<int>(card_.evidence.size());
  }

  int refer_json(const Json& owner, const std::string& value) {
    const auto list = owner.find("evidence");
    if (list == owner.end() || list->empty()) return 0;
    const Json& ref = list->back();
    return refer(text_of(ref, "run"), text_of(ref, "file"), text_of(ref, "key"), value);
  }

  Figure measured(const Json& value) {
    Figure figure{kDash, {}, number_of(value, "median"), {}, {}, 0};
    if (!figure.value) {
      figure.note = text_of(value, "reason");
      return figure;
    }
    figure.text = figure_text(*figure.value);
    const auto interval = value.find("ci95");
    if (interval != value.end() && interval->is_array() && interval->size() == 2) {
      figure.low = interval->at(0).get<double>();
      figure.high = interval->at(1).get<double>();
      figure.note = fmt::format("[{}, {}]", figure_text(*figure.low), figure_text(*figure.high));
    }
    figure.evidence = refer_json(value, figure.text + " " + figure.note);
    return figure;
  }

  // A number that was computed from measured ones: it points into the policy, whose own row names its inputs.
  Figure derived(const Json& owner, const char* key, const std::string& where) {
    Figure figure{kDash, {}, number_of(owner, key), {}, {}, 0};
    if (!figure.value) {
      figure.note = text_of(owner, "reason");
      return figure;
    }
    figure.text = figure_text(*figure.value);
    figure.evidence = refer_policy(where + "." + key, figure.text);
    return figure;
  }

  TierCard tier_card(const std::string& tier) {
    TierCard card;
    card.name = tier;
    card.default_safe = policy_.default_safe;
    card.default_safe_reason = policy_.default_safe_reason;
    for (const Json& row : table("tiers")) {
      if (text_of(row, "tier") != tier) continue;
      card.default_safe = text_of(row, "default_safe");
      card.default_safe_reason = text_of(row, "reason");
    }
    for (const evidence::Candidate& candidate : policy_.candidates) {
      if (tiers_.of(candidate.name) == tier) card.candidates.push_back(candidate.name);
    }
    for (const WorkloadClass workload : kClasses) card.classes.push_back(class_row(card, workload));
    add_shapes(card);
    add_costs(card);
    for (const Json& row : table("global")) {
      if (text_of(row, "tier") == tier) card.global = global_text(row);
    }
    card.differs.text = differences(tier);
    if (!card.differs.text.empty()) {
      card.differs.evidence = refer_policy("candidates[].identity", card.differs.text);
    }
    return card;
  }

  // Comparing candidates whose types differ is allowed, and said.
  [[nodiscard]] std::string differences(const std::string& tier) const {
    using evidence::CandidateIdentity;
    static constexpr std::array<std::pair<const char*, std::string CandidateIdentity::*>, 4> kFields = {
        {{"weights", &CandidateIdentity::weight_type},
         {"KV cache", &CandidateIdentity::kv_type},
         {"activations", &CandidateIdentity::activation_type},
         {"attention", &CandidateIdentity::attention}}};
    std::vector<std::string> parts;
    const auto add = [&](const char* label, const auto& value_of) {
      std::vector<std::string> values;
      std::set<std::string> distinct;
      for (const evidence::Candidate& candidate : policy_.candidates) {
        if (tiers_.of(candidate.name) != tier) continue;
        const std::string value = value_of(candidate.identity);
        distinct.insert(value);
        values.push_back(fmt::format("{} {}", candidate.name, value.empty() ? "unknown" : value));
      }
      if (distinct.size() > 1) parts.push_back(fmt::format("{} ({})", label, fmt::join(values, ", ")));
    };
    for (const auto& [label, field] : kFields) {
      add(label, [member = field](const CandidateIdentity& identity) { return identity.*member; });
    }
    add("threads", [](const CandidateIdentity& identity) { return std::to_string(identity.threads); });
    if (parts.empty()) return {};
    return fmt::format("Compared although they differ in {}.", fmt::join(parts, "; "));
  }

  [[nodiscard]] std::string condition_of(WorkloadClass workload) const {
    switch (workload) {
      case WorkloadClass::decode_heavy:
        return fmt::format("gen ≥ {} or decode fraction > {:g}", thresholds_.decode_heavy_gen_tokens,
                           thresholds_.decode_heavy_fraction);
      case WorkloadClass::prefill_heavy:
        return fmt::format("batch > 1 and gen ≤ {}", thresholds_.prefill_heavy_max_gen);
      case WorkloadClass::mixed: return "everything else";
    }
    return {};
  }

  static std::string title_of(WorkloadClass workload) {
    switch (workload) {
      case WorkloadClass::decode_heavy: return "Decode-heavy";
      case WorkloadClass::prefill_heavy: return "Prefill-heavy";
      case WorkloadClass::mixed: return "Mixed";
    }
    return {};
  }

  ClassRow class_row(const TierCard& tier, WorkloadClass workload) {
    const std::string condition = condition_of(workload);
    ClassRow row{std::string(evidence::to_string(workload)),
                 title_of(workload),
                 {condition, workload == WorkloadClass::mixed ? 0 : refer_policy("thresholds.classes", condition)},
                 std::string(objective_of(workload)),
                 {}};
    // Rules with the same answer are one line of the card. Winners come first, then by what is missing.
    std::map<std::tuple<bool, std::string>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
      const Rule& rule = policy_.rules[i];
      if (rule.tier != tier.name || rule.workload != workload) continue;
      groups[{!rule.winner, rule.winner ? *rule.winner : rule.reason}].push_back(i);
    }
    for (const auto& [key, members] : groups) row.choices.push_back(choice_of(tier, members));
    return row;
  }

  Choice choice_of(const TierCard& tier, const std::vector<std::size_t>& members) {
    Choice choice;
    std::vector<evidence::Bucket> buckets;
    bool pool = false;
    std::size_t weakest = members.front();
    for (const std::size_t index : members) {
      const Rule& rule = policy_.rules[index];
      buckets.push_back(rule.bucket);
      pool = pool || rule.warm_pool;
      const auto& least = policy_.rules[weakest].effect;
      if (rule.effect && (!least || rule.effect->ratio < least->ratio)) weakest = index;
    }
    const Rule& rule = policy_.rules[weakest];
    choice.where = buckets_text(buckets, kBucketsInWords);
    choice.winner = rule.winner.has_value();
    choice.compile = rule.compile == "on" ? "on: witnessed, wins, tail not worse" : "off";
    choice.warmup = pool ? "warm pool, and warm the path before routing" : "warm up before routing; no pool needed";
    if (rule.warmup_reason.starts_with("not_measured")) choice.warmup = "not measured: treat as cold";
    choice.backend = rule.winner.value_or(tier.default_safe);
    choice.state = rule.winner ? "winner" : reason_words(rule.reason) + ": routes to default-safe";
    if (rule.winner && rule.effect) {
      choice.why =
          fmt::format("{} {:.3g}× [{:.3g}, {:.3g}] against {}, adjusted p {:.2g}, {} rounds",
                      members.size() > 1 ? "at least" : "by", rule.effect->ratio, rule.effect->ci_low,
                      rule.effect->ci_high, rule.effect->against, rule.effect->p_adjusted, rule.effect->sessions);
      choice.evidence = refer_policy(fmt::format("rules[{}].effect", weakest), choice.why);
    } else if (!rule.winner) {
      choice.why = rule.tied.size() > 1 ? fmt::format("open between {}", fmt::join(rule.tied, " and ")) : rule.reason;
      choice.settle = rule.settle;
      choice.evidence = refer_policy(fmt::format("rules[{}]", weakest), rule.reason);
    }
    return choice;
  }

  static std::string reason_words(const std::string& reason) {
    static const std::map<std::string, std::string> kWords = {
        {"tie", "tie"},
        {"not_significant", "tie (not significant)"},
        {"interval_includes_one", "tie (interval includes 1)"},
        {"effect_too_small", "tie (difference too small to matter)"},
        {"inversion", "no single winner (it changes inside)"},
        {"few_sessions", "too few sessions"},
        {"warmup_not_converged", "warm-up did not converge"},
        {"no_comparison", "nothing to compare with"},
        {"conflicting_runs", "runs contradict each other"},
        {"mean_median_flip", "mean and median disagree"},
    };
    const auto found = kWords.find(reason);
    return found == kWords.end() ? "no winner (" + reason + ")" : found->second;
  }

  void add_shapes(TierCard& tier) {
    std::map<std::string, std::size_t> position;
    for (const Json& row : table("shapes")) {
      if (text_of(row, "tier") != tier.name) continue;
      ShapeRow shape;
      shape.scenario = text_of(row, "scenario");
      shape.prompt = row.value("prompt_tokens", 0);
      shape.gen = row.value("gen_tokens", 0);
      shape.batch = row.value("batch", 1);
      const auto kind =
          classify({shape.prompt, shape.gen, shape.batch}, number_of(row, "decode_fraction"), thresholds_);
      shape.workload = evidence::to_string(kind.workload);
      shape.prefill.resize(tier.candidates.size(), Figure{kDash, "not_measured", {}, {}, {}, 0});
      shape.decode = shape.e2e_ms = shape.prefill;
      position[shape.scenario] = tier.shapes.size();
      tier.shapes.push_back(std::move(shape));
    }
    for (const Json& cell : table("cells")) {
      const auto at = position.find(text_of(cell, "scenario"));
      const auto who = std::find(tier.candidates.begin(), tier.candidates.end(), text_of(cell, "candidate"));
      if (text_of(cell, "tier") != tier.name || at == position.end() || who == tier.candidates.end()) continue;
      const auto column = static_cast<std::size_t>(who - tier.candidates.begin());
      ShapeRow& shape = tier.shapes[at->second];
      const std::string phase = text_of(cell, "phase");
      if (phase == "prefill") shape.prefill[column] = measured(cell.at("tok_s"));
      if (phase == "decode") shape.decode[column] = measured(cell.at("tok_s"));
      if (phase == "e2e") shape.e2e_ms[column] = measured(cell.at("ms"));
    }
  }

  void add_costs(TierCard& tier) {
    const auto cells = policy_.economics.find("cells");
    if (cells == policy_.economics.end()) return;
    for (std::size_t i = 0; i < cells->size(); ++i) {
      const Json& cell = cells->at(i);
      if (text_of(cell, "tier") != tier.name) continue;
      CostRow row;
      row.scenario = text_of(cell, "scenario");
      row.candidate = text_of(cell, "candidate");
      for (const ShapeRow& shape : tier.shapes) {
        if (shape.scenario == row.scenario) row.workload = shape.workload;
      }
      const std::string at = fmt::format("economics.cells[{}]", i);
      row.prefill_seconds = derived(cell.at("prefill"), "seconds_per_1M", at + ".prefill");
      row.decode_seconds = derived(cell.at("decode"), "seconds_per_1M", at + ".decode");
      row.prefill_usd = derived(cell.at("prefill"), "usd_per_1M", at + ".prefill");
      row.decode_usd = derived(cell.at("decode"), "usd_per_1M", at + ".decode");
      row.mix_usd = derived(cell.at("mix"), "usd_per_1M", at + ".mix");
      row.requests_per_s = derived(cell.at("capacity"), "requests_per_s", at + ".capacity");
      row.tokens_per_day = derived(cell.at("capacity"), "tokens_per_day", at + ".capacity");
      tier.costs.push_back(std::move(row));
    }
  }

  static std::string global_text(const Json& row) {
    const std::string winner = text_of(row, "winner");
    if (winner.empty()) return "no winner over the declared traffic: " + text_of(row, "reason");
    return fmt::format("{} wins over the declared traffic: {:.3g}× against {}, adjusted p {:.2g}", winner,
                       number_of(row, "ratio").value_or(1), text_of(row, "against"),
                       number_of(row, "p_adjusted").value_or(1));
  }

  GateCard compile_gate_card() {
    GateCard gate{"Compiler-real evidence",
                  "Did compiled code run in each call, and does it win?",
                  "not requested",
                  Tone::neutral,
                  {},
                  0};
    const bool any = std::any_of(policy_.candidates.begin(), policy_.candidates.end(),
                                 [](const auto& candidate) { return candidate.identity.compile; });
    std::set<std::string> rejections;
    bool on = false;
    for (const Rule& rule : policy_.rules) {
      on = on || rule.compile == "on";
      for (const evidence::Rejected& rejected : rule.rejected) {
        if (rejected.gate == "compile") rejections.insert(rejected.candidate + ": " + rejected.detail);
      }
    }
    if (!any) {
      gate.lines = {
          {"No candidate was compiled, so none is claimed to be: compile stays off for prefill and decode.", 0},
          {"A claim needs a witness in every call and a p99 not worse than eager; labels do not count.", 0}};
    } else if (on) {
      gate.state = "open";
      gate.tone = Tone::good;
      gate.lines = {{"Compile is on where it was witnessed in every call, wins, and keeps its p99; off elsewhere.", 0}};
    } else {
      gate.state = "closed";
      gate.tone = Tone::caution;
      gate.lines = {{"Compile stays off.", 0}};
    }
    for (const std::string& rejection : rejections) {
      if (gate.lines.size() < 4) gate.lines.push_back({rejection, refer_policy("rules[].rejected", rejection)});
    }
    gate.evidence = refer_policy("candidates[].identity.compile", gate.state);
    return gate;
  }

  GateCard warmup_gate_card() {
    GateCard gate{"Warm-up and cold start",
                  "Was steady state reached, and what does a cold call cost?",
                  "converged",
                  Tone::good,
                  {},
                  0};
    double worst_ratio = 0;
    double worst_delta = 0;
    std::string worst_cell;
    std::int64_t unconverged = 0;
    std::int64_t sessions = 0;
    for (const Json& cell : table("cells")) {
      unconverged += cell.value("unconverged", 0);
      sessions += cell.at("ms").value("sessions", 0);
      const double ratio = number_of(cell, "warmup_ratio").value_or(0);
      worst_delta = std::max(worst_delta, number_of(cell, "warmup_delta_ms").value_or(0));
      if (ratio <= worst_ratio) continue;
      worst_ratio = ratio;
      worst_cell =
          fmt::format("{}/{}/{}", text_of(cell, "candidate"), text_of(cell, "scenario"), text_of(cell, "phase"));
    }
    if (unconverged > 0) {
      gate.state = "partly converged";
      gate.tone = Tone::caution;
      const std::string text = fmt::format("{} of {} session cells never became steady; they are left out.",
                                           unconverged, unconverged + sessions);
      gate.lines.push_back({text, refer_policy("tables.cells[].unconverged", text)});
    } else {
      gate.lines.push_back({"Warm-up converged in every session that is used.", 0});
    }
    if (worst_ratio > 0) {
      gate.evidence =
          refer(policy_.runs.empty() ? "" : policy_.runs.back(), "analysis/cells.json", worst_cell + "#warmup",
                fmt::format("{:.3g}×, {} ms", worst_ratio, figure_text(worst_delta)));
      gate.lines.push_back({fmt::format("First call up to {:.2f}× steady, {} ms longer ({}).", worst_ratio,
                                        figure_text(worst_delta), worst_cell),
                            gate.evidence});
    }
    gate.lines.push_back(
        {"Cold, warm-up and steady calls are never averaged together. Cold and post-idle latency "
         "(set S2): not measured here.",
         0});
    return gate;
  }

  GateCard energy_gate_card() {
    const auto energy = policy_.tables.find("energy");
    const std::string status = energy == policy_.tables.end() ? "no_data" : text_of(*energy, "status");
    const std::string reason = energy == policy_.tables.end() ? "not measured" : text_of(*energy, "reason");
    return {"Energy",
            "Were there enough sensor updates inside each window?",
            status,
            Tone::neutral,
            {{"Joules per token: " + status + " (" + reason + ").", 0},
             {"Energy ranks nothing and enters no cost on this card.", 0}},
            refer_policy("tables.energy", status)};
  }

  void add_accuracy() {
    for (const Json& row : table("accuracy")) {
      AccuracyRow out;
      out.candidate = text_of(row, "candidate");
      out.status = text_of(row, "status");
      out.tone = out.status == "pass" ? Tone::good : Tone::bad;
      out.reference = text_of(row, "reference");
      const std::string run = policy_.runs.empty() ? "" : policy_.runs.back();
      const std::string key = "accuracy[" + out.candidate + "]";
      const auto percent = [&](const char* field, double scale, const char* format_field) {
        Figure figure{kDash, text_of(row, "reason"), number_of(row, field), {}, {}, 0};
        if (!figure.value) return figure;
        figure.value = *figure.value * scale;
        figure.text = fmt::format("{:+.2f} %", *figure.value);
        if (std::string_view(format_field) == "agreement") figure.text = fmt::format("{:.1f} %", *figure.value);
        figure.note.clear();
        figure.evidence = refer(run, "manifest.json", key + "." + field, figure.text);
        return figure;
      };
      out.delta = percent("delta_fraction", 100, "delta");
      out.agreement = percent("top1_agreement", 100, "agreement");
      card_.accuracy.push_back(std::move(out));
    }
  }

  void add_words() {
    const auto pricing = policy_.economics.find("pricing");
    if (pricing == policy_.economics.end() || pricing->is_null()) {
      card_.price = {"No price was given: money is null (no_price). `phasegate price --pricing FILE` adds it.", 0};
    } else {
      card_.price.text =
          fmt::format("{} of {}: {} {} an hour for {}{}", text_of(*pricing, "id"), text_of(*pricing, "date"),
                      text_of(*pricing, "currency"), number_of(*pricing, "usd_per_hour").value_or(0),
                      text_of(*pricing, "hardware_id"),
                      pricing->value("shadow", false) ? " — SHADOW PRICE, a planning figure, not an invoice." : ".");
      card_.price.evidence = refer_policy("economics.pricing", text_of(*pricing, "sha256"));
    }
    for (const Json& one : table("absent")) {
      const std::string text = fmt::format("{} was planned and never ran: {} ({} calls not made)",
                                           text_of(one, "candidate"), text_of(one, "reason"), one.value("calls", 0));
      card_.absent.push_back({text, refer_policy("tables.absent", text)});
    }
    for (const Json& flag : table("flags")) {
      const std::string text =
          fmt::format("{}: {} — {}", text_of(flag, "flag"), text_of(flag, "cell"), text_of(flag, "detail"));
      const Json from = flag.value("evidence", Json::object());
      card_.flags.push_back({text, refer(text_of(from, "run"), text_of(from, "file"), text_of(from, "key"), text)});
    }
    for (const Json& conflict : table("conflicts")) {
      const std::string text = fmt::format("{}: {} — {}", text_of(conflict, "kind"), text_of(conflict, "where"),
                                           text_of(conflict, "detail"));
      card_.flags.push_back({text, refer_policy("tables.conflicts", text)});
    }
    const auto family = policy_.tables.find("family");
    if (family != policy_.tables.end()) {
      card_.family.text =
          fmt::format("{} comparisons, {}, alpha {:g}: {}", family->value("size", 0), text_of(*family, "method"),
                      number_of(*family, "alpha").value_or(0.05), text_of(*family, "of"));
      card_.family.evidence = refer_policy("tables.family", text_of(*family, "method"));
    }
    card_.triggers = {{"Driver, runtime, compiler, hardware class", "S0–S3, everything"},
                      {"Model or quantization", "S1–S3"},
                      {"Sensor cadence or energy pipeline", "S0 and every energy value"},
                      {"Workload mix (prompt, gen, batch)", "S3 and the weights"},
                      {"Prices", "pricing alone"}};
    card_.change_control =
        "Any upgrade of hardware, driver, runtime, compiler, engine or model makes this card stale: rerun Scenario Set "
        "S0–S3 (or the part above) and decide again before it is obeyed.";
    card_.quality =
        "Quality is not measured here. The accuracy gate compares each candidate with its own weights in "
        "fp32; whether the model is good enough for a task is another evaluation.";
  }

  void add_boundary() {
    card_.boundary = boundary_lines(policy_);
    card_.boundary_evidence =
        refer(policy_.runs.empty() ? "" : policy_.runs.back(), "manifest.json", "environment, candidates", "boundary");
  }

  void add_runs() {
    for (const Json& run : table("runs")) {
      const std::string id = text_of(run, "run");
      const std::string text = fmt::format("{} ({}, {} records, finished {})", id, text_of(run, "mode"),
                                           run.value("records", 0), text_of(run, "finished"));
      card_.runs.push_back({text, refer(id, "manifest.json", "counts, finished", text)});
      if (card_.left_out.empty()) card_.left_out = text_of(run, "left_out");
    }
  }

  [[nodiscard]] std::string headline() const {
    if (card_.provisional) return "PROVISIONAL, NOT FOR POLICY";
    std::set<std::string> winners;
    std::size_t open = 0;
    for (const Rule& rule : policy_.rules) {
      if (rule.winner) winners.insert(*rule.winner);
      if (!rule.winner) ++open;
    }
    if (policy_.rules.empty()) return "Nothing was measured that could be decided on";
    if (winners.empty()) return "No winner yet: everything routes to default-safe";
    if (winners.size() == 1 && open == 0) return fmt::format("{} wins every measured bucket", *winners.begin());
    if (winners.size() == 1)
      return fmt::format("{} wins where a winner can be named; the rest is open", *winners.begin());
    return "Route by shape: no candidate wins everywhere";
  }

  const Policy& policy_;
  const evidence::Thresholds& thresholds_;
  Tiers tiers_;
  CardModel card_;
  std::map<std::string, std::string> records_hash_;
  std::map<std::string, std::string> manifest_hash_;
};

}  // namespace

core::Result<CardModel> make_card(const Policy& policy) {
  PHASEGATE_TRY(thresholds, evidence::thresholds_from_json(policy.thresholds));
  try {
    return Maker(policy, thresholds).make();
  } catch (const Json::exception& error) {
    return core::fail(core::Error{core::ErrorKind::invalid_input, error.what(), "policy: tables",
                                  "decide again: this policy was changed or made by another version"});
  }
}

}  // namespace phasegate::policy
