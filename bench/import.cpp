// import and validate, one after the other: at least 100 MB of the source's JSONL in a second of one core, and memory
// that does not grow with the file.
//
// Multiplies the rows of a real TR121 run (684 rows, 656 KB) with their own repetitions and starts to two sizes,
// imports each into a store of its own and validates it, in a child process of its own so that its peak memory is its
// own. The rate is of processor time, user and system together: how fast the disk takes the bytes is not ours. Median
// of three. Run the release build: import REPORTS_FOLDER, with the folder that holds tr121/.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/files.h"
#include "core/json.h"
#include "evidence/import.h"
#include "evidence/store.h"
#include "evidence/validation.h"
#include "readers/source.h"
#include "readers/source_json.h"

namespace {

namespace fs = std::filesystem;
using namespace phasegate;

constexpr double kBoundMbS = 100;
constexpr double kBoundGrowthMib = 4;  // between the two sizes
constexpr std::size_t kTimes = 3;
constexpr double kSecondsOfCopy = 100'000;  // between the starts of two copies: clocks run on

// Puts the number behind `"key": ` up by `step`; null stays.
void add_to(std::string& row, std::string_view key, double step, bool whole) {
  const auto at = row.find(fmt::format("\"{}\": ", key));
  if (at == std::string::npos) return;
  const auto begin = at + key.size() + 4;
  const auto end = row.find_first_of(",}", begin);
  const auto text = row.substr(begin, end - begin);
  if (text == "null") return;
  const double value = std::strtod(text.c_str(), nullptr) + step;
  row.replace(begin, end - begin, whole ? fmt::format("{:.0f}", value) : core::shortest(value));
}

// A TR121 run of at least `bytes`.
void write_run(const fs::path& reports, const fs::path& folder, std::uint64_t bytes) {
  const auto from = reports / "tr121" / "20251224_002149";
  std::vector<std::string> rows;
  std::ifstream file(from / "runs.jsonl");
  for (std::string line; std::getline(file, line);) rows.push_back(line);
  if (rows.empty()) {
    fmt::print(stderr, "import: {} has no rows; name the folder of the reports' data\n", from.string());
    std::exit(2);
  }
  fs::create_directories(folder);
  std::ofstream out(folder / "runs.jsonl", std::ios::binary);
  std::uint64_t written = 0;
  std::int64_t count = 0;
  for (int copy = 0; written < bytes; ++copy) {
    for (auto row : rows) {
      for (const char* key : {"rep", "warmup_idx", "call_idx", "sample_idx", "task_idx"}) {
        add_to(row, key, 1000.0 * copy, true);
      }
      add_to(row, "started_at_unix", kSecondsOfCopy * copy, false);
      row += '\n';
      out << row;
      written += row.size();
      ++count;
    }
  }
  const auto text = core::read_file(from / "manifest.json", 1 << 20).value();
  auto manifest = core::parse_json(text, "manifest.json").value();
  manifest["records_expected"] = count;
  std::ofstream(folder / "manifest.json") << manifest.dump(2);
}

struct Figures {
  double import_s = 0;  // processor time, of the median by the sum
  double validate_s = 0;
  double wall_s = 0;
  double peak_mib = 0;
  std::int64_t rows = 0;
  std::int64_t faulty = 0;  // issues that name a row
};

double processor_s() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

core::Result<Figures> once(const fs::path& folder, const fs::path& root) {
  fs::remove_all(root);
  const core::SystemClock clock;
  Figures figures;
  const auto wall = clock.now();
  double start = processor_s();
  PHASEGATE_TRY(store, evidence::Store::open(root, evidence::Store::Access::write));
  PHASEGATE_TRY(found, readers::discover(folder));
  const auto& run = found.runs.at(0);
  PHASEGATE_TRY(writer, store.create_import({}, readers::intent_json(run)));
  PHASEGATE_TRY(source, readers::read(run, [&](evidence::Observation& row) { return writer.append(row); }));
  PHASEGATE_TRY(done, writer.finish(readers::imported_source(source)));
  figures.import_s = processor_s() - start;
  start = processor_s();
  PHASEGATE_TRY(validation, evidence::validate_run(root / "runs" / done.run_id));
  figures.validate_s = processor_s() - start;
  figures.wall_s = core::to_seconds(core::between(wall, clock.now()));
  figures.rows = validation.records;
  figures.faulty = std::count_if(validation.issues.begin(), validation.issues.end(),
                                 [](const auto& issue) { return issue.where.starts_with("observations.jsonl:"); });
  return figures;
}

Figures import_alone(const fs::path& folder, const fs::path& root) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    std::array<Figures, kTimes> all{};
    for (auto& of : all) {
      auto figures = once(folder, root);
      if (!figures) {
        fmt::print(stderr, "import: {}\n", figures.error().message());
        ::_exit(1);
      }
      of = *figures;
    }
    std::sort(all.begin(), all.end(),
              [](const Figures& a, const Figures& b) { return a.import_s + a.validate_s < b.import_s + b.validate_s; });
    Figures figures = all[kTimes / 2];
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    figures.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
    const bool sent = ::write(ends[1], &figures, sizeof figures) == sizeof figures;
    ::_exit(sent ? 0 : 1);
  }
  ::close(ends[1]);
  Figures figures;
  const bool received = ::read(ends[0], &figures, sizeof figures) == sizeof figures;
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  return received ? figures : Figures{};
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path reports = argc > 1 ? argv[1] : "tests/conformance/reports";
  const auto root = fs::temp_directory_path() / fmt::format("phasegate-import-{}", ::getpid());
  std::array<Figures, 2> figures;
  double slowest = 1e9;
  bool sound = true;
  std::size_t at = 0;
  for (const std::uint64_t megabytes : {80, 320}) {
    const auto folder = root / "source";
    write_run(reports, folder, megabytes * 1'000'000);
    const double size = static_cast<double>(fs::file_size(folder / "runs.jsonl")) / 1e6;
    const auto& of = figures[at++] = import_alone(folder, root / "store");
    slowest = std::min(slowest, size / (of.import_s + of.validate_s));
    sound = sound && of.rows > 0 && of.faulty == 0;
    fmt::print(
        "import       {:>7} rows, {:.0f} MB: import {:.0f} MB/s, validate {:.0f} MB/s, both {:.0f} MB/s (wall {:.0f}), "
        "peak memory {:.1f} MiB{}\n",
        of.rows, size, size / of.import_s, size / of.validate_s, size / (of.import_s + of.validate_s), size / of.wall_s,
        of.peak_mib, of.faulty > 0 ? ", rows were called FAULTY" : "");
    fs::remove_all(root);
  }
  const double growth = figures[1].peak_mib - figures[0].peak_mib;
  const bool holds = sound && slowest >= kBoundMbS && growth <= kBoundGrowthMib;
  fmt::print(
      "import       both together at the slower size: {:.0f} MB/s of one core (bound {:.0f}), growth {:.1f} MiB for 4 "
      "times the file (bound {:.0f}): {}\n",
      slowest, kBoundMbS, growth, kBoundGrowthMib, holds ? "holds" : "BROKEN");
  return holds ? 0 : 1;
}
