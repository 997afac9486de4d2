// Does the measured boundary of a policy still match this machine? Each difference is named, with what was and what is,
// and belongs to one trigger; a trigger names the part of the scenario set S0-S3 that must run again (docs/change-
// control.md has the table). What could not be compared is listed with its reason: silence is never a match.
// Pure: the caller reads the machine (cli/here.h) and hands over what it saw.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "evidence/manifest.h"
#include "evidence/policy.h"
#include "evidence/thresholds.h"
#include "policy/pricing.h"

namespace phasegate::control {

enum class Trigger {
  hardware_class,
  driver,
  runtime,  // operating system, C library, engine version and library hash
  compiler,
  model,
  quantization,
  sensor_cadence,
  mix,
  prices,
  expiry,
};
[[nodiscard]] std::string_view to_string(Trigger trigger);
// "S0-S3", "S1-S3", "S0 and every energy value", "S3 and the weights", "pricing alone"
[[nodiscard]] std::string_view rerun_of(Trigger trigger);
// Changes of the machine or its software, which make evidence of here into evidence of somewhere else.
[[nodiscard]] bool changes_the_machine(Trigger trigger);

struct Drift {
  Trigger trigger = Trigger::runtime;
  std::string field;  // "environment.driver", "engines.onnx.build", "models.smollm2-…"
  std::string was;
  std::string is;
  friend bool operator==(const Drift&, const Drift&) = default;
};

struct Unchecked {
  std::string field;
  std::string why;
};

struct EngineHere {
  std::string name;
  bool present = false;
  std::string version;
  std::string build;   // as in CandidateIdentity::engine_build; empty when it cannot be told without loading a model
  std::string detail;  // why it is absent
};

struct ModelHere {
  std::string name;  // of the model in the run's matrix; empty for a file that the user named
  std::string file;
  std::string sha256;                         // empty: `problem` says why
  std::map<std::string, int> weight_tensors;  // by type, where the format says so; else empty
  std::string problem;
};

struct Here {
  evidence::Environment environment;
  std::vector<EngineHere> engines;
  std::vector<ModelHere> models;
  core::Json sensors;  // name -> {"period_ns": n|null}; an empty object when none can be read
  std::string now;     // UTC stamp
  // The pricing document in use now: absent, unreadable (problem), or read.
  std::optional<policy::Pricing> pricing;
  std::string pricing_problem;
};

struct Comparison {
  std::vector<Drift> drifts;
  std::vector<Unchecked> unchecked;
  int matched = 0;  // fields that were compared and are equal
};

[[nodiscard]] Comparison compare_boundary(const evidence::Policy& policy, const Here& here);

}  // namespace phasegate::control
