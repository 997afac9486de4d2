// `check`: which claims a benchmark result carries, judged from the source and its rows alone. No model, no GPU, no
// store, no run of ours. Pure; one owner, one thread.
//
//   Examination examination(thresholds);
//   auto source = readers::read(run, [&](auto& row) { examination.add(row); return core::Status{}; });
//   Report report = std::move(examination).report(*source);
#pragma once

#include <string>
#include <vector>

#include "claims/claim.h"
#include "claims/samples.h"
#include "evidence/thresholds.h"
#include "readers/source.h"

namespace phasegate::claims {

class Examination {
 public:
  explicit Examination(const evidence::Thresholds& thresholds)
      : thresholds_(thresholds), collector_(thresholds.max_plausible_tok_s) {}

  void add(const evidence::Observation& row) { collector_.add(row); }
  // `source` is what read() returned for the rows that were added.
  [[nodiscard]] Report report(const readers::Source& source) const;

 private:
  evidence::Thresholds thresholds_;
  Collector collector_;
};

// The claims that the source's own statements forbid, whatever its rows say: what `import` prints.
[[nodiscard]] std::vector<Claim> forbidden_by(const readers::Source& source, const evidence::Thresholds& thresholds);

// The report as people read it: a header, what may be claimed, what may not and why. Plain text of at most `width`
// columns, or with ANSI colours.
[[nodiscard]] std::string to_text(const Report& report, bool color, int width);

}  // namespace phasegate::claims
