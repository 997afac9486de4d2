#include "readers/source_json.h"

#include <fmt/format.h>

#include "readers/power_trace.h"

namespace phasegate::readers {
namespace {

core::Json text_or_null(const std::string& text) { return text.empty() ? core::Json() : core::Json(text); }

template <class T>
core::Json or_null(const std::optional<T>& value) {
  return value ? core::Json(*value) : core::Json();
}

core::Json number_or_null(const std::optional<double>& value) {
  return value ? core::finite_or_null(*value) : core::Json();
}

core::Json files_json(const std::vector<SourceFile>& files) {
  auto list = core::Json::array();
  for (const auto& file : files) {
    list.push_back({{"path", file.path}, {"kind", file.kind}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return list;
}

core::Json plan_of(Format format, const std::string& run, const std::vector<SourceFile>& files) {
  return {{"schema", "phasegate.import"},
          {"version", 1},
          {"format", to_string(format)},
          {"run", run},
          {"files", files_json(files)}};
}

core::Json facts_json(const Facts& facts) {
  return {{"rows_expected", or_null(facts.rows_expected)},
          {"sessions", or_null(facts.sessions)},
          {"order_randomised", or_null(facts.order_randomised)},
          {"warmup_labelled", or_null(facts.warmup_labelled)},
          {"seed", or_null(facts.seed)},
          {"arrival", or_null(facts.arrival)},
          {"request_rate", number_or_null(facts.request_rate)},
          {"concurrency", or_null(facts.concurrency)},
          {"intended_times", or_null(facts.intended_times)},
          {"tokens_counted_by", or_null(facts.tokens_counted_by)},
          {"ttft_measured", or_null(facts.ttft_measured)},
          {"duration_s", number_or_null(facts.duration_s)},
          {"failed", or_null(facts.failed)},
          {"hardware", or_null(facts.hardware)},
          {"model_identity", or_null(facts.model_identity)}};
}

core::Json tables_json(const Source& source) {
  auto all = core::Json::object();
  for (const auto& [path, table] : source.tables) all[path] = {{"columns", table.columns}, {"rows", table.rows}};
  for (const auto& trace : source.power_traces) {
    if (!fits_a_table(trace)) continue;
    const Table table = table_of_trace(trace);
    all[trace.file] = {{"columns", table.columns}, {"rows", table.rows}};
  }
  return all;
}

core::Json documents_json(const Source& source) {
  core::Json all(source.documents);
  for (const auto& trace : source.power_traces) {
    if (fits_a_table(trace)) continue;
    all[trace.file] =
        fmt::format("{} power readings, too many for source.json: energy needs the file itself", trace.t_ns.size());
  }
  return all;
}

core::Json bad_json(const std::vector<BadRow>& rows) {
  auto list = core::Json::array();
  for (const auto& row : rows) {
    list.push_back({{"file", row.file},
                    {"line", row.line},
                    {"key", text_or_null(row.key)},
                    {"expected", row.expected},
                    {"found", row.found},
                    {"raw", row.raw}});
  }
  return list;
}

std::string text_of(const core::Json& value) { return value.is_null() ? std::string() : value.get<std::string>(); }

template <class T>
void take(const core::Json& facts, const char* key, std::optional<T>& target) {
  if (const auto& value = facts.at(key); !value.is_null()) target = value.get<T>();
}

Facts facts_of(const core::Json& json) {
  Facts facts;
  take(json, "rows_expected", facts.rows_expected);
  take(json, "sessions", facts.sessions);
  take(json, "order_randomised", facts.order_randomised);
  take(json, "warmup_labelled", facts.warmup_labelled);
  take(json, "seed", facts.seed);
  take(json, "arrival", facts.arrival);
  take(json, "request_rate", facts.request_rate);
  take(json, "concurrency", facts.concurrency);
  take(json, "intended_times", facts.intended_times);
  take(json, "tokens_counted_by", facts.tokens_counted_by);
  take(json, "ttft_measured", facts.ttft_measured);
  take(json, "duration_s", facts.duration_s);
  take(json, "failed", facts.failed);
  take(json, "hardware", facts.hardware);
  take(json, "model_identity", facts.model_identity);
  return facts;
}

Source source_of(const core::Json& json, Format format) {
  Source source;
  source.format = format;
  source.run = json.at("run").get<std::string>();
  source.tool = json.at("tool").get<std::string>();
  source.tool_version = text_of(json.at("tool_version"));
  source.started = text_of(json.at("started"));
  source.finished = text_of(json.at("finished"));
  for (const auto& file : json.at("files")) {
    source.files.push_back({file.at("path").get<std::string>(), file.at("kind").get<std::string>(),
                            file.at("bytes").get<std::uint64_t>(), file.at("sha256").get<std::string>()});
  }
  source.config = json.at("config");
  source.facts = facts_of(json.at("facts"));
  for (const auto& [path, document] : json.at("documents").items()) source.documents[path] = document;
  for (const auto& [path, table] : json.at("tables").items()) {
    Table kept{table.at("columns").get<std::vector<std::string>>(),
               table.at("rows").get<std::vector<std::vector<std::string>>>()};
    auto trace = is_trace(kept) ? trace_of_table(path, kept) : std::nullopt;
    if (trace) {
      source.power_traces.push_back(std::move(*trace));
    } else {
      source.tables[path] = std::move(kept);
    }
  }
  source.rows = json.at("rows").get<std::int64_t>();
  source.bad_rows = json.at("bad_rows").get<std::int64_t>();
  for (const auto& row : json.at("bad")) {
    source.bad.push_back({row.at("file").get<std::string>(), row.at("line").get<std::int64_t>(), text_of(row.at("key")),
                          row.at("expected").get<std::string>(), row.at("found").get<std::string>(),
                          row.at("raw").get<std::string>()});
  }
  return source;
}

}  // namespace

core::Json plan_json(const Source& source) { return plan_of(source.format, source.run, source.files); }

core::Json intent_json(const SourceRun& run) { return plan_of(run.format, run.name, run.files); }

core::Json source_json(const Source& source) {
  return {{"schema", "phasegate.source"},
          {"version", 1},
          {"format", to_string(source.format)},
          {"run", source.run},
          {"tool", source.tool},
          {"tool_version", text_or_null(source.tool_version)},
          {"started", text_or_null(source.started)},
          {"finished", text_or_null(source.finished)},
          {"files", files_json(source.files)},
          {"config", source.config},
          {"facts", facts_json(source.facts)},
          {"documents", documents_json(source)},
          {"tables", tables_json(source)},
          {"rows", source.rows},
          {"bad_rows", source.bad_rows},
          {"bad", bad_json(source.bad)}};
}

evidence::ImportedSource imported_source(const Source& source) {
  return {plan_json(source), source_json(source), source.environment};
}

core::Result<Source> source_from_json(const core::Json& json) {
  try {
    const auto format = parse_format(json.at("format").get<std::string>());
    if (format) return source_of(json, *format);
    return core::fail(core::Error{core::ErrorKind::invalid_input, "is of a format that this phasegate does not read",
                                  "source.json format", "use a newer phasegate"});
  } catch (const core::Json::exception& error) {
    return core::fail(core::ErrorKind::invalid_input, "source.json is not of its schema: {}", error.what());
  }
}

}  // namespace phasegate::readers
