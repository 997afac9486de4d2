// Any bytes as a line of records.jsonl: both readers give the same verdict, and what they accept is written back to
// something that reads to the same record.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/check.h"
#include "core/json.h"
#include "evidence/lines.h"
#include "evidence/record_line.h"
#include "evidence/schema.h"

using namespace phasegate;
using namespace phasegate::evidence;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\n') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return 0;  // never in a line
  const std::string padded = std::string(text) + std::string(LineReader::kPadding, '\0');
  static RecordParser parser;
  Record record;
  const auto problem = parser.parse(std::string_view(padded).substr(0, size), record);
  const auto json = core::parse_json(text, "");
  const auto document = json ? record_from_json(*json) : core::Result<Record>(tl::unexpected(json.error()));
  PHASEGATE_CHECK(problem.found() == !document.has_value());
  if (problem.found()) return 0;
  PHASEGATE_CHECK(check_schema(Schema::record, *json).has_value());
  const auto written = core::canonical_json(to_json(record));
  PHASEGATE_CHECK(written.has_value());
  const auto again = record_from_json(core::parse_json(*written, "").value());
  PHASEGATE_CHECK(again.has_value() && core::canonical_json(to_json(*again)).value() == *written);
  return 0;
}
