#include "engines/llamacpp/llamacpp_engine.h"

#include <llama.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/sha256.h"
#include "engines/greedy.h"
#include "engines/llamacpp/attribution.h"
#include "engines/llamacpp/backend.h"
#include "engines/llamacpp/prompt_batch.h"
#include "engines/llamacpp/runtime.h"
#include "models/gguf_file.h"

namespace phasegate::engines::llamacpp {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;
using core::StopToken;

// What a load makes; replaced as a whole, so that a failed load cannot leave a part of it. Members end in reverse
// order: the context lets go of the pool and the model before they do.
struct Loaded {
  ModelFacts facts;
  Placement placement;
  ModelPtr model;
  StopWatch watch;
  ThreadpoolPtr pool;
  ContextPtr context;
  PromptBatch prompt;
  StepBatch step{1};
  std::vector<llama_pos> lengths;              // of the prompts in the cache
  std::size_t cached_steps = 0;                // decode steps in the cache
  bool failed = false;                         // a call ended in the middle: the cache may hold anything
  std::vector<float> kept;                     // logits of rows that end before the prefill's last chunk
  std::vector<std::span<const float>> logits;  // by row
  std::vector<TokenId> next;                   // by row
  std::optional<Attribution> attribution;
};

// The stop is obeyed while this lives.
class Watching {
 public:
  Watching(StopWatch& watch, const StopToken& stop) : watch_(watch) { watch_ = {&stop, 0}; }
  ~Watching() { watch_.stop = nullptr; }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  StopWatch& watch_;
};

class LlamacppEngine final : public PhaseEngine {
 public:
  explicit LlamacppEngine(const Backend& backend) : backend_(&backend) {}

  Result<LoadReport> load(const ModelRef& model, const Placement& placement, const StopToken& stop) override;
  Result<PhaseSample> prefill(std::span<const Prompt> prompts, StepRecorder& recorder, const StopToken& stop) override;
  Result<PhaseSample> decode(int steps, StepRecorder& recorder, const StopToken& stop) override;
  std::span<const float> logits(int row) const override { return loaded_->logits[static_cast<std::size_t>(row)]; }
  Status score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) override;
  Result<Attribution> attribution(const StopToken& stop) override;
  Status reset() override;
  const core::Clock& clock() const override { return clock_; }

 private:
  void wake_threads();
  Status run_prompt(const StopToken& stop);
  Status run_step(std::size_t rows, const StopToken& stop);
  Status drop_steps_beyond(std::size_t steps);
  void take_logits(std::size_t row, int index) {
    loaded_->logits[row] = {llama_get_logits_ith(loaded_->context.get(), index),
                            static_cast<std::size_t>(loaded_->facts.n_vocab)};
  }

  const Backend* backend_;
  core::SystemClock clock_;
  std::unique_ptr<Loaded> loaded_;
};

std::string meta(const llama_model& model, const char* key) {
  std::array<char, 256> text{};
  const int size = llama_model_meta_val_str(&model, key, text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data());
}

ModelFacts facts_of(const llama_model& model, std::string sha256) {
  ModelFacts facts;
  facts.architecture = meta(model, "general.architecture");
  facts.parameters = static_cast<std::int64_t>(llama_model_n_params(&model));
  facts.n_layer = llama_model_n_layer(&model);
  facts.n_embd = llama_model_n_embd(&model);
  facts.n_head = llama_model_n_head(&model);
  facts.n_head_kv = llama_model_n_head_kv(&model);
  facts.n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(&model));
  facts.max_context = llama_model_n_ctx_train(&model);
  facts.model_sha256 = std::move(sha256);
  return facts;
}

Status check_placement(const Placement& placement, const std::string& path) {
  if (placement.device != "cpu") {
    return fail(Error{ErrorKind::unsupported,
                      fmt::format("device '{}' is not offered by this engine, only cpu", placement.device), path,
                      "set the device to cpu"});
  }
  if (placement.compile == CompileMode::on) {
    return fail(
        Error{ErrorKind::unsupported, "llama.cpp has no compiler", path, "set compile to off for engine llamacpp"});
  }
  if (static_cast<std::size_t>(placement.max_batch) > llama_max_parallel_sequences()) {
    return fail(
        Error{ErrorKind::unsupported,
              fmt::format("{} rows, llama.cpp takes at most {}", placement.max_batch, llama_max_parallel_sequences()),
              path, "ask for a smaller batch"});
  }
  return {};
}

// Checks the file before llama.cpp sees it: its header may not be what ggml would abort on, and its hash is the one
// that was asked for. Gives the hash.
Result<std::string> check_file(const ModelRef& model) {
  const auto header = models::open_gguf(model.path);
  if (!header) {
    Error error = header.error();
    if (error.where.empty()) error.where = model.path;
    if (error.next.empty()) error.next = "name a whole GGUF file as the model";
    return fail(std::move(error));
  }
  PHASEGATE_TRY(sha256, core::sha256_file(model.path));
  if (!model.sha256.empty() && sha256 != model.sha256) {
    return fail(Error{ErrorKind::invalid_input,
                      fmt::format("the file's sha256 is {}, expected {}", sha256, model.sha256), model.path,
                      "restore the file, or put the new hash into the matrix"});
  }
  return sha256;
}

Status check_model(const llama_model& model, const ModelFacts& facts, const Placement& placement,
                   const std::string& path) {
  if (llama_model_has_encoder(&model) || !llama_model_has_decoder(&model)) {
    return fail(Error{ErrorKind::unsupported,
                      fmt::format("architecture '{}' is not a decoder alone", facts.architecture), path,
                      "use a decoder-only model"});
  }
  if (placement.max_context > facts.max_context) {
    return fail(
        Error{ErrorKind::invalid_input,
              fmt::format("max_context is {}, the model was trained for {}", placement.max_context, facts.max_context),
              path, "ask for shorter prompts"});
  }
  return {};
}

Result<LoadReport> LlamacppEngine::load(const ModelRef& model, const Placement& placement, const StopToken& stop) {
  loaded_.reset();
  if (stop.stop()) return fail(stopped(stop, "load"));
  PHASEGATE_CHECK_OK(check_placement(placement, model.path));
  PHASEGATE_TRY(sha256, check_file(model));
  auto next = std::make_unique<Loaded>();
  const core::Instant start = clock_.now();
  PHASEGATE_TRY(weights, load_model(model.path, false, &stop));
  next->model = std::move(weights);
  next->facts = facts_of(*next->model, sha256);
  PHASEGATE_CHECK_OK(check_model(*next->model, next->facts, placement, model.path));
  PHASEGATE_TRY(context, make_context(*next->model, context_params(placement, next->watch)));
  next->context = std::move(context);
  next->pool = make_threadpool(placement.threads);
  if (next->pool != nullptr) llama_attach_threadpool(next->context.get(), next->pool.get(), nullptr);
  const core::Nanos took = core::between(start, clock_.now());
  const auto rows = static_cast<std::size_t>(placement.max_batch);
  next->placement = placement;
  next->step = StepBatch(placement.max_batch);
  next->lengths.resize(rows);
  next->logits.resize(rows);
  next->next.resize(rows);
  loaded_ = std::move(next);
  return LoadReport{took, loaded_->facts};
}

// Outside the windows: threads wake here and sleep after reset. They poll for a while after each graph, as
// llama-bench's do, and an idle session must not take time from the one that is measured.
void LlamacppEngine::wake_threads() {
  if (loaded_->pool != nullptr) backend_->resume_threads(loaded_->pool.get());
}

// The forward passes of a prefill. Logits of rows that end early are copied, for the next chunk overwrites them.
Status LlamacppEngine::run_prompt(const StopToken& stop) {
  Loaded& l = *loaded_;
  const auto vocab = static_cast<std::size_t>(l.facts.n_vocab);
  std::size_t kept = 0;
  for (const PromptBatch::Chunk& chunk : l.prompt.chunks()) {
    if (stop.stop()) return fail(stopped(stop, "prefill"));
    PHASEGATE_CHECK_OK(check_decode(llama_decode(l.context.get(), l.prompt.view(chunk)), stop, "prefill"));
    const bool last = &chunk == &l.prompt.chunks().back();
    for (const auto& [row, index] : chunk.finished) {
      const auto at = static_cast<std::size_t>(row);
      take_logits(at, index);
      l.next[at] = greedy(l.logits[at]);
      if (last) continue;
      float* copy = l.kept.data() + kept++ * vocab;
      std::copy(l.logits[at].begin(), l.logits[at].end(), copy);
      l.logits[at] = {copy, vocab};
    }
  }
  llama_synchronize(l.context.get());
  return {};
}

Result<PhaseSample> LlamacppEngine::prefill(std::span<const Prompt> prompts, StepRecorder& recorder,
                                            const StopToken& stop) {
  Loaded& l = *loaded_;
  wake_threads();
  l.prompt.fill(prompts);
  l.cached_steps = 0;
  PhaseSample sample;
  sample.rows = static_cast<std::int64_t>(prompts.size());
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    l.lengths[row] = static_cast<llama_pos>(prompts[row].tokens.size());
    sample.semantic_tokens += l.lengths[row];
  }
  sample.compute_tokens = sample.semantic_tokens;  // llama.cpp takes ragged rows as they are
  std::size_t early = 0;
  for (const PromptBatch::Chunk& chunk : l.prompt.chunks()) early += chunk.finished.size();
  early -= l.prompt.chunks().back().finished.size();
  l.kept.resize(early * static_cast<std::size_t>(l.facts.n_vocab));
  recorder.begin(prompts.size());
  const Watching watching(l.watch, stop);
  sample.start = clock_.now();
  const Status ran = run_prompt(stop);
  if (ran) recorder.first(std::span<const TokenId>(l.next).first(prompts.size()));
  sample.stop = clock_.now();
  l.failed = !ran;
  if (!ran) return fail(ran.error());
  return sample;
}

Status LlamacppEngine::run_step(std::size_t rows, const StopToken& stop) {
  Loaded& l = *loaded_;
  if (stop.stop()) return fail(stopped(stop, "decode"));
  PHASEGATE_CHECK_OK(check_decode(llama_decode(l.context.get(), l.step.view()), stop, "decode"));
  llama_synchronize(l.context.get());
  for (std::size_t row = 0; row < rows; ++row) {
    take_logits(row, static_cast<int>(row));
    l.next[row] = greedy(l.logits[row]);
    if (l.next[row] < 0) return fail(ErrorKind::engine, "decode: row {} has logits that are NaN", row);
  }
  return {};
}

// After a rewind the cache holds steps that the recorder has forgotten.
Status LlamacppEngine::drop_steps_beyond(std::size_t steps) {
  Loaded& l = *loaded_;
  if (steps == l.cached_steps) return {};
  if (steps > l.cached_steps) {
    return fail(ErrorKind::invalid_input, "the recorder holds {} steps, the cache {}", steps, l.cached_steps);
  }
  llama_memory_t memory = llama_get_memory(l.context.get());
  for (std::size_t row = 0; row < l.lengths.size(); ++row) {
    const llama_pos from = l.lengths[row] + static_cast<llama_pos>(steps);
    if (!llama_memory_seq_rm(memory, static_cast<llama_seq_id>(row), from, -1)) {
      return fail(Error{ErrorKind::unsupported, "this model's memory cannot go back to an earlier position", "",
                        "reset and prefill again in place of a rewind"});
    }
  }
  l.cached_steps = steps;
  return {};
}

Result<PhaseSample> LlamacppEngine::decode(int steps, StepRecorder& recorder, const StopToken& stop) {
  Loaded& l = *loaded_;
  PHASEGATE_CHECK_OK(drop_steps_beyond(recorder.steps()));
  wake_threads();
  const std::size_t rows = recorder.rows();
  l.step.begin(rows);
  PhaseSample sample;
  sample.rows = static_cast<std::int64_t>(rows);
  const Watching watching(l.watch, stop);
  Status ran;
  sample.start = clock_.now();
  for (; sample.steps < steps; ++sample.steps) {
    const std::span<const TokenId> fed = recorder.tokens();
    const auto done = static_cast<llama_pos>(recorder.steps());
    for (std::size_t row = 0; row < rows; ++row) l.step.set(row, fed[row], l.lengths[row] + done);
    ran = run_step(rows, stop);
    if (!ran) break;
    recorder.step(clock_.now(), std::span<const TokenId>(l.next).first(rows));
  }
  sample.stop = clock_.now();
  l.cached_steps = recorder.steps();
  l.failed = !ran;
  if (!ran) return fail(ran.error());
  sample.semantic_tokens = sample.compute_tokens = sample.rows * sample.steps;
  return sample;
}

Status LlamacppEngine::score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) {
  Loaded& l = *loaded_;
  PHASEGATE_CHECK_OK(reset());
  wake_threads();
  l.step.begin(1);
  const Watching watching(l.watch, stop);
  for (std::size_t position = 0; position < tokens.size(); ++position) {
    l.step.set(0, tokens[position], static_cast<llama_pos>(position));
    if (auto ran = run_step(1, stop); !ran) {
      l.failed = true;
      return ran;
    }
    sink(position, l.logits[0]);
  }
  return reset();
}

Result<Attribution> LlamacppEngine::attribution(const StopToken& stop) {
  Loaded& l = *loaded_;
  if (stop.stop()) return fail(stopped(stop, "attribution"));
  if (l.attribution) return *l.attribution;
  PHASEGATE_TRY(found, attribute(*l.model, l.placement, *backend_, stop));
  l.attribution = std::move(found);
  return *l.attribution;
}

// Like llama-bench, the cache's cells are freed and not wiped; after a failure they are wiped, too.
Status LlamacppEngine::reset() {
  Loaded& l = *loaded_;
  llama_memory_clear(llama_get_memory(l.context.get()), l.failed);
  l.failed = false;
  l.cached_steps = 0;
  if (l.pool != nullptr) backend_->pause_threads(l.pool.get());
  return {};
}

EngineAvailability probe() {
  const auto runtime = backend();
  if (!runtime) return {false, "", runtime.error().message(), runtime.error().next};
  return {true, (*runtime)->version, fmt::format("{} in {}", (*runtime)->cpu_variant, (*runtime)->folder), "",
          (*runtime)->build};
}

}  // namespace

EngineFactory factory() {
  return {"llamacpp", probe,
          []() -> Result<std::unique_ptr<PhaseEngine>> {
            PHASEGATE_TRY(runtime, backend());
            return std::make_unique<LlamacppEngine>(*runtime);
          },
          [](const std::string& path) { return core::sha256_file(path); }};
}

}  // namespace phasegate::engines::llamacpp
