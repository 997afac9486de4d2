#include "control/propose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "control/mix.h"
#include "control/words.h"

namespace phasegate::control {
namespace {

using core::Json;

// For a POSIX shell: as it is when nothing in it is special, else in single quotes.
std::string quoted(const std::string& word) {
  static constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./=:,@+%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

bool one_of(const std::string& word, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

std::string newest_mode(const evidence::Policy& policy) {
  const Json runs = policy.tables.is_object() ? policy.tables.value("runs", Json()) : Json();
  if (!runs.is_array() || runs.empty() || !runs.back().is_object()) return {};
  const Json mode = runs.back().value("mode", Json());
  return mode.is_string() ? mode.get<std::string>() : std::string();
}

// When the run that made the policy is in another store.
Proposal measure_unknown(const evidence::Policy& policy, const Origin& origin) {
  Proposal proposal;
  const std::string mode = newest_mode(policy);
  if (mode != "quick" && mode != "full") {
    proposal.commands.push_back("phasegate run MATRIX");
    proposal.note = "MATRIX: the matrix file of the run; its manifest is in the store that the policy came from";
    return proposal;
  }
  std::string models;
  for (const std::string& file : origin.changed_models) models += " --model " + quoted(file);
  if (models.empty()) {
    models = " --model MODEL";
    std::set<std::string> names;
    for (const auto& candidate : policy.candidates) names.insert(candidate.model_name);
    proposal.note = fmt::format("MODEL: the .gguf file that {} was forged from", fmt::join(names, " and "));
  }
  proposal.commands.push_back(fmt::format("phasegate run --{}{}", mode, models));
  return proposal;
}

Proposal measure(const evidence::Policy& policy, const std::string& policy_id, const Origin& origin) {
  Proposal proposal;
  if (const auto command = command_of(origin.argv, origin.changed_models)) {
    proposal.commands.push_back(*command);
  } else {
    proposal = measure_unknown(policy, origin);
  }
  proposal.commands.push_back("phasegate diff approved last");
  proposal.commands.push_back(
      fmt::format("phasegate approve last --against {} --by NAME --why TEXT", short_id(policy_id)));
  return proposal;
}

void append_note(Proposal& proposal, std::string text) {
  if (!proposal.note.empty()) proposal.note += "; ";
  proposal.note += text;
}

// Weights and prices change no measurement: the same runs are decided on again.
Proposal decide_again(const evidence::Policy& policy, const std::string& policy_id, const Origin& origin,
                      bool price_is_wrong) {
  Proposal proposal;
  const std::vector<std::string>& runs = origin.runs.empty() ? policy.runs : origin.runs;
  std::string command = "phasegate decide";
  for (const std::string& run : runs) command += " " + quoted(run);
  const bool priced = policy.economics.is_object() && policy.economics.value("pricing", Json()).is_object();
  if (price_is_wrong || priced) {
    command += " --pricing " + (origin.pricing.empty() ? std::string("PRICES") : quoted(origin.pricing));
    if (origin.pricing.empty() || price_is_wrong) append_note(proposal, "the pricing file has to hold today's price");
  }
  if (!origin.mix.empty()) {
    command += " --mix " + quoted(origin.mix);
  } else if (!declared_weights(policy).empty()) {
    append_note(proposal, "add --mix with the declared mix, else the new policy has no weights");
  }
  if (origin.runs.size() < policy.runs.size()) append_note(proposal, "a run of the policy is not in this store");
  proposal.commands = {command, "phasegate diff approved last",
                       fmt::format("phasegate approve last --against {} --by NAME --why TEXT", short_id(policy_id))};
  return proposal;
}

Proposal proposal_for(Trigger trigger, const evidence::Policy& policy, const std::string& policy_id,
                      const Origin& origin) {
  if (trigger == Trigger::mix) {
    Proposal proposal = decide_again(policy, policy_id, origin, false);
    append_note(proposal, policy.scope == "engine"
                              ? "S3 (service under load) is no part of this policy's evidence: its scope is engine"
                              : "S3 has to be measured under the new load as well");
    append_note(proposal, "shapes outside of every bucket need a matrix that measures them: phasegate run MATRIX");
    return proposal;
  }
  if (trigger == Trigger::prices) return decide_again(policy, policy_id, origin, true);
  return measure(policy, policy_id, origin);
}

}  // namespace

std::optional<std::string> command_of(const std::vector<std::string>& argv, const std::vector<std::string>& models) {
  std::string command = "phasegate";
  bool is_run = false;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i];
    if (word == "--resume" || word.starts_with("--resume=")) return std::nullopt;
    if (one_of(word, {"--store", "--html"})) {
      ++i;
      continue;
    }
    if (word.starts_with("--store=") || word.starts_with("--html=") || one_of(word, {"--json", "--verbose", "-v"}))
      continue;
    if (!models.empty() && one_of(word, {"--model", "-m"})) {
      ++i;
      continue;
    }
    if (!models.empty() && word.starts_with("--model=")) continue;
    is_run = is_run || word == "run";
    command += " " + quoted(word);
  }
  if (!is_run) return std::nullopt;
  for (const std::string& model : models) command += " --model " + quoted(model);
  return command;
}

std::vector<Proposal> propose(const evidence::Policy& policy, const std::string& policy_id,
                              const std::vector<Drift>& drifts, const Origin& origin) {
  static constexpr std::array<std::string_view, 5> kLargestFirst = {"S0-S3", "S1-S3", "S0 and every energy value",
                                                                    "S3 and the weights", "pricing alone"};
  std::vector<Proposal> proposals;
  for (const std::string_view part : kLargestFirst) {
    std::vector<Trigger> triggers;
    for (const Drift& drift : drifts) {
      const bool known = std::find(triggers.begin(), triggers.end(), drift.trigger) != triggers.end();
      if (rerun_of(drift.trigger) == part && !known) triggers.push_back(drift.trigger);
    }
    if (triggers.empty()) continue;
    Proposal proposal = proposal_for(triggers.front(), policy, policy_id, origin);
    proposal.triggers = std::move(triggers);
    proposal.rerun = part;
    proposals.push_back(std::move(proposal));
  }
  return proposals;
}

}  // namespace phasegate::control
