// What the tests of the reports' readers share: a run read whole, and copies of runs that a test may change.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "readers/reader_fixture.h"
#include "readers/source.h"

namespace phasegate::readers {

struct Taken {
  SourceRun run;
  Source source;
  std::vector<evidence::Observation> rows;

  [[nodiscard]] std::int64_t count(const std::function<bool(const evidence::Observation&)>& wanted) const {
    return std::count_if(rows.begin(), rows.end(), wanted);
  }
};

inline Taken take_run(const SourceRun& run) {
  Taken taken;
  taken.run = run;
  auto source = read(run, [&](evidence::Observation& row) {
    taken.rows.push_back(row);
    return core::Status{};
  });
  EXPECT_TRUE(source) << (source ? "" : source.error().message());
  if (source) taken.source = std::move(*source);
  return taken;
}

inline std::vector<Taken> take_all(const std::filesystem::path& folder) {
  std::vector<Taken> all;
  const auto found = discover(folder);
  EXPECT_TRUE(found) << (found ? "" : found.error().message());
  if (!found) return all;
  for (const auto& run : found->runs) all.push_back(take_run(run));
  return all;
}

// The only run under a folder that has rows, or the only run.
inline Taken take_only(const std::filesystem::path& folder) {
  auto all = take_all(folder);
  if (all.size() > 1) std::erase_if(all, [](const Taken& taken) { return taken.rows.empty(); });
  if (all.size() == 1) return std::move(all.front());
  ADD_FAILURE() << folder << ": " << all.size() << " runs";
  return {};
}

inline std::filesystem::path report(const std::string& name) { return data_path("reports/" + name); }

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void copy_into(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to.parent_path());
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

inline void change(const std::filesystem::path& file, const std::function<std::string(std::string)>& how) {
  const std::string text = how(slurp(file));
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

inline std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

inline std::string with_crlf(const std::string& text) { return replace_all(text, "\n", "\r\n"); }

// The columns of a CSV without quoted cells in the opposite order.
inline std::string with_reversed_columns(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else if (c != '\r') {
        cells.back() += c;
      }
    }
    for (std::size_t i = cells.size(); i > 0; --i) out += cells[i - 1] + (i > 1 ? "," : "\n");
  }
  return out;
}

// Replaces line `number` (from 1) of a text.
inline std::string with_line(const std::string& text, int number, const std::function<std::string(std::string)>& how) {
  std::istringstream lines(text);
  std::string out;
  int at = 0;
  for (std::string line; std::getline(lines, line);) out += (++at == number ? how(line) : line) + "\n";
  return out;
}

inline std::string without_column(const std::string& text, const std::string& column) {
  std::istringstream lines(text);
  std::string out;
  std::ptrdiff_t drop = -1;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    if (drop < 0) drop = std::find(cells.begin(), cells.end(), column) - cells.begin();
    cells.erase(cells.begin() + drop);
    for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : ",") + cells[i];
    out += "\n";
  }
  return out;
}

// What two readings of the same rows must agree on, whatever the file looked like.
inline std::vector<std::string> essence(const Taken& taken) {
  std::vector<std::string> out;
  for (const auto& row : taken.rows) {
    std::string text = row.backend + "|" + row.model + "|" + row.precision + "|" + row.scenario + "|" +
                       std::string(to_string(row.window)) + "|" + std::string(to_string(row.status)) + "|" +
                       std::string(to_string(row.reason));
    for (const double value : row.latency_ms) text += "|" + core::shortest(value);
    for (const auto& [name, value] : row.numbers) text += "|" + name + "=" + core::shortest(value);
    text +=
        "|" + std::to_string(row.prompt_tokens.value_or(-1)) + "|" + std::to_string(row.generated_tokens.value_or(-1));
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace phasegate::readers
