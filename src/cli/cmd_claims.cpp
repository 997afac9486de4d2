// claims: the ledger. Judges the whitepaper's claims against report data (a folder, or runs imported into the store), a
// policy's rules, or one run of ours.
#include <CLI/CLI.hpp>
#include <memory>

#include "analysis/run_analysis.h"
#include "claims/ledger.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/policy_source.h"
#include "conformance/check.h"
#include "evidence/import.h"
#include "evidence/store.h"
#include "evidence/validation.h"

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;

// The file of the rows behind a value: a name that speaks of a mode comes from that mode's file, where each has its
// own.
std::string file_of(const conformance::RunSeen& run, const std::string& name) {
  for (const char* mode : {"prefill", "kv_decode", "e2e_kv", "generate"}) {
    if (name.find(mode) == std::string::npos) continue;
    for (const auto& file : run.files)
      if (file.find(mode) != std::string::npos) return file;
  }
  return run.files.empty() ? std::string() : run.files.front();
}

claims::FactBook facts_of(const conformance::Outcome& outcome) {
  claims::FactBook book;
  std::map<std::pair<readers::Format, std::string>, const conformance::RunSeen*> seen;
  for (const auto& run : outcome.runs) {
    seen[{run.format, run.run}] = &run;
    book.add_run(std::string(readers::to_string(run.format)), run.run, run.root + "/" + file_of(run, {}));
  }
  std::pair<std::string, std::string> last;  // values are ordered by run and name: one fact for each
  for (const auto& value : outcome.values) {
    if (!value.derived || std::pair(value.run, value.name) == last) continue;
    last = {value.run, value.name};
    const auto run = seen.find({value.format, value.run});
    const auto file = run == seen.end() ? std::string("(over the runs of a study)") : file_of(*run->second, value.name);
    book.add({std::string(readers::to_string(value.format)), value.run, file, value.name, *value.derived});
  }
  return book;
}

bool is_run(const fs::path& folder) {
  std::error_code code;
  return fs::exists(folder / "manifest.json", code) &&
         (fs::exists(folder / "records.jsonl", code) || fs::exists(folder / "observations.jsonl", code));
}

core::Result<claims::Ledger> ledger_of_folder(const fs::path& folder) {
  PHASEGATE_TRY(outcome, conformance::check_folder(folder));
  if (outcome.runs.empty()) {
    return core::fail({core::ErrorKind::not_found, "no run of a report is in it", folder.string(),
                       "`phasegate check FILE` judges a result of another tool"});
  }
  return claims::judge_whitepaper(facts_of(outcome), folder.string());
}

core::Result<claims::Ledger> ledger_of_imports(const std::vector<fs::path>& runs, std::string subject) {
  PHASEGATE_TRY(outcome, conformance::check_imported(runs));
  return claims::judge_whitepaper(facts_of(outcome), std::move(subject));
}

core::Result<claims::Ledger> ledger_of_run(const fs::path& run) {
  PHASEGATE_TRY(manifest, evidence::read_manifest(run));
  if (evidence::is_imported(manifest)) return ledger_of_imports({run}, run.filename().string());
  PHASEGATE_TRY(validation, evidence::validate_run(run));
  PHASEGATE_TRY(analysis, analysis::analyze_run(run));
  return claims::judge_run(analysis, validation.canonical);
}

core::Result<claims::Ledger> ledger_of_store(const evidence::Store& store) {
  std::vector<fs::path> imported;
  for (const auto& id : store.runs()) {
    PHASEGATE_TRY(run, store.find_run(id));
    const auto manifest = evidence::read_manifest(run);
    if (manifest && evidence::is_imported(*manifest)) imported.push_back(run);
  }
  if (imported.empty()) {
    return core::fail({core::ErrorKind::not_found, "the store has no imported run", store.root().string(),
                       "import one (phasegate import DIR), or name a folder, run or policy"});
  }
  return ledger_of_imports(imported, "the imported runs of the store");
}

core::Result<claims::Ledger> judge(Context& context, evidence::Store& store, const std::string& subject) {
  std::error_code code;
  if (subject.empty()) return ledger_of_store(store);
  const fs::path path(subject);
  const bool folder = fs::is_directory(path, code);
  if (folder && !is_run(path) && !fs::exists(path / "policy.json", code)) return ledger_of_folder(path);
  if (folder && is_run(path)) return ledger_of_run(path);
  if (const auto run = store.find_run(subject); run && !folder) return ledger_of_run(*run);
  PHASEGATE_TRY(policy, find_policy(context, subject));
  return claims::judge_policy(policy, subject);
}

core::Result<int> claims_of(Context& context, const std::string& subject) {
  PHASEGATE_TRY(store, evidence::Store::open(context.options.store, evidence::Store::Access::write));
  PHASEGATE_TRY(ledger, judge(context, store, subject));
  std::vector<core::Json> lines;
  for (const auto& claim : ledger.claims) lines.push_back(claims::to_json(claim));
  PHASEGATE_CHECK_OK(store.put_claims(ledger.subject, std::move(lines)));
  if (context.options.json) {
    print_json(claims::to_json(ledger));
  } else {
    print_text(claims::to_text(ledger));
  }
  return kExitDone;
}

}  // namespace

void add_claims(CLI::App& app, Options& options) {
  auto* sub = app.add_subcommand("claims", "the ledger: each claim, its evidence, and whether the data carry it");
  const auto subject = std::make_shared<std::string>();  // shared with the bound command, which outlives the parser
  sub->add_option(
      "subject", *subject,
      "a run or policy (id, prefix, 'last', path) or a folder with report runs; default: what the store imported");
  sub->footer(
      "Examples:\n  phasegate claims tests/conformance/reports\n  phasegate claims examples/smollm2-cpu\n"
      "  phasegate claims last --json");
  sub->callback([&options, subject] {
    options.command = BoundCommand{[subject](Context& context) {
      const auto code = claims_of(context, *subject);
      return code ? *code : report_error(code.error(), context.options.json);
    }};
  });
}

}  // namespace phasegate::cli
