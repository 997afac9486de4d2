// Reading an imported run: needs no store and takes no lock.
#include "core/files.h"
#include "core/limits.h"
#include "evidence/import.h"
#include "evidence/lines.h"
#include "evidence/observation_line.h"
#include "evidence/schema.h"

namespace phasegate::evidence {
namespace {

core::Status stopped(LineReader::Step step, const LineReader& lines, const std::string& path) {
  if (step == LineReader::Step::read_error) {
    return core::fail(core::Error{core::ErrorKind::io, "reading failed", path, {}});
  }
  return core::fail(core::Error{core::ErrorKind::invalid_input,
                                fmt::format("the line is longer than {} bytes", lines.max_line()),
                                fmt::format("{}:{}", path, lines.number()),
                                {}});
}

}  // namespace

core::Status for_each_observation(const std::filesystem::path& run,
                                  const std::function<core::Status(Observation&)>& visit) {
  const auto path = (run / "observations.jsonl").string();
  PHASEGATE_TRY(lines, LineReader::open(path, core::kMaxObservationLineBytes));
  ObservationParser parser;
  Observation row;
  std::string_view line;
  for (;;) {
    const auto step = lines.next(line);
    if (step == LineReader::Step::end) return {};
    if (step != LineReader::Step::line) return stopped(step, lines, path);
    const auto where = [&] { return fmt::format("{}:{}", path, lines.number()); };
    if (lines.torn()) {
      return core::fail(
          core::Error{core::ErrorKind::evidence, "the last line is cut off", where(), "import the source again"});
    }
    if (const auto problem = parser.parse(line, row); problem.found()) {
      auto error = problem.error();
      error.where = error.where.empty() ? where() : where() + ": " + error.where;
      return core::fail(std::move(error));
    }
    PHASEGATE_CHECK_OK(visit(row));
  }
}

core::Result<core::Json> read_import_source(const std::filesystem::path& run) {
  const auto path = run / "source.json";
  PHASEGATE_TRY(text, core::read_file(path, core::kMaxSourceJsonBytes));
  PHASEGATE_TRY(json, core::parse_json(text, path.string()));
  if (auto status = check_schema(Schema::source, json); !status) {
    auto error = std::move(status).error();
    error.where = fmt::format("{}: {}", path.string(), error.where);
    return core::fail(std::move(error));
  }
  return std::move(json);
}

}  // namespace phasegate::evidence
