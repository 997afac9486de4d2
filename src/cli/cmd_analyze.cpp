// analyze: the tables of a run, native or imported, and the same as one HTML page with plots drawn from the tables.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "analysis/observed.h"
#include "cli/chain.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/tables.h"
#include "core/files.h"
#include "evidence/import.h"
#include "report/observed_page.h"
#include "report/run_page.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;

struct AnalyzeOptions {
  std::vector<std::string> runs;
  std::string report;  // "html"; empty = text
  std::string out;     // file of the page; empty = <run>.html here
  std::size_t resamples = 1000;
};

// What one run's analysis is, in each form that it can be asked for.
struct Analyzed {
  core::Json document;
  std::string text;
  report::Page page;
};

std::string text_in(const core::Json& source, const char* key) {
  const auto at = source.find(key);
  return at != source.end() && at->is_string() ? at->get<std::string>() : std::string();
}

core::Result<Analyzed> analyze_imported(evidence::Store& store, const fs::path& run, const AnalyzeOptions& options) {
  analysis::ObservedOptions settings;
  settings.fit.resamples = options.resamples;
  analysis::ObservedAnalyzer analyzer(run.filename().string(), settings);
  PHASEGATE_CHECK_OK(evidence::for_each_observation(
      run, [&](const evidence::Observation& observation) { return analyzer.add(observation); }));
  PHASEGATE_TRY(analysis, analyzer.finish());
  PHASEGATE_TRY(source, evidence::read_import_source(run));
  Analyzed analyzed;
  analyzed.document = analysis::to_json(analysis);
  if (inside(store, run)) {
    PHASEGATE_CHECK_OK(
        store.write_derived(run, analysis::kObservedFile, analyzed.document, {"manifest.json", "observations.jsonl"})
            .map([](const std::string&) {}));
  }
  std::vector<std::pair<std::string, std::string>> facts = {{"Format", text_in(source, "format")},
                                                            {"Tool", text_in(source, "tool")},
                                                            {"Measured", text_in(source, "started")}};
  for (auto& [name, value] : facts)
    if (value.empty()) value = "not stated";
  analyzed.page = report::observed_page(analysis, std::move(facts));
  analyzed.text = report::render_text(analyzed.page);
  return analyzed;
}

core::Result<Analyzed> analyze_native(evidence::Store& store, const fs::path& run, const evidence::Manifest& manifest) {
  PHASEGATE_TRY(analysis, analyze_step(store, run));
  Analyzed analyzed;
  analyzed.document = analysis::to_json(analysis);
  analyzed.text = analysis_text(analysis);
  analyzed.page = report::run_page(analysis, {{"Mode", manifest.mode}, {"Measured", manifest.started}});
  return analyzed;
}

core::Result<int> analyze(Context& context, const AnalyzeOptions& options) {
  if (!options.out.empty() && options.runs.size() > 1) {
    return core::fail({core::ErrorKind::invalid_input, "one file cannot hold the pages of several runs", "--out",
                       "leave --out away: each run then gets its own file here"});
  }
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  core::Json documents = core::Json::array();
  for (const std::string& name : options.runs) {
    PHASEGATE_TRY(run, store.find_run(name));
    PHASEGATE_TRY(manifest, evidence::read_manifest(run));
    PHASEGATE_TRY(analyzed, evidence::is_imported(manifest) ? analyze_imported(store, run, options)
                                                            : analyze_native(store, run, manifest));
    std::string file;
    if (!options.report.empty()) {
      file = options.out.empty() ? run.filename().string() + ".html" : options.out;
      PHASEGATE_CHECK_OK(core::write_file_atomic(file, report::render_html(analyzed.page)));
    }
    if (context.options.json) {
      if (!file.empty()) analyzed.document["report"] = file;
      documents.push_back(std::move(analyzed.document));
    } else {
      print_text(file.empty() ? analyzed.text : fmt::format("{}: {}\n", run.filename().string(), file));
    }
  }
  if (context.options.json) print_json({{"runs", documents}});
  return kExitDone;
}

}  // namespace

void add_analyze(CLI::App& app, Options& options) {
  auto o = std::make_shared<AnalyzeOptions>();
  auto* sub = app.add_subcommand("analyze", "tables of a run: medians, intervals, flags; as a page with plots");
  sub->add_option("run", o->runs, "run id, a prefix of one, 'last', or a run's folder")->required();
  sub->add_option("--report", o->report, "write the tables as a page instead, with plots drawn from them")
      ->check(CLI::IsMember({"html"}));
  sub->add_option("--out,-o", o->out, "file of the page (default: <run>.html)");
  sub->add_option("--resamples", o->resamples, "bootstrap resamples of each fit of an imported run")
      ->check(CLI::Range(100, 1'000'000));
  sub->footer(
      "Examples:\n  phasegate analyze last\n  phasegate analyze examples/smollm2-cpu/run --report html --out run.html");
  sub->callback([o, &options] {
    options.command = BoundCommand{[o](Context& context) {
      const auto code = analyze(context, *o);
      return code ? *code : report_error(code.error(), context.options.json);
    }};
  });
}

}  // namespace phasegate::cli
