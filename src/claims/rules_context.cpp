// What surrounds the figures: cold and warm, sessions, what ran and on what, money, energy, quality.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/percentile.h"
#include "claims/rules.h"

namespace phasegate::claims {
namespace {

using readers::Format;

constexpr std::int64_t kMinCold = 10;  // fresh starts before one of them is a figure (requirement 28)
constexpr std::size_t kMinSizes = 3;   // model sizes before a law of size is a question

bool foreign(const Inputs& in) { return in.source.format >= Format::aiperf; }

void judge_cold(const Inputs& in, std::vector<Claim>& out) {
  const std::string words = "cold start";
  const auto cold = in.samples.cold;
  if (cold >= kMinCold) {
    out.push_back(supported(Group::regime, "regime.cold", words, plural(cold, "cold row")));
  } else if (cold > 0) {
    out.push_back(refused(Verdict::not_supported, Group::regime, "regime.cold", words,
                          fmt::format("n_below_{}", kMinCold), plural(cold, "cold row"),
                          fmt::format("at least {} fresh starts", kMinCold)));
  } else {
    out.push_back(refused(Verdict::no_data, Group::regime, "regime.cold", words, "no_cold_split",
                          "no row is marked as cold", "fresh processes, with their first request apart"));
  }
  out.back().evidence.n = cold;
}

// The largest first sample of a cell against the median of its rest.
std::optional<double> first_ratio(const Inputs& in) {
  std::optional<double> worst;
  for (const auto& cell : in.samples.cells) {
    const auto& values = cell.ttft_ms.size() > 2 ? cell.ttft_ms : cell.latency_ms;
    if (values.size() < 3) continue;
    const double rest = analysis::median(std::span(values).subspan(1));
    if (rest > 0) worst = std::max(worst.value_or(0), values.front() / rest);
  }
  return worst;
}

void judge_steady(const Inputs& in, std::vector<Claim>& out) {
  const std::string words = "the figures are those of a warm system";
  const auto& samples = in.samples;
  const bool apart = samples.warmup > 0 || samples.warmup_lists > 0 ||
                     in.source.facts.warmup_labelled.value_or(false) || (samples.steady > 0 && samples.unlabelled == 0);
  const auto ratio = first_ratio(in);
  const std::string first =
      ratio ? fmt::format("; the first sample is {}x the median of the rest", figure(*ratio)) : "";
  if (!apart) {
    out.push_back(refused(Verdict::not_supported, Group::regime, "regime.steady", words, "warmup_not_labelled",
                          "nothing tells warm-up from measurement" + first,
                          "warm-up rows that are marked or left out"));
  } else if (ratio && *ratio > 2) {
    out.push_back(refused(Verdict::not_supported, Group::regime, "regime.steady", words, "first_sample_cold",
                          "warm-up is told apart" + first, "warm up until the times converge"));
  } else {
    out.push_back(supported(Group::regime, "regime.steady", words, "warm-up is told apart" + first));
  }
}

std::size_t candidates(const Inputs& in) {
  std::set<std::string> names;
  for (const auto& cell : in.samples.cells) names.insert(cell.backend + '\n' + cell.model + '\n' + cell.precision);
  return names.size();
}

void judge_comparison(const Inputs& in, std::vector<Claim>& out) {
  const auto sessions = in.source.facts.sessions;
  const auto least = in.thresholds.min_sessions;
  const auto needs = fmt::format("at least {} fresh processes of each, in random order", least);
  const std::string repeat = "it would come out the same again";
  if (!sessions) {
    out.push_back(refused(Verdict::no_data, Group::comparison, "comparison.repeat", repeat, "sessions_unknown",
                          "the file does not say how many processes are behind it", needs));
  } else if (*sessions < least) {
    out.push_back(refused(Verdict::not_supported, Group::comparison, "comparison.repeat", repeat, "few_sessions",
                          fmt::format("{}: differences between runs are invisible", plural(*sessions, "session")),
                          fmt::format("at least {} runs", least)));
  } else {
    out.push_back(supported(Group::comparison, "comparison.repeat", repeat, plural(*sessions, "session")));
  }
  out.back().evidence.n = sessions.value_or(0);

  const std::string winner = "one stack is faster than another";
  const auto n = candidates(in);
  if (n < 2) {
    out.push_back(refused(Verdict::no_data, Group::comparison, "comparison.winner", winner, "one_candidate",
                          "one stack is in the file", "both in one experiment, interleaved"));
  } else if (sessions.value_or(0) < least) {
    out.push_back(refused(
        Verdict::not_supported, Group::comparison, "comparison.winner", winner, "few_sessions",
        fmt::format("{} stacks, {}", n, sessions ? plural(*sessions, "session") : "sessions not stated"), needs));
  } else if (!in.source.facts.order_randomised.value_or(false)) {
    out.push_back(refused(Verdict::not_supported, Group::comparison, "comparison.winner", winner, "fixed_order",
                          "measured in a fixed order: drift and heat are part of the difference", needs));
  } else {
    out.push_back(supported(Group::comparison, "comparison.winner", winner,
                            "sessions in random order; `phasegate analyze` tests it"));
  }
}

void judge_what_ran(const Inputs& in, std::vector<Claim>& out) {
  std::set<std::string> labels;
  for (const auto& cell : in.samples.cells) {
    for (const auto* label : {&cell.backend, &cell.precision}) {
      if (!label->empty() && labels.size() < 4) labels.insert("\"" + *label + "\"");
    }
  }
  const std::string words = "which back end, precision and compile state ran";
  if (labels.empty()) {
    out.push_back(refused(Verdict::no_data, Group::identity, "identity.backend", words, "not_stated",
                          "no back end is named", "what the runtime says that it ran"));
  } else {
    out.push_back(refused(
        Verdict::not_supported, Group::identity, "identity.backend", words, "label_only",
        fmt::format("{} {} a name that somebody gave", fmt::join(labels, ", "), labels.size() == 1 ? "is" : "are each"),
        "what the runtime says that it ran, per phase"));
  }
  const auto& model = in.source.facts.model_identity;
  const std::string same = "which weights were measured";
  const bool hash = model && model->size() == 64 && model->find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!model) {
    out.push_back(refused(Verdict::no_data, Group::identity, "identity.model", same, "no_model_hash",
                          "a served name is no identity", "a hash of the weights"));
  } else if (!hash) {
    out.push_back(refused(Verdict::not_supported, Group::identity, "identity.model", same, "file_name_only",
                          fmt::format("named \"{}\"", *model), "a hash of the weights"));
  } else {
    out.push_back(supported(Group::identity, "identity.model", same, model->substr(0, 12)));
  }
}

void judge_environment(const Inputs& in, std::vector<Claim>& out) {
  std::vector<std::string> missing;
  const auto& environment = in.source.environment;
  const auto has = [&](const char* key) {
    const auto found = environment.find(key);
    return found != environment.end() && !found->second.value.is_null();
  };
  if (in.source.tool_version.empty()) missing.emplace_back("tool version");
  if (!in.source.facts.hardware && !has("gpu") && !has("cpu_model")) missing.emplace_back("hardware");
  for (const auto& [key, words] : {std::pair("driver", "driver"), std::pair("cpu_governor", "CPU governor"),
                                   std::pair("power_limit", "power limit")}) {
    if (!has(key)) missing.emplace_back(words);
  }
  if (!in.source.facts.model_identity) missing.emplace_back("model hash");
  if (!in.source.facts.seed) missing.emplace_back("seed");
  const std::string words = "somebody else can repeat it";
  if (missing.empty()) {
    out.push_back(supported(Group::identity, "identity.environment", words));
  } else {
    out.push_back(refused(Verdict::not_supported, Group::identity, "identity.environment", words,
                          "environment_incomplete", fmt::format("not stated: {}", fmt::join(missing, ", ")),
                          "these values in the result"));
  }
}

void judge_energy(const Inputs& in, std::vector<Claim>& out) {
  const std::string words = "energy and carbon for each request or token";
  const auto rows = in.samples.with_power;
  if (rows == 0) {
    out.push_back(refused(Verdict::no_data, Group::economics, "energy", words, "not_measured", "no power was recorded",
                          "power samples around each phase, with their instants"));
    return;
  }
  // The count alone is the rule that reports publish; ours needs distinct updates, which an aggregate cannot show.
  out.push_back(
      refused(Verdict::no_data, Group::economics, "energy", words, "updates_unknown",
              fmt::format("means of power alone: by the published rule (2 samples) {} of {} rows have none, by "
                          "distinct updates of the sensor nothing is known",
                          in.samples.power_below_two, rows),
              "the samples themselves, with their instants"));
  out.back().evidence.n = rows;
}

void judge_money(const Inputs& in, std::vector<Claim>& out) {
  const bool hardware = in.source.facts.hardware.has_value();
  out.push_back(
      refused(Verdict::no_data, Group::economics, "cost", "cost for a million tokens", "no_price",
              hardware ? "no price for this hardware is in the file" : "neither hardware nor price is in the file",
              hardware ? "`phasegate price` with a price of this very hardware" : "the hardware, and its price"));
  const auto sizes = in.samples.parameters.size();
  const std::string words = "other model sizes or other hardware";
  if (sizes >= kMinSizes) {
    out.push_back(refused(Verdict::not_supported, Group::economics, "scaling", words, "fit_not_tested",
                          fmt::format("{} sizes: a fit has to be identifiable first", sizes), "`phasegate analyze`"));
  } else {
    out.push_back(refused(Verdict::not_supported, Group::economics, "scaling", words, "one_size",
                          sizes <= 1 ? "one model on one machine" : fmt::format("{} model sizes", sizes),
                          "at least 3 sizes, and no claim beyond them"));
  }
}

}  // namespace

void judge_context(const Inputs& in, std::vector<Claim>& out) {
  judge_cold(in, out);
  judge_steady(in, out);
  judge_comparison(in, out);
  judge_what_ran(in, out);
  judge_environment(in, out);
  judge_energy(in, out);
  judge_money(in, out);
  out.push_back(refused(Verdict::no_data, Group::quality, "quality", "quality of the answers", "not_measured",
                        foreign(in) ? "answers were timed, not judged" : "speed says nothing about quality",
                        "an evaluation beside it"));
}

}  // namespace phasegate::claims
