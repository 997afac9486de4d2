// The C++ arm of analyze_tr121.py: everything that `phasegate analyze` does with an imported run, from the text of its
// rows to the text of analysis/observed.json, as often as it is asked to.
//
//   analyze_tr121 FOLDER [--resamples N]
// reads the TR121 run under FOLDER once into the lines of observations.jsonl; then, for each line on stdin:
//   go     analyses from those lines and prints {"ms": …}
//   json   prints the document of the last analysis
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/observed.h"
#include "core/json.h"
#include "evidence/observation.h"
#include "readers/source.h"

namespace {

using namespace phasegate;  // NOLINT(google-build-using-namespace)

core::Result<std::vector<std::string>> lines_of(const std::filesystem::path& folder) {
  PHASEGATE_TRY(found, readers::discover(folder));
  std::vector<std::string> lines;
  for (const readers::SourceRun& run : found.runs) {
    if (run.format != readers::Format::tr121 || !lines.empty()) continue;
    PHASEGATE_TRY(source, readers::read(run, [&](evidence::Observation& row) {
                    row.seq = static_cast<std::int64_t>(lines.size());
                    return evidence::write_observation(row, lines.emplace_back());
                  }));
    if (source.bad_rows > 0) return core::fail(core::ErrorKind::evidence, "{} rows cannot be read", source.bad_rows);
  }
  if (lines.empty()) return core::fail({core::ErrorKind::not_found, "no rows of a TR121 run", folder.string(), {}});
  return lines;
}

core::Result<std::string> analyze(const std::vector<std::string>& lines, std::size_t resamples) {
  analysis::ObservedOptions options;
  options.fit.resamples = resamples;
  analysis::ObservedAnalyzer analyzer("tr121", options);
  for (const std::string& line : lines) {
    PHASEGATE_TRY(row, evidence::read_observation(line, "observations.jsonl"));
    PHASEGATE_CHECK_OK(analyzer.add(row));
  }
  PHASEGATE_TRY(result, analyzer.finish());
  return core::canonical_json(analysis::to_json(result));
}

int fail_with(const core::Error& error) {
  fmt::print(stderr, "{}\n", error.message());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t resamples = 10'000;
  if (argc == 4 && std::string_view(argv[2]) == "--resamples") {
    const std::string_view text = argv[3];
    std::from_chars(text.data(), text.data() + text.size(), resamples);
  } else if (argc != 2) {
    fmt::print(stderr, "usage: analyze_tr121 FOLDER [--resamples N]\n");
    return 2;
  }
  const auto lines = lines_of(argv[1]);
  if (!lines) return fail_with(lines.error());
  std::string document;
  for (std::string command; std::getline(std::cin, command);) {
    if (command == "json") {
      fmt::print("{}\n", document);
    } else {
      const auto start = std::chrono::steady_clock::now();
      auto result = analyze(*lines, resamples);
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
      if (!result) return fail_with(result.error());
      document = std::move(*result);
      fmt::print("{{\"ms\":{}}}\n", took.count());
    }
    std::fflush(stdout);
  }
  return 0;
}
