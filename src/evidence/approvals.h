// <store>/approvals.jsonl: who changed what policy is in force, when and why. One canonical JSON line for each step
// (schemas/approval.schema.json), appended by Store::append_step and never rewritten.
//
// Three things are checked whenever it is read, and any of them that fails is an Error of kind evidence that names the
// line: each line holds the sha256 of the line before it (no line can be changed, moved, repeated or taken out of the
// middle); each line is signed by an Ed25519 key whose public half is in <store>/keys/*.pub or was named by the caller
// (no line can be invented without a key); approvals.head names the newest line (the last lines cannot get lost
// unseen). Who can write the whole store can replace keys and head too: check with a public key kept elsewhere.
// A last line without its newline is what a crash left: it is not a step, and the next append cuts it.
// Threads: values and pure functions; reading needs no lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/signature.h"

namespace phasegate::evidence {

inline constexpr int kApprovalVersion = 1;

enum class StepKind {
  approve,   // `policy` is in force
  rollback,  // an earlier `policy` is in force again
  freeze,    // no approvals inside `window`
  lift,      // the freeze windows end
  stale,     // `policy` no longer fits this machine: `drifts` says why
};
[[nodiscard]] std::string_view to_string(StepKind kind);

struct Override {      // a refusal that the approver set aside
  std::string rule;    // "freeze", "other_machine", "expired"
  std::string reason;  // the approver's words
  std::string detail;  // what was set aside
};

struct FreezeWindow {  // UTC stamps; approvals at from <= t < until are refused
  std::string from;
  std::string until;
};

struct StepDrift {
  std::string trigger;  // "driver"
  std::string field;    // "environment.driver"
  std::string was;
  std::string is;
};

struct Step {
  std::int64_t seq = 0;
  std::optional<std::string> previous;  // sha256 of the line before; empty in the first
  std::string time;                     // UTC
  StepKind kind = StepKind::approve;
  std::string who;
  std::string why;
  std::optional<std::string> policy;           // id
  std::optional<std::string> previous_policy;  // in force before the step
  std::vector<Override> overrides;
  std::optional<FreezeWindow> window;
  std::vector<StepDrift> drifts;
  std::string key;  // public, hex
  std::string signature;
};

struct History {
  std::vector<Step> steps;
  std::vector<std::string> hashes;  // of each line
  bool torn = false;                // the file ends in a line that is not whole
  std::uint64_t whole_bytes = 0;
};

[[nodiscard]] core::Json to_json(const Step& step);
[[nodiscard]] core::Result<Step> step_from_json(const core::Json& json);

// An absent file is an empty history. `trusted`: public keys (hex); empty = those in <store>/keys.
[[nodiscard]] core::Result<History> read_history(const std::filesystem::path& store,
                                                 const std::vector<std::string>& trusted = {});
// Adds seq, previous, key and signature, and writes. Internal to Store, which holds the lock.
[[nodiscard]] core::Result<Step> append_to_history(const std::filesystem::path& store, Step step,
                                                   const core::SigningKey& key);

// The policy in force: that of the newest approve or rollback.
[[nodiscard]] std::optional<std::string> approved_policy(const History& history);

// <store>/keys/approver: the key that the first step makes.
[[nodiscard]] std::filesystem::path default_key(const std::filesystem::path& store);
// Public keys that the store trusts, hex, sorted.
[[nodiscard]] core::Result<std::vector<std::string>> published_keys(const std::filesystem::path& store);

}  // namespace phasegate::evidence
