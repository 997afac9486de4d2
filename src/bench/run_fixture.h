// For the tests of runs: a folder with simulated engines, a matrix over them, a store, and what a run left behind.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "bench/plan.h"
#include "bench/runner.h"
#include "bench/session_link.h"
#include "engines/sim/sim_engine.h"
#include "evidence/store.h"
#include "evidence/validation.h"

namespace phasegate::bench {

struct SimModel {
  std::string name;
  std::string profile;  // the profile's YAML below "sim: 1"
};

struct SimMatrix {
  std::vector<SimModel> models{{"fast", "latency: {decode_base_ms: 2}\n"}, {"slow", "latency: {decode_base_ms: 4}\n"}};
  std::string scenarios = "  axes: {prompt: [8, 16], gen: [4, 8], batch: [1, 2]}\n";
  int rounds = 2;
  std::string more = "control: {prompt: 8, gen: 4, batch: 1, every: 2, calls: 2}\naccuracy: {tokens: 0}\n";
};

class RunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / (std::string("phasegate-bench-") + info->test_suite_name() +
                                                        "-" + info->name() + "-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Plan plan_for(const SimMatrix& sim) {
    std::string yaml = "name: test\nrounds: " + std::to_string(sim.rounds) + "\nmodels:\n";
    std::string candidates = "candidates:\n";
    for (const SimModel& model : sim.models) {
      std::ofstream(folder_ / (model.name + ".yaml")) << "sim: 1\n" << model.profile;
      yaml += "  - {name: " + model.name + ", path: " + model.name + ".yaml}\n";
      candidates += "  - {engine: sim, model: " + model.name + ", label: " + model.name + "}\n";
    }
    yaml += candidates + "scenarios:\n" + sim.scenarios + sim.more;
    auto matrix = parse_matrix(yaml, "test.yaml", folder_);
    EXPECT_TRUE(matrix) << matrix.error().message();
    auto plan = expand(*matrix, facts_);
    EXPECT_TRUE(plan) << plan.error().message();
    return *plan;
  }

  RunOptions options() {
    RunOptions options;
    options.factories = {engines::sim::factory()};
    options.starter = [] { return start_session_thread({engines::sim::factory()}); };
    options.stop = &stop_;
    return options;
  }

  evidence::Store open_store() {
    auto store = evidence::Store::open(folder_ / "store", evidence::Store::Access::write);
    EXPECT_TRUE(store) << store.error().message();
    return std::move(*store);
  }

  RunOutcome run(const Plan& plan, const RunOptions& options) {
    auto store = open_store();
    auto outcome = execute(plan, store, options);
    EXPECT_TRUE(outcome) << outcome.error().message();
    return *outcome;
  }

  static std::vector<evidence::Record> records_of_run(const std::filesystem::path& run) {
    std::vector<evidence::Record> records;
    const auto status = evidence::for_each_record(run, [&](const evidence::Record& record) -> core::Status {
      records.push_back(record);
      return {};
    });
    EXPECT_TRUE(status) << status.error().message();
    return records;
  }

  // Planned records by (candidate, scenario, round, phase).
  using Cell = std::tuple<std::string, std::string, int, std::string>;
  static std::map<Cell, int> cells_of(const std::vector<evidence::Record>& records) {
    std::map<Cell, int> cells;
    for (const auto& record : records) {
      if (record.regime == evidence::Regime::warmup) continue;
      ++cells[{record.candidate_name, record.scenario.id(), record.round,
               std::string(evidence::to_string(record.phase))}];
    }
    return cells;
  }

  static void expect_canonical(const std::filesystem::path& run) {
    const auto validation = evidence::validate_run(run);
    ASSERT_TRUE(validation) << validation.error().message();
    for (const auto& issue : validation->issues) ADD_FAILURE() << issue.rule << " " << issue.where << " " << issue.what;
    EXPECT_TRUE(validation->canonical);
  }

  std::filesystem::path folder_;
  std::atomic<bool> stop_{false};
  PlanFacts facts_;
};

}  // namespace phasegate::bench
