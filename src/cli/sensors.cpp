#include "cli/sensors.h"

#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>

namespace phasegate::cli {
namespace {

namespace fs = std::filesystem;

// Package energy of the CPU through powercap. Present means readable by this user: since 2020 that needs root.
Finding rapl_finding() {
  Finding finding{"rapl", false, "", ""};
  std::error_code code;
  for (const auto& zone : fs::directory_iterator("/sys/class/powercap", code)) {
    const fs::path file = zone.path() / "energy_uj";
    if (!fs::exists(file, code)) continue;
    finding.present = access(file.c_str(), R_OK) == 0;
    finding.detail = file.string();
    if (!finding.present)
      finding.next = "energy_uj is not readable by this user: run as root, or have udev grant it; energy stays no_data";
    return finding;
  }
  finding.detail = "no powercap zone (virtual machines rarely have one)";
  finding.next = "nothing to install: energy stays no_data on this machine";
  return finding;
}

Finding nvml_finding() {
  void* library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr)
    return {"nvml", false, "libnvidia-ml.so.1 is not here: no NVIDIA driver",
            "install the NVIDIA driver, if there is a GPU"};
  dlclose(library);
  return {"nvml", true, "libnvidia-ml.so.1", ""};
}

}  // namespace

std::vector<Finding> sensor_findings() { return {rapl_finding(), nvml_finding()}; }

}  // namespace phasegate::cli
