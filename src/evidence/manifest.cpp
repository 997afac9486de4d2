#include "evidence/manifest.h"

#include "evidence/candidate_fields.h"

namespace phasegate::evidence {
namespace {

constexpr std::array<std::string_view, 4> kStates = {"running", "complete", "interrupted", "provisional"};
constexpr std::array<std::string_view, 5> kModes = {"quick", "full", "custom", "measure", "imported"};
constexpr std::array<std::string_view, 3> kAccuracyStates = {"pass", "fail", "missing"};

template <class V, class T>
void accuracy_fields(V& v, T& accuracy) {
  v.text("candidate", accuracy.candidate_name, Text::not_empty);
  v.number_or_null("perplexity", accuracy.perplexity, {0});
  v.number_or_null("reference_perplexity", accuracy.reference_perplexity, {0});
  v.number_or_null("delta_fraction", accuracy.delta_fraction);
  v.number_or_null("top1_agreement", accuracy.top1_agreement, {0, 1});
  v.integer_or_null("greedy_equal_tokens", accuracy.greedy_equal_tokens);
  v.number_or_null("gap_at_divergence", accuracy.gap_at_divergence, {0});
  v.integer("scored_tokens", accuracy.scored_tokens);
  v.text_or_null("text_sha256", accuracy.text_sha256, Text::sha256);
  v.text_or_null("reference", accuracy.reference);
  v.one_of("status", accuracy.status, kAccuracyStates);
  v.text_or_null("reason", accuracy.reason);
}

// Each key of requirement 34 is there: a value, or null with a reason beside it.
template <class V, class T>
void environment_fields(V& v, T& environment) {
  for (const auto key : kEnvironmentKeys) {
    using Value = std::conditional_t<std::is_const_v<T>, const EnvironmentValue, EnvironmentValue>;
    static const EnvironmentValue kNotRead{{}, "not read"};
    const auto value_at = [&]() -> Value& {
      if constexpr (std::is_const_v<T>) {
        const auto at = environment.find(std::string(key));
        return at == environment.end() ? kNotRead : at->second;
      } else {
        return environment[std::string(key)];
      }
    };
    Value& value = value_at();
    v.object(key.data(), [&](auto& o) {
      o.json("value", value.value);
      o.text_or_null("reason", value.reason);
      o.require("reason", "must be there exactly when value is null",
                [&] { return value.value.is_null() == !value.reason.empty(); });
    });
  }
}

template <class V, class T>
void identity_of_run_fields(V& v, T& manifest) {
  v.constant("schema", "phasegate.manifest");
  v.version("version", kManifestVersion);
  v.text("run_id", manifest.run_id, Text::not_empty);
  v.text("started", manifest.started, Text::not_empty);
  v.text_or_null("finished", manifest.finished);
  v.one_of("state", manifest.state, kStates);
  v.text_or_null("state_reason", manifest.state_reason);
  v.texts("argv", manifest.argv);
  v.json("matrix", manifest.matrix);
  v.text_or_null("matrix_sha256", manifest.matrix_sha256, Text::sha256);
  v.text("plan_sha256", manifest.plan_sha256, Text::sha256);
  v.one_of("mode", manifest.mode, kModes);
  v.decimal("seed", manifest.seed);
  v.text("generator", manifest.generator, Text::not_empty);
  v.json("thresholds", manifest.thresholds);
  v.text("thresholds_sha256", manifest.thresholds_sha256, Text::sha256);
  v.text_or_null("default_safe", manifest.default_safe);
}

template <class V, class T>
void manifest_fields(V& v, T& manifest) {
  identity_of_run_fields(v, manifest);
  v.object("environment", [&](auto& o) { environment_fields(o, manifest.environment); });
  v.list("candidates", manifest.candidates, [](auto& o, auto& candidate) { candidate_fields(o, candidate); });
  v.list("accuracy", manifest.accuracy, [](auto& o, auto& accuracy) { accuracy_fields(o, accuracy); });
  v.json("instrument", manifest.instrument);
  v.json("sessions", manifest.sessions);
  v.object("counts", [&](auto& o) {
    o.integer("expected", manifest.counts.expected);
    o.integer("written", manifest.counts.written);
    o.counts("by_status", manifest.counts.by_status);
  });
  v.text_map("files", manifest.files, Text::sha256);
}

}  // namespace

core::Json to_json(const Manifest& manifest) {
  return write_fields(manifest, [](auto& v, auto& m) { manifest_fields(v, m); });
}

core::Json to_json(const Accuracy& accuracy) {
  return write_fields(accuracy, [](auto& v, auto& a) { accuracy_fields(v, a); });
}

core::Result<Accuracy> accuracy_from_json(const core::Json& json) {
  return from_json<Accuracy>(json, [](auto& v, auto& a) { accuracy_fields(v, a); });
}

core::Result<Manifest> manifest_from_json(const core::Json& json) {
  return from_json<Manifest>(json, [](auto& v, auto& m) { manifest_fields(v, m); });
}

}  // namespace phasegate::evidence
