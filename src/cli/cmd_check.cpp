// check: what may be claimed from somebody's benchmark result, and what not. Needs no model, no GPU and no store.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>

#include "claims/check.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "readers/source.h"

namespace phasegate::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
};

// The runs that the paths belong to, each once; what is of no known format is an Error of its path.
struct Found {
  std::vector<readers::SourceRun> runs;
  std::vector<core::Error> errors;
  std::vector<std::string> unplaced;
};

// Of one file its reason; of a folder how many there were, and the first.
std::string why_nothing(const std::vector<std::string>& unplaced) {
  if (unplaced.empty()) return "holds no result";
  if (unplaced.size() > 1) return fmt::format("holds no result among {} files; {}", unplaced.size(), unplaced.front());
  const auto cut = unplaced.front().find(": ");
  return cut == std::string::npos ? unplaced.front() : unplaced.front().substr(cut + 2);
}

Found find_runs(const std::vector<std::string>& paths) {
  Found found;
  std::set<std::string> seen;
  for (const auto& path : paths) {
    auto discovery = readers::discover(path);
    if (!discovery) {
      found.errors.push_back(std::move(discovery).error());
      continue;
    }
    if (discovery->runs.empty()) {
      found.errors.push_back(
          {core::ErrorKind::invalid_input, why_nothing(discovery->unplaced), path, "docs/check.md lists what is read"});
      continue;
    }
    found.unplaced.insert(found.unplaced.end(), discovery->unplaced.begin(), discovery->unplaced.end());
    for (auto& run : discovery->runs) {
      // The file that was named stands first, so the least path stands for the run.
      const auto least = std::min_element(run.files.begin(), run.files.end(),
                                          [](const auto& a, const auto& b) { return a.path < b.path; });
      const auto key = (run.root / least->path).string();
      if (seen.insert(key).second) found.runs.push_back(std::move(run));
    }
  }
  return found;
}

core::Result<claims::Report> examine(const Context& context, const readers::SourceRun& run) {
  claims::Examination examination(context.thresholds);
  const auto source = readers::read(run, [&](evidence::Observation& row) -> core::Status {
    if (context.stop != nullptr && context.stop->load(std::memory_order_relaxed)) {
      return core::fail({core::ErrorKind::aborted, "stopped", run.name, {}});
    }
    examination.add(row);
    return {};
  });
  if (!source) return core::fail(source.error());
  return examination.report(*source);
}

core::Json error_json(const core::Error& error) {
  return {{"kind", core::to_string(error.kind)}, {"what", error.what}, {"where", error.where}, {"next", error.next}};
}

// A file that cannot be read is the user's to mend; one that contradicts itself is evidence that failed.
int code_of(const core::Error& error) { return error.kind == core::ErrorKind::io ? kExitUsage : exit_code(error.kind); }

int cmd_check(Context& context, const CheckOptions& options) {
  const bool json = context.options.json;
  Found found = find_runs(options.paths);
  core::Json reports = core::Json::array();
  int code = kExitDone;
  bool first = true;
  for (const auto& run : found.runs) {
    const auto report = examine(context, run);
    if (!report) {
      found.errors.push_back(report.error());
      continue;
    }
    if (report->count(claims::Verdict::invalid) > 0) code = kExitEvidence;
    if (json) {
      reports.push_back(claims::to_json(*report));
    } else {
      print_text((first ? "" : "\n") + claims::to_text(*report, stdout_has_color(), stdout_width()));
    }
    first = false;
  }
  core::Json errors = core::Json::array();
  for (const auto& error : found.errors) {
    fmt::print(stderr, "phasegate: {}\n", error.message());
    errors.push_back(error_json(error));
    code = std::max(code, code_of(error));
  }
  if (json) print_json({{"reports", std::move(reports)}, {"errors", std::move(errors)}, {"unplaced", found.unplaced}});
  return code;
}

}  // namespace

void add_check(CLI::App& app, Options& options) {
  auto o = std::make_shared<CheckOptions>();
  auto* sub = app.add_subcommand("check", "what may be claimed from a benchmark result and what not, in a second");
  sub->add_option("file", o->paths,
                  "results of AIPerf, GuideLLM, vLLM bench serve, llama-bench or MLPerf LoadGen, or a folder of them; "
                  "known by their content")
      ->required();
  sub->footer(
      "Examples:\n"
      "  phasegate check bench-serve-2qps.json\n"
      "  phasegate check profile_export.jsonl          (takes the summary beside it)\n"
      "  llama-bench -m model.gguf -o json > r.json && phasegate check r.json\n"
      "  phasegate check results/ --json | jq '.reports[].claims[] | select(.verdict != \"supported\")'\n"
      "Exit codes: 0 nothing contradicts itself, 1 a result contradicts itself, 2 a file cannot be read.");
  sub->callback(
      [o, &options] { options.command = BoundCommand{[o](Context& context) { return cmd_check(context, *o); }}; });
}

}  // namespace phasegate::cli
