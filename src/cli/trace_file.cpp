#include "cli/trace_file.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

#include "readers/csv.h"
#include "readers/json_rows.h"
#include "readers/lines.h"
#include "readers/number.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using readers::Value;

constexpr std::array<const char*, 6> kTimeNames = {"timestamp",    "TIMESTAMP", "Timestamp",
                                                   "arrival_time", "t_s",       "time"};
constexpr std::array<const char*, 5> kPromptNames = {"prompt_tokens", "ContextTokens", "input_length", "Request tokens",
                                                     "input_tokens"};
constexpr std::array<const char*, 5> kGenNames = {"gen_tokens", "GeneratedTokens", "output_length", "Response tokens",
                                                  "output_tokens"};

struct Names {
  const char* time = nullptr;
  const char* prompt = nullptr;
  const char* gen = nullptr;
};

template <std::size_t N, class Has>
const char* first_of(const std::array<const char*, N>& names, Has has) {
  for (const char* name : names) {
    if (has(name)) return name;
  }
  return nullptr;
}

template <class Has>
Names names_of(Has has) {
  return {first_of(kTimeNames, has), first_of(kPromptNames, has), first_of(kGenNames, has)};
}

core::Error no_time(const fs::path& path) {
  return {ErrorKind::invalid_input, "no column or key `timestamp`", path.string(),
          "docs/capacity.md has the format and the names that are taken"};
}

std::optional<double> time_of(readers::Row& row, const char* name, double seconds_per_unit) {
  const Value value = row.find(name);
  if (value.kind == Value::Kind::cell || value.kind == Value::Kind::text) {
    if (const auto instant = parse_instant(readers::trimmed(value.text))) return instant;
  }
  const auto number = row.number(name);
  if (!number) {
    row.fail(name, "a time", readers::describe(value));
    return std::nullopt;
  }
  return *number * seconds_per_unit;
}

// Takes rows of either kind.
class Collector {
 public:
  Collector(Trace& trace, double seconds_per_unit) : trace_(trace), seconds_per_unit_(seconds_per_unit) {}

  core::Status take(readers::Row& row, const Names& names) {
    analysis::TraceRequest request;
    const auto time = time_of(row, names.time, seconds_per_unit_);
    if (names.prompt != nullptr) request.prompt_tokens = row.duration(names.prompt);
    if (names.gen != nullptr) request.gen_tokens = row.duration(names.gen);
    if (!row.ok()) {
      note(row.bad());
      return {};
    }
    request.t_s = *time;
    if (trace_.requests.size() >= kMaxTraceRequests) {
      return core::fail({ErrorKind::invalid_input, fmt::format("more than {} requests", kMaxTraceRequests),
                         fmt::format("{}:{}", row.file(), row.line()), "give a part of the trace"});
    }
    trace_.requests.push_back(request);
    return {};
  }

  void note(const readers::BadRow& bad) {
    ++trace_.bad_rows;
    if (trace_.first_bad.empty())
      trace_.first_bad =
          fmt::format("{}:{}: {}: expected {}, found {}", bad.file, bad.line, bad.key, bad.expected, bad.found);
  }

  // Rows that the file itself could not split.
  void add_broken(const readers::Source& source) {
    for (const readers::BadRow& bad : source.bad) note(bad);
    trace_.bad_rows += source.bad_rows - static_cast<std::int64_t>(source.bad.size());
  }

 private:
  Trace& trace_;
  double seconds_per_unit_;
};

core::Status read_csv(const fs::path& path, Collector& collector) {
  PHASEGATE_TRY(file, readers::CsvFile::open(path, path.string()));
  const Names names = names_of([&](const char* name) { return file.has(name); });
  if (names.time == nullptr) return core::fail(no_time(path));
  readers::Source source;
  for (;;) {
    PHASEGATE_TRY(more, file.next(source));
    if (!more) break;
    PHASEGATE_CHECK_OK(collector.take(file.row(), names));
  }
  collector.add_broken(source);
  return file.finish(source);
}

core::Status read_jsonl(const fs::path& path, Collector& collector) {
  PHASEGATE_TRY(file, readers::JsonLines::open(path, path.string()));
  readers::Source source;
  Names names;
  for (;;) {
    PHASEGATE_TRY(more, file.next(source));
    if (!more) break;
    const auto has = [&](const char* name) { return file.row().find(name).kind != Value::Kind::absent; };
    if (names.time == nullptr) names = names_of(has);
    if (names.time == nullptr) return core::fail(no_time(path));
    PHASEGATE_CHECK_OK(collector.take(file.row(), names));
  }
  collector.add_broken(source);
  return file.finish(source);
}

core::Result<bool> looks_like_json(const fs::path& path) {
  PHASEGATE_TRY(file, readers::LineFile::open(path, path.string()));
  std::string_view line;
  for (;;) {
    PHASEGATE_TRY(step, file.next(line));
    if (step == readers::LineFile::Step::end) return false;
    const auto text = readers::trimmed(line);
    if (!text.empty()) return text.front() == '{';
  }
}

// Two digits (or four) at a position; false when they are none.
bool digits(std::string_view text, std::size_t at, std::size_t n, int& value) {
  if (text.size() < at + n) return false;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + n, value);
  return error == std::errc() && end == text.data() + at + n;
}

// "", "Z", "+01:00", "-0130": seconds east of UTC.
std::optional<int> zone_of(std::string_view text) {
  if (text.empty() || text == "Z") return 0;
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  int hours = 0;
  int minutes = 0;
  const bool colon = text.size() == 6 && text[3] == ':';
  if (!colon && text.size() != 5) return std::nullopt;
  if (!digits(text, 1, 2, hours) || !digits(text, colon ? 4 : 3, 2, minutes) || hours > 14 || minutes > 59)
    return std::nullopt;
  return (text.front() == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<double> parse_instant(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool shaped = text.size() >= 19 && text[4] == '-' && text[7] == '-' && (text[10] == ' ' || text[10] == 'T') &&
                      text[13] == ':' && text[16] == ':' && digits(text, 0, 4, year) && digits(text, 5, 2, month) &&
                      digits(text, 8, 2, day) && digits(text, 11, 2, hour) && digits(text, 14, 2, minute) &&
                      digits(text, 17, 2, second);
  if (!shaped || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  std::string_view rest = text.substr(19);
  double fraction = 0;
  if (!rest.empty() && rest.front() == '.') {
    const auto end = std::min(rest.size(), rest.find_first_not_of("0123456789", 1));
    if (end == 1 || end > 20) return std::nullopt;
    std::from_chars(rest.data(), rest.data() + end, fraction);
    rest.remove_prefix(end);
  }
  const auto zone = zone_of(rest);
  if (!zone) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86'400 + hour * 3600 + minute * 60 + second + fraction - *zone;
}

core::Result<Trace> load_trace(const fs::path& path, double seconds_per_unit) {
  Trace trace;
  Collector collector(trace, seconds_per_unit);
  PHASEGATE_TRY(json, looks_like_json(path));
  PHASEGATE_CHECK_OK(json ? read_jsonl(path, collector) : read_csv(path, collector));
  if (trace.requests.empty()) {
    return core::fail({ErrorKind::invalid_input, "no row can be read",
                       trace.first_bad.empty() ? path.string() : trace.first_bad, "docs/capacity.md has the format"});
  }
  return trace;
}

}  // namespace phasegate::cli
