#include "evidence/policy.h"

#include "evidence/candidate_fields.h"

namespace phasegate::evidence {
namespace {

constexpr std::array<std::string_view, 2> kScopes = {"engine", "service"};
constexpr std::array<std::string_view, 3> kObjectives = {"decode_tok_s", "prefill_tok_s", "e2e_ms"};

template <class V, class T>
void effect_fields(V& v, T& effect) {
  v.number("ratio", effect.ratio, {0});
  v.pair("ci95", effect.ci_low, effect.ci_high);
  v.number("p_adjusted", effect.p_adjusted, {0, 1});
  v.integer("sessions", effect.sessions);
  v.text("against", effect.against, Text::not_empty);
}

template <class V, class T>
void reference_fields(V& v, T& reference) {
  v.text("run", reference.run, Text::not_empty);
  v.text("file", reference.file, Text::not_empty);
  v.text("key", reference.key, Text::not_empty);
}

template <class V, class T>
void rejected_fields(V& v, T& rejected) {
  v.text("candidate", rejected.candidate, Text::not_empty);
  v.text("gate", rejected.gate, Text::not_empty);
  v.text("reason", rejected.reason, Text::not_empty);
  v.text("detail", rejected.detail);
}

template <class V, class T>
void bucket_fields(V& v, T& bucket) {
  v.pair("prompt", bucket.prompt.low, bucket.prompt.high);
  v.pair("gen", bucket.gen.low, bucket.gen.high);
  v.pair("batch", bucket.batch.low, bucket.batch.high);
}

template <class V, class T>
void rule_fields(V& v, T& rule) {
  v.text("tier", rule.tier, Text::not_empty);
  v.choice("class", rule.workload, kWorkloadNames);
  v.object("bucket", [&](auto& o) { bucket_fields(o, rule.bucket); });
  v.one_of("objective", rule.objective, kObjectives);
  v.text_or_null("winner", rule.winner);
  v.texts("tied", rule.tied, Text::not_empty);
  v.text_or_null("reason", rule.reason);
  v.require("reason", "must be there exactly when winner is null",
            [&] { return rule.winner.has_value() == rule.reason.empty(); });
  v.text_or_null("settle", rule.settle);
  v.object_or_null("effect", rule.effect, [](auto& o, auto& effect) { effect_fields(o, effect); });
  v.text("compile", rule.compile, Text::not_empty);
  v.object("warmup", [&](auto& o) {
    o.flag("warm_pool", rule.warm_pool);
    o.text_or_null("reason", rule.warmup_reason);
  });
  v.list("evidence", rule.evidence, [](auto& o, auto& reference) { reference_fields(o, reference); });
  v.list("rejected", rule.rejected, [](auto& o, auto& rejected) { rejected_fields(o, rejected); });
}

template <class V, class T>
void policy_fields(V& v, T& policy) {
  v.constant("schema", "phasegate.policy");
  v.version("version", kPolicyVersion);
  v.one_of("scope", policy.scope, kScopes);
  v.text("created", policy.created, Text::not_empty);
  v.text("expires", policy.expires, Text::not_empty);
  v.texts("runs", policy.runs, Text::not_empty);
  v.texts("run_hashes", policy.run_hashes, Text::sha256);
  v.require("run_hashes", "has another length than runs",
            [&] { return policy.runs.size() == policy.run_hashes.size(); });
  v.json("boundary", policy.boundary);
  v.json("thresholds", policy.thresholds);
  v.text("thresholds_sha256", policy.thresholds_sha256, Text::sha256);
  v.text_or_null("default_safe", policy.default_safe);
  v.text_or_null("default_safe_reason", policy.default_safe_reason);
  v.list("candidates", policy.candidates, [](auto& o, auto& candidate) { candidate_fields(o, candidate); });
  v.list("rules", policy.rules, [](auto& o, auto& rule) { rule_fields(o, rule); });
  v.json("economics", policy.economics);
  v.json("tables", policy.tables);
  v.flag("provisional", policy.provisional);
  v.text_or_null("provisional_reason", policy.provisional_reason);
}

}  // namespace

std::string_view to_string(WorkloadClass workload) { return name_of(kWorkloadNames, workload); }
std::optional<WorkloadClass> parse_workload(std::string_view text) {
  return value_of<WorkloadClass>(kWorkloadNames, text);
}

core::Json to_json(const Policy& policy) {
  return write_fields(policy, [](auto& v, auto& p) { policy_fields(v, p); });
}

core::Result<Policy> policy_from_json(const core::Json& json) {
  return from_json<Policy>(json, [](auto& v, auto& p) { policy_fields(v, p); });
}

core::Result<core::PolicyId> policy_id(const Policy& policy) {
  PHASEGATE_TRY(hash, core::json_hash(to_json(policy)));
  return core::PolicyId(std::move(hash));
}

}  // namespace phasegate::evidence
