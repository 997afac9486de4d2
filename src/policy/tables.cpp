#include "policy/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/percentile.h"
#include "analysis/sessions.h"
#include "policy/gates/gates.h"
#include "policy/rule_maker.h"

namespace phasegate::policy {
namespace {

using core::Json;
using evidence::Phase;
using evidence::Scenario;

Json number(const std::optional<double>& value) { return value ? core::finite_or_null(*value) : Json(nullptr); }

Json refs_json(const PooledCell& cell, const char* field) {
  Json list = Json::array();
  for (const evidence::EvidenceRef& ref : refs_of(cell, field)) {
    list.push_back({{"run", ref.run}, {"file", ref.file}, {"key", ref.key}});
  }
  return list;
}

// Median of the sessions and their t interval, over all runs of the pool.
Json value_json(const PooledCell& cell, double analysis::SessionValue::* member, const char* field,
                const evidence::Thresholds& thresholds) {
  std::vector<double> values;
  std::vector<std::vector<double>> units;
  int calls = 0;
  for (const analysis::SessionValue& session : cell.sessions) {
    values.push_back(session.*member);
    units.push_back({session.*member});
    calls += session.calls;
  }
  Json json = {{"median", nullptr}, {"ci95", nullptr},   {"sessions", values.size()},
               {"calls", calls},    {"reason", nullptr}, {"evidence", refs_json(cell, field)}};
  if (values.empty() || calls < thresholds.min_n_median) {
    json["reason"] = cell.failures > 0 ? (cell.failure_reason.empty() ? "engine_error" : cell.failure_reason)
                                       : (values.empty() ? "not_measured" : "few_samples");
    return json;
  }
  json["median"] = core::finite_or_null(analysis::median(values));
  if (const auto spread = analysis::between_sessions(units); spread && spread->centre.ci95) {
    json["ci95"] = {core::finite_or_null(spread->centre.ci95->low), core::finite_or_null(spread->centre.ci95->high)};
  }
  return json;
}

Json cell_table(const Pool& pool) {
  Json list = Json::array();
  for (const std::string& tier : pool.tiers.names()) {
    for (const Scenario& scenario : pool.scenarios_of(tier)) {
      for (const evidence::Candidate* candidate : pool.of_tier(tier)) {
        for (const Phase phase : {Phase::prefill, Phase::decode, Phase::e2e}) {
          const PooledCell* cell = pool.find(candidate->name, scenario, phase);
          if (cell == nullptr) continue;
          const analysis::CellAnalysis& newest = *cell->parts.back().second;
          list.push_back({{"candidate", candidate->name},
                          {"tier", tier},
                          {"scenario", scenario.id()},
                          {"prompt_tokens", scenario.prompt_tokens},
                          {"gen_tokens", scenario.gen_tokens},
                          {"batch", scenario.batch},
                          {"phase", evidence::to_string(phase)},
                          {"tok_s", value_json(*cell, &analysis::SessionValue::tok_s, "tok_s", pool.thresholds)},
                          {"ms", value_json(*cell, &analysis::SessionValue::ms, "ms", pool.thresholds)},
                          {"failures", cell->failures},
                          {"unconverged", cell->unconverged},
                          {"contention_share", core::finite_or_null(newest.contention_share)},
                          {"sd_between_log", number(newest.sd_between)},
                          {"warmup_ratio", number(newest.warmup.ratio.value)},
                          {"warmup_delta_ms", number(newest.warmup.delta_ms.value)}});
        }
      }
    }
  }
  return list;
}

Json shape_table(const Pool& pool) {
  Json list = Json::array();
  for (const std::string& tier : pool.tiers.names()) {
    for (const Scenario& scenario : pool.scenarios_of(tier)) {
      list.push_back({{"tier", tier},
                      {"scenario", scenario.id()},
                      {"prompt_tokens", scenario.prompt_tokens},
                      {"gen_tokens", scenario.gen_tokens},
                      {"batch", scenario.batch},
                      {"decode_fraction", number(pool.decode_fraction(tier, scenario))}});
    }
  }
  return list;
}

Json run_table(const Pool& pool) {
  Json list = Json::array();
  for (const RunEvidence* run : pool.runs) {
    const evidence::Manifest& manifest = run->manifest;
    list.push_back({{"run", manifest.run_id},
                    {"started", manifest.started},
                    {"finished", manifest.finished ? Json(*manifest.finished) : Json(nullptr)},
                    {"state", manifest.state},
                    {"state_reason", manifest.state_reason},
                    {"mode", manifest.mode},
                    {"records", manifest.counts.written},
                    {"manifest_sha256", run->validation.manifest_sha256},
                    {"plan_sha256", manifest.plan_sha256},
                    {"files", manifest.files},
                    {"instrument", manifest.instrument},
                    {"left_out", manifest.matrix.is_object() && manifest.matrix.contains("left_out")
                                     ? manifest.matrix.at("left_out")
                                     : Json(nullptr)}});
  }
  return list;
}

Json environment_table(const Pool& pool) {
  Json json = Json::object();
  for (const auto& [key, value] : pool.runs.back()->manifest.environment) {
    json[key] = {{"value", value.value}, {"reason", value.reason.empty() ? Json(nullptr) : Json(value.reason)}};
  }
  return json;
}

Json accuracy_table(const Pool& pool) {
  Json list = Json::array();
  for (const evidence::Candidate& candidate : pool.candidates) {
    const auto found = pool.accuracy.find(candidate.name);
    if (found == pool.accuracy.end()) {
      list.push_back({{"candidate", candidate.name}, {"status", "missing"}, {"reason", "not_measured"}});
      continue;
    }
    const evidence::Accuracy& accuracy = *found->second;
    list.push_back({{"candidate", candidate.name},
                    {"status", accuracy.status},
                    {"reason", accuracy.reason},
                    {"reference", accuracy.reference},
                    {"perplexity", number(accuracy.perplexity)},
                    {"reference_perplexity", number(accuracy.reference_perplexity)},
                    {"delta_fraction", number(accuracy.delta_fraction)},
                    {"top1_agreement", number(accuracy.top1_agreement)},
                    {"scored_tokens", accuracy.scored_tokens},
                    {"text_sha256", accuracy.text_sha256}});
  }
  return list;
}

// Other load on the machine is one fact about a run, however many cells it touched.
void add_contention(const RunEvidence& run, Json& list) {
  constexpr double kShare = 0.1;
  const analysis::CellAnalysis* worst = nullptr;
  std::size_t touched = 0;
  for (const analysis::CellAnalysis& cell : run.analysis.cells) {
    if (cell.contention_share <= kShare) continue;
    ++touched;
    if (worst == nullptr || cell.contention_share > worst->contention_share) worst = &cell;
  }
  if (worst == nullptr) return;
  list.push_back(
      {{"flag", "contention"},
       {"cell", analysis::cell_key(*worst)},
       {"detail", fmt::format("{} of {} cells had other load beside more than {:.0f} % of their calls; here {:.0f} %",
                              touched, run.analysis.cells.size(), 100 * kShare, 100 * worst->contention_share)},
       {"evidence",
        {{"run", run.manifest.run_id},
         {"file", analysis::kCellsFile},
         {"key", analysis::cell_key(*worst) + "#contention_share"}}}});
}

Json flag_table(const Pool& pool) {
  Json list = Json::array();
  for (const auto& [key, cell] : pool.cells) {
    for (const auto& [run, part] : cell.parts) {
      const Json where = {{"run", run}, {"file", analysis::kCellsFile}, {"key", analysis::cell_key(*part) + "#flags"}};
      const auto add = [&](const char* flag, const std::string& detail) {
        list.push_back({{"flag", flag}, {"cell", analysis::cell_key(*part)}, {"detail", detail}, {"evidence", where}});
      };
      if (part->flags.bimodal) add("bimodal", part->flags.bimodal_detail);
      if (part->flags.first_over_2x) {
        add("first_sample", fmt::format("the first steady call is {:.2g}x the rest", *part->flags.first_ratio));
      }
    }
  }
  for (const RunEvidence* run : pool.runs) add_contention(*run, list);
  for (const evidence::Candidate& candidate : pool.candidates) {
    const auto accuracy = pool.accuracy.find(candidate.name);
    if (accuracy == pool.accuracy.end() || !accuracy->second->delta_fraction) continue;
    const double bound = accuracy_bound(candidate.identity.weight_type, pool.thresholds);
    if (*accuracy->second->delta_fraction >= -bound) continue;
    list.push_back(
        {{"flag", "better_than_reference"},
         {"cell", candidate.name},
         {"detail", fmt::format("perplexity is {:.2f} % below that of fp32, more than the {:g} % that noise of "
                                "this precision explains: score more text",
                                -100 * *accuracy->second->delta_fraction, 100 * bound)},
         {"evidence",
          {{"run", pool.runs.back()->manifest.run_id},
           {"file", "manifest.json"},
           {"key", "accuracy[" + candidate.name + "].delta_fraction"}}}});
  }
  for (const RunEvidence* run : pool.runs) {
    for (const analysis::MeanMedianFlip& flip : run->analysis.flips) {
      const double bound = 1 + pool.thresholds.practical_effect;
      if (flip.median_ratio < bound && flip.mean_ratio < bound) continue;
      const std::string cell = fmt::format("{}/{}", flip.scenario.id(), evidence::to_string(flip.phase));
      list.push_back(
          {{"flag", "mean_median_flip"},
           {"cell", cell},
           {"detail", fmt::format("by median {} is faster, by mean {}", flip.faster_by_median, flip.faster_by_mean)},
           {"evidence", {{"run", run->manifest.run_id}, {"file", analysis::kCellsFile}, {"key", "flips"}}}});
    }
  }
  return list;
}

// Runs that contradict each other, and cells whose medians moved between runs by more than matters.
Json conflict_table(const Pool& pool, const Contests& contests) {
  Json list = Json::array();
  for (const auto& [key, contest] : contests.all()) {
    if (!contest.conflict) continue;
    list.push_back({{"kind", "conflicting_runs"},
                    {"where", fmt::format("{}/{}", contest.scenario.id(), evidence::to_string(contest.phase))},
                    {"detail", contest.conflict_detail}});
  }
  for (const auto& [key, cell] : pool.cells) {
    const analysis::CellAnalysis* lowest = nullptr;
    const analysis::CellAnalysis* highest = nullptr;
    for (const auto& [run, part] : cell.parts) {
      if (!part->ms.value || !part->ms.ci95) continue;
      if (lowest == nullptr || *part->ms.value < *lowest->ms.value) lowest = part;
      if (highest == nullptr || *part->ms.value > *highest->ms.value) highest = part;
    }
    if (lowest == nullptr || lowest == highest) continue;
    const double ratio = *highest->ms.value / *lowest->ms.value;
    if (ratio <= 1 + pool.thresholds.practical_effect || lowest->ms.ci95->high >= highest->ms.ci95->low) continue;
    list.push_back(
        {{"kind", "between_run_shift"},
         {"where", analysis::cell_key(*lowest)},
         {"detail", fmt::format("the medians of two runs differ by {:.3g}x and their intervals do not meet", ratio)}});
  }
  return list;
}

struct GlobalContest {
  std::string a;
  std::string b;
  analysis::Comparison comparison;
};

core::Result<analysis::Comparison> compare_workload(const Pool& pool, const std::string& a, const std::string& b,
                                                    const std::vector<Weight>& weights) {
  std::vector<analysis::ScenarioPairs> blocks;
  for (const Weight& weight : weights) {
    const PooledCell* cell_a = pool.find(a, weight.scenario, Phase::e2e);
    const PooledCell* cell_b = pool.find(b, weight.scenario, Phase::e2e);
    std::map<std::pair<std::string, int>, analysis::RoundPair> rounds;
    if (cell_a != nullptr && cell_b != nullptr) {
      for (const analysis::SessionValue& session : cell_a->sessions)
        rounds[{session.run, session.round}].a = session.ms;
      for (const analysis::SessionValue& session : cell_b->sessions)
        rounds[{session.run, session.round}].b = session.ms;
    }
    analysis::ScenarioPairs block{weight.scenario.id(), {}, weight.share};
    for (const auto& [key, pair] : rounds) {
      if (pair.a <= 0 || pair.b <= 0) continue;
      // The same number in every scenario: a round is the block over scenarios too.
      std::int64_t run_index = 0;
      while (pool.runs[static_cast<std::size_t>(run_index)]->manifest.run_id != key.first) ++run_index;
      block.pairs.push_back({run_index * 1'000'000 + key.second, pair.a, pair.b});
    }
    blocks.push_back(std::move(block));
  }
  return analysis::compare_blocked(blocks, {static_cast<std::size_t>(std::max(pool.thresholds.min_sessions, 2))});
}

// Who beats all others of the tier; the margin is that against the closest.
Json global_of_tier(const std::string& tier, const std::vector<std::string>& names,
                    const std::vector<GlobalContest>& contests, const evidence::Thresholds& thresholds) {
  std::vector<analysis::Comparison> family;
  for (const GlobalContest& contest : contests) family.push_back(contest.comparison);
  const auto adjusted = analysis::adjust_family(family);
  Json json = {{"tier", tier}, {"winner", nullptr}, {"reason", "tie"}, {"objective", "e2e_ms"}};
  for (const std::string& name : names) {
    bool wins_all = names.size() > 1;
    Json closest = nullptr;
    double smallest = 0;
    for (std::size_t i = 0; i < contests.size() && wins_all; ++i) {
      const GlobalContest& contest = contests[i];
      if (contest.a != name && contest.b != name) continue;
      const auto verdict = analysis::verdict(contest.comparison, adjusted[i], analysis::Better::lower,
                                             {thresholds.alpha, thresholds.practical_effect});
      const bool first = contest.a == name;
      wins_all = verdict.outcome == (first ? analysis::Outcome::winner_a : analysis::Outcome::winner_b);
      if (!wins_all) break;
      const double ratio = first ? 1 / *contest.comparison.ratio : *contest.comparison.ratio;
      if (closest.is_null() || ratio < smallest) {
        smallest = ratio;
        closest = {{"ratio", ratio}, {"p_adjusted", number(adjusted[i])}, {"against", first ? contest.b : contest.a}};
      }
    }
    if (!wins_all) continue;
    json["winner"] = name;
    json["reason"] = nullptr;
    json.update(closest);
  }
  if (names.size() < 2) json["reason"] = "no_comparison";
  return json;
}

}  // namespace

core::Json tables_of(const Pool& pool, const Contests& contests,
                     const std::map<std::string, DefaultSafe>& default_safe) {
  Json tiers = Json::array();
  for (const std::string& tier : pool.tiers.names()) {
    const DefaultSafe& safe = default_safe.at(tier);
    tiers.push_back({{"tier", tier}, {"default_safe", safe.candidate}, {"reason", safe.reason}});
  }
  Json absent = Json::array();
  for (const Absent& one : pool.absent) {
    absent.push_back({{"candidate", one.candidate}, {"reason", one.reason}, {"calls", one.calls}});
  }
  const auto seconds = pool.seconds_per_round();
  return {{"runs", run_table(pool)},
          {"environment", environment_table(pool)},
          {"cells", cell_table(pool)},
          {"shapes", shape_table(pool)},
          {"accuracy", accuracy_table(pool)},
          {"flags", flag_table(pool)},
          {"conflicts", conflict_table(pool, contests)},
          {"tiers", std::move(tiers)},
          {"absent", std::move(absent)},
          {"family",
           {{"size", contests.family()},
            {"method", "Holm"},
            {"alpha", core::finite_or_null(pool.thresholds.alpha)},
            {"of",
             "all pairs of candidates that pass the gates of a candidate alone, at every measured shape, in the "
             "objective of each class that the shape bounds"}}},
          {"seconds_per_round", number(seconds)},
          {"energy", {{"status", "no_data"}, {"reason", "no power source was sampled in these runs"}}}};
}

core::Result<core::Json> global_winners(const Pool& pool, const std::map<std::string, std::vector<std::string>>& fit,
                                        const std::vector<Weight>& weights) {
  Json list = Json::array();
  if (weights.empty()) return list;
  Json declared = Json::array();
  for (const Weight& weight : weights) {
    declared.push_back({{"scenario", weight.scenario.id()}, {"share", core::finite_or_null(weight.share)}});
  }
  for (const auto& [tier, names] : fit) {
    std::vector<GlobalContest> contests;
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (std::size_t j = i + 1; j < names.size(); ++j) {
        PHASEGATE_TRY(comparison, compare_workload(pool, names[i], names[j], weights));
        contests.push_back({names[i], names[j], comparison});
      }
    }
    Json json = global_of_tier(tier, names, contests, pool.thresholds);
    json["weights"] = declared;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace phasegate::policy
