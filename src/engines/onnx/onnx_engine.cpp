#include "engines/onnx/onnx_engine.h"

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "engines/greedy.h"
#include "engines/onnx/attribution.h"
#include "engines/onnx/decoder_session.h"
#include "engines/onnx/guarded.h"
#include "engines/onnx/model_folder.h"
#include "engines/onnx/ort_library.h"
#include "engines/onnx/watchdog.h"

namespace phasegate::engines::onnx {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;
using core::StopToken;

namespace {

class OnnxEngine final : public PhaseEngine {
 public:
  explicit OnnxEngine(const OrtLibrary& library) : library_(library) {}

  Result<LoadReport> load(const ModelRef& model, const Placement& placement, const StopToken& stop) override;
  Result<PhaseSample> prefill(std::span<const Prompt> prompts, StepRecorder& recorder, const StopToken& stop) override;
  Result<PhaseSample> decode(int steps, StepRecorder& recorder, const StopToken& stop) override;
  std::span<const float> logits(int row) const override {
    return loaded_->decoder->logits(static_cast<std::size_t>(row));
  }
  Status score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) override;
  Result<Attribution> attribution(const StopToken& stop) override;
  Status reset() override;
  const core::Clock& clock() const override { return clock_; }

 private:
  // Everything that load makes, so that a failed load leaves nothing and a new one replaces all of it.
  struct Loaded {
    ModelFolder model;
    DecoderOptions options;
    Placement placement;
    std::unique_ptr<DecoderSession> decoder;
    std::unique_ptr<Watchdog> watchdog;
    std::vector<std::int64_t> prompt_lengths;  // of the latest prefill
    std::vector<std::int64_t> lengths;         // of the rows' caches when a decode starts
    std::vector<TokenId> next;                 // chosen by the latest pass
    std::optional<Attribution> attribution;
  };

  void choose(std::size_t rows) noexcept;
  tl::unexpected<Error> failed(const Ort::Exception& error, const StopToken& stop, const char* call) const;

  const OrtLibrary& library_;
  core::SystemClock clock_;
  std::unique_ptr<Loaded> loaded_;
};

Result<LoadReport> OnnxEngine::load(const ModelRef& model, const Placement& placement, const StopToken& stop) {
  loaded_.reset();
  PHASEGATE_TRY(folder, open_model_folder(model));
  if (placement.max_context > folder.graph.rotary_positions) {
    return fail(Error{ErrorKind::invalid_input,
                      fmt::format("a context of {} was asked for, the model has {}", placement.max_context,
                                  folder.graph.rotary_positions),
                      model.path, "ask for a shorter context"});
  }
  if (stop.stop()) return fail(stopped(stop, "load"));
  const core::Instant start = clock_.now();
  auto loaded = std::make_unique<Loaded>();
  loaded->options = {
      folder.graph_file, placement.device, placement.threads, placement.max_context, placement.max_batch, {}, false};
  PHASEGATE_TRY(decoder, DecoderSession::open(library_, loaded->options));
  const core::Nanos took = core::between(start, clock_.now());
  if (stop.stop()) return fail(stopped(stop, "load"));
  if (decoder->shape().n_layer != folder.graph.n_layer || decoder->shape().n_head_kv != folder.graph.n_head_kv) {
    return fail(
        Error{ErrorKind::unsupported, "its KV cache does not belong to its GroupQueryAttention nodes", model.path, {}});
  }
  loaded->model = std::move(folder);
  loaded->placement = placement;
  loaded->decoder = std::move(decoder);
  loaded->watchdog = std::make_unique<Watchdog>();
  const auto rows = static_cast<std::size_t>(placement.max_batch);
  loaded->prompt_lengths.reserve(rows);
  loaded->lengths.reserve(rows);
  loaded->next.resize(rows);
  loaded_ = std::move(loaded);
  return LoadReport{took, model_facts(loaded_->model, loaded_->decoder->shape())};
}

// The next token of each row; -1 for a row of NaN, which the caller's guard refuses.
void OnnxEngine::choose(std::size_t rows) noexcept {
  for (std::size_t row = 0; row < rows; ++row) loaded_->next[row] = greedy(loaded_->decoder->logits(row));
}

tl::unexpected<Error> OnnxEngine::failed(const Ort::Exception& error, const StopToken& stop, const char* call) const {
  if (stop.stop()) return fail(stopped(stop, call));
  return fail(
      Error{ErrorKind::engine, fmt::format("{}: ONNX Runtime: {}", call, error.what()), loaded_->model.graph_file, {}});
}

Result<PhaseSample> OnnxEngine::prefill(std::span<const Prompt> prompts, StepRecorder& recorder,
                                        const StopToken& stop) {
  if (stop.stop()) return fail(stopped(stop, "prefill"));
  DecoderSession& decoder = *loaded_->decoder;
  const std::size_t rows = prompts.size();
  PhaseSample sample;
  sample.rows = static_cast<std::int64_t>(rows);
  loaded_->prompt_lengths.clear();
  for (const Prompt& prompt : prompts) {
    loaded_->prompt_lengths.push_back(static_cast<std::int64_t>(prompt.tokens.size()));
    sample.semantic_tokens += loaded_->prompt_lengths.back();
  }
  recorder.begin(rows);
  try {
    sample.compute_tokens = sample.rows * decoder.prepare_prefill(prompts);
    const Watchdog::Watch watch(*loaded_->watchdog, stop, decoder.run_options());
    sample.start = clock_.now();
    decoder.run_prefill();
    choose(rows);
    sample.stop = clock_.now();
  } catch (const Ort::Exception& error) {
    return failed(error, stop, "prefill");
  }
  recorder.first({loaded_->next.data(), rows});
  return sample;
}

Result<PhaseSample> OnnxEngine::decode(int steps, StepRecorder& recorder, const StopToken& stop) {
  DecoderSession& decoder = *loaded_->decoder;
  const std::size_t rows = recorder.rows();
  PhaseSample sample;
  sample.rows = static_cast<std::int64_t>(rows);
  loaded_->lengths.clear();
  for (const std::int64_t prompt : loaded_->prompt_lengths) {
    loaded_->lengths.push_back(prompt + static_cast<std::int64_t>(recorder.steps()));
    PHASEGATE_CHECK(loaded_->lengths.back() + steps <= loaded_->placement.max_context);  // make_checked's part
  }
  const std::span<const TokenId> next(loaded_->next.data(), rows);
  try {
    decoder.prepare_decode(loaded_->lengths);
    const Watchdog::Watch watch(*loaded_->watchdog, stop, decoder.run_options());
    sample.start = clock_.now();
    for (int step = 0; step < steps; ++step) {
      if (stop.stop()) return fail(stopped(stop, "decode"));
      const std::span<const TokenId> fed = recorder.tokens();
      for (std::size_t row = 0; row < rows; ++row) decoder.feed(row, fed[row]);
      decoder.run_step();
      choose(rows);
      sample.stop = clock_.now();
      recorder.step(sample.stop, next);
    }
  } catch (const Ort::Exception& error) {
    return failed(error, stop, "decode");
  }
  sample.steps = steps;
  sample.semantic_tokens = sample.rows * steps;
  sample.compute_tokens = sample.semantic_tokens;
  return sample;
}

Status OnnxEngine::score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) {
  DecoderSession& decoder = *loaded_->decoder;
  constexpr std::array<std::int64_t, 1> kEmpty{0};
  try {
    decoder.prepare_decode(kEmpty);
    const Watchdog::Watch watch(*loaded_->watchdog, stop, decoder.run_options());
    for (std::size_t position = 0; position < tokens.size(); ++position) {
      if (stop.stop()) return fail(stopped(stop, "score"));
      decoder.feed(0, tokens[position]);
      decoder.run_step();
      sink(position, decoder.logits(0));
    }
  } catch (const Ort::Exception& error) {
    return failed(error, stop, "score");
  }
  return reset();
}

Result<Attribution> OnnxEngine::attribution(const StopToken& stop) {
  if (loaded_->attribution) return *loaded_->attribution;
  PHASEGATE_TRY(found, attribute(library_, loaded_->options, loaded_->model.graph, stop));
  if (loaded_->placement.compile == CompileMode::on) {
    const CompileProof proof{
        true, false, CompileGrade::refuted, {}, "ONNX Runtime runs prebuilt kernels: nothing is compiled"};
    found.prefill.compile = proof;
    found.decode.compile = proof;
  }
  loaded_->attribution = std::move(found);
  return *loaded_->attribution;
}

// A cached position counts only while a mask says so, and the next prefill writes from position 0: forgetting the
// lengths forgets the cache.
Status OnnxEngine::reset() {
  loaded_->prompt_lengths.clear();
  return {};
}

}  // namespace

EngineFactory factory() {
  EngineFactory made;
  made.name = "onnx";
  made.probe = [] {
    EngineAvailability out;
    const auto library = OrtLibrary::open();
    out.present = library.has_value();
    if (!library) {
      out.detail = library.error().what;
      out.how_to_get = kHowToGetOrt;
      return out;
    }
    out.version = (*library)->version();
    out.detail = (*library)->path() + ":";
    for (const std::string& provider : (*library)->providers()) out.detail += " " + provider;
    out.build = (*library)->sha256().value_or("");
    return out;
  };
  made.make = []() -> Result<std::unique_ptr<PhaseEngine>> {
    PHASEGATE_TRY(library, OrtLibrary::open());
    return std::make_unique<OnnxEngine>(*library);
  };
  made.hash_model = [](const std::string& path) -> Result<std::string> {
    PHASEGATE_TRY(folder, open_model_folder({path, "", ""}));
    return folder.sha256;
  };
  return made;
}

}  // namespace phasegate::engines::onnx
