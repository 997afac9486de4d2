#include "engines/llamacpp/backend.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace phasegate::engines::llamacpp {
namespace {

TEST(Backend, FindsTheMappedCpuLibraryOnce) {
  const auto found = cpu_libraries_in_maps(
      "7f01-7f02 r--p 00000000 08:01 11 /opt/x y/libggml-cpu-haswell.so\n"
      "7f02-7f03 r-xp 00001000 08:01 11 /opt/x y/libggml-cpu-haswell.so\n"
      "7f03-7f04 r-xp 00000000 08:01 12 /opt/libggml-base.so.0\n"
      "7f04-7f05 rw-p 00000000 00:00 0 \n"
      "7f05-7f06 r-xp 00000000 00:00 0 [vdso]\n"
      "7f06-7f07 r-xp 00000000 08:01 13 /opt/libggml-cpu-x64.so");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "/opt/x y/libggml-cpu-haswell.so");
  EXPECT_EQ(found[1], "/opt/libggml-cpu-x64.so");
  EXPECT_TRUE(cpu_libraries_in_maps("").empty());
}

TEST(Backend, TellsTheVariantThatRunsHere) {
  const auto loaded = backend();
  ASSERT_TRUE(loaded) << loaded.error().message();
  const Backend& b = **loaded;
  EXPECT_EQ(b.cpu_variant.rfind("ggml-cpu", 0), 0U) << b.cpu_variant;
  EXPECT_TRUE(std::filesystem::exists(b.cpu_library)) << b.cpu_library;
  EXPECT_NE(b.build.find(" sha256:"), std::string::npos) << b.build;
  EXPECT_EQ(b.type_traits(GGML_TYPE_Q4_0)->vec_dot_type, GGML_TYPE_Q8_0);
  EXPECT_EQ(backend().value(), *loaded);  // loaded once
}

}  // namespace
}  // namespace phasegate::engines::llamacpp
