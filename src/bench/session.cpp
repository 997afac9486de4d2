#include "bench/session.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bench/frame.h"
#include "bench/protocol.h"
#include "core/clock.h"
#include "core/sha256.h"
#include "core/stop.h"
#include "engines/recorder.h"

namespace phasegate::bench {

using core::Error;
using core::ErrorKind;
using core::Json;
using core::Result;
using engines::Prompt;
using engines::StepRecorder;
using engines::TokenId;

namespace {

double negative_log_likelihood(std::span<const float> logits, TokenId token) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - top));
  return std::log(sum) + static_cast<double>(top) - static_cast<double>(logits[static_cast<std::size_t>(token)]);
}

TokenId best_of(std::span<const float> logits) {
  return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

double top_two_gap(std::span<const float> logits) {
  float first = logits[0];
  float second = -std::numeric_limits<float>::infinity();
  for (const float logit : logits.subspan(1)) {
    if (logit > first) {
      second = std::exchange(first, logit);
    } else {
      second = std::max(second, logit);
    }
  }
  return static_cast<double>(first) - static_cast<double>(second);
}

std::string hash_tokens(const StepRecorder& recorder) {
  std::string bytes;
  for (std::size_t row = 0; row < recorder.rows(); ++row) {
    for (std::size_t step = 0; step <= recorder.steps(); ++step) {
      const auto value = static_cast<std::uint32_t>(recorder.tokens(step)[row]);
      for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }
  }
  return core::sha256_hex(bytes);
}

std::vector<core::Nanos> step_durations(const engines::PhaseSample& decode, const StepRecorder& recorder) {
  std::vector<core::Nanos> steps;
  steps.reserve(recorder.steps());
  core::Instant previous = decode.start;
  for (const core::Instant stamp : recorder.stamps()) {
    steps.push_back(core::between(previous, stamp));
    previous = stamp;
  }
  return steps;
}

// One engine and its buffers. Made once for each session; one thread.
class Session {
 public:
  Session(const std::vector<engines::EngineFactory>& factories, const std::atomic<bool>& stop)
      : factories_(factories), stop_(stop) {}

  Json obey(const Json& command) {
    auto content = guarded("a command", [&] { return command.at("command").get<std::string>(); });
    if (!content) return error_answer(content.error());
    try {
      auto answer = dispatch(*content, command);
      return answer ? ok_answer(std::move(*answer)) : error_answer(answer.error());
    } catch (const std::bad_alloc&) {
      return error_answer(
          {ErrorKind::engine, "out of memory", *content, "close other programs or choose a smaller model"});
    } catch (const std::exception& error) {
      return error_answer({ErrorKind::engine, error.what(), *content, {}});
    }
  }

 private:
  Result<Json> dispatch(const std::string& name, const Json& command) {
    if (name == "load") return load(command);
    if (!engine_) return core::fail(ErrorKind::invalid_input, "\"{}\" before a model is loaded", name);
    if (name == "attribution") return attribution(command);
    if (name == "call") return call(command);
    if (name == "score") return score(command);
    if (name == "greedy") return greedy(command);
    return core::fail(ErrorKind::invalid_input, "\"{}\" is not a command", name);
  }

  core::StopToken token(double timeout_s) const {
    const core::Clock& clock = engine_->clock();
    return {clock, core::after(clock.now(), core::seconds(timeout_s)), &stop_};
  }

  Result<Json> load(const Json& json) {
    PHASEGATE_TRY(command, load_command_from(json));
    engine_.reset();
    const auto factory =
        std::find_if(factories_.begin(), factories_.end(), [&](const auto& f) { return f.name == command.engine; });
    if (factory == factories_.end()) {
      return core::fail(Error{ErrorKind::unsupported, "this build has no engine of that name", command.engine,
                              "phasegate doctor lists the engines"});
    }
    PHASEGATE_TRY(engine, factory->make());
    engine_ = engines::make_checked(std::move(engine));
    auto report = engine_->load(command.model, command.placement, token(command.timeout_s));
    if (!report) {
      engine_.reset();
      return core::fail(report.error());
    }
    recorder_.emplace(static_cast<std::size_t>(command.placement.max_context),
                      static_cast<std::size_t>(command.placement.max_batch));
    vocab_ = report->facts.n_vocab;
    const bool steady = dynamic_cast<const core::SystemClock*>(&engine_->clock()) != nullptr;
    return to_json(LoadAnswer{report->load_time, report->facts, steady ? "steady_clock" : "virtual"});
  }

  Result<Json> attribution(const Json& json) {
    PHASEGATE_TRY(attribution, engine_->attribution(token(json.at("timeout_s").get<double>())));
    return to_json(attribution);
  }

  Result<Json> call(const Json& json) {
    PHASEGATE_TRY(command, call_command_from(json));
    std::vector<Prompt> prompts;
    for (const auto& row : command.rows) prompts.push_back({row});
    CallAnswer answer;
    const core::SystemClock wall;
    const ContentionReading before = read_contention();
    const core::Instant start = wall.now();
    measure(prompts, command.steps, token(command.timeout_s), answer);
    answer.window.duration = core::between(start, wall.now());
    const ContentionReading after = read_contention();
    answer.contention = contention_between(before, after);
    if (before.ticks && after.ticks) answer.window.ticks = after.ticks->total - before.ticks->total;
    if (answer.decode) answer.output_hash = hash_tokens(*recorder_);
    // Worker threads of an engine may poll for a while after a pass: put them to sleep, for another candidate runs
    // next. A failure shows at the reset with which the next call begins.
    (void)engine_->reset();
    return to_json(answer);
  }

  // Nothing between the two phases: e2e is one interval.
  void measure(const std::vector<Prompt>& prompts, int steps, const core::StopToken& stop, CallAnswer& answer) {
    if (auto status = engine_->reset(); !status) {
      answer.error = status.error();
      return;
    }
    auto prefill = engine_->prefill(prompts, *recorder_, stop);
    if (!prefill) {
      answer.error = prefill.error();
      return;
    }
    answer.prefill = *prefill;
    auto decode = engine_->decode(steps, *recorder_, stop);
    if (!decode) {
      answer.error = decode.error();
      return;
    }
    answer.decode = *decode;
    answer.steps = step_durations(*decode, *recorder_);
  }

  Result<std::vector<TokenId>> tokens_of(const Json& json) {
    PHASEGATE_TRY(tokens, guarded("a command", [&] { return json.at("tokens").get<std::vector<TokenId>>(); }));
    const auto inside = [&](TokenId id) { return id >= 0 && id < vocab_; };
    if (tokens.size() < 2 || !std::all_of(tokens.begin(), tokens.end(), inside)) {
      return core::fail(ErrorKind::invalid_input, "{} tokens to score, or one outside the vocabulary of {}",
                        tokens.size(), vocab_);
    }
    return std::move(tokens);
  }

  Result<Json> score(const Json& json) {
    PHASEGATE_TRY(tokens, tokens_of(json));
    ScoreAnswer answer;
    const auto sink = [&](std::size_t position, std::span<const float> logits) {
      if (position + 1 >= tokens.size()) return;
      answer.nll.push_back(negative_log_likelihood(logits, tokens[position + 1]));
      answer.best.push_back(best_of(logits));
    };
    PHASEGATE_CHECK_OK(engine_->reset());
    PHASEGATE_CHECK_OK(engine_->score(tokens, sink, token(json.at("timeout_s").get<double>())));
    return to_json(answer);
  }

  Result<Json> greedy(const Json& json) {
    PHASEGATE_TRY(tokens, tokens_of(json));
    const int steps = json.at("steps").get<int>();
    const core::StopToken stop = token(json.at("timeout_s").get<double>());
    const Prompt prompt{tokens};
    PHASEGATE_CHECK_OK(engine_->reset());
    PHASEGATE_CHECK_OK(engine_->prefill({&prompt, 1}, *recorder_, stop));
    GreedyAnswer answer;
    answer.tokens.push_back(recorder_->tokens()[0]);
    answer.gaps.push_back(top_two_gap(engine_->logits(0)));
    for (int step = 0; step < steps; ++step) {
      PHASEGATE_CHECK_OK(engine_->decode(1, *recorder_, stop));
      answer.tokens.push_back(recorder_->tokens()[0]);
      answer.gaps.push_back(top_two_gap(engine_->logits(0)));
    }
    return to_json(answer);
  }

  const std::vector<engines::EngineFactory>& factories_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<engines::PhaseEngine> engine_;
  std::optional<StepRecorder> recorder_;
  int vocab_ = 0;
};

std::atomic<bool>* terminated() {
  static std::atomic<bool> flag{false};
  return &flag;
}

extern "C" void on_terminate(int) { terminated()->store(true); }

}  // namespace

int run_session(int in_fd, int out_fd, const std::vector<engines::EngineFactory>& factories,
                const std::atomic<bool>& stop) {
  Session session(factories, stop);
  while (true) {
    auto frame = read_frame(in_fd);
    if (!frame) return frame.error().kind == ErrorKind::io ? 0 : 2;
    auto command = core::parse_json(*frame, "a command of the session");
    if (!command || !command->is_object()) return 2;
    if (*command == quit_command()) return 0;
    const Json answer = session.obey(*command);
    const auto text = answer.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (!write_frame(out_fd, text)) return 0;
  }
}

int run_session(int in_fd, int out_fd, const std::vector<engines::EngineFactory>& factories) {
  (void)terminated();  // constructed before a signal can come
  struct sigaction action{};
  action.sa_handler = on_terminate;
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGPIPE, &action, nullptr);
  return run_session(in_fd, out_fd, factories, *terminated());
}

}  // namespace phasegate::bench
