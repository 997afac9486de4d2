// Any bytes as a line of observations.jsonl: what the reader accepts fits the schema, is written as canonical JSON, and
// reads to the same row.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/check.h"
#include "core/json.h"
#include "evidence/observation.h"
#include "evidence/schema.h"

using namespace phasegate;
using namespace phasegate::evidence;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\n') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return 0;  // never in a line
  const auto row = read_observation(text, "line");
  if (!row) return 0;
  const auto json = core::parse_json(text, "line");
  PHASEGATE_CHECK(json.has_value());
  // valijson takes a text to end at its first NUL and finds it too short.
  if (text.find("\\u0000") == std::string_view::npos) {
    PHASEGATE_CHECK(check_schema(Schema::observation, *json).has_value());
  }
  std::string written;
  PHASEGATE_CHECK(write_observation(*row, written).has_value());
  PHASEGATE_CHECK(core::canonical_json(core::parse_json(written, "line").value()).value() == written);
  std::string again;
  PHASEGATE_CHECK(write_observation(read_observation(written, "line").value(), again).has_value());
  PHASEGATE_CHECK(again == written);
  return 0;
}
