// import: other tools' results and the reports' data as runs of the store, with what the source leaves unsaid.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "claims/check.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "evidence/import.h"
#include "evidence/store.h"
#include "readers/lacks.h"
#include "readers/source.h"
#include "readers/source_json.h"

namespace phasegate::cli {
namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using core::Result;
using core::Status;

constexpr std::size_t kBadRowsShown = 10;
constexpr std::size_t kUnplacedShown = 20;

struct ImportOptions {
  std::string from = "auto";
  std::string path;
  std::vector<std::string> runs;  // names; empty = all
};

struct Imported {
  readers::SourceRun run;
  std::string id;  // of the run in the store
  bool already_there = false;
  std::optional<Error> error;  // then nothing of it is in the store
  std::string tool;
  std::string tool_version;
  std::int64_t rows = 0;
  std::int64_t bad_rows = 0;
  std::map<std::string, std::int64_t> by_status;
  std::vector<readers::BadRow> bad;
  std::vector<readers::Lack> lacks;
  std::vector<claims::Claim> forbidden;
};

// How far a whole import is, by bytes of rows against bytes of files; silent while it is short.
class ImportProgress {
 public:
  ImportProgress(const Context& context, const std::vector<readers::SourceRun>& runs)
      : clock_(context.clock), progress_(context.clock, stderr_is_terminal(), context.options.json) {
    for (const auto& run : runs) {
      for (const auto& file : run.files) total_ += file.bytes;
    }
    begun_ = clock_.now();
  }

  void row(std::size_t bytes, const std::string& name) {
    done_ += bytes;
    if (++rows_ % 1024 != 0) return;  // the clock is not asked for every row
    const double seconds = core::to_seconds(core::between(begun_, clock_.now()));
    if (seconds < 2 || total_ == 0) return;
    const double fraction = std::min(0.99, static_cast<double>(done_) / static_cast<double>(total_));
    progress_.show(fraction, fraction > 0 ? seconds * (1 - fraction) / fraction : -1, "import " + name);
  }

 private:
  const core::Clock& clock_;
  Progress progress_;
  core::Instant begun_{};
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t rows_ = 0;
};

std::string names_of(const std::vector<readers::SourceRun>& runs) {
  std::string names;
  for (std::size_t i = 0; i < runs.size() && i < kUnplacedShown; ++i) {
    names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", runs[i].name, readers::to_string(runs[i].format));
  }
  if (runs.size() > kUnplacedShown) names += fmt::format(" and {} more", runs.size() - kUnplacedShown);
  return names;
}

// The runs that were asked for; an Error when there are none.
Result<std::vector<readers::SourceRun>> choose(const readers::Discovery& found, const ImportOptions& options) {
  if (found.runs.empty()) {
    std::string what = "holds no run of a format that is known here";
    if (!found.unplaced.empty()) what += "; " + found.unplaced.front();
    return core::fail(
        Error{ErrorKind::invalid_input, std::move(what), options.path, "docs/import.md lists the formats"});
  }
  auto runs = found.runs;
  if (const auto format = readers::parse_format(options.from)) {
    std::erase_if(runs, [&](const auto& run) { return run.format != *format; });
    if (runs.empty()) {
      return core::fail(Error{ErrorKind::invalid_input, fmt::format("holds no run of the format {}", options.from),
                              options.path, "it holds " + names_of(found.runs) + "; --from auto takes them"});
    }
  }
  const auto of_format = runs;
  if (options.runs.empty()) return runs;
  std::erase_if(runs, [&](const auto& run) {
    return std::find(options.runs.begin(), options.runs.end(), run.name) == options.runs.end();
  });
  for (const auto& name : options.runs) {
    if (std::any_of(runs.begin(), runs.end(), [&](const auto& run) { return run.name == name; })) continue;
    return core::fail(Error{ErrorKind::not_found, fmt::format("holds no run {}", name), options.path,
                            "it holds " + names_of(of_format)});
  }
  return runs;
}

Result<evidence::ImportWriter::Finished> store_run(Context& context, evidence::Store& store, Imported& out,
                                                   ImportProgress& progress) {
  PHASEGATE_TRY(writer, store.create_import(context.argv, readers::intent_json(out.run), context.thresholds));
  auto source = readers::read(out.run, [&](evidence::Observation& row) -> Status {
    if (context.stop != nullptr && context.stop->load(std::memory_order_relaxed)) {
      return core::fail(Error{ErrorKind::aborted, "stopped; nothing of this run was kept", out.run.name, {}});
    }
    progress.row(row.source.size(), out.run.name);
    ++out.by_status[std::string(evidence::to_string(row.status))];
    return writer.append(row);
  });
  if (!source) return core::fail(std::move(source).error());
  out.tool = source->tool;
  out.tool_version = source->tool_version;
  out.rows = source->rows;
  out.bad_rows = source->bad_rows;
  out.bad = source->bad;
  out.lacks = readers::lacks_of(*source);
  out.forbidden = claims::forbidden_by(*source, context.thresholds);
  if (out.rows == 0) {
    return core::fail(Error{ErrorKind::evidence,
                            out.bad_rows > 0 ? fmt::format("none of its {} rows can be taken", out.bad_rows)
                                             : std::string("has documents but no rows: there is nothing to import"),
                            out.run.root.string(),
                            {}});
  }
  return writer.finish(readers::imported_source(*source));
}

Json to_json(const Imported& imported) {
  Json bad = Json::array();
  for (const auto& row : imported.bad) {
    bad.push_back({{"file", row.file},
                   {"line", row.line},
                   {"key", row.key},
                   {"expected", row.expected},
                   {"found", row.found},
                   {"raw", row.raw}});
  }
  Json lacks = Json::array();
  for (const auto& lack : imported.lacks) lacks.push_back({{"fact", lack.fact}, {"meaning", lack.meaning}});
  Json forbidden = Json::array();
  for (const auto& claim : imported.forbidden) forbidden.push_back(claims::to_json(claim));
  Json files = Json::array();
  for (const auto& file : imported.run.files) files.push_back(file.path);
  Json error;
  if (imported.error) error = imported.error->message();
  return {{"run", imported.id.empty() ? Json(nullptr) : Json(imported.id)},
          {"already_there", imported.already_there},
          {"error", error},
          {"format", readers::to_string(imported.run.format)},
          {"name", imported.run.name},
          {"root", imported.run.root.string()},
          {"files", files},
          {"tool", imported.tool},
          {"tool_version", imported.tool_version.empty() ? Json(nullptr) : Json(imported.tool_version)},
          {"rows", imported.rows},
          {"by_status", imported.by_status},
          {"bad_rows", imported.bad_rows},
          {"bad", bad},
          {"lacks", lacks},
          {"forbidden", forbidden}};
}

std::string bad_rows_text(const Imported& imported) {
  std::string text = fmt::format("  {} rows could not be taken and are kept as they are:\n", imported.bad_rows);
  for (std::size_t i = 0; i < imported.bad.size() && i < kBadRowsShown; ++i) {
    const auto& row = imported.bad[i];
    text += fmt::format("    {}:{}: {}expected {}, found {}\n", row.file, row.line,
                        row.key.empty() ? "" : row.key + ": ", row.expected, row.found);
  }
  if (imported.bad_rows > static_cast<std::int64_t>(kBadRowsShown)) {
    text += fmt::format("    … and {} more; source.json of the run keeps the first {}\n",
                        imported.bad_rows - static_cast<std::int64_t>(kBadRowsShown), imported.bad.size());
  }
  return text;
}

std::string to_text(const Imported& imported) {
  std::string text = fmt::format("{} ({}{}{})\n", imported.run.name, readers::to_string(imported.run.format),
                                 imported.tool.empty() ? "" : ", " + imported.tool,
                                 imported.tool_version.empty() ? "" : " " + imported.tool_version);
  if (!imported.error) {
    text += fmt::format("  run {}{}\n  {} rows:", imported.id,
                        imported.already_there ? " (the same files were imported before)" : "", imported.rows);
    for (const auto& [status, count] : imported.by_status) text += fmt::format(" {} {}", count, status);
    text += '\n';
  }
  if (imported.bad_rows > 0) text += bad_rows_text(imported);
  if (imported.error) return text + "  not imported: " + imported.error->message() + "\n";
  if (!imported.lacks.empty()) text += "  the files do not say:\n";
  for (const auto& lack : imported.lacks) text += fmt::format("    {:18} {}\n", lack.fact, lack.meaning);
  if (!imported.forbidden.empty()) text += "  so it cannot carry:\n";
  for (const auto& claim : imported.forbidden) text += fmt::format("    {}: {}\n", claim.claim, claim.because);
  return text;
}

void print(const Context& context, const std::vector<Imported>& all, const std::vector<std::string>& unplaced) {
  if (context.options.json) {
    Json runs = Json::array();
    for (const auto& imported : all) runs.push_back(to_json(imported));
    print_json({{"runs", runs}, {"unplaced", unplaced}});
    return;
  }
  std::string text;
  for (const auto& imported : all) text += to_text(imported);
  if (!unplaced.empty()) text += fmt::format("{} files belong to no run:\n", unplaced.size());
  for (std::size_t i = 0; i < unplaced.size() && i < kUnplacedShown; ++i) text += "  " + unplaced[i] + "\n";
  if (unplaced.size() > kUnplacedShown) text += fmt::format("  … and {} more\n", unplaced.size() - kUnplacedShown);
  const bool stored = std::any_of(all.begin(), all.end(), [](const Imported& each) { return !each.error; });
  if (stored) text += "next: phasegate validate last, phasegate analyze last\n";
  print_text(text);
}

Result<int> import_all(Context& context, const ImportOptions& options) {
  PHASEGATE_TRY(found, readers::discover(options.path));
  PHASEGATE_TRY(runs, choose(found, options));
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  ImportProgress progress(context, runs);
  std::vector<Imported> all;
  int code = kExitDone;
  for (auto& run : runs) {
    Imported& imported = all.emplace_back();
    imported.run = std::move(run);
    auto finished = store_run(context, store, imported, progress);
    if (finished) {
      imported.id = finished->run_id;
      imported.already_there = finished->already_there;
      continue;
    }
    // One run that is broken does not stop the others; a store that cannot be written to and Ctrl-C do.
    imported.error = std::move(finished).error();
    // Documents that were published beside the runs have no rows; between runs that is no failure.
    const bool documents = imported.rows == 0 && imported.bad_rows == 0 && imported.error->kind == ErrorKind::evidence;
    if (!documents || runs.size() == 1) code = std::max(code, exit_code(imported.error->kind));
    if (imported.error->kind == ErrorKind::aborted || imported.error->kind == ErrorKind::io) break;
  }
  print(context, all, found.unplaced);
  return code;
}

}  // namespace

void add_import(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand(
      "import", "results of other tools and the reports' data as runs of the store, with what they leave unsaid");
  const auto o = std::make_shared<ImportOptions>();  // shared with the bound command, which outlives the parser
  sub->add_option("path", o->path, "a folder with any number of runs, or one result file")->required();
  sub->add_option("--from", o->from, "only this format; auto takes every one that is found")
      ->check(CLI::IsMember({"auto", "tr117", "tr118", "tr119", "tr120", "tr121", "tr122", "aiperf", "guidellm", "vllm",
                             "llama-bench", "mlperf-loadgen"}));
  sub->add_option("--run", o->runs, "only the run of this name; repeat for more");
  sub->footer(
      "Examples:\n"
      "  phasegate import --from tr121 tests/conformance/reports/tr121\n"
      "  phasegate import --from auto tests/conformance/foreign --json\n"
      "Exit codes: 0 all were imported (rows that cannot be taken are counted), 1 a run has no row that can be taken, "
      "2 no such file or format, 3 the store is locked or full.");
  sub->callback([&options, o] {
    options.command = BoundCommand{[o](Context& context) {
      const auto code = import_all(context, *o);
      return code ? *code : report_error(code.error(), context.options.json);
    }};
  });
}

}  // namespace phasegate::cli
