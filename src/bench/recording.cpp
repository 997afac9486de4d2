#include "bench/recording.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace phasegate::bench {

using core::ErrorKind;
using engines::PhaseSample;
using evidence::Phase;
using evidence::Reason;
using evidence::Record;
using evidence::Status;

namespace {

struct Sign {
  std::string_view text;  // lower case, anywhere in the message
  Reason reason;
};

// In order: the first that is found decides. Messages of runtimes have no codes that could be used instead.
constexpr std::array kSigns{
    Sign{"set_input_shape_failed", Reason::shape_out_of_range},
    Sign{"do not fit a context", Reason::shape_out_of_range},
    Sign{"out of memory", Reason::out_of_memory},
    Sign{"bad_alloc", Reason::out_of_memory},
    Sign{"failed to allocate", Reason::out_of_memory},
    Sign{"invalid argument", Reason::dtype_or_size_mismatch},
    Sign{"unexpected input data type", Reason::dtype_or_size_mismatch},
    Sign{"no space left", Reason::no_room},
    Sign{"decode did", Reason::too_few_tokens},
    Sign{"are nan", Reason::invalid_output},
    Sign{"the sample is dropped", Reason::invalid_output},
};

Reason reason_of_text(const core::Error& error) {
  std::string text = error.message();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const Sign& sign : kSigns) {
    if (text.find(sign.text) != std::string::npos) return sign.reason;
  }
  return error.kind == ErrorKind::engine ? Reason::engine_error : Reason::other;
}

Record base_record(const CallContext& context, Phase phase) {
  const evidence::Scenario& scenario = context.call.scenario;
  Record record;
  record.cell = context.label + "/" + scenario.id();
  record.candidate = context.candidate;
  record.candidate_name = context.label;
  record.scenario = scenario;
  record.prompt_hash = context.prompt_hash;
  record.prompts_distinct = context.prompts_distinct;
  record.padded_tokens = scenario.depth + scenario.prompt_tokens;
  record.round = context.call.round;
  record.session = context.session;
  record.block = context.call.block;
  record.order = context.call.order;
  record.call = context.number;
  record.control = context.call.control;
  record.phase = phase;
  record.regime = context.regime;
  record.timing_source = context.timing_source;
  record.prompt_tokens_semantic = std::int64_t{scenario.batch} * (scenario.depth + scenario.prompt_tokens);
  record.target_tokens = phase == Phase::prefill ? 0 : std::int64_t{scenario.batch} * scenario.gen_tokens;
  record.backend_requested = context.requested;
  record.backend_actual = context.backend_actual;
  record.compile_grade = context.compile_grade;
  return record;
}

void set_outcome(Record& record, const Outcome& outcome) {
  record.status = outcome.status;
  record.reason = outcome.reason;
  record.error = outcome.text;
}

void set_times(Record& record, const CallContext& context, core::Instant start, core::Instant stop) {
  record.start = start;
  record.stop = stop;
  set_outcome(record, context.doubt);
}

Record prefill_record(const CallContext& context, const PhaseSample& sample) {
  Record record = base_record(context, Phase::prefill);
  record.prompt_tokens_computed = sample.compute_tokens;
  set_times(record, context, sample.start, sample.stop);
  return record;
}

Record decode_record(const CallContext& context, const CallAnswer& answer) {
  Record record = base_record(context, Phase::decode);
  record.prompt_tokens_computed = answer.prefill->compute_tokens;
  record.generated_tokens = answer.decode->semantic_tokens;
  record.steps = answer.steps;
  record.output_hash = answer.output_hash;
  set_times(record, context, answer.decode->start, answer.decode->stop);
  return record;
}

Record e2e_record(const CallContext& context, const CallAnswer& answer) {
  Record record = base_record(context, Phase::e2e);
  record.prompt_tokens_computed = answer.prefill->compute_tokens;
  record.generated_tokens = answer.decode->semantic_tokens;
  record.output_hash = answer.output_hash;
  record.ttft = core::between(answer.prefill->start, answer.prefill->stop);
  set_times(record, context, answer.prefill->start, answer.decode->stop);
  return record;
}

// The engine's contract has no prefill on a filled cache, so depth is prefilled together with the prompt: the decode
// that follows is at that depth, the prefill is of another shape and is no result.
void drop_depth_prefill(std::vector<Record>& records, const CallContext& context) {
  if (context.call.scenario.depth == 0) return;
  for (Record& record : records) {
    if (record.phase == Phase::decode) continue;
    record.start.reset();
    record.stop.reset();
    record.ttft.reset();
    set_outcome(record, {Status::skipped, Reason::incompatible_combination,
                         "with a depth only decode is measured: the prefill computes the depth, too"});
  }
}

}  // namespace

Outcome classify(const core::Error& error) {
  const std::string text = error.message();
  switch (error.kind) {
    case ErrorKind::timeout: return {Status::timeout, Reason::deadline_passed, text};
    case ErrorKind::aborted: return {Status::aborted, Reason::stopped_by_user, text};
    case ErrorKind::toolchain_missing: return {Status::skipped, Reason::toolchain_missing, text};
    case ErrorKind::unsupported: return {Status::skipped, Reason::incompatible_combination, text};
    default: break;
  }
  const Reason reason = reason_of_text(error);
  const bool bad_output = reason == Reason::invalid_output || reason == Reason::too_few_tokens;
  return {bad_output ? Status::degraded : Status::error, reason, text};
}

std::vector<Record> records_of(const CallContext& context, const CallAnswer& answer) {
  std::vector<Record> records;
  const bool prefilled = answer.prefill.has_value();
  const bool whole = prefilled && answer.decode.has_value() && !answer.error;
  if (prefilled) records.push_back(prefill_record(context, *answer.prefill));
  if (whole) {
    records.push_back(decode_record(context, answer));
    records.push_back(e2e_record(context, answer));
  } else {
    const core::Error error =
        answer.error.value_or(core::Error{ErrorKind::engine, "the session gave neither a result nor an error", {}, {}});
    std::vector<Phase> missing{Phase::decode, Phase::e2e};
    if (!prefilled) missing.insert(missing.begin(), Phase::prefill);
    for (Record& record : records_without_result(context, classify(error), missing)) {
      records.push_back(std::move(record));
    }
  }
  drop_depth_prefill(records, context);
  for (Record& record : records) record.contention = answer.contention;
  return records;
}

std::vector<Record> records_without_result(const CallContext& context, const Outcome& outcome,
                                           const std::vector<Phase>& phases) {
  std::vector<Record> records;
  for (const Phase phase : phases) {
    records.push_back(base_record(context, phase));
    set_outcome(records.back(), outcome);
  }
  return records;
}

}  // namespace phasegate::bench
