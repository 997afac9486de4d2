// The fields of an observation, declared once (see codec.h) and in the order of their keys, which is the order of the
// text (text_writer.h). Numbers that no clock can give, negative ones above all, are kept as the source has them: the
// rules of validation name them, and usable() leaves their rows out. Internal.
#pragma once

#include "evidence/codec.h"
#include "evidence/names.h"
#include "evidence/observation.h"

namespace phasegate::evidence {

inline constexpr std::array<std::string_view, 7> kWindowNames = {"prefill",           "decode",  "e2e",    "e2e_sum",
                                                                 "generate_uncached", "service", "request"};
inline constexpr Bounds kAnyInteger = {std::numeric_limits<std::int64_t>::min()};

template <class V, class T>
void power_fields(V& v, T& power) {
  v.number_or_null("cpu_mean_w", power.cpu_mean_w);
  v.number_or_null("cpu_peak_w", power.cpu_peak_w);
  v.number("duration_s", power.duration_s);
  v.number_or_null("gpu_mean_w", power.gpu_mean_w);
  v.number_or_null("gpu_peak_w", power.gpu_peak_w);
  v.integer("samples", power.samples, kAnyInteger);
}

template <class V, class T>
void observation_fields(V& v, T& row) {
  v.text("backend", row.backend);
  v.integer_or_null("batch", row.batch, kAnyInteger);
  v.texts("degraded_reasons", row.degraded_reasons);
  v.number_or_null("device_ms", row.device_ms);
  v.text_or_null("error", row.error);
  v.text("file", row.file, Text::not_empty);
  v.integer_or_null("generated_tokens", row.generated_tokens, kAnyInteger);
  v.numbers("itl_ms", row.itl_ms);
  v.numbers("latency_ms", row.latency_ms);
  v.integer("line", row.line, {1});
  v.text("model", row.model);
  v.number_map("numbers", row.numbers);
  v.integer_or_null("padded_tokens", row.padded_tokens, kAnyInteger);
  v.number_or_null("parameters", row.parameters);
  v.object_or_null("power", row.power, [](auto& o, auto& power) { power_fields(o, power); });
  v.text_or_null("precision", row.precision);
  v.integer_or_null("prompt_tokens", row.prompt_tokens, kAnyInteger);
  v.choice_or_null("reason", row.reason, kReasonNames);
  v.optional_choice("regime", row.regime, kRegimeNames);
  v.integer_or_null("repetition", row.repetition, kAnyInteger);
  v.text_or_null("scenario", row.scenario);
  v.integer("seq", row.seq);
  v.text("source", row.source, Text::not_empty);
  v.number_or_null("started_unix_s", row.started_unix_s);
  v.choice("status", row.status, kStatusNames);
  v.integer_or_null("target_tokens", row.target_tokens, kAnyInteger);
  v.numbers("tok_s", row.tok_s);
  v.numbers("ttft_ms", row.ttft_ms);
  v.version("version", kObservationVersion);
  v.numbers("warmup_ms", row.warmup_ms);
  v.choice("window", row.window, kWindowNames);
}

}  // namespace phasegate::evidence
