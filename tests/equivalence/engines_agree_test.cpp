// One weight set on two engines: llama.cpp from the GGUF and ONNX Runtime from the ONNX of the same forge must compute
// the same model, or a comparison of their speed means nothing. A wrong rope, a transposed or reordered weight, a
// shifted position or another block scale each give differences of the size of the logits themselves.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/random.h"
#include "engines/engine.h"
#include "engines/greedy.h"
#include "engines/llamacpp/llamacpp_engine.h"
#include "engines/onnx/onnx_engine.h"
#include "models/forge.h"

namespace phasegate::engines {
namespace {

namespace fs = std::filesystem;
using Logits = std::vector<std::vector<float>>;

constexpr int kTokens = 96;
constexpr int kVocabulary = 2048;  // of a seeded model

// Bounds are a few times what was measured, for logits of up to about 4. llama.cpp keeps keys and values in f16, which
// alone gives float32 a difference; its activations are int8 blocks with f16 scales, ONNX Runtime's have f32 scales.
struct Case {
  models::Quant quant;
  float largest;  // absolute difference of any logit
  double mean;    // of the absolute differences
};

std::vector<TokenId> text() {
  core::Random random(5);
  std::vector<TokenId> ids(kTokens);
  for (TokenId& id : ids) id = static_cast<TokenId>(random.below(kVocabulary));
  return ids;
}

class EnginesAgree : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("phasegate-agree-" + std::to_string(getpid()) + "-" + models::to_string(GetParam().quant));
    models::ForgeOptions options;
    options.seed = 21;
    options.formats = {models::Format::gguf, models::Format::onnx};
    options.quant = GetParam().quant;
    options.out = folder_;
    const auto report = models::forge(options);
    ASSERT_TRUE(report) << report.error().message();
    llamacpp_ = loaded(llamacpp::factory(), folder_ / "gguf" / "model.gguf");
    onnx_ = loaded(onnx::factory(), folder_ / "onnx");
    if (llamacpp_ == nullptr || onnx_ == nullptr) GTEST_SKIP() << "one of the engines is absent";
  }

  void TearDown() override { fs::remove_all(folder_); }

  static std::unique_ptr<PhaseEngine> loaded(const EngineFactory& factory, const fs::path& model) {
    if (!factory.probe().present) return nullptr;
    auto made = factory.make();
    if (!made) return nullptr;
    auto engine = make_checked(std::move(*made));
    Placement placement;
    placement.max_context = 2 * kTokens;
    const auto report = engine->load({model.string(), "", ""}, placement, never(*engine));
    EXPECT_TRUE(report) << (report ? "" : report.error().message());
    return report ? std::move(engine) : nullptr;
  }

  static core::StopToken never(const PhaseEngine& engine) { return {engine.clock(), core::kNoDeadline}; }

  static Logits scored(PhaseEngine& engine, const std::vector<TokenId>& ids) {
    Logits out;
    const auto sink = [&](std::size_t, std::span<const float> l) { out.emplace_back(l.begin(), l.end()); };
    EXPECT_TRUE(engine.score(ids, sink, never(engine)));
    return out;
  }

  fs::path folder_;
  std::unique_ptr<PhaseEngine> llamacpp_;
  std::unique_ptr<PhaseEngine> onnx_;
};

// Distance of the two largest logits: where it is smaller than the engines' difference, either token may win.
float gap(const std::vector<float>& logits) {
  std::vector<float> top(logits);
  std::nth_element(top.begin(), top.begin() + 1, top.end(), std::greater<>());
  return top[0] - top[1];
}

TEST_P(EnginesAgree, LogitsOfATextAreClose) {
  const Logits a = scored(*llamacpp_, text());
  const Logits b = scored(*onnx_, text());
  ASSERT_EQ(a.size(), b.size());
  float largest = 0;
  double sum = 0;
  int decided = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    float here = 0;
    for (std::size_t v = 0; v < a[i].size(); ++v) {
      here = std::max(here, std::fabs(a[i][v] - b[i][v]));
      sum += std::fabs(static_cast<double>(a[i][v]) - static_cast<double>(b[i][v]));
    }
    largest = std::max(largest, here);
    if (gap(a[i]) <= 2 * here) continue;
    ++decided;
    EXPECT_EQ(greedy(a[i]), greedy(b[i])) << "position " << i;
  }
  const double mean = sum / (kTokens * static_cast<double>(kVocabulary));
  RecordProperty("largest", std::to_string(largest));
  RecordProperty("mean", std::to_string(mean));
  EXPECT_LE(largest, GetParam().largest);
  EXPECT_LE(mean, GetParam().mean);
  EXPECT_GE(decided, kTokens / 3);  // else the equality of tokens above says little
}

TEST_P(EnginesAgree, AShiftedTextDiffersByFar) {
  std::vector<TokenId> shifted = text();
  shifted.erase(shifted.begin());
  const Logits a = scored(*llamacpp_, text());
  const Logits b = scored(*onnx_, shifted);
  float largest = 0;
  for (std::size_t v = 0; v < a.back().size(); ++v) largest = std::max(largest, std::fabs(a.back()[v] - b.back()[v]));
  EXPECT_GT(largest, 3 * GetParam().largest);
}

INSTANTIATE_TEST_SUITE_P(OneWeightSet, EnginesAgree,
                         testing::Values(Case{models::Quant::f32, 0.03F, 0.004}, Case{models::Quant::f16, 0.03F, 0.004},
                                         Case{models::Quant::q8_0, 0.3F, 0.05}, Case{models::Quant::q4_0, 0.3F, 0.05}),
                         [](const auto& tested) { return std::string(models::to_string(tested.param.quant)); });

// In float32 both engines go on with the same tokens, each feeding itself.
using EnginesAgreeF32 = EnginesAgree;
TEST_P(EnginesAgreeF32, GreedyTokensAreEqual) {
  constexpr int kSteps = 64;
  std::vector<std::vector<TokenId>> chosen;
  for (PhaseEngine* engine : {llamacpp_.get(), onnx_.get()}) {
    StepRecorder recorder(kSteps, 1);
    const std::vector<TokenId> ids = text();
    const std::vector<Prompt> rows{{ids}};
    ASSERT_TRUE(engine->reset());
    ASSERT_TRUE(engine->prefill(rows, recorder, never(*engine)));
    ASSERT_TRUE(engine->decode(kSteps, recorder, never(*engine)));
    auto& tokens = chosen.emplace_back();
    for (std::size_t i = 0; i <= recorder.steps(); ++i) tokens.push_back(recorder.tokens(i)[0]);
  }
  EXPECT_EQ(chosen[0], chosen[1]);
}
INSTANTIATE_TEST_SUITE_P(OneWeightSet, EnginesAgreeF32, testing::Values(Case{models::Quant::f32, 0.03F, 0.004}),
                         [](const auto&) { return std::string("f32"); });

}  // namespace
}  // namespace phasegate::engines
