#include "evidence/failure.h"

#include <gtest/gtest.h>

namespace phasegate::evidence {
namespace {

TEST(ClassifyFailure, TellsAMismatchOfTypeFromAShapeOutsideTheProfiles) {
  EXPECT_EQ(classify_failure("2 degraded: exception:LogicError:cuMemcpyHtoDAsync failed: invalid argument"),
            Reason::dtype_or_size_mismatch);
  EXPECT_EQ(classify_failure("exception:RuntimeError:set_input_shape_failed:input_ids:4x11"),
            Reason::shape_out_of_range);
  EXPECT_EQ(classify_failure("static_shape_batch_mismatch"), Reason::shape_out_of_range);
  EXPECT_EQ(classify_failure("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Unexpected input data type"),
            Reason::dtype_or_size_mismatch);
}

TEST(ClassifyFailure, WordsThatSeveralKindsShareAreNoClass) {
  EXPECT_EQ(classify_failure("invalid argument"), Reason::other);
  EXPECT_EQ(classify_failure("profiler stopped"), Reason::other);
  EXPECT_EQ(classify_failure("cuMemcpyHtoDAsync failed: device lost"), Reason::other);
}

TEST(ClassifyFailure, KnowsTheReportsOtherCodes) {
  EXPECT_EQ(classify_failure("CUDA out of memory. Tried to allocate 2.00 GiB"), Reason::out_of_memory);
  EXPECT_EQ(classify_failure("timeout"), Reason::deadline_passed);
  EXPECT_EQ(classify_failure("Request timed out."), Reason::deadline_passed);
  EXPECT_EQ(classify_failure("no_room_for_generation"), Reason::no_room);
  EXPECT_EQ(classify_failure("cuda_provider_unavailable"), Reason::provider_fallback);
  EXPECT_EQ(classify_failure("cuda_unavailable"), Reason::toolchain_missing);
  EXPECT_EQ(classify_failure("TritonMissing: Cannot find a working triton installation"), Reason::toolchain_missing);
  EXPECT_EQ(classify_failure("tensorrt_engine_not_found"), Reason::load_failed);
  EXPECT_EQ(classify_failure("fail_accuracy"), Reason::invalid_output);
  EXPECT_EQ(classify_failure("generate_failed"), Reason::other);
  EXPECT_EQ(classify_failure(""), Reason::none);
}

}  // namespace
}  // namespace phasegate::evidence
