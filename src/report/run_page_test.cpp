#include "report/run_page.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace phasegate::report {
namespace {

const core::Json* follow(const core::Json& at, const std::string& path) {
  if (path.empty()) return &at;
  if (at.is_array()) return &at.at(static_cast<std::size_t>(std::stoul(path)));
  for (const auto& [name, value] : at.items()) {
    if (path == name) return &value;
    if (path.starts_with(name + ".")) return follow(value, path.substr(name.size() + 1));
  }
  return nullptr;
}

TEST(RunPage, EveryNumberOfTheExampleIsInTheArtifactUnderItsKey) {
  const auto analysis = analysis::analyze_run(std::string(PHASEGATE_SOURCE_DIR) + "/examples/smollm2-cpu/run");
  ASSERT_TRUE(analysis) << analysis.error().message();
  const core::Json artifact = analysis::to_json(*analysis);
  std::size_t numbers = 0;
  for (const Section& section : run_page(*analysis).sections) {
    for (const auto& row : section.table.rows) {
      ASSERT_EQ(row.size(), section.table.columns.size()) << section.title;
      for (const Cell& cell : row) {
        if (cell.key.empty() || cell.key.starts_with("flips.")) continue;
        const core::Json* found = follow(artifact, cell.key);
        ASSERT_NE(found, nullptr) << cell.key;
        if (cell.value) {
          EXPECT_EQ(found->get<double>(), *cell.value) << cell.key;
        } else {
          EXPECT_TRUE(found->is_null()) << cell.key;
        }
        ++numbers;
      }
    }
  }
  EXPECT_GT(numbers, 200U);
}

}  // namespace
}  // namespace phasegate::report
