// Any bytes as a policy file: refused with an error that says what, or a policy that keeps its id when written again.
#include <cstddef>
#include <cstdint>

#include "core/check.h"
#include "core/json.h"
#include "evidence/policy.h"
#include "evidence/schema.h"

using namespace phasegate;
using namespace phasegate::evidence;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = core::parse_json({reinterpret_cast<const char*>(data), size}, "policy");
  if (!json) {
    PHASEGATE_CHECK(!json.error().what.empty());
    return 0;
  }
  const auto policy = policy_from_json(*json);
  if (!policy) {
    PHASEGATE_CHECK(!policy.error().what.empty());
    return 0;
  }
  PHASEGATE_CHECK(check_schema(Schema::policy, *json).has_value());
  const auto id = policy_id(*policy);
  const auto again = policy_from_json(to_json(*policy));
  PHASEGATE_CHECK(id.has_value() && again.has_value() && policy_id(*again).value() == *id);
  return 0;
}
