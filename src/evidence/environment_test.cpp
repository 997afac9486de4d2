#include <gtest/gtest.h>

#include "evidence/bounded_process.h"
#include "evidence/environment_parse.h"
#include "evidence/samples.h"

namespace phasegate::evidence {
namespace {

constexpr std::string_view kTwoSockets = R"(processor	: 0
model name	: Example CPU @ 2.00GHz
physical id	: 0
core id		: 0
flags		: fpu sse4_2 avx2 hypervisor fma nonsense

processor	: 1
model name	: Example CPU @ 2.00GHz
physical id	: 0
core id		: 0

processor	: 2
physical id	: 1
core id		: 0
)";

TEST(Environment, CpuinfoGivesModelCoresAndTheFlagsThatChooseKernels) {
  const auto cpu = parse_cpuinfo(kTwoSockets);
  EXPECT_EQ(cpu.model.value, "Example CPU @ 2.00GHz");
  EXPECT_EQ(cpu.cores.value, (core::Json{{"logical", 3}, {"physical", 2}}));
  EXPECT_EQ(cpu.flags.value, (core::Json{"avx2", "fma", "sse4_2"}));
  EXPECT_TRUE(cpu.hypervisor);
}

TEST(Environment, WhatCannotBeReadIsNullWithAReason) {
  const auto cpu = parse_cpuinfo("");
  for (const auto& value :
       {cpu.model, cpu.cores, cpu.flags, parse_os_release("NAME=x\n"), parse_mem_total("MemFree: 1 kB"),
        parse_nvidia_smi("garbage", "").gpu, parse_nvidia_smi(std::nullopt, "not installed").driver}) {
    EXPECT_TRUE(value.value.is_null());
    EXPECT_FALSE(value.reason.empty());
  }
}

TEST(Environment, TextsOfTheSystem) {
  EXPECT_EQ(parse_os_release("NAME=\"x\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n").value, "Debian GNU/Linux 12");
  EXPECT_EQ(parse_mem_total("MemTotal:       24683656 kB\nMemFree: 1 kB\n").value, 24683656LL * 1024);
  EXPECT_EQ(virtualisation(false, "QEMU", "").value, "none");
  EXPECT_EQ(virtualisation(true, "QEMU\n", "Standard PC\n").value, "QEMU Standard PC");
  EXPECT_EQ(virtualisation(true, "", "").value, "hypervisor of unknown make");
}

TEST(Environment, NvidiaSmiLinesBecomeOneEntryForEachGpu) {
  const auto info = parse_nvidia_smi(
      "NVIDIA H100 80GB HBM3, GPU-1, 9.0, 81559, 550.54.15, 700.00, 1980, 2619, Enabled, Disabled, Enabled\n"
      "NVIDIA H100 80GB HBM3, GPU-2, 9.0, 81559, 550.54.15, [N/A], 1980, 2619, Enabled, [N/A], Enabled\n",
      "");
  ASSERT_EQ(info.gpu.value.size(), 2U);
  EXPECT_EQ(info.gpu.value[1]["uuid"], "GPU-2");
  EXPECT_EQ(info.gpu.value[0]["memory_mib"], 81559);
  EXPECT_EQ(info.driver.value, "550.54.15");
  EXPECT_EQ(info.power_limit.value, (core::Json{700.0, "[N/A]"}));
  EXPECT_EQ(info.state.value[0]["mig"], "Disabled");
}

TEST(Environment, ThisMachineHasEveryKeyWithAValueOrAReason) {
  const auto values = read_environment();
  EXPECT_EQ(values.size(), kEnvironmentKeys.size());
  for (const auto key : kEnvironmentKeys) {
    const auto at = values.find(std::string(key));
    ASSERT_NE(at, values.end()) << key;
    EXPECT_NE(at->second.value.is_null(), at->second.reason.empty()) << key;
  }
  auto manifest = samples::manifest();
  manifest.environment = values;
  EXPECT_TRUE(manifest_from_json(to_json(manifest)));
}

TEST(Environment, TheBoundaryMovesWithWhatItStandsFor) {
  const auto values = samples::environment();
  const std::vector<Candidate> candidates = {samples::candidate()};
  const auto boundary = boundary_of(values, candidates);
  EXPECT_EQ(boundary, boundary_of(values, candidates));
  for (const char* key : {"driver", "compiler", "gpu", "kernel", "cpu_model"}) {
    auto changed = values;
    changed[key] = {"another", ""};
    EXPECT_NE(boundary_of(changed, candidates)["sha256"], boundary["sha256"]) << key;
  }
  auto elsewhere = values;
  elsewhere["locale"] = {"de_DE.UTF-8", ""};
  EXPECT_EQ(boundary_of(elsewhere, candidates), boundary);
  auto other = candidates;
  other[0].identity.model_sha256 = samples::hash_of("another model");
  EXPECT_NE(boundary_of(values, other)["sha256"], boundary["sha256"]);
  other = candidates;
  other[0].identity.engine_version = "2";
  EXPECT_NE(boundary_of(values, other)["sha256"], boundary["sha256"]);
  const core::Json engine = {{"build", ""}, {"engine", "sim"}, {"version", "1"}};
  EXPECT_EQ(boundary["engines"], core::Json::array({engine}));
}

TEST(BoundedProcess, TakesTheOutputAndSaysWhatFailed) {
  EXPECT_EQ(run_bounded({"printf", "a,b"}, core::seconds(60)).value(), "a,b");
  EXPECT_EQ(run_bounded({"no-such-program-of-phasegate"}, core::seconds(60)).error().kind, core::ErrorKind::not_found);
  EXPECT_EQ(run_bounded({"false"}, core::seconds(60)).error().kind, core::ErrorKind::io);
  EXPECT_EQ(run_bounded({"sleep", "600"}, core::millis(1)).error().kind, core::ErrorKind::timeout);
}

}  // namespace
}  // namespace phasegate::evidence
