#include "bench/recording.h"

#include <gtest/gtest.h>

#include "bench/identity.h"
#include "bench/instrument.h"

namespace phasegate::bench {
namespace {

using core::ErrorKind;
using core::Instant;
using core::Nanos;
using evidence::Phase;
using evidence::Reason;
using evidence::Record;
using evidence::Status;

CallContext context() {
  CallContext context;
  context.call.scenario = {16, 2, 3, 0};
  context.label = "c";
  context.session = "r0-c";
  return context;
}

CallAnswer answer() {
  CallAnswer answer;
  answer.prefill = engines::PhaseSample{Instant(100), Instant(400), 3, 0, 48, 48};
  answer.decode = engines::PhaseSample{Instant(450), Instant(700), 3, 2, 6, 6};
  answer.steps = {Nanos(150), Nanos(100)};
  return answer;
}

TEST(Recording, OneCallIsThreeRecordsAndE2eIsOneInterval) {
  const auto records = records_of(context(), answer());
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].duration(), Nanos(300));
  EXPECT_EQ(records[1].duration(), Nanos(250));
  EXPECT_EQ(records[2].duration(), Nanos(600));  // not 550: the gap is inside
  EXPECT_EQ(records[2].ttft, Nanos(300));
  EXPECT_EQ(records[1].generated_tokens, 6);
  EXPECT_EQ(records[0].prompt_tokens_semantic, 48);
  for (const Record& record : records) EXPECT_EQ(record.status, Status::ok);
}

TEST(Recording, AFailedDecodeKeepsThePrefill) {
  CallAnswer broken = answer();
  broken.decode.reset();
  broken.error = core::Error{ErrorKind::engine, "decode gives logits that are NaN for row 0", "", ""};
  const auto records = records_of(context(), broken);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].status, Status::ok);
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    EXPECT_EQ(records[i].status, Status::degraded);
    EXPECT_EQ(records[i].reason, Reason::invalid_output);
    EXPECT_FALSE(records[i].duration());
    EXPECT_NE(records[i].error.find("NaN"), std::string::npos);
  }
}

TEST(Recording, AnAnswerWithNeitherResultNorErrorIsNoSuccess) {
  CallAnswer empty;
  for (const Record& record : records_of(context(), empty)) EXPECT_EQ(record.status, Status::error);
}

TEST(Recording, DoubtDegradesResults) {
  CallContext doubtful = context();
  doubtful.doubt = {Status::degraded, Reason::provider_fallback, "10 nodes on CPU"};
  for (const Record& record : records_of(doubtful, answer())) {
    EXPECT_EQ(record.status, Status::degraded);
    EXPECT_TRUE(record.duration());
  }
}

TEST(Recording, WithADepthOnlyDecodeIsAResult) {
  CallContext deep = context();
  deep.call.scenario.depth = 32;
  const auto records = records_of(deep, answer());
  EXPECT_EQ(records[0].status, Status::skipped);
  EXPECT_EQ(records[1].status, Status::ok);
  EXPECT_EQ(records[2].status, Status::skipped);
  EXPECT_FALSE(records[2].ttft);
}

struct Message {
  ErrorKind kind;
  const char* text;
  Status status;
  Reason reason;
};

TEST(Recording, ClassifiesTheMessagesOfRuntimes) {
  const Message messages[] = {
      {ErrorKind::engine, "cuMemcpyHtoDAsync failed: invalid argument", Status::error, Reason::dtype_or_size_mismatch},
      {ErrorKind::engine, "set_input_shape_failed", Status::error, Reason::shape_out_of_range},
      {ErrorKind::invalid_input, "40 tokens and 9 steps do not fit a context of 48", Status::error,
       Reason::shape_out_of_range},
      {ErrorKind::engine, "CUDA error: out of memory", Status::error, Reason::out_of_memory},
      {ErrorKind::io, "No space left on device", Status::error, Reason::no_room},
      {ErrorKind::engine, "decode did 3 steps and stamped 3 instead of 8", Status::degraded, Reason::too_few_tokens},
      {ErrorKind::engine, "something else", Status::error, Reason::engine_error},
      {ErrorKind::not_found, "cannot be opened", Status::error, Reason::other},
      {ErrorKind::toolchain_missing, "no library", Status::skipped, Reason::toolchain_missing},
      {ErrorKind::unsupported, "no compiler", Status::skipped, Reason::incompatible_combination},
      {ErrorKind::timeout, "180 s", Status::timeout, Reason::deadline_passed},
      {ErrorKind::aborted, "stop", Status::aborted, Reason::stopped_by_user},
  };
  for (const Message& message : messages) {
    const Outcome outcome = classify({message.kind, message.text, "", ""});
    EXPECT_EQ(outcome.status, message.status) << message.text;
    EXPECT_EQ(outcome.reason, message.reason) << message.text;
    EXPECT_NE(outcome.text.find(message.text), std::string::npos);
  }
}

TEST(Identity, IsMadeOfWhatTheRuntimeSaysAndDifferencesAreNamed) {
  const CandidateSpec spec{"sim", "m", "cuda", 8, true, "label"};
  const Model model{"m", "m.gguf", "", "set"};
  engines::ModelFacts facts;
  facts.model_sha256 = std::string(64, 'a');
  engines::Attribution seen;
  seen.engine = "sim";
  seen.device_actual = "CPU";
  seen.threads = 2;
  const auto candidate = make_candidate({spec, model, facts, seen, 4});
  EXPECT_EQ(candidate.identity.device, "CPU");
  EXPECT_EQ(candidate.identity.threads, 2);
  EXPECT_FALSE(candidate.identity.compile);  // asked for, not done
  EXPECT_EQ(candidate.name, "label");
  seen.weight_type = "f16";
  const auto other = make_candidate({spec, model, facts, seen, 4});
  EXPECT_NE(other.id, candidate.id);
  EXPECT_NE(identity_difference(candidate.identity, other.identity).find("weight_type"), std::string::npos);
  EXPECT_EQ(identity_difference(candidate.identity, candidate.identity), "");
}

// Each reading is 10 ns later; every hundredth is 20,000 ns later.
class JerkyClock final : public core::Clock {
 public:
  Instant now() const override {
    now_ = core::after(now_, Nanos(++readings_ % 100 == 0 ? 20'000 : 10));
    return now_;
  }
  std::string utc_stamp() const override { return ""; }

 private:
  mutable Instant now_{0};
  mutable int readings_ = 0;
};

TEST(Instrument, NoiseIsTheTimeInLongGaps) {
  const JerkyClock clock;
  const SpinNoise noise = measure_spin_noise(clock, core::millis(10));
  EXPECT_EQ(noise.resolution, Nanos(10));
  EXPECT_EQ(noise.longest_gap, Nanos(20'000));
  EXPECT_NEAR(noise.lost_fraction, 20'000.0 / (20'000 + 99 * 10), 0.001);
}

TEST(Instrument, RecorderCostIsAQuantileOfSteps) {
  const JerkyClock clock;
  const RecorderCost cost = measure_recorder(clock, 10, 101, 4);
  EXPECT_EQ(cost.steps, 1000);
  EXPECT_EQ(cost.p50, Nanos(10));
}

}  // namespace
}  // namespace phasegate::bench
