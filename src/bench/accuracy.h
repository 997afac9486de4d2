// S0: is a candidate still the model? Teacher-forced perplexity and top-1 agreement on the hashed text, and greedy
// tokens, each against the same weights in fp32. Measured once a run, in a session process of its own for each
// candidate and for the reference. What is missing counts as failed in policy, so it is written down as missing, with
// the reason.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/campaign.h"
#include "evidence/manifest.h"

namespace phasegate::bench {

// What one session answered.
struct AccuracyMeasurement {
  std::optional<ScoreAnswer> score;
  std::optional<GreedyAnswer> greedy;
  std::string weight_type;  // from attribution
  std::string failure;      // why something is null
};

// Pure: the verdict by the thresholds of the candidate's weight type.
struct AccuracyInputs {
  std::string candidate_name;
  std::string reference_name;  // empty: there is none
  std::string text_sha256;
};
[[nodiscard]] evidence::Accuracy judge_accuracy(const AccuracyInputs& inputs, const AccuracyMeasurement& candidate,
                                                const std::optional<AccuracyMeasurement>& reference,
                                                const evidence::Thresholds& thresholds);

// Growth of perplexity that the thresholds allow; null for a weight type that they do not know.
[[nodiscard]] std::optional<double> allowed_growth(const std::string& weight_type,
                                                   const evidence::Thresholds& thresholds);

// One for each candidate of the matrix; nullopt when the user stopped it. Empty when the matrix asks for none.
[[nodiscard]] std::optional<std::vector<evidence::Accuracy>> measure_accuracy(
    const Campaign& campaign, const std::function<void(const std::string&)>& on_candidate);

}  // namespace phasegate::bench
