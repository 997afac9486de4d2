#include "evidence/approvals.h"

#include <algorithm>
#include <charconv>

#include "core/files.h"
#include "core/sha256.h"
#include "evidence/append_file.h"
#include "evidence/codec.h"
#include "evidence/lines.h"

namespace phasegate::evidence {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 5> kStepNames = {"approve", "rollback", "freeze", "lift", "stale"};
constexpr std::size_t kMaxSteps = 1'000'000;

fs::path file_of(const fs::path& store) { return store / "approvals.jsonl"; }
fs::path head_of(const fs::path& store) { return store / "approvals.head"; }

template <class V, class T>
void override_fields(V& v, T& one) {
  v.text("rule", one.rule, Text::not_empty);
  v.text("reason", one.reason, Text::not_empty);
  v.text("detail", one.detail);
}

template <class V, class T>
void drift_fields(V& v, T& drift) {
  v.text("trigger", drift.trigger, Text::not_empty);
  v.text("field", drift.field, Text::not_empty);
  v.text("was", drift.was);
  v.text("is", drift.is);
}

template <class V, class T>
void step_fields(V& v, T& step) {
  v.constant("schema", "phasegate.approval");
  v.version("version", kApprovalVersion);
  v.integer("seq", step.seq);
  v.text_or_null("previous", step.previous, Text::sha256);
  v.text("time", step.time, Text::not_empty);
  v.choice("step", step.kind, kStepNames);
  v.text("who", step.who, Text::not_empty);
  v.text("why", step.why, Text::not_empty);
  v.text_or_null("policy", step.policy, Text::sha256);
  v.text_or_null("previous_policy", step.previous_policy, Text::sha256);
  v.list("overrides", step.overrides, [](auto& o, auto& one) { override_fields(o, one); });
  v.object_or_null("window", step.window, [](auto& o, auto& window) {
    o.text("from", window.from, Text::not_empty);
    o.text("until", window.until, Text::not_empty);
  });
  v.list("drifts", step.drifts, [](auto& o, auto& drift) { drift_fields(o, drift); });
  v.text("key", step.key, Text::sha256);  // 64 hex digits, like a hash
  v.text("signature", step.signature, Text::not_empty);
  v.require("policy", "must be there exactly when the step is approve, rollback or stale", [&] {
    const bool about_policy = step.kind != StepKind::freeze && step.kind != StepKind::lift;
    return step.policy.has_value() == about_policy;
  });
  v.require("window", "must be there exactly when the step is freeze",
            [&] { return step.window.has_value() == (step.kind == StepKind::freeze); });
}

core::Error damaged(const fs::path& file, std::int64_t line, std::string what) {
  return {core::ErrorKind::evidence, std::move(what), fmt::format("{}:{}", file.string(), line),
          "restore the file from a copy; until then no policy counts as approved"};
}

// What a signature covers: the line without the signature.
core::Result<std::string> signed_text(const Step& step) {
  auto json = to_json(step);
  json.erase("signature");
  return core::canonical_json(json);
}

struct Head {
  std::int64_t seq = -1;  // of the newest line; -1: there is none yet
  std::string hash;
};

// "<seq> <sha256>\n"
core::Result<Head> read_head(const fs::path& store) {
  std::error_code code;
  if (!fs::exists(head_of(store), code)) return Head{};
  PHASEGATE_TRY(text, core::read_file(head_of(store), 256));
  Head head;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), head.seq);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc() && head.seq >= 0 && rest.size() == 66 && rest.front() == ' ' && rest.back() == '\n') {
    head.hash = rest.substr(1, 64);
    return head;
  }
  return core::fail(core::Error{core::ErrorKind::evidence, "does not name a line", head_of(store).string(),
                                "restore the file from a copy"});
}

core::Status check_line(const fs::path& file, std::string_view line, const std::vector<std::string>& trusted,
                        History& history) {
  const auto number = static_cast<std::int64_t>(history.steps.size()) + 1;
  const auto bad = [&](std::string what) { return core::fail(damaged(file, number, std::move(what))); };
  if (history.steps.size() >= kMaxSteps) return bad(fmt::format("is beyond the limit of {} steps", kMaxSteps));
  const auto json = core::parse_json(line, fmt::format("{}:{}", file.string(), number));
  if (!json) return bad("is not a step: " + json.error().what);
  auto step = step_from_json(*json);
  if (!step) {
    if (step.error().kind == core::ErrorKind::conflict) return core::at(file.string(), step.error());
    return bad(fmt::format("is not a step: {} {}", step.error().where, step.error().what));
  }
  const std::optional<std::string> before =
      history.hashes.empty() ? std::nullopt : std::optional(history.hashes.back());
  if (step->previous != before) return bad("does not follow the line before it: a line was changed, moved or repeated");
  if (step->seq != number - 1) return bad(fmt::format("has seq {}, {} was expected", step->seq, number - 1));
  PHASEGATE_TRY(canonical, core::canonical_json(*json));
  if (canonical != line) return bad("is not canonical JSON, so it was changed");
  if (!std::binary_search(trusted.begin(), trusted.end(), step->key)) {
    return bad(fmt::format("is signed by key {}…, which is not among the {} trusted ones", step->key.substr(0, 16),
                           trusted.size()));
  }
  PHASEGATE_TRY(text, signed_text(*step));
  if (!core::verify_signature(step->key, text, step->signature)) return bad("has a wrong signature: it was changed");
  history.hashes.push_back(core::sha256_hex(line));
  history.steps.push_back(std::move(*step));
  return {};
}

core::Status check_head(const fs::path& store, const Head& head, const History& history) {
  if (head.seq < 0) return {};
  const auto at = static_cast<std::size_t>(head.seq);
  if (at < history.hashes.size() && history.hashes[at] == head.hash) return {};
  return core::fail(damaged(
      file_of(store), static_cast<std::int64_t>(history.steps.size()),
      fmt::format("is not the history that approvals.head knows, which has {} line(s): the last ones are missing",
                  head.seq + 1)));
}

}  // namespace

std::string_view to_string(StepKind kind) { return name_of(kStepNames, kind); }

core::Json to_json(const Step& step) {
  return write_fields(step, [](auto& v, auto& s) { step_fields(v, s); });
}

core::Result<Step> step_from_json(const core::Json& json) {
  return from_json<Step>(json, [](auto& v, auto& s) { step_fields(v, s); });
}

fs::path default_key(const fs::path& store) { return store / "keys" / "approver"; }

core::Result<std::vector<std::string>> published_keys(const fs::path& store) {
  std::vector<std::string> keys;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(store / "keys", code)) {
    if (entry.path().extension() != ".pub") continue;
    PHASEGATE_TRY(key, core::load_public_key(entry.path()));
    keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

core::Result<History> read_history(const fs::path& store, const std::vector<std::string>& trusted) {
  std::vector<std::string> keys = trusted;
  std::sort(keys.begin(), keys.end());
  if (keys.empty()) {
    PHASEGATE_TRY(published, published_keys(store));
    keys = std::move(published);
  }
  PHASEGATE_TRY(head, read_head(store));  // before the file: a writer makes the line first
  History history;
  std::error_code code;
  const fs::path file = file_of(store);
  if (fs::exists(file, code)) {
    PHASEGATE_TRY(reader, LineReader::open(file));
    std::string_view line;
    LineReader::Step step = reader.next(line);
    for (; step == LineReader::Step::line && !reader.torn(); step = reader.next(line)) {
      PHASEGATE_CHECK_OK(check_line(file, line, keys, history));
    }
    history.torn = reader.torn();
    history.whole_bytes = reader.whole_bytes();
    if (step == LineReader::Step::too_long || step == LineReader::Step::read_error) {
      return core::fail(damaged(file, reader.number(), "cannot be read: too long, or a read error"));
    }
  }
  PHASEGATE_CHECK_OK(check_head(store, head, history));
  return history;
}

core::Result<Step> append_to_history(const fs::path& store, Step step, const core::SigningKey& key) {
  PHASEGATE_TRY(history, read_history(store));
  step.seq = static_cast<std::int64_t>(history.steps.size());
  step.previous = history.hashes.empty() ? std::nullopt : std::optional(history.hashes.back());
  step.key = key.public_hex();
  PHASEGATE_TRY(text, signed_text(step));
  step.signature = key.sign(text);
  if (const auto read_back = step_from_json(to_json(step)); !read_back) return core::fail(read_back.error());
  PHASEGATE_TRY(line, core::canonical_json(to_json(step)));
  PHASEGATE_TRY(file, AppendFile::reopen(file_of(store), history.whole_bytes));
  PHASEGATE_CHECK_OK(file.append(line + "\n"));
  PHASEGATE_CHECK_OK(file.sync());
  PHASEGATE_CHECK_OK(core::write_file_atomic(head_of(store), fmt::format("{} {}\n", step.seq, core::sha256_hex(line))));
  return step;
}

std::optional<std::string> approved_policy(const History& history) {
  for (auto step = history.steps.rbegin(); step != history.steps.rend(); ++step) {
    if (step->kind == StepKind::approve || step->kind == StepKind::rollback) return step->policy;
  }
  return std::nullopt;
}

}  // namespace phasegate::evidence
