// Which power sensors can be read here: for doctor, which says what is missing, and for watch, which compares.
#pragma once

#include <string>
#include <vector>

namespace phasegate::cli {

// Something that may be here or not.
struct Finding {
  std::string name;
  bool present = false;
  std::string detail;
  std::string next;  // what gets it, when absent
};

[[nodiscard]] std::vector<Finding> sensor_findings();  // "rapl", "nvml"

}  // namespace phasegate::cli
