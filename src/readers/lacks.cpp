#include "readers/lacks.h"

#include <fmt/format.h>

#include <algorithm>

namespace phasegate::readers {

std::vector<Lack> lacks_of(const Source& source) {
  std::vector<Lack> lacks;
  const auto need = [&](bool stated, const char* fact, const char* meaning) {
    if (!stated) lacks.push_back({fact, meaning});
  };
  const Facts& facts = source.facts;
  need(facts.rows_expected.has_value(), "rows_expected", "how many rows there should be");
  need(facts.sessions.has_value(), "sessions", "how many fresh processes stand behind the rows");
  need(facts.order_randomised.has_value(), "order_randomised", "whether the order was randomised");
  need(facts.warmup_labelled.has_value(), "warmup_labelled", "which rows are warm-up");
  need(facts.seed.has_value(), "seed", "the seed of the order and the prompts");
  need(facts.arrival.has_value(), "arrival", "how requests arrived");
  need(facts.request_rate.has_value(), "request_rate", "requests a second");
  need(facts.concurrency.has_value(), "concurrency", "requests at a time");
  need(facts.intended_times.has_value(), "intended_times", "when each request should have been sent");
  need(facts.tokens_counted_by.has_value(), "tokens_counted_by", "who counted the tokens");
  need(facts.ttft_measured.has_value(), "ttft_measured", "whether a first token was timed");
  need(facts.duration_s.has_value(), "duration_s", "how long the run took");
  need(facts.failed.has_value(), "failed", "how many requests failed");
  need(facts.hardware.has_value(), "hardware", "on which hardware it ran");
  need(facts.model_identity.has_value(), "model_identity", "which weights: a hash or a file");
  const auto absent = std::count_if(source.environment.begin(), source.environment.end(),
                                    [](const auto& entry) { return entry.second.value.is_null(); });
  if (absent > 0) {
    lacks.push_back({"environment", fmt::format("{} of {} values of the machine and its software", absent,
                                                source.environment.size())});
  }
  return lacks;
}

}  // namespace phasegate::readers
