#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "core/sha256.h"
#include "engines/contract/contract_suite.h"
#include "engines/sim/sim_engine.h"

namespace phasegate::engines::contract {
namespace {

ModelRef write_profile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "phasegate_sim_" + name + ".yaml";
  std::ofstream(path) << text;
  return {path, core::sha256_hex(text), ""};
}

std::vector<BadModel> bad_profiles() {
  using core::ErrorKind;
  return {
      {"unknown_key", write_profile("unknown", "sim: 1\nspeed: 9\n"), ErrorKind::invalid_input, "unknown key 'speed'"},
      {"truncated", write_profile("cut", "sim: 1\nmodel: {vocab: 25"), ErrorKind::invalid_input, "YAML"},
      {"folder", {testing::TempDir(), "", ""}, ErrorKind::invalid_input, "folder"},
      {"failing", write_profile("failing", "sim: 1\nfaults: [{kind: error, phase: load}]\n"), ErrorKind::engine,
       "programmed error"}};
}

Subject sim_subject() {
  Subject subject;
  subject.name = "Sim";
  subject.factory = sim::factory;
  subject.model = [] { return write_profile("plain", "sim: 1\nnoise: {sigma: 0.05}\n"); };
  subject.placement.max_context = 96;
  subject.placement.max_batch = 4;
  subject.bad_models = bad_profiles;
  return subject;  // tolerances stay 0: a hash is exact
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sim, EngineContract, testing::Values(sim_subject()), subject_name);

}  // namespace phasegate::engines::contract
