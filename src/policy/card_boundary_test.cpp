#include "policy/card_boundary.h"

#include <gtest/gtest.h>

namespace phasegate::policy {
namespace {

using Line = std::pair<std::string, std::string>;

TEST(CardBoundary, SaysValuesInWordsAndWhyOneIsAbsent) {
  evidence::Policy policy;
  policy.boundary = {{"sha256", "0123456789abcdef0123"}};
  policy.tables = {{"environment",
                    {{"cpu_cores", {{"value", {{"logical", 4}, {"physical", 2}}}, {"reason", ""}}},
                     {"gpu", {{"value", {{{"name", "H100"}}, {{"name", "L4"}}}}, {"reason", ""}}},
                     {"driver", {{"value", nullptr}, {"reason", "nvidia-smi: not found"}}},
                     {"unknown_key", {{"value", 1}, {"reason", ""}}}}}};
  const std::vector<Line> expected = {{"Cores", "4 logical, 2 physical"},
                                      {"GPU", "name H100; name L4"},
                                      {"Driver", "null: nvidia-smi: not found"},
                                      {"Fingerprint", "0123456789abcdef"}};
  EXPECT_EQ(boundary_lines(policy), expected);
}

TEST(CardBoundary, AHostileEnvironmentIsNotShown) {
  evidence::Policy policy;
  policy.boundary = "text";
  policy.tables = {{"environment", {{"cpu_cores", 3}, {"os", {{"value", nullptr}}}}}};
  const std::vector<Line> expected = {{"OS", "null: no reason recorded"}, {"Fingerprint", "unknown"}};
  EXPECT_EQ(boundary_lines(policy), expected);
}

}  // namespace
}  // namespace phasegate::policy
