// The guard around every engine: what enters and what leaves is checked here once, so that no engine repeats it.
// Cost inside the windows: none. The checks run before the engine's start stamp and after its stop stamp.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/limits.h"
#include "engines/engine.h"

namespace phasegate::engines {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;
using core::Result;
using core::Status;
using core::StopToken;

class CheckedEngine final : public PhaseEngine {
 public:
  explicit CheckedEngine(std::unique_ptr<PhaseEngine> engine) : engine_(std::move(engine)) {}

  Result<LoadReport> load(const ModelRef& model, const Placement& placement, const StopToken& stop) override {
    PHASEGATE_CHECK_OK(check_placement(placement));
    loaded_ = false;
    state_ = State::dirty;
    PHASEGATE_TRY(report, engine_->load(model, placement, stop));
    if (report.facts.n_vocab <= 0) {
      return fail(ErrorKind::engine, "the engine loaded a model and reports a vocabulary of {} ids",
                  report.facts.n_vocab);
    }
    placement_ = placement;
    n_vocab_ = report.facts.n_vocab;
    loaded_ = true;
    state_ = State::clean;
    return std::move(report);
  }

  Result<PhaseSample> prefill(std::span<const Prompt> prompts, StepRecorder& recorder, const StopToken& stop) override {
    PHASEGATE_CHECK_OK(check_loaded("prefill"));
    if (state_ != State::clean) return out_of_order("prefill on a cache that is not clean", "call reset first");
    PHASEGATE_CHECK_OK(check_prompts(prompts));
    if (prompts.size() > recorder.max_rows()) {
      return fail(Error{ErrorKind::invalid_input,
                        fmt::format("{} rows do not fit a recorder of {}", prompts.size(), recorder.max_rows()), "",
                        ""});
    }
    state_ = State::dirty;
    PHASEGATE_TRY(sample, engine_->prefill(prompts, recorder, stop));
    rows_ = prompts.size();
    longest_ = 0;
    std::int64_t sum = 0;
    for (const Prompt& prompt : prompts) {
      longest_ = std::max(longest_, prompt.tokens.size());
      sum += static_cast<std::int64_t>(prompt.tokens.size());
    }
    PHASEGATE_CHECK_OK(check_prefill_sample(sample, sum));
    if (!recorder.has_first() || recorder.rows() != rows_ || recorder.steps() != 0) {
      return wrong_answer("prefill left no next token for each of its {} rows", rows_);
    }
    PHASEGATE_CHECK_OK(check_tokens(recorder.tokens(0), "prefill"));
    PHASEGATE_CHECK_OK(check_logits("prefill"));
    last_stop_ = sample.stop;
    state_ = State::prefilled;
    return sample;
  }

  Result<PhaseSample> decode(int steps, StepRecorder& recorder, const StopToken& stop) override {
    PHASEGATE_CHECK_OK(check_loaded("decode"));
    if (state_ != State::prefilled)
      return out_of_order("decode without a prefill before it", "call reset, then prefill");
    PHASEGATE_CHECK_OK(check_steps(steps, recorder));
    const std::size_t before = recorder.steps();
    state_ = State::dirty;
    PHASEGATE_TRY(sample, engine_->decode(steps, recorder, stop));
    PHASEGATE_CHECK_OK(check_decode_sample(sample, steps, recorder, before));
    for (std::size_t step = before + 1; step <= recorder.steps(); ++step) {
      PHASEGATE_CHECK_OK(check_tokens(recorder.tokens(step), "decode"));
    }
    PHASEGATE_CHECK_OK(check_logits("decode"));
    last_stop_ = sample.stop;
    state_ = State::prefilled;
    return sample;
  }

  std::span<const float> logits(int row) const override { return engine_->logits(row); }

  Status score(std::span<const TokenId> tokens, const LogitsSink& sink, const StopToken& stop) override {
    PHASEGATE_CHECK_OK(check_loaded("score"));
    const Prompt row{tokens};
    PHASEGATE_CHECK_OK(check_row(row, 0));
    state_ = State::dirty;
    std::size_t calls = 0;
    bool ordered = true;
    bool finite = true;
    const LogitsSink checking = [&](std::size_t position, std::span<const float> logits) {
      ordered = ordered && position == calls && logits.size() == static_cast<std::size_t>(n_vocab_);
      ++calls;
      finite = finite && std::none_of(logits.begin(), logits.end(), [](float x) { return std::isnan(x); });
      sink(position, logits);
    };
    PHASEGATE_CHECK_OK(engine_->score(tokens, checking, stop));
    if (!ordered || calls != tokens.size()) {
      return wrong_answer("score handed {} positions of {}, or out of order, or of another size", calls, tokens.size());
    }
    if (!finite) return wrong_answer("score of {} tokens gave logits that are NaN", tokens.size());
    state_ = State::clean;
    return {};
  }

  Result<Attribution> attribution(const StopToken& stop) override {
    PHASEGATE_CHECK_OK(check_loaded("attribution"));
    return engine_->attribution(stop);
  }

  Status reset() override {
    PHASEGATE_CHECK_OK(check_loaded("reset"));
    PHASEGATE_CHECK_OK(engine_->reset());
    state_ = State::clean;
    return {};
  }

  const core::Clock& clock() const override { return engine_->clock(); }

 private:
  enum class State { clean, prefilled, dirty };  // dirty: a call failed inside; only reset or load leads on

  static Status check_placement(const Placement& p) {
    if (p.threads < 1) return fail(ErrorKind::invalid_input, "threads is {}, needs at least 1", p.threads);
    if (p.max_batch < 1 || p.max_batch > core::kMaxBatch) {
      return fail(ErrorKind::invalid_input, "max_batch is {}, must be in 1..{}", p.max_batch, core::kMaxBatch);
    }
    if (p.max_context < 2 || p.max_context > core::kMaxPromptTokens + core::kMaxGenTokens) {
      return fail(ErrorKind::invalid_input, "max_context is {}, must be in 2..{}", p.max_context,
                  core::kMaxPromptTokens + core::kMaxGenTokens);
    }
    return {};
  }

  static tl::unexpected<Error> out_of_order(const char* what, const char* next) {
    return fail(Error{ErrorKind::invalid_input, what, "", next});
  }

  template <class... Args>
  static tl::unexpected<Error> wrong_answer(fmt::format_string<Args...> format, Args&&... args) {
    return fail(Error{ErrorKind::engine, fmt::format(format, std::forward<Args>(args)...), "",
                      "the sample is dropped; reset the engine or exclude it"});
  }

  Status check_loaded(const char* call) const {
    if (loaded_) return {};
    return fail(
        Error{ErrorKind::invalid_input, fmt::format("{} before a successful load", call), "", "call load first"});
  }

  Status check_row(const Prompt& prompt, std::size_t row) const {
    const std::size_t size = prompt.tokens.size();
    if (size == 0) return fail(ErrorKind::invalid_input, "row {} of the batch is empty", row);
    if (size > static_cast<std::size_t>(placement_.max_context)) {
      return fail(ErrorKind::invalid_input, "row {} has {} tokens, the context holds {}", row, size,
                  placement_.max_context);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const TokenId id = prompt.tokens[i];
      if (id < 0 || id >= n_vocab_) {
        return fail(ErrorKind::invalid_input, "row {}, position {}: token id {} is outside the vocabulary of {}", row,
                    i, id, n_vocab_);
      }
    }
    return {};
  }

  Status check_prompts(std::span<const Prompt> prompts) const {
    if (prompts.empty()) return fail(ErrorKind::invalid_input, "a batch needs at least one row");
    if (prompts.size() > static_cast<std::size_t>(placement_.max_batch)) {
      return fail(ErrorKind::invalid_input, "{} rows, the engine was loaded for {}", prompts.size(),
                  placement_.max_batch);
    }
    for (std::size_t row = 0; row < prompts.size(); ++row) PHASEGATE_CHECK_OK(check_row(prompts[row], row));
    return {};
  }

  Status check_steps(int steps, const StepRecorder& recorder) const {
    if (steps < 1) return fail(ErrorKind::invalid_input, "{} decode steps, needs at least 1", steps);
    const std::size_t cached = longest_ + recorder.steps();
    if (cached + static_cast<std::size_t>(steps) > static_cast<std::size_t>(placement_.max_context)) {
      return fail(ErrorKind::invalid_input, "{} tokens and {} steps do not fit a context of {}", cached, steps,
                  placement_.max_context);
    }
    if (recorder.steps() + static_cast<std::size_t>(steps) > recorder.max_steps()) {
      return fail(ErrorKind::invalid_input, "{} steps after {} do not fit a recorder of {}", steps, recorder.steps(),
                  recorder.max_steps());
    }
    if (!recorder.has_first() || recorder.rows() != rows_) {
      return fail(ErrorKind::invalid_input, "the recorder does not hold the prefill of these {} rows", rows_);
    }
    return {};
  }

  Status check_prefill_sample(const PhaseSample& s, std::int64_t tokens) const {
    if (s.stop < s.start) return wrong_answer("prefill stops {} ns before it starts", s.start.value - s.stop.value);
    if (s.rows != static_cast<std::int64_t>(rows_) || s.steps != 0) {
      return wrong_answer("prefill reports {} rows and {} steps instead of {} and 0", s.rows, s.steps, rows_);
    }
    if (s.semantic_tokens != tokens || s.compute_tokens < tokens) {
      return wrong_answer("prefill reports {} tokens ({} computed) instead of {}", s.semantic_tokens, s.compute_tokens,
                          tokens);
    }
    return {};
  }

  Status check_decode_sample(const PhaseSample& s, int steps, const StepRecorder& recorder, std::size_t before) const {
    if (s.steps != steps || recorder.steps() != before + static_cast<std::size_t>(steps)) {
      return wrong_answer("decode did {} steps and stamped {} instead of {}", s.steps, recorder.steps() - before,
                          steps);
    }
    const auto tokens = static_cast<std::int64_t>(rows_) * steps;
    if (s.rows != static_cast<std::int64_t>(rows_) || s.semantic_tokens != tokens || s.compute_tokens < tokens) {
      return wrong_answer("decode reports {} rows, {} tokens ({} computed) instead of {}, {}", s.rows,
                          s.semantic_tokens, s.compute_tokens, rows_, tokens);
    }
    core::Instant previous = s.start;
    if (previous < last_stop_) return wrong_answer("decode starts before the call before it stopped");
    for (const core::Instant stamp : recorder.stamps().subspan(before)) {
      if (stamp < previous) return wrong_answer("step stamps run backwards by {} ns", previous.value - stamp.value);
      previous = stamp;
    }
    if (s.stop < previous) return wrong_answer("decode stops before its last step");
    return {};
  }

  Status check_tokens(std::span<const TokenId> tokens, const char* phase) const {
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      if (tokens[row] >= 0 && tokens[row] < n_vocab_) continue;
      return wrong_answer(
          "{} chose token {} for row {}, which is not in the vocabulary of {}: the logits are NaN or broken", phase,
          tokens[row], row, n_vocab_);
    }
    return {};
  }

  Status check_logits(const char* phase) const {
    for (std::size_t row = 0; row < rows_; ++row) {
      const std::span<const float> logits = engine_->logits(static_cast<int>(row));
      if (logits.size() != static_cast<std::size_t>(n_vocab_)) {
        return wrong_answer("{} gives {} logits for row {} instead of {}", phase, logits.size(), row, n_vocab_);
      }
      if (std::any_of(logits.begin(), logits.end(), [](float x) { return std::isnan(x); })) {
        return wrong_answer("{} gives logits that are NaN for row {}", phase, row);
      }
    }
    return {};
  }

  std::unique_ptr<PhaseEngine> engine_;
  Placement placement_;
  int n_vocab_ = 0;
  bool loaded_ = false;
  State state_ = State::dirty;
  std::size_t rows_ = 0;
  std::size_t longest_ = 0;  // tokens of the longest prompt
  core::Instant last_stop_;
};

}  // namespace

std::unique_ptr<PhaseEngine> make_checked(std::unique_ptr<PhaseEngine> engine) {
  return std::make_unique<CheckedEngine>(std::move(engine));
}

}  // namespace phasegate::engines
