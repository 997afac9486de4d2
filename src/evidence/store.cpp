#include "evidence/store.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "core/clock.h"
#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"
#include "evidence/build_info.h"
#include "evidence/codec.h"
#include "evidence/import_writer.h"
#include "evidence/lines.h"
#include "evidence/recover.h"
#include "evidence/run_writer.h"
#include "evidence/sealed.h"
#include "evidence/store_lock.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kVersionPrefix = "phasegate-store ";

core::Error not_a_store(const fs::path& root, const char* next) {
  return {core::ErrorKind::not_found, "is not an evidence store", root.string(), next};
}

core::Status check_version(const fs::path& root) {
  auto text = core::read_file(root / "version", 256);
  if (!text) {
    return core::fail(not_a_store(root, "run `phasegate run` first, or name another folder with --store"));
  }
  int version = 0;
  const bool known = text->starts_with(kVersionPrefix);
  const auto digits = std::string_view(*text).substr(known ? kVersionPrefix.size() : 0);
  if (!known || std::from_chars(digits.data(), digits.data() + digits.size(), version).ec != std::errc()) {
    return core::fail(not_a_store(root, "its version file is not one of a store"));
  }
  if (version > kStoreVersion) {
    return core::fail(core::Error{
        core::ErrorKind::conflict,
        fmt::format("has format version {}, this phasegate knows versions up to {}", version, kStoreVersion),
        root.string(), "use a newer phasegate, or another --store"});
  }
  return {};
}

core::Status prepare_for_writing(const fs::path& root) {
  std::error_code code;
  const bool fresh = !fs::exists(root / "version", code);
  if (fresh && fs::exists(root, code) && !fs::is_empty(root, code)) {
    return core::fail(not_a_store(root, "it holds other files; name an empty or new folder with --store"));
  }
  PHASEGATE_CHECK_OK(core::make_directories(root / "runs"));
  PHASEGATE_CHECK_OK(core::make_directories(root / "policies"));
  if (fresh) {
    return core::write_file_atomic(root / "version", fmt::format("{}{}\n", kVersionPrefix, kStoreVersion));
  }
  return {};
}

// Sorts by time: "20260131T120000.123Z-4f2a9c" of the stamp "2026-01-31T12:00:00.123Z".
std::string make_run_id(const std::string& started) {
  std::string id;
  std::copy_if(started.begin(), started.end(), std::back_inserter(id), [](char c) { return c != '-' && c != ':'; });
  std::random_device device;
  return fmt::format("{}-{:06x}", id, device() & 0xFFFFFFU);
}

std::vector<std::string> names_in(const fs::path& folder, bool (*wanted)(const fs::directory_entry&)) {
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (wanted(entry)) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The one name with this prefix; an exact match wins.
core::Result<std::string> unique_match(const std::vector<std::string>& names, const std::string& prefix,
                                       const char* kind) {
  std::vector<std::string> matches;
  for (const auto& name : names) {
    if (name == prefix) return name;
    if (name.starts_with(prefix)) matches.push_back(name);
  }
  if (matches.size() == 1) return matches.front();
  if (matches.empty()) {
    return core::fail(core::Error{core::ErrorKind::not_found, fmt::format("no {} has this name", kind), prefix,
                                  names.empty() ? fmt::format("the store holds no {} yet", kind)
                                                : fmt::format("the newest is {}", names.back())});
  }
  return core::fail(core::Error{core::ErrorKind::invalid_input, fmt::format("{} {}s begin so", matches.size(), kind),
                                prefix, fmt::format("say more of it, as in {}", matches.back())});
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos;
}

core::Json tool() {
  const auto& build = build_info();
  return {{"name", "phasegate"},
          {"version", build.version},
          {"git_commit", build.git_commit ? core::Json(*build.git_commit) : core::Json()},
          {"git_dirty", build.git_dirty ? core::Json(*build.git_dirty) : core::Json()}};
}

}  // namespace

struct Store::State {
  fs::path root;
  Access access = Access::read;
  StoreLock lock;

  [[nodiscard]] core::Status writable() const {
    if (access == Access::write) return {};
    return core::fail(core::Error{core::ErrorKind::conflict, "the store is open for reading only", root.string(), {}});
  }
};

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

core::Result<Store> Store::open(const fs::path& root, Access access) {
  auto state = std::make_unique<State>();
  state->root = root;
  state->access = access;
  if (access == Access::write) {
    PHASEGATE_CHECK_OK(prepare_for_writing(root));
    PHASEGATE_CHECK_OK(check_version(root));
    PHASEGATE_TRY(lock, StoreLock::take(root / "lock"));
    state->lock = std::move(lock);
  } else {
    PHASEGATE_CHECK_OK(check_version(root));
  }
  return Store(std::move(state));
}

const fs::path& Store::root() const { return state_->root; }

std::vector<std::string> Store::runs() const {
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(state_->root / "runs", code)) {
    if (fs::exists(entry.path() / "manifest.json", code)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Store::policies() const {
  return names_in(state_->root / "policies", [](const fs::directory_entry& entry) {
    return entry.path().extension() == ".json" && is_sha256(entry.path().stem().string());
  });
}

core::Result<RunWriter> Store::create_run(const Manifest& manifest, const core::Json& plan) {
  PHASEGATE_CHECK_OK(state_->writable());
  auto state = std::make_unique<RunWriter::State>();
  state->started = manifest.started.empty() ? core::SystemClock().utc_stamp() : manifest.started;
  state->run_id = manifest.run_id.empty() ? make_run_id(state->started) : manifest.run_id;
  state->folder = state_->root / "runs" / state->run_id;
  if (!is_plain_name(state->run_id) || fs::exists(state->folder)) {
    return core::fail(core::Error{core::ErrorKind::conflict, "a run of this id exists, or the id is no file name",
                                  state->run_id, "leave the id to the store"});
  }
  PHASEGATE_TRY(plan_text, core::canonical_json(plan));
  state->plan_sha256 = core::sha256_hex(plan_text);
  PHASEGATE_CHECK_OK(core::make_directories(state->folder));
  PHASEGATE_CHECK_OK(core::write_file_atomic(state->folder / "plan.json", plan_text + "\n"));
  PHASEGATE_TRY(records, AppendFile::create(state->folder / "records.jsonl"));
  state->records = std::move(records);
  RunWriter writer(std::move(state));
  PHASEGATE_CHECK_OK(writer.update(manifest));  // last: a folder without a manifest is no run
  return writer;
}

core::Result<ImportWriter> Store::create_import(const std::vector<std::string>& argv, const core::Json& intent,
                                                const Thresholds& thresholds) {
  PHASEGATE_CHECK_OK(state_->writable());
  auto state = std::make_unique<ImportWriter::State>();
  state->manifest = begin_imported_manifest(argv, thresholds);
  state->manifest.started = core::SystemClock().utc_stamp();
  state->manifest.run_id = make_run_id(state->manifest.started);
  state->folder = state_->root / "runs" / state->manifest.run_id;
  PHASEGATE_TRY(plan_text, core::canonical_json(intent));
  state->manifest.plan_sha256 = core::sha256_hex(plan_text);
  PHASEGATE_CHECK_OK(core::make_directories(state->folder));
  PHASEGATE_CHECK_OK(core::write_file_atomic(state->folder / "plan.json", plan_text + "\n"));
  PHASEGATE_TRY(rows, AppendFile::create(state->folder / "observations.jsonl"));
  state->rows = std::move(rows);
  PHASEGATE_CHECK_OK(write_manifest_file(state->folder, state->manifest));
  return ImportWriter(std::move(state));
}

core::Result<Store::Resumed> Store::resume_run(const std::string& run_id) {
  PHASEGATE_CHECK_OK(state_->writable());
  PHASEGATE_TRY(id, run_id == "last" ? core::Result<std::string>(runs().empty() ? "" : runs().back())
                                     : unique_match(runs(), run_id, "run"));
  const auto folder = state_->root / "runs" / id;
  PHASEGATE_TRY(manifest, read_manifest(folder));
  if (manifest.state == "complete" || manifest.state == "provisional") {
    return core::fail(core::Error{core::ErrorKind::conflict, fmt::format("the run is finished ({})", manifest.state),
                                  id, "start a new one with `phasegate run`"});
  }
  if (is_imported(manifest)) {
    return core::fail(core::Error{core::ErrorKind::conflict, "is an import that was not finished", id,
                                  "import the source again; this folder can be removed"});
  }
  PHASEGATE_TRY(plan, read_plan(folder));
  PHASEGATE_TRY(plan_hash, core::json_hash(plan));
  if (plan_hash != manifest.plan_sha256) {
    return core::fail(core::Error{core::ErrorKind::evidence, "plan.json is not the plan that the manifest names", id,
                                  "start a new run"});
  }
  PHASEGATE_TRY(recovered, recover_records(folder));
  auto state = std::make_unique<RunWriter::State>();
  state->folder = folder;
  state->run_id = id;
  state->started = manifest.started;
  state->plan_sha256 = manifest.plan_sha256;
  state->written = static_cast<std::int64_t>(recovered.records.size());
  for (const auto& record : recovered.records) ++state->by_status[std::string(to_string(record.status))];
  PHASEGATE_TRY(records, AppendFile::reopen(folder / "records.jsonl", recovered.whole_bytes));
  state->records = std::move(records);
  RunWriter writer(std::move(state));
  manifest.state = "running";
  manifest.state_reason.clear();
  manifest.finished.reset();
  PHASEGATE_CHECK_OK(writer.update(manifest));
  return Resumed{std::move(writer), std::move(manifest), std::move(plan), std::move(recovered.records), recovered.torn};
}

core::Result<fs::path> Store::find_run(const std::string& name) const {
  std::error_code code;
  if (fs::exists(fs::path(name) / "manifest.json", code)) return fs::path(name);
  if (name.find('/') != std::string::npos) {
    return core::fail(core::Error{core::ErrorKind::not_found, "holds no manifest.json, so it is not a run", name, {}});
  }
  const auto names = runs();
  if (name == "last" && !names.empty()) return state_->root / "runs" / names.back();
  PHASEGATE_TRY(id, unique_match(names, name, "run"));
  return state_->root / "runs" / id;
}

core::Result<std::string> Store::write_derived(const fs::path& run, const std::string& name, core::Json content,
                                               const std::vector<std::string>& inputs) {
  PHASEGATE_CHECK_OK(state_->writable());
  static constexpr std::array<std::string_view, 3> kRaw = {"manifest.json", "plan.json", "records.jsonl"};
  if (!is_plain_name(name) || std::find(kRaw.begin(), kRaw.end(), name) != kRaw.end() || !content.is_object()) {
    return core::fail(core::ErrorKind::invalid_input, "\"{}\" cannot be a derived artifact of a run", name);
  }
  auto hashes = core::Json::object();
  for (const auto& input : inputs) {
    PHASEGATE_TRY(hash, core::sha256_file(run / input));
    hashes[input] = hash;
  }
  content["inputs"] = std::move(hashes);
  content["tool"] = tool();
  PHASEGATE_TRY(text, core::canonical_json(content));
  text += '\n';
  PHASEGATE_CHECK_OK(core::make_directories((run / name).parent_path()));
  PHASEGATE_CHECK_OK(core::write_file_atomic(run / name, text));
  return core::sha256_hex(text);
}

core::Result<std::string> Store::put_policy(const Policy& policy) {
  PHASEGATE_CHECK_OK(state_->writable());
  const auto json = to_json(policy);
  if (const auto read_back = policy_from_json(json); !read_back) return core::fail(read_back.error());
  PHASEGATE_TRY(text, core::canonical_json(json));
  const auto id = core::sha256_hex(text);
  PHASEGATE_CHECK_OK(core::write_file_atomic(state_->root / "policies" / (id + ".json"), text));
  PHASEGATE_CHECK_OK(core::write_file_atomic(state_->root / "policies" / "last", id + "\n"));
  return id;
}

core::Result<std::string> Store::find_policy_id(const std::string& name) const {
  if (name == "approved") {
    PHASEGATE_TRY(steps, history());
    if (const auto id = approved_policy(steps)) return *id;
    return core::fail(core::Error{core::ErrorKind::not_found, "no policy was approved in this store",
                                  state_->root.string(),
                                  "look at one with `phasegate card last`, then `phasegate approve`"});
  }
  std::string prefix = name;
  if (name == "last") {
    PHASEGATE_TRY(last, core::read_file(state_->root / "policies" / "last", 128));
    prefix = last.substr(0, last.find('\n'));
  }
  return unique_match(policies(), prefix, "policy");
}

core::Result<Policy> Store::get_policy(const std::string& name) const {
  if (name.find('/') != std::string::npos || name.ends_with(".json")) return read_policy(name);
  PHASEGATE_TRY(id, find_policy_id(name));
  return read_policy(state_->root / "policies" / (id + ".json"));
}

core::Result<core::SigningKey> Store::signing_key(const fs::path& file, bool make_new) {
  PHASEGATE_CHECK_OK(state_->writable());
  PHASEGATE_CHECK_OK(core::make_directories(state_->root / "keys"));
  const fs::path path = file.empty() ? default_key(state_->root) : file;
  std::error_code code;
  const bool first = file.empty() && !fs::exists(state_->root / "approvals.jsonl", code) && !fs::exists(path, code);
  auto key = make_new || first ? core::SigningKey::create(path) : core::SigningKey::load(path);
  if (!key) {
    auto error = key.error();
    if (error.kind == core::ErrorKind::not_found) {
      error.what = "is the key that signs this history, and it is not there";
      error.next = "restore it, name another with --key FILE, or make a new one with --new-key";
    }
    return core::fail(std::move(error));
  }
  PHASEGATE_TRY(published, published_keys(state_->root));
  const std::string& hex = key->public_hex();
  if (std::find(published.begin(), published.end(), hex) == published.end()) {
    PHASEGATE_CHECK_OK(
        core::write_file_atomic(state_->root / "keys" / (hex.substr(0, 16) + ".pub"), core::public_key_text(hex)));
  }
  return key;
}

core::Result<History> Store::history() const { return read_history(state_->root); }

core::Result<Step> Store::append_step(Step step, const core::SigningKey& key) {
  PHASEGATE_CHECK_OK(state_->writable());
  return append_to_history(state_->root, std::move(step), key);
}

core::Status Store::note_watch(const core::Json& seen) {
  PHASEGATE_CHECK_OK(state_->writable());
  PHASEGATE_TRY(text, core::canonical_json(seen));
  return core::write_file_atomic(state_->root / "watch.json", text + "\n");
}

core::Result<core::Json> Store::last_watch() const {
  std::error_code code;
  if (!fs::exists(state_->root / "watch.json", code)) return core::Json();
  PHASEGATE_TRY(text, core::read_file(state_->root / "watch.json", core::kMaxMatrixBytes));
  return core::parse_json(text, (state_->root / "watch.json").string());
}

core::Status Store::put_claims(const std::string& subject, std::vector<core::Json> claims) {
  PHASEGATE_CHECK_OK(state_->writable());
  const auto path = state_->root / "claims.jsonl";
  std::string text;
  std::error_code code;
  if (fs::exists(path, code)) {
    PHASEGATE_TRY(before, core::read_file(path, core::kMaxPolicyBytes));
    std::size_t number = 0;
    for (std::size_t from = 0; from < before.size();) {
      const auto to = std::min(before.find('\n', from), before.size());
      const auto line = std::string_view(before).substr(from, to - from);
      PHASEGATE_TRY(claim, core::parse_json(line, fmt::format("{}:{}", path.string(), ++number)));
      const bool same = claim.is_object() && claim.contains("subject") && claim["subject"] == subject;
      if (!same) text += std::string(line) + "\n";
      from = to + 1;
    }
  }
  for (auto& claim : claims) {
    claim["subject"] = subject;
    PHASEGATE_TRY(line, core::canonical_json(claim));
    text += line + "\n";
  }
  return core::write_file_atomic(path, text);
}

}  // namespace phasegate::evidence
