// What the tests of other tools' formats share: their exports under tests/conformance/foreign, and one run read whole.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "readers/reader_fixture.h"
#include "readers/source.h"

namespace phasegate::readers {

using evidence::Observation;

struct Taken {
  Source source;
  std::vector<Observation> rows;
};

inline SourceRun only_run(const std::filesystem::path& path) {
  const auto found = discover(path);
  EXPECT_TRUE(found) << (found ? "" : found.error().message());
  if (!found || found->runs.size() != 1) {
    ADD_FAILURE() << path << ": " << (found ? found->runs.size() : 0) << " runs";
    return {};
  }
  return found->runs.front();
}

inline Taken take(const std::filesystem::path& path) {
  Taken taken;
  auto source = read(only_run(path), [&](Observation& row) {
    taken.rows.push_back(row);
    return core::Status{};
  });
  EXPECT_TRUE(source) << (source ? "" : source.error().message());
  if (source) taken.source = std::move(*source);
  return taken;
}

inline std::string foreign(const std::string& name) { return data_path("foreign/" + name); }

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

}  // namespace phasegate::readers
