// The machine's own texts (/proc, /sys, nvidia-smi) to values: pure, so that tests need no machine. Absent input gives
// null with a reason, never a guess. Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evidence/manifest.h"

namespace phasegate::evidence {

[[nodiscard]] EnvironmentValue present(core::Json value);
[[nodiscard]] EnvironmentValue absent(std::string reason);

struct CpuInfo {
  EnvironmentValue model;
  EnvironmentValue cores;  // {"logical": n, "physical": n}
  EnvironmentValue flags;  // of those that choose kernels, sorted
  bool hypervisor = false;
};
[[nodiscard]] CpuInfo parse_cpuinfo(std::string_view text);

[[nodiscard]] EnvironmentValue parse_os_release(std::string_view text);    // PRETTY_NAME
[[nodiscard]] EnvironmentValue parse_mem_total(std::string_view meminfo);  // bytes
[[nodiscard]] EnvironmentValue virtualisation(bool hypervisor, std::string_view vendor, std::string_view product);

struct GpuInfo {
  EnvironmentValue gpu;          // [{"name", "uuid", "compute_capability", "memory_mib"}]
  EnvironmentValue driver;       // "550.54.15"
  EnvironmentValue power_limit;  // [W]
  EnvironmentValue clocks;       // [{"max_sm_mhz", "max_memory_mhz"}]
  EnvironmentValue state;        // [{"ecc", "mig", "persistence"}]
};
// Output of nvidia_smi_query(); nullopt with `why` when there is none.
[[nodiscard]] GpuInfo parse_nvidia_smi(const std::optional<std::string>& csv, const std::string& why);
[[nodiscard]] std::string nvidia_smi_query();  // the value of --query-gpu

}  // namespace phasegate::evidence
