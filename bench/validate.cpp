// validate: at most 1 s per 100,000 records, and memory that does not grow with the file.
//
// Writes runs of 100,000 and 400,000 records (64 decode steps each, sessions of 3,000 records), validates each in a
// child process of its own so that its peak memory is its own, and takes the median of five times. Run the release
// build.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "core/clock.h"
#include "core/sha256.h"
#include "evidence/samples.h"
#include "evidence/sealed.h"
#include "evidence/validation.h"

namespace {

using namespace phasegate;
using namespace phasegate::evidence;

constexpr double kBoundSeconds = 1.0;  // per 100,000 records
constexpr double kBoundGrowthMib = 4;  // between the two sizes
constexpr int kCallsOfSession = 1000;

void write_run(const std::filesystem::path& folder, int records) {
  std::filesystem::create_directories(folder);
  const auto candidate = samples::candidate();
  std::ofstream file(folder / "records.jsonl", std::ios::binary);
  core::Sha256 hash;
  std::int64_t seq = 0;
  for (int call = 0; call < records / 3; ++call) {
    for (auto& record :
         samples::call_records(candidate, call / kCallsOfSession, call % kCallsOfSession, Regime::steady)) {
      record.seq = seq++;
      record.scenario.gen_tokens = 64;
      record.cell = candidate.name + "/" + record.scenario.id();
      if (record.phase != Phase::prefill) record.generated_tokens = record.target_tokens = 64;
      if (record.phase == Phase::decode) record.steps.assign(64, core::Nanos(234'567));
      const auto line = core::canonical_json(to_json(record)).value() + "\n";
      hash.update(line);
      file << line;
    }
  }
  const core::Json plan = {{"records_expected", seq}};
  const auto plan_text = core::canonical_json(plan).value();
  std::ofstream(folder / "plan.json", std::ios::binary) << plan_text;
  auto manifest = samples::manifest();
  manifest.state = "complete";
  manifest.finished = manifest.started;
  manifest.plan_sha256 = core::sha256_hex(plan_text);
  manifest.counts = {seq, seq, {{"ok", seq}}};
  manifest.files = {{"plan.json", manifest.plan_sha256}, {"records.jsonl", hash.finish()}};
  std::ofstream(folder / "manifest.json", std::ios::binary) << seal(to_json(manifest)).value();
}

struct Figures {
  double seconds = 0;  // median of five
  double peak_mib = 0;
  std::int64_t records = 0;
  bool canonical = false;
};

Figures validate_alone(const std::filesystem::path& folder) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    Figures figures;
    std::array<double, 5> times{};
    const core::SystemClock clock;
    for (double& time : times) {
      const auto start = clock.now();
      const auto validation = validate_run(folder);
      time = core::to_seconds(core::between(start, clock.now()));
      figures.canonical = validation && validation->canonical;
      figures.records = validation ? validation->records : 0;
    }
    std::sort(times.begin(), times.end());
    figures.seconds = times[2];
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    figures.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
    const bool sent = ::write(ends[1], &figures, sizeof figures) == sizeof figures;
    ::_exit(sent ? 0 : 1);
  }
  Figures figures;
  const bool received = ::read(ends[0], &figures, sizeof figures) == sizeof figures;
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return received ? figures : Figures{};
}

}  // namespace

int main() {
  const auto root = std::filesystem::temp_directory_path() / fmt::format("phasegate-validate-{}", ::getpid());
  std::array<Figures, 2> figures;
  std::size_t at = 0;
  for (const int records : {100'000, 400'000}) {
    const auto folder = root / std::to_string(records);
    write_run(folder, records);
    auto& of = figures[at++];
    of = validate_alone(folder);
    fmt::print("validate     {:>7} records, {:.0f} MB: {:.2f} s ({:.2f} s per 100,000), peak memory {:.1f} MiB{}\n",
               of.records, static_cast<double>(std::filesystem::file_size(folder / "records.jsonl")) / 1e6, of.seconds,
               of.seconds * 1e5 / static_cast<double>(of.records), of.peak_mib, of.canonical ? "" : ", NOT canonical");
  }
  std::filesystem::remove_all(root);
  const double slowest = std::max(figures[0].seconds * 1e5 / static_cast<double>(figures[0].records),
                                  figures[1].seconds * 1e5 / static_cast<double>(figures[1].records));
  const double growth = figures[1].peak_mib - figures[0].peak_mib;
  const bool holds =
      figures[0].canonical && figures[1].canonical && slowest <= kBoundSeconds && growth <= kBoundGrowthMib;
  fmt::print(
      "validate     {:.2f} s per 100,000 records (bound {:.0f}), growth {:.1f} MiB for 300,000 more (bound {:.0f}): "
      "{}\n",
      slowest, kBoundSeconds, growth, kBoundGrowthMib, holds ? "holds" : "BROKEN");
  return holds ? 0 : 1;
}
