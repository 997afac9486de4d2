#include "report/observed_page.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace phasegate::report {
namespace {

using evidence::Observation;
using evidence::Window;

analysis::ObservedAnalysis small() {
  analysis::ObservedAnalyzer analyzer("run/1");
  std::int64_t seq = 0;
  for (const char* backend : {"a", "b"}) {
    for (int model = 1; model <= 3; ++model) {
      for (const char* scenario : {"s/1", "s2", "s3"}) {
        for (int i = 0; i < 4; ++i) {
          Observation row;
          row.seq = seq++;
          row.backend = backend;
          row.model = "m" + std::to_string(model);
          row.scenario = scenario;
          row.window = Window::decode;
          row.batch = 1;
          row.generated_tokens = 8 + i;
          row.target_tokens = 16;
          row.parameters = model * 1e6;
          row.regime = i == 0 ? evidence::Regime::warmup : evidence::Regime::steady;
          row.latency_ms = {model * 10.0 + i + (i == 0 ? 500 : 0) + (*backend == 'b' ? 1 : 0)};
          EXPECT_TRUE(analyzer.add(row));
        }
      }
    }
  }
  Observation failed;
  failed.backend = "a";
  failed.model = "m1";
  failed.window = Window::request;
  failed.status = evidence::Status::error;
  failed.reason = evidence::Reason::engine_error;
  EXPECT_TRUE(analyzer.add(failed));
  return analyzer.finish().value();
}

// Labels hold '.', so a key is walked through by the longest member that fits.
const core::Json* follow(const core::Json& at, const std::string& path) {
  if (path.empty()) return &at;
  if (!at.is_object()) return nullptr;
  for (const auto& [name, value] : at.items()) {
    if (path == name) return &value;
    if (path.starts_with(name + ".")) {
      if (const core::Json* found = follow(value, path.substr(name.size() + 1))) return found;
    }
  }
  return nullptr;
}

TEST(ObservedPage, EveryNumberIsInTheArtifactUnderItsKey) {
  const auto analysis = small();
  const core::Json artifact = analysis::to_json(analysis);
  std::size_t numbers = 0;
  for (const Section& section : observed_page(analysis).sections) {
    for (const auto& row : section.table.rows) {
      ASSERT_EQ(row.size(), section.table.columns.size()) << section.title;
      for (const Cell& cell : row) {
        if (cell.key.empty()) continue;
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

TEST(ObservedPage, NamesNoWinnerAndSaysWhy) {
  const std::string text = render_text(observed_page(small()));
  EXPECT_NE(text.find("names a winner for policy"), std::string::npos);
  EXPECT_EQ(text.find("winner_a"), std::string::npos);
  EXPECT_NE(text.find("× engine_error"), std::string::npos);
}

}  // namespace
}  // namespace phasegate::report
