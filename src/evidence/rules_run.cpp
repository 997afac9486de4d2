// Rules over the manifest, the plan, hashes and counts.
#include <algorithm>

#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"
#include "evidence/build_info.h"
#include "evidence/import.h"
#include "evidence/rules.h"
#include "evidence/schema.h"
#include "evidence/sealed.h"
#include "evidence/store.h"

namespace phasegate::evidence {
namespace {

std::string in_manifest(std::string_view key) {
  return key.empty() ? "manifest.json" : fmt::format("manifest.json {}", key);
}

// Requirement 34: every key is there, and a null has a reason.
bool check_environment(const core::Json& manifest, Findings& findings) {
  bool whole = true;
  const auto environment = manifest.value("environment", core::Json::object());
  for (const auto key : kEnvironmentKeys) {
    const auto entry = environment.is_object() ? environment.value(std::string(key), core::Json()) : core::Json();
    const bool known = entry.is_object() && entry.contains("value") && entry.contains("reason") &&
                       (!entry["value"].is_null() || (entry["reason"].is_string() && entry["reason"] != ""));
    if (known) continue;
    whole = false;
    findings.issue("environment_incomplete", in_manifest(fmt::format("environment.{}", key)),
                   "neither a value nor a null with a reason");
  }
  return whole;
}

bool check_manifest_schema(const core::Json& manifest, Findings& findings) {
  if (manifest.value("version", core::Json()).is_number_integer() && manifest["version"] > kManifestVersion) {
    findings.issue("newer_version", in_manifest("version"), "written by a newer phasegate");
    return false;
  }
  const auto status = check_schema(Schema::manifest, manifest);
  if (!status) findings.issue("manifest_schema", in_manifest(status.error().where), status.error().what);
  return status.has_value();
}

void check_state(const Manifest& manifest, Findings& findings) {
  if (manifest.state == "running" || !manifest.finished || manifest.files.empty()) {
    findings.issue("manifest_incomplete", in_manifest("finished"),
                   is_imported(manifest)
                       ? "the second phase is missing: the import was not ended; import the source again"
                       : "the second phase is missing: the run was not ended; go on with --resume");
  } else if (manifest.state != "complete") {
    findings.issue("run_" + manifest.state, in_manifest("state"),
                   manifest.state_reason.empty() ? "no reason given" : manifest.state_reason);
  }
}

void read_thresholds(RunFacts& facts, Findings& findings) {
  const auto thresholds = thresholds_from_json(facts.manifest->thresholds);
  if (!thresholds) {
    findings.issue("thresholds_invalid", in_manifest("thresholds." + thresholds.error().where),
                   thresholds.error().what);
    return;
  }
  facts.thresholds = *thresholds;
  if (core::json_hash(facts.manifest->thresholds) != facts.manifest->thresholds_sha256) {
    findings.issue("thresholds_invalid", in_manifest("thresholds_sha256"), "is not the hash of the thresholds");
  }
}

void read_candidates(RunFacts& facts, Findings& findings) {
  for (const auto& candidate : facts.manifest->candidates) {
    if (!facts.candidate_ids.emplace(candidate.name, candidate.id.value).second) {
      findings.issue("candidate_ambiguous", in_manifest("candidates"), candidate.name + " stands for two candidates");
    }
  }
}

void read_plan_of(RunFacts& facts, Findings& findings) {
  const auto plan = read_plan(facts.folder);
  if (!plan) {
    findings.issue("plan_unreadable", "plan.json", plan.error().what);
    return;
  }
  const auto schema = is_imported(*facts.manifest) ? Schema::import : Schema::plan;
  if (const auto status = check_schema(schema, *plan); !status) {
    findings.issue("plan_schema", "plan.json " + status.error().where, status.error().what);
    return;
  }
  facts.plan = *plan;
}

// `raw` is the file that the pass over its lines has hashed already.
void check_file_hashes(const RunFacts& facts, std::string_view raw, const std::string& raw_sha256, Findings& findings) {
  const Manifest& manifest = *facts.manifest;
  if (manifest.files.empty()) return;  // manifest_incomplete says so
  std::vector<std::string_view> names = {"plan.json", raw};
  if (is_imported(manifest)) names.emplace_back("source.json");
  for (const auto name : names) {
    if (name == raw && raw_sha256.empty()) continue;  // that it is unreadable was said
    const auto recorded = manifest.files.find(std::string(name));
    const auto hash = name == raw ? core::Result<std::string>(raw_sha256) : core::sha256_file(facts.folder / name);
    if (recorded != manifest.files.end() && hash && *hash == recorded->second) continue;
    findings.issue("hash_mismatch", std::string(name), "was changed after the run: its sha256 is not the manifest's");
  }
  if (!facts.plan.is_null() && core::json_hash(facts.plan) != manifest.plan_sha256) {
    findings.issue("plan_mismatch", "plan.json", "is not the plan whose hash the manifest names");
  }
}

void check_counts(const RunFacts& facts, const RecordTotals& totals, Findings& findings) {
  const RunCounts& counts = facts.manifest->counts;
  const auto compare = [&](std::int64_t found, std::int64_t promised, const char* what) {
    if (found == promised) return;
    findings.issue(found < promised ? "records_missing" : "records_extra", "records.jsonl",
                   fmt::format("{} {}, {} in the manifest", found, what, promised));
  };
  if (facts.manifest->finished) compare(totals.lines, counts.written, "lines");
  if (facts.manifest->state == "complete" && totals.unreadable == 0)
    compare(totals.planned, counts.expected, "records of the plan");
  const auto expected = facts.plan.is_object() ? facts.plan.value("records_expected", core::Json()) : core::Json();
  if (expected.is_number_integer() && expected > counts.expected) {
    findings.issue("plan_count", in_manifest("counts.expected"),
                   fmt::format("is {}, the plan promises {}", counts.expected, expected.get<std::int64_t>()));
  }
}

void check_build(const RunFacts& facts, const RecordTotals& totals, Findings& findings) {
  if (!totals.real_time) return;  // on virtual time the build changes nothing
  const auto text = [&](const char* key) {
    const auto at = facts.manifest->environment.find(key);
    return at != facts.manifest->environment.end() && at->second.value.is_string() ? at->second.value.get<std::string>()
                                                                                   : std::string();
  };
  if (measures_for_real(text("build_type"), text("sanitizer"))) return;
  findings.issue("build_not_measurable", in_manifest("environment.build_type"),
                 fmt::format("build type \"{}\", sanitizer \"{}\": its timings say nothing about an engine",
                             text("build_type"), text("sanitizer")));
}

// Each analysis/*.json names what it was made from.
void check_derived(const RunFacts& facts, Findings& findings) {
  std::error_code code;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(facts.folder / "analysis", code)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const std::string name = "analysis/" + file.filename().string();
    const auto text = core::read_file(file, core::kMaxPolicyBytes);
    const auto json = text ? core::parse_json(*text, name) : core::Result<core::Json>(tl::unexpected(text.error()));
    const bool known = json && json->is_object() && json->value("inputs", core::Json()).is_object();
    if (!known) {
      findings.issue("derived_unreadable", name, "is not a derived artifact: it does not name its inputs");
      continue;
    }
    for (const auto& [input, hash] : (*json)["inputs"].items()) {
      if (input == "validation.json") continue;  // written anew by each validation
      const auto now = core::sha256_file(facts.folder / input);
      if (now && hash == *now) continue;
      findings.issue("derived_stale", name, fmt::format("was made from another {}; analyze the run again", input));
    }
  }
}

}  // namespace

void read_and_check_manifest(RunFacts& facts, Findings& findings) {
  facts.thresholds = default_thresholds();
  const auto path = facts.folder / "manifest.json";
  const auto text = core::read_file(path, core::kMaxManifestBytes);
  auto manifest = text ? unseal(*text, path.string()) : core::Result<core::Json>(tl::unexpected(text.error()));
  if (!manifest) {
    findings.issue("manifest_tampered", "manifest.json", manifest.error().what);
    return;
  }
  facts.manifest_json = std::move(*manifest);
  // An incomplete environment alone does not hide the other rules' findings, but it is not also a schema error.
  if (!check_environment(facts.manifest_json, findings) || !check_manifest_schema(facts.manifest_json, findings))
    return;
  auto parsed = manifest_from_json(facts.manifest_json);
  if (!parsed) {
    findings.issue("manifest_schema", in_manifest(parsed.error().where), parsed.error().what);
    return;
  }
  facts.manifest = std::move(*parsed);
  check_state(*facts.manifest, findings);
  read_thresholds(facts, findings);
  read_candidates(facts, findings);
  read_plan_of(facts, findings);
}

void check_totals(const RunFacts& facts, const RecordTotals& totals, Findings& findings) {
  if (!facts.manifest) return;
  check_file_hashes(facts, "records.jsonl", totals.sha256, findings);
  check_counts(facts, totals, findings);
  check_build(facts, totals, findings);
  check_derived(facts, findings);
}

void check_files(const RunFacts& facts, std::string_view raw, const std::string& raw_sha256, Findings& findings) {
  if (!facts.manifest) return;
  check_file_hashes(facts, raw, raw_sha256, findings);
  check_derived(facts, findings);
}

}  // namespace phasegate::evidence
