// PhaseEngine: the contract through which every in-process engine is measured, phase by phase.
//
// The windows are identical for all engines:
//   prefill   one forward over the prompts with the KV cache created; starts after the device is idle and the ids are
//   in the
//             engine's own buffers, stops when the next token of every row is known on the host.
//   decode    exactly `steps` cached single-token steps, from the prefill's own next token; the choice of the next
//   token
//             (greedy.h) is inside, so that no engine gets it for free.
// Outside every window: tokenization, load, reset, attribution, copies of prompt ids.
// The engine stamps through StepRecorder, which neither allocates nor locks; an engine must not allocate, format or
// lock between two stamps in code of ours.
//
// Order of calls: load once, then any number of { reset, prefill, decode* }; attribution and score at any time after
// load. Thread rules: a resource with one owner; not copyable, not thread-safe. The stop token may be set from
// elsewhere. Errors: a fault of the engine is an Error with kind engine, timeout or aborted, never an exception or a
// crash of ours.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/stop.h"
#include "engines/recorder.h"

namespace phasegate::engines {

using TokenId = std::int32_t;

// One set of weights in the format that the engine reads.
struct ModelRef {
  std::string path;        // llamacpp: a .gguf file; onnx: a folder with model.onnx; sim: a .yaml profile
  std::string sha256;      // of the file that holds the weights; empty = do not check, else load refuses another hash
  std::string weight_set;  // identity of the logical weights over all formats (forge.json); empty = unknown
};

enum class CompileMode { off, on };

struct Placement {
  std::string device = "cpu";
  int threads = 1;
  CompileMode compile = CompileMode::off;
  int max_context = 1024;  // tokens of one row: prompt + generated
  int max_batch = 1;
  std::uint64_t session_seed = 0;  // sim alone: noise of this session; the same seed gives the same session
};

struct ModelFacts {  // read from the runtime or the file itself, never from a label
  std::string architecture;
  std::int64_t parameters = 0;
  int n_layer = 0;
  int n_embd = 0;
  int n_head = 0;
  int n_head_kv = 0;
  int n_vocab = 0;
  int max_context = 0;
  std::string model_sha256;
};

struct LoadReport {
  core::Nanos load_time;
  ModelFacts facts;
};

// Compile evidence has grades; policy accepts `witnessed` alone (architecture, "Evidence store").
enum class CompileGrade { not_requested, witnessed, counter_consistent, label_only, refuted };
[[nodiscard]] const char* to_string(CompileGrade grade);

struct CompileProof {
  bool requested = false;
  bool compiled = false;  // in this very call
  CompileGrade grade = CompileGrade::not_requested;
  std::string backend;  // e.g. "inductor"; empty = none
  std::string reason;
};

// What really ran, where and in which precision, by runtime introspection in an untimed pass.
struct PhaseAttribution {
  std::map<std::string, int> nodes_by_device;  // "CPU" -> number of graph nodes that executed there
  std::map<std::string, int> nodes_by_op;
  bool fallback = false;  // some node ran elsewhere than requested
  std::string fallback_reason;
  CompileProof compile;
};

struct Attribution {
  std::string engine;          // "llamacpp"
  std::string engine_version;  // as the runtime itself reports it
  std::string engine_build;    // commit, or sha256 of the library that is mapped into this process
  std::string device_actual;   // "CPU"
  std::string backend_actual;  // e.g. "ggml-cpu-haswell", "CPUExecutionProvider"
  std::string weight_type;     // dominant type by bytes, e.g. "q4_0"
  std::map<std::string, int> weight_tensors_by_type;
  std::string kv_type;          // "f16", "f32"
  std::string activation_type;  // "f32", "q8 per block", ...
  std::string attention;        // "flash", "plain", "group_query"
  int threads = 0;
  PhaseAttribution prefill;
  PhaseAttribution decode;
};

// One row of a batch; token ids must be inside the vocabulary.
struct Prompt {
  std::span<const TokenId> tokens;
};

struct PhaseSample {
  core::Instant start;
  core::Instant stop;
  std::int64_t rows = 0;
  std::int64_t steps = 0;            // decode steps done; 0 for prefill
  std::int64_t semantic_tokens = 0;  // prefill: sum of prompt lengths; decode: rows * steps
  std::int64_t compute_tokens = 0;   // with padding: rows * padded length
};

class PhaseEngine {
 public:
  PhaseEngine() = default;
  PhaseEngine(const PhaseEngine&) = delete;
  PhaseEngine& operator=(const PhaseEngine&) = delete;
  virtual ~PhaseEngine() = default;

  // Leaves nothing behind when it fails: load may then be called again with another model.
  [[nodiscard]] virtual core::Result<LoadReport> load(const ModelRef& model, const Placement& placement,
                                                      const core::StopToken& stop) = 0;

  // Rows may differ in length; an engine that needs equal lengths pads and reports the compute tokens.
  // Afterwards recorder.tokens() holds the next token of each row and logits(row) its last position's logits.
  [[nodiscard]] virtual core::Result<PhaseSample> prefill(std::span<const Prompt> prompts, StepRecorder& recorder,
                                                          const core::StopToken& stop) = 0;

  // Exactly `steps` steps, or an Error (timeout or aborted within one step of the stop, engine on a fault).
  // Each step is stamped into the recorder after the next token of every row is known.
  // Goes on from the recorder: it feeds recorder.tokens() at position prompt length + recorder.steps(). So a second
  // decode continues the first, and after recorder.rewind() it starts again from the prefill: the engine then first
  // drops, before its window, what the cache holds beyond that position.
  [[nodiscard]] virtual core::Result<PhaseSample> decode(int steps, StepRecorder& recorder,
                                                         const core::StopToken& stop) = 0;

  // Logits of row's last position after the latest prefill or decode; valid until the next call. Size = n_vocab.
  [[nodiscard]] virtual std::span<const float> logits(int row) const = 0;

  // Teacher-forced, cached, untimed: feeds tokens one by one to a clean cache and hands the logits after each to `sink`
  // (position, logits that predict position + 1). For perplexity and equivalence. Ends with a clean cache.
  using LogitsSink = std::function<void(std::size_t position, std::span<const float> logits)>;
  [[nodiscard]] virtual core::Status score(std::span<const TokenId> tokens, const LogitsSink& sink,
                                           const core::StopToken& stop) = 0;

  // Untimed; may run the model in a context of its own. The result is cached by the engine.
  [[nodiscard]] virtual core::Result<Attribution> attribution(const core::StopToken& stop) = 0;

  // Clean KV cache and no prefix reuse: the next prefill starts at position 0. Lets worker threads sleep: called before
  // a session goes idle, too, so that it takes no time from the one that is measured.
  [[nodiscard]] virtual core::Status reset() = 0;

  // The clock that the stamps come from: the steady clock, or sim's virtual one.
  [[nodiscard]] virtual const core::Clock& clock() const = 0;
};

// The error of a call that ends because of its stop token: aborted when cancelled, else timeout.
[[nodiscard]] core::Error stopped(const core::StopToken& stop, const char* call);

// How the program makes an engine; the list of factories stands in cli/main.cpp, nothing registers itself.
struct EngineAvailability {
  bool present = false;
  std::string version;
  std::string detail;      // where it was found, which variants
  std::string how_to_get;  // the command, when absent
  std::string build = {};  // as Attribution::engine_build; empty when only a loaded model would tell
};

struct EngineFactory {
  std::string name;  // "sim", "llamacpp", "onnx"
  std::function<EngineAvailability()> probe;
  std::function<core::Result<std::unique_ptr<PhaseEngine>>()> make;
  // The hash by which the engine knows a model (ModelFacts::model_sha256), without loading it. Empty: it cannot.
  std::function<core::Result<std::string>(const std::string& path)> hash_model = {};
};

// Wraps an engine: refuses wrong input before it reaches the engine (ids outside the vocabulary, empty or too long
// rows, too many rows, calls out of order) and refuses a wrong answer (other step count, stamps that run backwards, NaN
// logits). Everything outside src/engines uses engines through this.
[[nodiscard]] std::unique_ptr<PhaseEngine> make_checked(std::unique_ptr<PhaseEngine> engine);

}  // namespace phasegate::engines
