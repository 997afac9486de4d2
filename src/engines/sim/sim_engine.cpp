#include "engines/sim/sim_engine.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "core/files.h"
#include "core/limits.h"
#include "core/sha256.h"
#include "engines/greedy.h"
#include "engines/sim/language.h"
#include "engines/sim/latency.h"
#include "engines/sim/profile.h"

namespace phasegate::engines::sim {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;
using core::StopToken;

constexpr const char* kVersion = "1";
constexpr const char* kBuild = "built in";

// What a load makes; replaced as a whole, so that a failed load cannot leave a part of it.
struct Session {
  Profile profile;
  Placement placement;
  std::string sha256;
  LatencyModel latency;
  std::vector<Fault> faults;  // those that this session has
  core::Instant loaded_at{};
  std::array<int, 5> calls{};        // by Phase
  std::vector<Context> rows{};       // after the prompt and the recorder's steps
  std::vector<Context> prefilled{};  // after the prompt alone, for a rewind
  std::int64_t longest = 0;          // tokens of the longest prompt
  std::vector<float> logits{};       // rows * vocab
  std::vector<TokenId> next{};       // one for each row
};

class SimEngine final : public PhaseEngine {
 public:
  Result<LoadReport> load(const ModelRef& model, const Placement& placement, const StopToken& stop) override;
  Result<PhaseSample> prefill(std::span<const Prompt> prompts, StepRecorder& recorder, const StopToken& stop) override;
  Result<PhaseSample> decode(int steps, StepRecorder& recorder, const StopToken& stop) override;
  std::span<const float> logits(int row) const override { return row_logits(static_cast<std::size_t>(row)); }
  Status score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) override;
  Result<Attribution> attribution(const StopToken& stop) override;
  Status reset() override;
  const core::Clock& clock() const override { return clock_; }

 private:
  [[nodiscard]] std::size_t vocab() const { return static_cast<std::size_t>(session_->profile.model.vocab); }
  [[nodiscard]] std::span<float> row_logits(std::size_t row) const {
    return std::span<float>(session_->logits).subspan(row * vocab(), vocab());
  }
  [[nodiscard]] core::Nanos elapsed() const { return core::between(session_->loaded_at, clock_.now()); }

  // Opens a call: counts it, crashes or hangs if that is programmed, and gives the fault that the call has to show.
  Result<std::optional<FaultKind>> enter(Phase phase, const StopToken& stop);
  Status hang(Phase phase, const StopToken& stop);
  void choose(std::size_t rows, bool nan);

  core::ManualClock clock_;
  std::unique_ptr<Session> session_;
};

[[noreturn]] void hang_hard() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// Waits for the stop. Both clocks move: the virtual one for a deadline of ours, the real one for a parent's.
Status SimEngine::hang(Phase phase, const StopToken& stop) {
  while (!stop.stop()) {
    clock_.advance(core::millis(10));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return fail(stopped(stop, to_string(phase)));
}

Result<std::optional<FaultKind>> SimEngine::enter(Phase phase, const StopToken& stop) {
  if (stop.stop()) return fail(stopped(stop, to_string(phase)));
  const int call = ++session_->calls[static_cast<std::size_t>(phase)];
  for (const Fault& fault : session_->faults) {
    if (fault.phase != phase || fault.call != call) continue;
    switch (fault.kind) {
      case FaultKind::crash: std::abort();
      case FaultKind::hang_hard: hang_hard();
      case FaultKind::hang: PHASEGATE_CHECK_OK(hang(phase, stop)); break;
      case FaultKind::error:
        return fail(Error{ErrorKind::engine, fmt::format("programmed error in {} call {}", to_string(phase), call),
                          session_->profile.name, "it is in the sim profile's faults"});
      case FaultKind::nan:
      case FaultKind::few_tokens: return fault.kind;
    }
  }
  return std::nullopt;
}

ModelFacts facts_of(const ModelProfile& m, const std::string& sha256) {
  ModelFacts facts;
  facts.architecture = m.architecture;
  facts.parameters = m.parameters;
  facts.n_layer = m.layers;
  facts.n_embd = m.embd;
  facts.n_head = m.heads;
  facts.n_head_kv = m.heads_kv;
  facts.n_vocab = m.vocab;
  facts.max_context = m.max_context;
  facts.model_sha256 = sha256;
  return facts;
}

std::vector<Fault> faults_of_session(const Profile& profile, std::uint64_t session_seed) {
  core::Random random(core::derive_seed(session_seed, "sim faults"));
  std::vector<Fault> out;
  for (const Fault& fault : profile.faults) {
    if (random.uniform() < fault.probability) out.push_back(fault);
  }
  return out;
}

Result<std::pair<Profile, std::string>> read_profile_file(const ModelRef& model) {
  auto text = core::read_file(model.path, core::kMaxMatrixBytes);
  if (!text) {
    Error error = text.error();
    if (error.where.empty()) error.where = model.path;
    if (error.next.empty()) error.next = "name a sim profile (.yaml) as the model";
    return fail(std::move(error));
  }
  std::string sha256 = core::sha256_hex(*text);
  if (!model.sha256.empty() && model.sha256 != sha256) {
    return fail(Error{ErrorKind::invalid_input,
                      fmt::format("the profile's sha256 is {}, expected {}", sha256, model.sha256), model.path,
                      "restore the file, or put the new hash into the matrix"});
  }
  PHASEGATE_TRY(profile, parse_profile(*text, model.path));
  return std::pair(std::move(profile), std::move(sha256));
}

Result<LoadReport> SimEngine::load(const ModelRef& model, const Placement& placement, const StopToken& stop) {
  session_.reset();
  if (stop.stop()) return fail(stopped(stop, "load"));
  PHASEGATE_TRY(read, read_profile_file(model));
  auto& [profile, sha256] = read;
  if (placement.max_context > profile.model.max_context) {
    return fail(
        Error{ErrorKind::invalid_input,
              fmt::format("max_context is {}, the model holds {}", placement.max_context, profile.model.max_context),
              model.path, "ask for shorter prompts, or raise model.max_context in the profile"});
  }
  if (placement.compile == CompileMode::on) {
    return fail(Error{ErrorKind::unsupported, "sim has no compiler", model.path, "set compile to off for engine sim"});
  }
  session_ =
      std::make_unique<Session>(Session{.profile = profile,
                                        .placement = placement,
                                        .sha256 = sha256,
                                        .latency = LatencyModel(profile, placement.threads, placement.session_seed),
                                        .faults = faults_of_session(profile, placement.session_seed)});
  const auto rows = static_cast<std::size_t>(placement.max_batch);
  session_->rows.reserve(rows);
  session_->prefilled.reserve(rows);
  session_->next.resize(rows);
  session_->logits.resize(rows * vocab());
  if (const auto entered = enter(Phase::load, stop); !entered) {
    session_.reset();
    return fail(entered.error());
  }
  const core::Nanos took(static_cast<std::int64_t>(profile.latency.load_ms * 1e6));
  clock_.advance(took);
  session_->loaded_at = clock_.now();
  return LoadReport{took, facts_of(profile.model, sha256)};
}

// Fills the logits of `rows` rows and chooses their next tokens.
void SimEngine::choose(std::size_t rows, bool nan) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<float> out = row_logits(row);
    session_->rows[row].logits(out, session_->profile.accuracy.perturb);
    if (nan) out[out.size() / 2] = std::numeric_limits<float>::quiet_NaN();
    session_->next[row] = greedy(out);
  }
}

Result<PhaseSample> SimEngine::prefill(std::span<const Prompt> prompts, StepRecorder& recorder, const StopToken& stop) {
  PHASEGATE_TRY(fault, enter(Phase::prefill, stop));
  Session& s = *session_;
  LatencyModel::Batch batch;
  batch.rows = static_cast<std::int64_t>(prompts.size());
  s.rows.clear();
  for (const Prompt& prompt : prompts) {
    const auto size = static_cast<std::int64_t>(prompt.tokens.size());
    batch.tokens += size;
    batch.longest = std::max(batch.longest, size);
    batch.squares += static_cast<double>(size) * static_cast<double>(size);
    Context context(s.profile.model.weights_seed);
    for (const TokenId id : prompt.tokens) context.feed(id);
    s.rows.push_back(context);
  }
  s.prefilled = s.rows;
  s.longest = batch.longest;
  recorder.begin(prompts.size());
  PhaseSample sample;
  sample.rows = batch.rows;
  sample.semantic_tokens = sample.compute_tokens = batch.tokens;
  sample.start = clock_.now();
  choose(prompts.size(), fault == FaultKind::nan);
  clock_.advance(s.latency.prefill(batch, elapsed()));
  recorder.first(std::span<const TokenId>(s.next).first(prompts.size()));
  sample.stop = clock_.now();
  if (stop.stop()) return fail(stopped(stop, "prefill"));
  return sample;
}

Result<PhaseSample> SimEngine::decode(int steps, StepRecorder& recorder, const StopToken& stop) {
  PHASEGATE_TRY(fault, enter(Phase::decode, stop));
  Session& s = *session_;
  const std::size_t rows = recorder.rows();
  if (recorder.steps() == 0) s.rows = s.prefilled;
  const int todo = fault == FaultKind::few_tokens ? steps - 1 : steps;
  s.latency.begin_decode();
  PhaseSample sample;
  sample.rows = static_cast<std::int64_t>(rows);
  sample.start = clock_.now();
  for (int step = 0; step < todo; ++step) {
    if (stop.stop()) return fail(stopped(stop, "decode"));
    const std::span<const TokenId> fed = recorder.tokens();
    for (std::size_t row = 0; row < rows; ++row) s.rows[row].feed(fed[row]);
    choose(rows, fault == FaultKind::nan);
    const std::int64_t context = s.longest + static_cast<std::int64_t>(recorder.steps()) + 1;
    clock_.advance(s.latency.step(context, sample.rows, elapsed()));
    recorder.step(clock_.now(), std::span<const TokenId>(s.next).first(rows));
  }
  sample.stop = clock_.now();
  sample.steps = todo;
  sample.semantic_tokens = sample.compute_tokens = sample.rows * todo;
  if (stop.stop()) return fail(stopped(stop, "decode"));
  return sample;
}

Status SimEngine::score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) {
  PHASEGATE_TRY(fault, enter(Phase::score, stop));
  session_->rows.assign(1, Context(session_->profile.model.weights_seed));
  for (std::size_t position = 0; position < tokens.size(); ++position) {
    if (stop.stop()) return fail(stopped(stop, "score"));
    session_->rows[0].feed(tokens[position]);
    choose(1, fault == FaultKind::nan);
    sink(position, row_logits(0));
  }
  return reset();
}

PhaseAttribution attribute(std::map<std::string, int> nodes, const Placement& placement, const std::string& device) {
  PhaseAttribution out;
  if (nodes.empty()) nodes[device] = 100;
  const auto same = [&](const std::string& name) {
    return std::equal(name.begin(), name.end(), placement.device.begin(), placement.device.end(),
                      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  };
  for (const auto& [name, count] : nodes) {
    out.nodes_by_op["SIM"] += count;
    if (same(name)) continue;
    out.fallback = true;
    out.fallback_reason = fmt::format("{} nodes ran on {}, asked for {}", count, name, placement.device);
  }
  out.nodes_by_device = std::move(nodes);
  return out;
}

Result<Attribution> SimEngine::attribution(const StopToken& stop) {
  PHASEGATE_TRY(fault, enter(Phase::attribution, stop));
  static_cast<void>(fault);
  const AttributionProfile& programmed = session_->profile.attribution;
  Attribution a;
  a.engine = "sim";
  a.engine_version = kVersion;
  a.engine_build = kBuild;
  a.device_actual = programmed.device;
  a.backend_actual = programmed.backend;
  a.weight_type = programmed.weight_type;
  a.weight_tensors_by_type[programmed.weight_type] = session_->profile.model.layers;
  a.kv_type = programmed.kv_type;
  a.activation_type = programmed.activation_type;
  a.attention = programmed.attention;
  a.threads = session_->placement.threads;
  a.prefill = attribute(programmed.prefill_nodes, session_->placement, programmed.device);
  a.decode = attribute(programmed.decode_nodes, session_->placement, programmed.device);
  return a;
}

Status SimEngine::reset() {
  session_->rows.clear();
  session_->prefilled.clear();
  return {};
}

}  // namespace

EngineFactory factory() {
  return {"sim", [] { return EngineAvailability{true, kVersion, "built in", "", kBuild}; },
          []() -> Result<std::unique_ptr<PhaseEngine>> { return std::make_unique<SimEngine>(); },
          [](const std::string& path) { return core::sha256_file(path); }};
}

}  // namespace phasegate::engines::sim
