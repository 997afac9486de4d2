// A program of its own: the library is opened once for each process, and here it is absent at first.
#include "engines/onnx/ort_library.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "engines/onnx/ep_assignment.h"
#include "engines/onnx/onnx_engine.h"

namespace phasegate::engines::onnx {
namespace {

TEST(OrtLibrary, IsMissedWithWhatWasTriedAndFoundAtTheNextLook) {
  const char* given = std::getenv("PHASEGATE_ORT_LIBRARY");
  const std::string real = given == nullptr ? "" : given;

  setenv("PHASEGATE_ORT_LIBRARY", "/nonexistent/libonnxruntime.so", 1);
  const auto absent = OrtLibrary::open();
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, core::ErrorKind::toolchain_missing);
  EXPECT_NE(absent.error().what.find("/nonexistent/libonnxruntime.so"), std::string::npos);
  EXPECT_NE(absent.error().next.find("deps/onnxruntime.sh"), std::string::npos);
  const EngineAvailability off = factory().probe();
  EXPECT_FALSE(off.present);
  EXPECT_NE(off.how_to_get.find("pip install onnxruntime"), std::string::npos);
  const auto none = factory().make();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, core::ErrorKind::toolchain_missing);

  setenv("PHASEGATE_ORT_LIBRARY", "libm.so.6", 1);
  const auto other = OrtLibrary::open();
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().what.find("not ONNX Runtime"), std::string::npos);

  if (real.empty()) GTEST_SKIP() << "the rest needs ONNX Runtime: " << kHowToGetOrt;
  setenv("PHASEGATE_ORT_LIBRARY", real.c_str(), 1);
  const auto found = OrtLibrary::open();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ((*found)->version().substr(0, 2), "1.");
  EXPECT_TRUE((*found)->has_api(21));
  EXPECT_FALSE((*found)->has_api(1000));
  EXPECT_EQ((*found)->api_table(1000), nullptr);
  EXPECT_EQ((*found)->sha256().value_or("").size(), 64U);
  EXPECT_TRUE(factory().probe().present);

  setenv("PHASEGATE_ORT_LIBRARY", "/nonexistent/libonnxruntime.so", 1);
  EXPECT_TRUE(OrtLibrary::open());  // it is mapped: the process keeps it
}

}  // namespace
}  // namespace phasegate::engines::onnx
