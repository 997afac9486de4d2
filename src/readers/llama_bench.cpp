// llama.cpp's llama-bench, `-o json` (one list) and `-o jsonl` (an object a line): one element for each test, with the
// duration of each repetition in samples_ns. The warm-up run before a test is on by default and is not recorded.
//   n_prompt > 0, n_gen = 0   prefill of n_prompt tokens
//   n_prompt = 0, n_gen > 0   n_gen cached steps, one at a time
//   both                      one after the other, as one interval
//   n_depth                   tokens that stood in the KV cache before
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>

#include "readers/element_row.h"
#include "readers/head.h"
#include "readers/json_file.h"
#include "readers/json_rows.h"
#include "readers/source_files.h"

namespace phasegate::readers {
namespace {

using core::Json;
using evidence::Observation;

constexpr std::array<const char*, 13> kNumbers = {"n_depth",   "n_batch",  "n_ubatch",   "n_threads",  "n_gpu_layers",
                                                  "n_cpu_moe", "main_gpu", "model_size", "flash_attn", "avg_ns",
                                                  "stddev_ns", "avg_ts",   "stddev_ts"};

std::string kind_of(const FileHead& head) {
  if (!has_all(head_keys(head.text), {"build_commit", "model_filename", "n_prompt", "n_gen"})) return {};
  return starts_with_list(head.text) ? "llama_bench_json" : "llama_bench_jsonl";
}

std::vector<SourceRun> group(const std::filesystem::path&, const std::vector<KnownFile>& files,
                             std::vector<std::string>&) {
  return one_run_each(Format::llama_bench, files);
}

std::optional<double> unix_of(const std::string& stamp) {  // "2026-11-24T10:17:41Z"
  std::tm parts{};
  const char* end = strptime(stamp.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<double>(timegm(&parts));
}

std::string scenario_of(std::int64_t prompt, std::int64_t gen, std::int64_t depth) {
  std::string text = prompt > 0 ? fmt::format("pp{}", prompt) : "";
  if (gen > 0) text += fmt::format("{}tg{}", prompt > 0 ? "+" : "", gen);
  if (depth > 0) text += fmt::format(" @ d{}", depth);
  return text;
}

evidence::Window window_of(std::int64_t prompt, std::int64_t gen) {
  if (gen == 0) return evidence::Window::prefill;
  return prompt == 0 ? evidence::Window::decode : evidence::Window::e2e;
}

// `back ends` of the build that could be used, which is not what ran: a label. Before 2024 there were flags instead.
std::string backend_of(Row& row) {
  std::string backend(row.text("backends"));
  for (const char* flag : {"cuda", "vulkan", "kompute", "metal", "sycl", "gpu_blas", "blas"}) {
    if (backend.empty() && row.find(flag).kind == Value::Kind::flag && row.flag(flag).value_or(false)) backend = flag;
  }
  return backend.empty() ? "llama.cpp" : fmt::format("llama.cpp {}", backend);
}

template <class AnyRow>
void take_samples(AnyRow& row, Observation& out) {
  if constexpr (std::is_same_v<AnyRow, JsonRow>) {
    row.durations("samples_ns", out.latency_ms);
    for (double& value : out.latency_ms) value /= 1e6;
    row.durations("samples_ts", out.tok_s);
  } else {
    row.durations("samples_ns", 1e-6, out.latency_ms);
    row.durations("samples_ts", 1, out.tok_s);
  }
}

template <class AnyRow>
bool fill(AnyRow& row, Observation& out) {
  out.file = row.file();
  out.line = row.line();
  out.backend = backend_of(row);
  out.model = row.required_text("model_type");
  const auto prompt = row.count("n_prompt").value_or(0);
  const auto gen = row.count("n_gen").value_or(0);
  const auto depth = row.count("n_depth").value_or(0);
  if (prompt + gen == 0) row.fail("n_gen", "n_prompt or n_gen above 0", "both 0");
  out.scenario = scenario_of(prompt, gen, depth);
  out.window = window_of(prompt, gen);
  out.batch = 1;
  if (prompt > 0) out.prompt_tokens = prompt;
  if (gen > 0) out.generated_tokens = out.target_tokens = gen;
  take_samples(row, out);
  if (row.ok() && !out.tok_s.empty() && out.tok_s.size() != out.latency_ms.size()) {
    row.fail("samples_ts", fmt::format("{} elements, as in samples_ns", out.latency_ms.size()),
             fmt::format("{}", out.tok_s.size()));
  }
  out.parameters = row.number("model_n_params");
  out.started_unix_s = unix_of(std::string(row.text("test_time")));
  for (const char* name : kNumbers) {
    const auto kind = row.find(name).kind;  // flag_attn was true or false before it was a number
    if (kind != Value::Kind::number && kind != Value::Kind::integer) continue;
    if (const auto value = row.number(name)) out.numbers[name] = *value;
  }
  out.source = row.raw();
  return row.ok();
}

// What all tests of a file say alike; one that differs is no fact of the whole.
struct Common {
  std::string cpu, gpu, model, commit;
  std::string started, finished;
  bool first = true;

  void take(Row& row) {
    const auto keep = [&](std::string& mine, std::string_view key) {
      const auto text = row.text(key);
      if (first) mine = text;
      if (mine != text) mine.clear();
    };
    keep(cpu, "cpu_info");
    keep(gpu, "gpu_info");
    keep(model, "model_filename");
    keep(commit, "build_commit");
    const std::string stamp(row.text("test_time"));
    if (first) started = stamp;
    if (stamp > finished) finished = stamp;
    first = false;
  }

  void state(Source& source) const {
    Facts& facts = source.facts;
    facts.sessions = 1;
    facts.order_randomised = false;  // tests run in the order of the parameters
    facts.warmup_labelled = false;
    facts.ttft_measured = false;
    facts.tokens_counted_by = "server";  // the program itself decodes n tokens
    facts.concurrency = 1;
    if (!model.empty()) facts.model_identity = model;
    std::string hardware = gpu.empty() ? cpu : gpu;
    if (!hardware.empty()) facts.hardware = hardware;
    if (!cpu.empty()) set_environment(source, "cpu_model", cpu);
    if (!gpu.empty()) set_environment(source, "gpu", gpu);
    source.tool_version = commit;
    source.started = started;
    source.finished = finished;
  }
};

template <class AnyRow>
core::Status take_row(AnyRow& row, Common& common, Source& source, const Visit& visit) {
  Observation observation;
  if (!fill(row, observation)) {
    add_bad(source, row.bad());
    return {};
  }
  common.take(row);
  return visit(observation);
}

core::Status read_lines(const SourceRun& run, const SourceFile& file, Common& common, Source& source,
                        const Visit& visit) {
  PHASEGATE_TRY(lines, JsonLines::open(run, file));
  while (true) {
    PHASEGATE_TRY(more, lines.next(source));
    if (!more) break;
    PHASEGATE_CHECK_OK(take_row(lines.row(), common, source, visit));
  }
  return lines.finish(source);
}

core::Status read_list(const SourceRun& run, const SourceFile& file, Common& common, Source& source,
                       const Visit& visit) {
  PHASEGATE_TRY(document, read_source_json(run, file, source));
  ElementRow row(file.path);
  std::int64_t position = 0;
  for (const auto& element : document) {
    row.set(++position, element);
    if (!element.is_object()) {
      row.fail("", "an object", element.type_name());
      add_bad(source, row.bad());
      continue;
    }
    PHASEGATE_CHECK_OK(take_row(row, common, source, visit));
  }
  return {};
}

core::Result<Source> read_run(const SourceRun& run, const Visit& visit) {
  Source source = start_source(run, "llama-bench");
  const SourceFile& file = run.files.front();
  Common common;
  if (file.kind == "llama_bench_json") {
    PHASEGATE_CHECK_OK(read_list(run, file, common, source, visit));
  } else {
    PHASEGATE_CHECK_OK(read_lines(run, file, common, source, visit));
  }
  common.state(source);
  return source;
}

}  // namespace

FormatReader llama_bench_reader() { return {Format::llama_bench, kind_of, group, read_run}; }

}  // namespace phasegate::readers
