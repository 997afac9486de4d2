// The rules of `check`, a file for each subject. Each looks at what the source states, publishes and holds, and appends
// claims; none reads a file, and none knows another. Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "claims/claim.h"
#include "claims/published.h"
#include "claims/samples.h"
#include "evidence/thresholds.h"
#include "readers/source.h"

namespace phasegate::claims {

struct Inputs {
  const readers::Source& source;
  const Samples& samples;
  const evidence::Thresholds& thresholds;
  std::vector<Published> published;
  std::vector<Totals> totals;
};

// A claim that nothing was said against yet.
[[nodiscard]] Claim supported(Group group, std::string id, std::string words, std::string because = {});
[[nodiscard]] Claim refused(Verdict verdict, Group group, std::string id, std::string words, std::string reason,
                            std::string because, std::string needs);

void judge_statistics(const Inputs& in, std::vector<Claim>& out);   // percentiles, means
void judge_latency(const Inputs& in, std::vector<Claim>& out);      // first token, gaps, arrivals
void judge_load(const Inputs& in, std::vector<Claim>& out);         // rates, failures, tokens
void judge_context(const Inputs& in, std::vector<Claim>& out);      // regimes, sessions, identity, economics, quality
void judge_consistency(const Inputs& in, std::vector<Claim>& out);  // contradictions inside the file

// "3.2", "152", "0.014": three significant digits, as people read them.
[[nodiscard]] std::string figure(double value);
[[nodiscard]] std::string plural(std::int64_t n, std::string_view word);  // "1 request", "40 requests"
// What this source calls one sample: "request", or "test" and "repetition" for an offline runner.
[[nodiscard]] std::string_view sample_word(const Inputs& in);
// How this tool is told to keep single requests.
[[nodiscard]] std::string rows_hint(readers::Format format);

}  // namespace phasegate::claims
