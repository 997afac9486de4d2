#include "engines/onnx/attribution.h"

#include <gtest/gtest.h>

#include "engines/onnx/forged_model.h"
#include "engines/onnx/onnx_engine.h"

namespace phasegate::engines::onnx {
namespace {

using models::Quant;

constexpr const char* kCpu = "CPUExecutionProvider";

// A profile in ONNX Runtime's own form: two runs, and a node before the first that belongs to none.
std::string profile(const char* provider_of_last) {
  return std::string(R"([
{"cat":"Session","pid":1,"tid":1,"dur":50,"ts":1,"ph":"X","name":"session_initialization","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":2,"ts":60,"ph":"X","name":"early","args":{"op_name":"Cast","provider":"CPUExecutionProvider"}},
{"cat":"Node","pid":1,"tid":1,"dur":5,"ts":101,"ph":"X","name":"a","args":{"op_name":"MatMul","provider":"CPUExecutionProvider"}},
{"cat":"Node","pid":1,"tid":1,"dur":5,"ts":110,"ph":"X","name":"b","args":{"op_name":"MatMul","provider":"CPUExecutionProvider"}},
{"cat":"Node","pid":1,"tid":1,"dur":0,"ts":111,"ph":"X","name":"fence","args":{"op_name":"MatMul"}},
{"cat":"Session","pid":1,"tid":1,"dur":30,"ts":100,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":5,"ts":201,"ph":"X","name":"a","args":{"op_name":"MatMul","provider":")") +
         provider_of_last + R"("}},
{"cat":"Session","pid":1,"tid":1,"dur":30,"ts":200,"ph":"X","name":"model_run","args":{}}])";
}

TEST(Profile, NodesAreCountedInTheRunThatTheyFellInto) {
  const auto phases = read_profile(profile(kCpu), "profile", kCpu);
  ASSERT_TRUE(phases) << phases.error().message();
  EXPECT_EQ(phases->prefill.nodes_by_device, (std::map<std::string, int>{{"CPU", 2}}));
  EXPECT_EQ(phases->prefill.nodes_by_op, (std::map<std::string, int>{{"MatMul", 2}}));
  EXPECT_EQ(phases->decode.nodes_by_op, (std::map<std::string, int>{{"MatMul", 1}}));
  EXPECT_FALSE(phases->prefill.fallback);
  EXPECT_FALSE(phases->decode.fallback);
}

TEST(Profile, ANodeOnAnotherProviderIsAFallback) {
  const auto phases = read_profile(profile("CUDAExecutionProvider"), "profile", kCpu);
  ASSERT_TRUE(phases);
  EXPECT_FALSE(phases->prefill.fallback);
  EXPECT_TRUE(phases->decode.fallback);
  EXPECT_NE(phases->decode.fallback_reason.find("MatMul ran on CUDAExecutionProvider"), std::string::npos);
  EXPECT_EQ(phases->decode.nodes_by_device.at("CUDA"), 1);
}

TEST(Profile, AProfileOfAnotherShapeIsNoEvidence) {
  for (const char* text : {"{}", "[]", "[1,2]", R"([{"name":"model_run","ts":1,"dur":1}])", "[{",
                           R"([{"name":"model_run","ts":1,"dur":1},{"name":"model_run","ts":5,"dur":1}])"}) {
    EXPECT_FALSE(read_profile(text, "profile", kCpu)) << text;
  }
}

TEST(Attribution, ReportsWhatRanInEachPhase) {
  const auto library = OrtLibrary::open();
  if (!library) GTEST_SKIP() << library.error().message();
  auto engine = factory().make();
  ASSERT_TRUE(engine);
  const core::StopToken never((*engine)->clock(), core::kNoDeadline);
  Placement placement;
  placement.compile = CompileMode::on;
  ASSERT_TRUE((*engine)->load(forged_onnx(Quant::q4_0), placement, never));
  const auto found = (*engine)->attribution(never);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->engine_version, (*library)->version());
  EXPECT_EQ(found->engine_build, (*library)->sha256().value_or(""));
  EXPECT_EQ(found->device_actual, "CPU");
  EXPECT_EQ(found->backend_actual, kCpu);
  EXPECT_EQ(found->weight_type, "q4_0");
  EXPECT_EQ(found->kv_type, "f32");
  EXPECT_EQ(found->activation_type, "int8 per block");
  EXPECT_EQ(found->attention, "group_query");
  for (const PhaseAttribution* phase : {&found->prefill, &found->decode}) {
    EXPECT_EQ(phase->nodes_by_op.at("GroupQueryAttention"), 4);
    EXPECT_EQ(phase->nodes_by_op.at("MatMulNBits"), 17);  // four a layer and the head
    EXPECT_EQ(phase->nodes_by_device.size(), 1U);
    EXPECT_FALSE(phase->fallback);
    EXPECT_TRUE(phase->compile.requested);
    EXPECT_FALSE(phase->compile.compiled);
    EXPECT_EQ(phase->compile.grade, CompileGrade::refuted);
  }
}

TEST(Attribution, StopsWhenAsked) {
  const auto library = OrtLibrary::open();
  if (!library) GTEST_SKIP() << library.error().message();
  auto engine = factory().make();
  ASSERT_TRUE(engine);
  const core::StopToken never((*engine)->clock(), core::kNoDeadline);
  ASSERT_TRUE((*engine)->load(forged_onnx(Quant::q4_0), Placement{}, never));
  const auto stopped = (*engine)->attribution(core::StopToken((*engine)->clock(), core::Instant(0)));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, core::ErrorKind::timeout);
  EXPECT_TRUE((*engine)->attribution(never));
}

}  // namespace
}  // namespace phasegate::engines::onnx
