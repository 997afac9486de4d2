#include "bench/accuracy.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace phasegate::bench {

using evidence::Accuracy;
using evidence::Thresholds;

namespace {

constexpr int kGreedyPrompt = 32;

std::optional<double> perplexity(const AccuracyMeasurement& measured) {
  if (!measured.score || measured.score->nll.empty()) return std::nullopt;
  const auto& nll = measured.score->nll;
  const double mean = std::accumulate(nll.begin(), nll.end(), 0.0) / static_cast<double>(nll.size());
  const double value = std::exp(mean);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<double> agreement(const ScoreAnswer& candidate, const ScoreAnswer& reference) {
  if (candidate.best.empty() || candidate.best.size() != reference.best.size()) return std::nullopt;
  std::size_t equal = 0;
  for (std::size_t i = 0; i < candidate.best.size(); ++i) equal += candidate.best[i] == reference.best[i] ? 1U : 0U;
  return static_cast<double>(equal) / static_cast<double>(candidate.best.size());
}

bool is_f32(const std::string& weight_type) { return weight_type == "f32" || weight_type == "float32"; }

void compare_greedy(Accuracy& accuracy, const GreedyAnswer& candidate, const GreedyAnswer& reference) {
  const std::size_t length = std::min(candidate.tokens.size(), reference.tokens.size());
  std::size_t equal = 0;
  while (equal < length && candidate.tokens[equal] == reference.tokens[equal]) ++equal;
  accuracy.greedy_equal_tokens = static_cast<int>(equal);
  if (equal < length && equal < reference.gaps.size()) accuracy.gap_at_divergence = reference.gaps[equal];
}

void set(Accuracy& accuracy, const char* status, std::string reason) {
  accuracy.status = status;
  accuracy.reason = std::move(reason);
}

void decide(Accuracy& accuracy, const std::string& weight_type, const Thresholds& thresholds) {
  const auto allowed = allowed_growth(weight_type, thresholds);
  if (!allowed) return set(accuracy, "missing", fmt::format("no threshold for the weight type \"{}\"", weight_type));
  if (*accuracy.delta_fraction > *allowed) {
    return set(accuracy, "fail",
               fmt::format("perplexity is {:.3f} % above the reference, {:.3f} % are allowed for {}",
                           *accuracy.delta_fraction * 100, *allowed * 100, weight_type));
  }
  if (*accuracy.top1_agreement < thresholds.min_top1_agreement) {
    return set(accuracy, "fail",
               fmt::format("the best token agrees with the reference in {:.1f} % of places, {:.1f} % are needed",
                           *accuracy.top1_agreement * 100, thresholds.min_top1_agreement * 100));
  }
  if (is_f32(weight_type) && accuracy.gap_at_divergence && *accuracy.gap_at_divergence >= thresholds.greedy_gap) {
    return set(accuracy, "fail",
               fmt::format("greedy tokens part after {} where the reference's two best logits are {:.2g} apart",
                           *accuracy.greedy_equal_tokens, *accuracy.gap_at_divergence));
  }
  // Better than fp32 beyond the tolerance is no failure, but it is no luck either: say it.
  set(accuracy, "pass",
      *accuracy.delta_fraction < -*allowed
          ? fmt::format("perplexity is {:.3f} % below the reference", -*accuracy.delta_fraction * 100)
          : "");
}

engines::Placement placement_for(const Campaign& campaign, const CandidateSpec& spec) {
  const AccuracySpec& accuracy = campaign.plan.matrix.accuracy;
  engines::Placement placement;
  placement.device = spec.device;
  placement.threads = spec.threads;
  placement.compile = spec.compile ? engines::CompileMode::on : engines::CompileMode::off;
  placement.max_context = std::max(accuracy.tokens, kGreedyPrompt + accuracy.greedy_tokens) + 1;
  placement.max_batch = 1;
  return placement;
}

// nullopt: stopped by the user.
std::optional<AccuracyMeasurement> measure(const Campaign& campaign, const CandidateSpec& spec) {
  const AccuracySpec& accuracy = campaign.plan.matrix.accuracy;
  const double timeout_s = campaign.plan.matrix.timeouts.load_s;
  AccuracyMeasurement measured;
  Started started = start_and_load(campaign, spec, placement_for(campaign, spec));
  if (started.stopped) return std::nullopt;
  if (!started.link) {
    measured.failure = started.outcome.text;
    return measured;
  }
  const int vocab = started.loaded.facts.n_vocab;
  bool stopped = false;
  const auto content = [&](const core::Json& command) -> std::optional<core::Json> {
    if (stopped || !measured.failure.empty()) return std::nullopt;
    Asked asked = ask(campaign, *started.link, command, timeout_s);
    stopped = asked.stopped;
    if (!asked.content) measured.failure = asked.outcome.text;
    return asked.content;
  };
  const auto keep = [&](auto& place, auto result) {
    if (result) {
      place = std::move(*result);
    } else {
      measured.failure = result.error().message();
    }
  };
  if (const auto json = content(attribution_command(timeout_s))) {
    engines::Attribution attribution;
    keep(attribution, attribution_from(*json));
    measured.weight_type = attribution.weight_type;
  }
  if (const auto json = content(score_command(campaign.prompts.head(accuracy.tokens, vocab), timeout_s))) {
    keep(measured.score, score_answer_from(*json));
  }
  if (const auto json =
          content(greedy_command(campaign.prompts.head(kGreedyPrompt, vocab), accuracy.greedy_tokens, timeout_s))) {
    keep(measured.greedy, greedy_answer_from(*json));
  }
  if (stopped) return std::nullopt;
  return measured;
}

}  // namespace

std::optional<double> allowed_growth(const std::string& weight_type, const Thresholds& thresholds) {
  const auto starts = [&](std::string_view prefix) { return weight_type.starts_with(prefix); };
  if (is_f32(weight_type)) return thresholds.accuracy_f32;
  if (starts("f16") || starts("bf16") || starts("float16")) return thresholds.accuracy_f16;
  if (starts("q8") || starts("int8") || starts("uint8")) return thresholds.accuracy_int8;
  if (starts("q") || starts("iq") || starts("int4") || starts("uint4")) return thresholds.accuracy_int4;
  return std::nullopt;
}

Accuracy judge_accuracy(const AccuracyInputs& inputs, const AccuracyMeasurement& candidate,
                        const std::optional<AccuracyMeasurement>& reference, const Thresholds& thresholds) {
  Accuracy accuracy;
  accuracy.candidate_name = inputs.candidate_name;
  accuracy.reference = inputs.reference_name;
  accuracy.text_sha256 = inputs.text_sha256;
  accuracy.perplexity = perplexity(candidate);
  if (candidate.score) accuracy.scored_tokens = static_cast<std::int64_t>(candidate.score->nll.size());
  if (!reference) {
    set(accuracy, "missing", "the matrix names no reference");
    return accuracy;
  }
  accuracy.reference_perplexity = perplexity(*reference);
  if (candidate.greedy && reference->greedy) compare_greedy(accuracy, *candidate.greedy, *reference->greedy);
  if (candidate.score && reference->score) accuracy.top1_agreement = agreement(*candidate.score, *reference->score);
  if (accuracy.perplexity && accuracy.reference_perplexity) {
    accuracy.delta_fraction = *accuracy.perplexity / *accuracy.reference_perplexity - 1;
  }
  if (!accuracy.delta_fraction || !accuracy.top1_agreement || !accuracy.greedy_equal_tokens) {
    const std::string& why = candidate.failure.empty() ? reference->failure : candidate.failure;
    set(accuracy, "missing", why.empty() ? "a perplexity is not finite, or the vocabularies differ" : why);
    return accuracy;
  }
  decide(accuracy, candidate.weight_type, thresholds);
  return accuracy;
}

std::optional<std::vector<Accuracy>> measure_accuracy(const Campaign& campaign,
                                                      const std::function<void(const std::string&)>& on_candidate) {
  const Matrix& matrix = campaign.plan.matrix;
  std::vector<Accuracy> results;
  if (matrix.accuracy.tokens < 2) return results;
  std::optional<AccuracyMeasurement> reference;
  std::string reference_name;
  if (matrix.accuracy.reference) {
    reference_name = matrix.accuracy.reference->label;
    on_candidate(reference_name);
    reference = measure(campaign, *matrix.accuracy.reference);
    if (!reference) return std::nullopt;
  }
  for (const CandidateSpec& spec : matrix.candidates) {
    on_candidate(spec.label);
    const auto measured = measure(campaign, spec);
    if (!measured) return std::nullopt;
    results.push_back(judge_accuracy({spec.label, reference_name, campaign.prompts.source_hash()}, *measured, reference,
                                     campaign.options.thresholds));
  }
  return results;
}

}  // namespace phasegate::bench
