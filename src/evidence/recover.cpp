#include "evidence/recover.h"

#include "evidence/lines.h"
#include "evidence/record_line.h"

namespace phasegate::evidence {

core::Result<Recovered> recover_records(const std::filesystem::path& run) {
  const auto path = run / "records.jsonl";
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return Recovered{};  // died between manifest and first record
  PHASEGATE_TRY(lines, LineReader::open(path));
  RecordParser parser;
  Recovered recovered;
  std::string_view line;
  for (;;) {
    const auto step = lines.next(line);
    if (step == LineReader::Step::end) return recovered;
    const auto broken = [&](std::string what) {
      return core::fail(core::Error{core::ErrorKind::evidence, std::move(what),
                                    fmt::format("{}:{}", path.string(), lines.number()),
                                    "the file was changed after it was written; start a new run"});
    };
    if (step == LineReader::Step::read_error) {
      return core::fail(core::Error{core::ErrorKind::io, "reading failed", path.string(), {}});
    }
    if (step == LineReader::Step::too_long) return broken("the line is too long for a record");
    if (lines.torn()) {
      recovered.torn = true;
      return recovered;
    }
    Record record;
    if (const auto problem = parser.parse(line, record); problem.found()) {
      return broken(problem.path.empty() ? problem.what : problem.path + " " + problem.what);
    }
    if (record.seq != static_cast<std::int64_t>(recovered.records.size())) return broken("its seq is not the next one");
    recovered.records.push_back(std::move(record));
    recovered.whole_bytes = lines.whole_bytes();
  }
}

}  // namespace phasegate::evidence
