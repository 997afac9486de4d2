// Numbers and ranges as people read them; the same in both renderings.
#pragma once

#include <string>
#include <vector>

#include "evidence/policy.h"
#include "report/text.h"

namespace phasegate::policy {

using report::figure_text;
[[nodiscard]] std::string range_text(evidence::Range range);     // "64" or "64–512"
[[nodiscard]] std::string bucket_text(evidence::Bucket bucket);  // "prompt 64–512, gen 64, batch 1"
// Buckets of one answer, joined where they touch, at most `most` of them in words.
[[nodiscard]] std::string buckets_text(std::vector<evidence::Bucket> buckets, std::size_t most);
[[nodiscard]] std::string day_of(const std::string& stamp);  // "2026-01-10"

}  // namespace phasegate::policy
