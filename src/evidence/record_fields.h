// The fields of a record, declared once (see codec.h); docs/formats.md shows the resulting line. Internal.
#pragma once

#include "core/limits.h"
#include "evidence/codec.h"
#include "evidence/record.h"

namespace phasegate::evidence {

inline constexpr std::array<std::string_view, 4> kSetNames = {"S0", "S1", "S2", "S3"};
inline constexpr std::array<std::string_view, 2> kTimingSources = {"steady_clock", "virtual"};

template <class V, class T>
void scenario_fields(V& v, T& scenario) {
  v.integer("prompt_tokens", scenario.prompt_tokens, {0, core::kMaxPromptTokens});
  v.integer("gen_tokens", scenario.gen_tokens, {0, core::kMaxGenTokens});
  v.integer("batch", scenario.batch, {1, core::kMaxBatch});
  v.integer("depth", scenario.depth, {0, core::kMaxPromptTokens});
}

template <class V, class T>
void timing_fields(V& v, T& record) {
  v.one_of("source", record.timing_source, kTimingSources);
  v.integer_or_null("start_ns", record.start);
  v.integer_or_null("stop_ns", record.stop);
  v.derived_integer("duration_ns", [&] { return record.duration(); });
  v.integer_or_null("ttft_ns", record.ttft);
  v.integers("step_ns", record.steps);
}

template <class V, class T>
void token_fields(V& v, T& record) {
  v.integer("prompt_semantic", record.prompt_tokens_semantic);
  v.integer("prompt_computed", record.prompt_tokens_computed);
  v.integer("generated", record.generated_tokens);
  v.integer("target", record.target_tokens);
}

template <class V, class T>
void session_fields(V& v, T& record) {
  v.text("name", record.session, Text::not_empty);
  v.integer("round", record.round);
  v.integer("block", record.block);
  v.integer("order", record.order);
  v.integer("call", record.call);
  v.flag("control", record.control);
}

template <class V, class T>
void contention_fields(V& v, T& contention) {
  v.integer("involuntary_switches", contention.involuntary_switches);
  v.integer("steal_ticks", contention.steal_ticks);
  v.number("run_queue", contention.run_queue, {0});
  v.flag("marked", contention.marked);
}

template <class V, class T>
void record_fields(V& v, T& record) {
  v.version("version", kRecordVersion);
  v.integer("seq", record.seq);
  v.text("cell", record.cell, Text::not_empty);
  v.object("candidate", [&](auto& o) {
    o.text_or_null("id", record.candidate.value, Text::sha256);
    o.text("name", record.candidate_name, Text::not_empty);
  });
  v.one_of("set", record.set, kSetNames);
  v.object("scenario", [&](auto& o) { scenario_fields(o, record.scenario); });
  v.object("prompt", [&](auto& o) {
    o.text_or_null("sha256", record.prompt_hash, Text::sha256);
    o.flag("distinct", record.prompts_distinct);
    o.integer("padded_tokens", record.padded_tokens);
  });
  v.object("session", [&](auto& o) { session_fields(o, record); });
  v.choice("phase", record.phase, kPhaseNames);
  v.choice("regime", record.regime, kRegimeNames);
  v.choice("status", record.status, kStatusNames);
  v.choice_or_null("reason", record.reason, kReasonNames);
  v.text_or_null("error", record.error);
  v.object("timing", [&](auto& o) { timing_fields(o, record); });
  v.object("tokens", [&](auto& o) { token_fields(o, record); });
  v.object("throughput", [&](auto& o) {
    o.derived_number("tok_s", [&] { return record.tokens_per_second(); });
    o.derived_number("total_tok_s", [&] { return record.total_tokens_per_second(); });
  });
  v.text_or_null("output_sha256", record.output_hash, Text::sha256);
  v.object("contention", [&](auto& o) { contention_fields(o, record.contention); });
  v.object("backend", [&](auto& o) {
    o.text("requested", record.backend_requested);
    o.text_or_null("actual", record.backend_actual);
    o.text("compile_grade", record.compile_grade, Text::not_empty);
  });
}

}  // namespace phasegate::evidence
