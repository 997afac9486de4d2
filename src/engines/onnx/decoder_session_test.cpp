// The KV cache in place: one buffer for past and present, and steps in which nothing of ours allocates.
#include "engines/onnx/decoder_session.h"

#include <gtest/gtest.h>

#include <array>

#include "engines/onnx/allocation_counter.h"
#include "engines/onnx/forged_model.h"
#include "engines/onnx/onnx_engine.h"
#include "engines/onnx/watchdog.h"

namespace phasegate::engines::onnx {
namespace {

using models::Quant;

constexpr int kSteps = 20;

class DecoderSessionTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto library = OrtLibrary::open();
    if (!library) GTEST_SKIP() << library.error().message();
    library_ = *library;
    model_ = forged_onnx(Quant::f32);
  }

  std::unique_ptr<DecoderSession> open(int capacity, int rows) {
    DecoderOptions options;
    options.model = model_.path + "/model.onnx";
    options.capacity = capacity;
    options.max_rows = rows;
    auto decoder = DecoderSession::open(*library_, options);
    EXPECT_TRUE(decoder) << (decoder ? "" : decoder.error().message());
    return std::move(decoder).value_or(nullptr);
  }

  // Allocations of `kSteps` bare runs of a bound step, no code of ours around them.
  std::int64_t allocations_of_bare_steps() {
    const auto decoder = open(128, 1);
    const std::array<std::int64_t, 1> empty{0};
    decoder->prepare_decode(empty);
    for (int i = 0; i < kSteps; ++i) step(*decoder);
    const std::int64_t before = allocations();
    for (int i = 0; i < kSteps; ++i) step(*decoder);
    return allocations() - before;
  }

  static void step(DecoderSession& decoder) {
    decoder.feed(0, 1);
    decoder.run_step();
  }

  const OrtLibrary* library_ = nullptr;
  ModelRef model_;
};

TEST_F(DecoderSessionTest, PastAndPresentAreOneBufferInEveryStep) {
  const auto decoder = open(64, 2);
  const std::array<std::int64_t, 2> empty{0, 0};
  decoder->prepare_decode(empty);
  const auto past = decoder->past_addresses();
  ASSERT_EQ(past.size(), 8U);  // key and value of 4 layers
  for (int i = 0; i < 5; ++i) {
    decoder->feed(0, i);
    decoder->feed(1, i + 1);
    decoder->run_step();
    EXPECT_EQ(decoder->present_addresses(), past);
  }
}

TEST_F(DecoderSessionTest, AStepWritesItsOwnPositionAndNoOther) {
  const auto decoder = open(64, 1);
  const std::array<std::int64_t, 1> empty{0};
  decoder->prepare_decode(empty);
  const std::size_t head = 32;  // floats of one position of one head
  const auto* key = static_cast<const float*>(decoder->past_addresses()[0]);
  for (std::size_t position = 0; position < 4; ++position) {
    const std::vector<float> before(key, key + 64 * head);
    decoder->feed(0, 7);
    decoder->run_step();
    for (std::size_t i = 0; i < 64 * head; ++i) {
      if (i / head == position) continue;
      EXPECT_EQ(key[i], before[i]) << "position " << i / head;
    }
    EXPECT_NE(key[position * head], 0.0F);
  }
}

TEST_F(DecoderSessionTest, DecodeAllocatesNothingBeyondWhatOnnxRuntimeDoes) {
  if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer holds operator new";
  const std::int64_t bare = allocations_of_bare_steps();
  ASSERT_GT(bare, 0);  // else the count sees nothing of what it should see
  auto made = factory().make();
  ASSERT_TRUE(made);
  PhaseEngine& engine = **made;
  const core::StopToken never(engine.clock(), core::kNoDeadline);
  Placement placement;
  placement.max_context = 128;
  ASSERT_TRUE(engine.load(model_, placement, never));
  StepRecorder recorder(64, 1);
  const std::array<TokenId, 3> ids{1, 2, 3};
  const std::vector<Prompt> rows{{ids}};
  const auto allocations_of = [&](int steps) {
    const std::int64_t before = allocations();
    EXPECT_TRUE(engine.decode(steps, recorder, never));
    return allocations() - before;
  };
  ASSERT_TRUE(engine.prefill(rows, recorder, never));
  allocations_of(kSteps);  // warm
  forget_largest();
  const std::int64_t once = allocations_of(1);
  const std::int64_t more = allocations_of(1 + kSteps);
  EXPECT_EQ(more - once, bare);
  EXPECT_LT(largest_allocation(), 64 * 1024);  // a layer's cache has 64 KiB: no copy of one was made
}

TEST_F(DecoderSessionTest, ADeviceThatTheLibraryLacksIsSaidAndNeverReplaced) {
  DecoderOptions options;
  options.model = model_.path + "/model.onnx";
  options.device = "cuda";
  const auto decoder = DecoderSession::open(*library_, options);
  ASSERT_FALSE(decoder);
  EXPECT_NE(decoder.error().kind, core::ErrorKind::invalid_input);
  options.device = "tpu";
  const auto unknown = DecoderSession::open(*library_, options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, core::ErrorKind::invalid_input);
}

TEST_F(DecoderSessionTest, TheWatchdogEndsARunningPassAndThenLetsGo) {
  const auto decoder = open(2048, 1);
  const std::vector<TokenId> ids(1024, 3);
  const std::vector<Prompt> rows{{ids}};
  decoder->prepare_prefill(rows);
  Watchdog dog;
  const core::SystemClock clock;
  const core::StopToken expired(clock, core::Instant(0));
  bool ended = false;
  {
    const Watchdog::Watch watch(dog, expired, decoder->run_options());
    // The dog's thread fires while one of these passes runs, or before it; without it all of them end well.
    for (int pass = 0; pass < 100 && !ended; ++pass) {
      try {
        decoder->run_prefill();
      } catch (const Ort::Exception& error) {
        ended = std::string(error.what()).find("terminate") != std::string::npos;
      }
    }
  }
  EXPECT_TRUE(ended);
  EXPECT_NO_THROW(decoder->run_prefill());
}

TEST_F(DecoderSessionTest, AContextBeyondTheRotaryTableIsRefused) {
  auto made = factory().make();
  ASSERT_TRUE(made);
  const core::StopToken never((*made)->clock(), core::kNoDeadline);
  Placement placement;
  placement.max_context = 2049;
  const auto report = (*made)->load(model_, placement, never);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, core::ErrorKind::invalid_input);
  EXPECT_NE(report.error().what.find("2048"), std::string::npos);
}

}  // namespace
}  // namespace phasegate::engines::onnx
