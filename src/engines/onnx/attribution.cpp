#include "engines/onnx/attribution.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/files.h"
#include "core/json.h"
#include "engines/onnx/ep_assignment.h"
#include "engines/onnx/guarded.h"

namespace phasegate::engines::onnx {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using core::fail;
using core::Json;
using core::Result;
using core::Status;

namespace {

constexpr int kPromptTokens = 8;
constexpr int kCapacity = 16;
constexpr std::uint64_t kMaxProfileBytes = 256ULL << 20;
constexpr const char* kCpuProvider = "CPUExecutionProvider";

class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make() {
    std::string pattern = (fs::temp_directory_path() / "phasegate-profile-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      return fail(
          Error{ErrorKind::io, "no folder for a profile could be made", pattern, "set TMPDIR to a writable folder"});
    }
    return TemporaryFolder(pattern);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

// "CUDAExecutionProvider" -> "CUDA"
std::string device_name(std::string provider) {
  constexpr std::string_view kSuffix = "ExecutionProvider";
  if (provider.ends_with(kSuffix)) provider.resize(provider.size() - kSuffix.size());
  return provider;
}

struct Interval {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

// The runs of the profile, in order of time.
std::vector<Interval> runs_of(const Json& events) {
  std::vector<Interval> out;
  for (const Json& event : events) {
    if (!event.is_object() || text_of(event, "name") != "model_run") continue;
    const std::int64_t start = number_of(event, "ts");
    out.push_back({start, start + number_of(event, "dur")});
  }
  std::sort(out.begin(), out.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  return out;
}

void count_node(const Json& event, std::string_view provider, PhaseAttribution& phase) {
  const auto args = event.find("args");
  if (args == event.end() || !args->is_object()) return;
  const std::string ran_on = text_of(*args, "provider");
  if (ran_on.empty()) return;
  const std::string op = text_of(*args, "op_name");
  ++phase.nodes_by_device[device_name(ran_on)];
  ++phase.nodes_by_op[op];
  if (ran_on != provider && !phase.fallback) {
    phase.fallback = true;
    phase.fallback_reason = fmt::format("{} ran on {}, {} was asked for", op, ran_on, provider);
  }
}

// One prefill and one step. The session's destructor would write the profile too; this names the file.
Result<std::string> run_profiled(DecoderSession& decoder, const core::StopToken& stop) {
  return guarded("attribution", [&]() -> Result<std::string> {
    std::array<TokenId, kPromptTokens> tokens{};
    for (int i = 0; i < kPromptTokens; ++i) tokens[static_cast<std::size_t>(i)] = i % decoder.shape().n_vocab;
    const std::array<Prompt, 1> prompt{Prompt{tokens}};
    const std::array<std::int64_t, 1> length{kPromptTokens};
    decoder.prepare_prefill(prompt);
    decoder.run_prefill();
    if (stop.stop()) return fail(stopped(stop, "attribution"));
    decoder.prepare_decode(length);
    decoder.feed(0, 0);
    decoder.run_step();
    Ort::AllocatorWithDefaultOptions allocator;
    return std::string(decoder.session().EndProfilingAllocated(allocator).get());
  });
}

void note_plan(const std::map<std::string, int>& plan, std::string_view provider, PhaseAttribution& phase) {
  for (const auto& [planned, count] : plan) {
    if (planned == provider || phase.fallback) continue;
    phase.fallback = true;
    phase.fallback_reason = fmt::format("{} nodes were given to {}, {} was asked for", count, planned, provider);
  }
}

void describe(const GraphFacts& facts, const OrtLibrary& library, const DecoderOptions& options, Attribution& out) {
  out.engine = "onnx";
  out.engine_version = library.version();
  out.backend_actual = kCpuProvider;
  out.device_actual = device_name(kCpuProvider);
  out.weight_type = facts.weight_type;
  out.weight_tensors_by_type = facts.weight_tensors_by_type;
  out.kv_type = "f32";  // what check_contract demands of past and present
  out.activation_type = facts.activation_type;
  out.attention = "group_query";
  out.threads = options.threads;
}

}  // namespace

Result<ProfiledPhases> read_profile(std::string_view text, std::string_view source, std::string_view provider) {
  PHASEGATE_TRY(events, core::parse_json(text, source));
  const auto broken = [&](std::string what) {
    return fail(
        Error{ErrorKind::engine, "ONNX Runtime's profile cannot be read: " + std::move(what), std::string(source), {}});
  };
  if (!events.is_array()) return broken("not a list of events");
  const std::vector<Interval> runs = runs_of(events);
  if (runs.size() != 2) return broken(fmt::format("{} runs, expected 2", runs.size()));
  ProfiledPhases out;
  for (const Json& event : events) {
    if (!event.is_object() || text_of(event, "cat") != "Node") continue;
    const std::int64_t when = number_of(event, "ts");
    if (when >= runs[0].begin && when <= runs[0].end) count_node(event, provider, out.prefill);
    if (when >= runs[1].begin && when <= runs[1].end) count_node(event, provider, out.decode);
  }
  if (out.prefill.nodes_by_op.empty() || out.decode.nodes_by_op.empty()) return broken("no node in a run");
  return out;
}

Result<Attribution> attribute(const OrtLibrary& library, DecoderOptions options, const GraphFacts& facts,
                              const core::StopToken& stop) {
  PHASEGATE_TRY(folder, TemporaryFolder::make());
  options.profile_prefix = (folder.path() / "onnx").string();
  options.record_assignment = true;
  options.capacity = kCapacity;
  options.max_rows = 1;
  PHASEGATE_TRY(decoder, DecoderSession::open(library, options));
  if (stop.stop()) return fail(stopped(stop, "attribution"));
  PHASEGATE_TRY(plan, ep_assignment(library, decoder->session()));
  PHASEGATE_TRY(profile, run_profiled(*decoder, stop));
  PHASEGATE_TRY(text, core::read_file(profile, kMaxProfileBytes));
  PHASEGATE_TRY(phases, read_profile(text, profile, kCpuProvider));
  Attribution out;
  describe(facts, library, options, out);
  PHASEGATE_TRY(build, library.sha256());
  out.engine_build = build;
  out.prefill = std::move(phases.prefill);
  out.decode = std::move(phases.decode);
  note_plan(plan, kCpuProvider, out.prefill);
  note_plan(plan, kCpuProvider, out.decode);
  return out;
}

}  // namespace phasegate::engines::onnx
