// An invented policy and a machine that fits it, for the tests of this module. Not part of the library.
#pragma once

#include <string>
#include <utility>

#include "control/boundary.h"
#include "policy/decide.h"
#include "policy/fixture.h"
#include "policy/pricing.h"

namespace phasegate::control::fixture {

inline evidence::Environment environment() {
  return {{"os", {"Example Linux 12", ""}},
          {"kernel", {"Linux 6.1 x86_64", ""}},
          {"cpu_model", {"Example CPU @ 2.60GHz", ""}},
          {"cpu_cores", {2, ""}},
          {"cpu_governor", {"performance", ""}},
          {"cpu_flags", {core::Json::array({"avx2", "fma"}), ""}},
          {"virtualisation", {"none", ""}},
          {"gpu", {"Example GPU 80GB", ""}},
          {"driver", {"550.54", ""}},
          {"cuda", {"12.4", ""}},
          {"power_limit", {300, ""}},
          {"power_plan", {"balanced", ""}},
          {"libc", {"glibc 2.36", ""}},
          {"compiler", {"GNU 12.2.0", ""}},
          {"ram_bytes", {8'000'000'000, ""}}};
}

inline policy::Pricing pricing() {
  return policy::parse_pricing(
             "version: 1\nid: p-1\ndate: \"2026-01-05\"\ncurrency: USD\nhardware_id: any\nshadow: true\n"
             "usd_per_hour: 0.2\nsource: test\n",
             "pricing.yaml")
      .value();
}

// Decided on policy::fixture::demo_run with two priced scenarios of the mix, on `environment()`.
inline evidence::Policy policy_of(const policy::fixture::RunSpec& spec) {
  policy::DecideInputs inputs;
  inputs.runs.push_back(policy::fixture::build(spec));
  inputs.runs.back().manifest.environment = environment();
  inputs.pricing = pricing();
  inputs.weights = {{policy::fixture::scenario("p128-g64-b1"), 0.8}, {policy::fixture::scenario("p128-g8-b4"), 0.2}};
  return policy::decide(inputs).value();
}

inline evidence::Policy demo() { return policy_of(policy::fixture::demo_run()); }

// The machine of demo(), with every model file and library in place.
inline Here here(const evidence::Policy& policy) {
  Here here;
  here.environment = environment();
  here.now = "2026-01-20T12:00:00.000Z";
  here.sensors = core::Json::object();
  here.pricing = pricing();
  for (const auto& candidate : policy.candidates) {
    const auto& of = candidate.identity;
    here.engines.push_back({of.engine, true, of.engine_version, of.engine_build, ""});
    here.models.push_back({candidate.model_name, "model.gguf", of.model_sha256, {{"q8_0", 210}, {"f32", 60}}, ""});
  }
  return here;
}

}  // namespace phasegate::control::fixture
