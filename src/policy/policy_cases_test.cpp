// Runs tests/policy_cases/*.yaml: evidence with a known truth in, the expected decision and its reasons out. The format
// is in tests/policy_cases/README.md; an unknown key fails the case, so that a typo cannot make it pass.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/fixture.h"

namespace phasegate::policy {
namespace {

using evidence::Rule;

void expect_keys(const YAML::Node& node, const std::set<std::string>& known, const std::string& where) {
  for (const auto& entry : node) {
    EXPECT_TRUE(known.contains(entry.first.Scalar())) << where << ": unknown key " << entry.first.Scalar();
  }
}

template <class T>
void take(const YAML::Node& node, const char* key, T& value) {
  if (node[key]) value = node[key].as<T>();
}

fixture::CandidateSpec read_candidate(const YAML::Node& node) {
  expect_keys(node,
              {"name", "engine", "backend", "device", "ran_on", "weight_type", "model", "attention", "fallback",
               "compile", "compile_grade", "accuracy", "delta", "absent"},
              "candidates");
  fixture::CandidateSpec spec;
  take(node, "name", spec.name);
  spec.attention = spec.name;
  take(node, "engine", spec.engine);
  take(node, "backend", spec.backend);
  take(node, "device", spec.device);
  spec.ran_on = spec.device;
  take(node, "ran_on", spec.ran_on);
  take(node, "weight_type", spec.weight_type);
  take(node, "model", spec.model);
  take(node, "attention", spec.attention);
  take(node, "fallback", spec.fallback);
  take(node, "compile", spec.compile);
  take(node, "compile_grade", spec.compile_grade);
  take(node, "accuracy", spec.accuracy);
  take(node, "delta", spec.delta);
  take(node, "absent", spec.absent);
  return spec;
}

// "alpha p64-g64-b1: {prefill: 900, decode: 30}" as {cell: "alpha p64-g64-b1", prefill: 900, decode: 30}
fixture::CellSpec read_cell(const YAML::Node& node) {
  expect_keys(node,
              {"cell", "prefill", "decode", "session_sd", "call_sd", "slow_share", "slow_factor", "rounds",
               "crashed_rounds", "crash_reason"},
              "cells");
  fixture::CellSpec spec;
  const std::string cell = node["cell"].as<std::string>();
  const std::size_t space = cell.find(' ');
  spec.candidate = cell.substr(0, space);
  spec.scenario = fixture::scenario(cell.substr(space + 1));
  take(node, "prefill", spec.prefill_tok_s);
  take(node, "decode", spec.decode_tok_s);
  take(node, "session_sd", spec.session_sd);
  take(node, "call_sd", spec.call_sd);
  take(node, "slow_share", spec.slow_share);
  take(node, "slow_factor", spec.slow_factor);
  take(node, "rounds", spec.rounds);
  take(node, "crashed_rounds", spec.crashed_rounds);
  take(node, "crash_reason", spec.crash_reason);
  return spec;
}

fixture::RunSpec read_run(const YAML::Node& node) {
  expect_keys(
      node,
      {"id", "started", "finished", "state", "state_reason", "cpu", "set", "default_safe", "canonical", "issue",
       "rounds", "calls", "warmup_ratio", "drifted_rounds", "unconverged_rounds", "seed", "candidates", "cells"},
      "runs");
  fixture::RunSpec spec;
  take(node, "id", spec.id);
  take(node, "started", spec.started);
  take(node, "finished", spec.finished);
  take(node, "state", spec.state);
  take(node, "state_reason", spec.state_reason);
  take(node, "cpu", spec.cpu);
  take(node, "set", spec.set);
  take(node, "default_safe", spec.default_safe);
  take(node, "canonical", spec.canonical);
  take(node, "issue", spec.issue);
  take(node, "rounds", spec.rounds);
  take(node, "calls", spec.calls);
  take(node, "warmup_ratio", spec.warmup_ratio);
  take(node, "drifted_rounds", spec.drifted_rounds);
  take(node, "unconverged_rounds", spec.unconverged_rounds);
  take(node, "seed", spec.seed);
  for (const YAML::Node& candidate : node["candidates"]) spec.candidates.push_back(read_candidate(candidate));
  for (const YAML::Node& cell : node["cells"]) spec.cells.push_back(read_cell(cell));
  return spec;
}

evidence::Range read_range(const YAML::Node& node) {
  if (node.IsScalar()) return {node.as<int>(), node.as<int>()};
  return {node[0].as<int>(), node[1].as<int>()};
}

const Rule* find_rule(const evidence::Policy& policy, const YAML::Node& expected) {
  const evidence::Bucket bucket{read_range(expected["prompt"]), read_range(expected["gen"]),
                                read_range(expected["batch"])};
  const auto found = std::find_if(policy.rules.begin(), policy.rules.end(), [&](const Rule& rule) {
    return evidence::to_string(rule.workload) == expected["class"].as<std::string>() && rule.bucket == bucket;
  });
  return found == policy.rules.end() ? nullptr : &*found;
}

// Compares only what the case names.
template <class T>
void expect_named(const YAML::Node& expected, const char* key, const T& got, const std::string& also = {}) {
  if (!expected[key]) return;
  EXPECT_EQ(got, expected[key].as<T>()) << key << ": " << also;
}

void expect_part(const YAML::Node& expected, const char* key, const std::string& got) {
  if (!expected[key]) return;
  EXPECT_NE(got.find(expected[key].as<std::string>()), std::string::npos) << key << ": " << got;
}

void check_rejected(const Rule& rule, const YAML::Node& expected) {
  for (const auto& entry : expected) {
    const std::string name = entry.first.as<std::string>();
    const auto found = std::find_if(rule.rejected.begin(), rule.rejected.end(),
                                    [&name](const auto& rejected) { return rejected.candidate == name; });
    if (found == rule.rejected.end()) {
      ADD_FAILURE() << name << " was not rejected";
      continue;
    }
    EXPECT_EQ(found->gate + ": " + found->reason, entry.second.as<std::string>()) << name << ": " << found->detail;
    EXPECT_FALSE(found->detail.empty());
  }
}

void check_rule(const evidence::Policy& policy, const YAML::Node& expected) {
  expect_keys(
      expected,
      {"class", "prompt", "gen", "batch", "winner", "reason", "tied", "settle", "rejected", "compile", "warm_pool"},
      "expect.rules");
  const Rule* rule = find_rule(policy, expected);
  ASSERT_NE(rule, nullptr) << "no such rule: " << YAML::Dump(expected);
  expect_named<std::string>(expected, "winner", rule->winner.value_or("none"), rule->settle);
  expect_named<std::string>(expected, "reason", rule->reason, rule->settle);
  expect_named(expected, "tied", rule->tied);
  expect_part(expected, "settle", rule->settle);
  expect_named(expected, "compile", rule->compile);
  expect_named(expected, "warm_pool", rule->warm_pool, rule->warmup_reason);
  if (expected["rejected"]) check_rejected(*rule, expected["rejected"]);
  if (rule->winner) {
    ASSERT_TRUE(rule->effect);
    EXPECT_GT(rule->effect->ci_low, 1);
    EXPECT_TRUE(rule->reason.empty());
  } else {
    EXPECT_FALSE(rule->settle.empty());
  }
}

void check_explanation(const evidence::Policy& policy, const YAML::Node& expected) {
  expect_keys(expected, {"prompt", "gen", "batch", "class", "route", "reason"}, "expect.explain");
  const auto got = explain(
      policy, {{expected["prompt"].as<int>(), expected["gen"].as<int>(), expected["batch"].as<int>()}, std::nullopt});
  ASSERT_TRUE(got) << got.error().message();
  expect_named<std::string>(expected, "class", std::string(evidence::to_string(got->classification.workload)));
  expect_named<std::string>(expected, "route", got->route);
  expect_named<std::string>(expected, "reason", got->reason);
}

class PolicyCase : public testing::TestWithParam<std::string> {};

TEST_P(PolicyCase, Decides) {
  const YAML::Node root = YAML::LoadFile(GetParam());
  expect_keys(root, {"title", "runs", "weights", "expect"}, "case");
  DecideInputs inputs;
  for (const YAML::Node& run : root["runs"]) inputs.runs.push_back(fixture::build(read_run(run)));
  for (const auto& weight : root["weights"]) {
    inputs.weights.push_back({fixture::scenario(weight.first.as<std::string>()), weight.second.as<double>()});
  }
  const YAML::Node expect = root["expect"];
  expect_keys(
      expect,
      {"error", "default_safe", "default_safe_reason", "provisional", "rules", "explain", "global", "conflicts"},
      "expect");
  const auto policy = decide(inputs);
  if (expect["error"]) {
    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().kind, core::ErrorKind::evidence);
    EXPECT_NE(policy.error().message().find(expect["error"].as<std::string>()), std::string::npos)
        << policy.error().message();
    return;
  }
  ASSERT_TRUE(policy) << policy.error().message();
  expect_named<std::string>(expect, "default_safe", policy->default_safe);
  expect_part(expect, "default_safe_reason", policy->default_safe_reason);
  EXPECT_EQ(policy->provisional, expect["provisional"] && expect["provisional"].as<bool>());
  for (const YAML::Node& rule : expect["rules"]) check_rule(*policy, rule);
  for (const YAML::Node& request : expect["explain"]) check_explanation(*policy, request);
  if (expect["conflicts"]) {
    EXPECT_EQ(policy->tables.at("conflicts").size(), expect["conflicts"].as<std::size_t>())
        << policy->tables.at("conflicts").dump();
  }
  if (expect["global"]) {
    ASSERT_EQ(policy->tables.at("global").size(), 1U);
    EXPECT_EQ(policy->tables.at("global").at(0).at("winner"), expect["global"].as<std::string>());
  }
  // What was decided survives a round trip: the policy file is the policy.
  const auto again = evidence::policy_from_json(evidence::to_json(*policy));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(evidence::to_json(*again), evidence::to_json(*policy));
}

std::vector<std::string> case_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(PHASEGATE_SOURCE_DIR "/tests/policy_cases")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Files, PolicyCase, testing::ValuesIn(case_files()),
                         [](const testing::TestParamInfo<std::string>& file) {
                           std::string name = std::filesystem::path(file.param).stem().string();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace phasegate::policy
