// TR122: power, energy, heat. Events (prefill and decode with their instants) are the rows; the power trace is kept
// whole, so that energy is integrated again instead of believed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "readers/csv.h"
#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_rows.h"
#include "readers/number.h"
#include "readers/report_source.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using core::Status;
using evidence::Observation;
using evidence::Window;

std::string kind_of(const FileHead& head) {
  const auto keys = head_keys(head.text);
  if (has_all(keys, {"event_id", "phase", "t_start_ns"})) return "tr122_events";
  if (has_all(keys, {"run_id", "run_state"}) || has_all(keys, {"run_id", "poller"})) return "tr122_metadata";
  if (has_all(keys, {"idle_watts_mean"})) return "tr122_baseline";
  if (!keys.empty()) return {};
  if (has_all(head_columns(head.text), {"t_ns", "power_w"})) return "tr122_trace";
  return has_all(head_yaml_keys(head.text), {"poller"}) ? "tr122_config" : std::string();
}

std::vector<SourceRun> group(const std::filesystem::path& root, const std::vector<KnownFile>& files,
                             std::vector<std::string>& unplaced) {
  std::vector<GroupFile> clues;
  for (const auto& file : files) {
    GroupFile clue;
    clue.file = &file;
    if (file.kind == "tr122_metadata") {
      const auto metadata = open_document(file.head, unplaced);
      if (!metadata) continue;
      clue.role = GroupRole::anchor;
      clue.id = id_at(*metadata, "run_id");
    } else if (file.kind == "tr122_events") {
      clue.role = GroupRole::rows;
    }
    clues.push_back(std::move(clue));
  }
  return group_files(Format::tr122, root, clues);
}

// "bs4_rep2_prefill": the batch is the scenario, then the repetition and the phase.
struct EventName {
  std::string scenario;
  std::optional<std::int64_t> repetition;
};
EventName name_of_event(std::string_view id, std::string_view phase) {
  if (id.size() > phase.size() + 1 && id.ends_with(phase) && id[id.size() - phase.size() - 1] == '_') {
    id.remove_suffix(phase.size() + 1);
  }
  const auto rep = id.rfind("_rep");
  if (rep == std::string_view::npos) return {std::string(id), std::nullopt};
  const auto number = parse_integer(id.substr(rep + 4));
  if (!number || *number < 0) return {std::string(id), std::nullopt};
  return {std::string(id.substr(0, rep)), number};
}

std::optional<Window> window_of_phase(std::string_view phase) {
  if (phase == "prefill") return Window::prefill;
  if (phase == "decode" || phase == "kv_decode") return Window::decode;
  if (phase == "e2e" || phase == "e2e_kv" || phase == "generate") return Window::e2e;
  return std::nullopt;
}

class Tr122 {
 public:
  Tr122(const SourceRun& run, Source& source) : run_(run), source_(source) {}

  Status documents() {
    for (const auto& file : run_.files) {
      if (file.kind == "tr122_config") {
        PHASEGATE_TRY(config, keep_yaml(run_, file, source_));
        if (source_.config.is_null()) source_.config = std::move(config);
      } else if (file.kind == "tr122_metadata" || file.kind == "tr122_baseline") {
        PHASEGATE_TRY(document, keep_document(run_, file, source_));
        if (file.kind == "tr122_metadata") take_metadata(document);
      } else if (file.kind == "tr122_trace") {
        PHASEGATE_CHECK_OK(read_trace(file));
      }
    }
    return {};
  }

  Status rows(const Visit& visit) {
    for (const auto& file : run_.files) {
      if (file.kind != "tr122_events") continue;
      PHASEGATE_TRY(lines, JsonLines::open(run_, file));
      for (;;) {
        PHASEGATE_TRY(more, lines.next(source_));
        if (!more) break;
        Observation out = take_event(lines.row());
        if (lines.row().ok()) {
          PHASEGATE_CHECK_OK(visit(out));
        } else {
          add_bad(source_, lines.row().bad());
        }
      }
      PHASEGATE_CHECK_OK(lines.finish(source_));
    }
    return {};
  }

 private:
  void take_metadata(const Json& metadata);
  [[nodiscard]] Status read_trace(const SourceFile& file);
  void take_reading(CsvRow& row, PowerTrace& trace);
  [[nodiscard]] Observation take_event(JsonRow& row) const;

  const SourceRun& run_;
  Source& source_;
  std::string model_;
  std::string backend_;
  std::size_t readings_ = 0;
};

void Tr122::take_metadata(const Json& metadata) {
  if (metadata.is_null()) return;
  source_.facts.sessions = source_.facts.sessions.value_or(0) + 1;
  if (const Json* config = at_path(metadata, "config"); config != nullptr && source_.config.is_null()) {
    source_.config = *config;
  }
  model_ = text_at(metadata, "config/model");
  backend_ = text_at(metadata, "config/backend");
  source_.facts.seed = count_at(metadata, "config/seed");
  source_.tool_version = text_at(metadata, "git/hash");
  if (!source_.tool_version.empty()) set_environment(source_, "git_commit", source_.tool_version);
  if (const Json* dirty = at_path(metadata, "git/dirty"); dirty != nullptr && dirty->is_boolean()) {
    set_environment(source_, "git_dirty", *dirty);
  }
  if (const auto gpu = text_at(metadata, "hardware/gpu_name"); !gpu.empty()) {
    source_.facts.hardware = gpu;
    set_environment(source_, "gpu", gpu);
  }
  if (const auto cuda = text_at(metadata, "hardware/cuda"); !cuda.empty()) set_environment(source_, "cuda", cuda);
  const auto driver = text_at(metadata, "hardware/driver");
  if (driver == "unknown") {
    source_.environment["driver"].reason = "the source says \"unknown\"";
  } else if (!driver.empty()) {
    set_environment(source_, "driver", driver);
  }
}

void Tr122::take_reading(CsvRow& row, PowerTrace& trace) {
  constexpr double kEmpty = std::numeric_limits<double>::quiet_NaN();
  const auto t = row.integer("t_ns");
  if (!t) row.fail("t_ns", "whole nanoseconds", describe(row.find("t_ns")));
  const auto power = row.number("power_w");
  const auto ok = row.flag("read_ok");
  const auto dt = row.number("dt_s");
  std::array<float, 6> side{};
  const std::array<std::string_view, 6> kSide = {"temp_c",   "sm_clock_mhz", "mem_clock_mhz",
                                                 "util_gpu", "util_mem",     "vram_used_mb"};
  for (std::size_t i = 0; i < kSide.size(); ++i) side[i] = static_cast<float>(row.number(kSide[i]).value_or(kEmpty));
  if (ok.value_or(false) && !power) row.fail("power_w", "watts, for read_ok is true", describe(row.find("power_w")));
  if (!row.ok()) {
    add_bad(source_, row.bad());
    return;
  }
  trace.t_ns.push_back(*t);
  trace.power_w.push_back(power.value_or(kEmpty));
  trace.read_ok.push_back(ok.value_or(power.has_value()) ? 1 : 0);  // without the column a value is a reading
  trace.dt_s.push_back(dt.value_or(kEmpty));
  trace.temp_c.push_back(side[0]);
  trace.sm_clock_mhz.push_back(side[1]);
  trace.mem_clock_mhz.push_back(side[2]);
  trace.util_gpu.push_back(side[3]);
  trace.util_mem.push_back(side[4]);
  trace.vram_used_mb.push_back(side[5]);
}

Status Tr122::read_trace(const SourceFile& file) {
  PHASEGATE_TRY(csv, CsvFile::open(run_, file));
  PowerTrace trace;
  trace.file = file.path;
  for (;;) {
    PHASEGATE_TRY(more, csv.next(source_));
    if (!more) break;
    if (++readings_ > kMaxPowerSamples) {
      return core::fail({core::ErrorKind::invalid_input,
                         fmt::format("brings the run above {} power readings", kMaxPowerSamples),
                         fmt::format("{}:{}", file.path, csv.row().line()), "cut the trace into runs"});
    }
    take_reading(csv.row(), trace);
  }
  PHASEGATE_CHECK_OK(csv.finish(source_));
  source_.power_traces.push_back(std::move(trace));
  return {};
}

Observation Tr122::take_event(JsonRow& row) const {
  Observation out = observation_of(row);
  const std::string_view phase = row.required_text("phase");
  const auto window = window_of_phase(phase);
  if (!window) row.fail("phase", "prefill, decode, e2e or generate", std::string(phase));
  out.window = window.value_or(Window::request);
  const auto name = name_of_event(row.required_text("event_id"), phase);
  out.scenario = name.scenario;
  out.repetition = name.repetition;
  out.backend = row.text("backend");
  if (out.backend.empty()) out.backend = backend_;
  out.model = row.text("model");
  if (out.model.empty()) out.model = model_;
  out.batch = row.count("batch_size");
  out.prompt_tokens = row.count("input_tokens");
  out.generated_tokens = row.count("output_tokens");
  const auto start = row.count("t_start_ns");
  const auto end = row.count("t_end_ns");
  if (start && end && *end >= *start) {
    out.latency_ms.push_back(static_cast<double>(*end - *start) / 1e6);
  } else {
    row.fail("t_end_ns", "an end that is not before t_start_ns", describe(row.find("t_end_ns")));
  }
  if (const auto rate = row.duration("tokens_per_second")) out.tok_s.push_back(*rate);
  static const std::set<std::string_view> kPlaced = {"batch_size", "input_tokens", "output_tokens",
                                                     "tokens_per_second"};
  row.each_entry("", [&](std::string_view key, const Value& value) {
    const bool number = value.kind == Value::Kind::number || value.kind == Value::Kind::integer;
    if (number && kPlaced.count(key) == 0) out.numbers[std::string(key)] = value.number;
  });
  return out;
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "TR122 physics runner");
  set_runner_facts(source, false);
  source.facts.ttft_measured = false;
  source.facts.warmup_labelled = false;
  Tr122 reader(run, source);
  PHASEGATE_CHECK_OK(reader.documents());
  PHASEGATE_CHECK_OK(reader.rows(visit));
  return source;
}

}  // namespace

FormatReader tr122_reader() { return {Format::tr122, kind_of, group, read_run}; }

}  // namespace phasegate::readers
