// How change control writes ids, ranges and changes. Internal.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>

#include "core/json.h"
#include "evidence/policy.h"

namespace phasegate::control {

[[nodiscard]] inline std::string short_id(const std::string& id) { return id.substr(0, 12); }

[[nodiscard]] inline std::string range_text(evidence::Range range) {
  return range.low == range.high ? fmt::format("{}", range.low) : fmt::format("{}-{}", range.low, range.high);
}

[[nodiscard]] inline std::string bucket_text(const evidence::Bucket& bucket) {
  return fmt::format("prompt {} gen {} batch {}", range_text(bucket.prompt), range_text(bucket.gen),
                     range_text(bucket.batch));
}

[[nodiscard]] inline core::Json or_null(const std::string& text) {
  return text.empty() ? core::Json(nullptr) : core::Json(text);
}
[[nodiscard]] inline core::Json or_null(const std::optional<std::string>& text) {
  return text ? core::Json(*text) : core::Json(nullptr);
}

}  // namespace phasegate::control
