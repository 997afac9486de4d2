#include "engines/contract/contract_suite.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "engines/greedy.h"

namespace phasegate::engines::contract {

// Here and not in subject.cpp: whoever instantiates the suite names it, which keeps these tests in the program.
std::string subject_name(const testing::TestParamInfo<Subject>& info) { return info.param.name; }

namespace {

using core::ErrorKind;

// Time that moves by one at each look: a deadline of k passes at the k-th check, wherever the engine checks.
class CountingClock final : public core::Clock {
 public:
  core::Instant now() const override { return core::Instant(looks_.fetch_add(1, std::memory_order_relaxed)); }
  std::string utc_stamp() const override { return "2000-01-01T00:00:00.000Z"; }

 private:
  mutable std::atomic<std::int64_t> looks_{0};
};

void expect_types(const Attribution& a) {
  for (const std::string* text : {&a.engine_version, &a.engine_build, &a.device_actual, &a.backend_actual,
                                  &a.weight_type, &a.kv_type, &a.activation_type, &a.attention}) {
    EXPECT_FALSE(text->empty());
  }
}

void expect_nodes(const PhaseAttribution& phase) {
  const auto total = [](const std::map<std::string, int>& counts) {
    return std::accumulate(counts.begin(), counts.end(), 0,
                           [](int sum, const auto& entry) { return sum + entry.second; });
  };
  EXPECT_GT(total(phase.nodes_by_device), 0);
  EXPECT_EQ(total(phase.nodes_by_device), total(phase.nodes_by_op));
  EXPECT_FALSE(phase.fallback) << phase.fallback_reason;
}

}  // namespace

TEST_P(EngineContract, WindowsAreOrderedAndInsideTheCall) {
  const auto engine = fresh();
  load(*engine);
  const std::vector<TokenId> a = prompt(9);
  const std::vector<Prompt> rows{{a}};
  const core::Instant before = engine->clock().now();
  const auto prefill = engine->prefill(rows, recorder_, never(*engine));
  ASSERT_TRUE(prefill) << prefill.error().message();
  const core::Instant between_calls = engine->clock().now();
  const auto decode = engine->decode(6, recorder_, never(*engine));
  ASSERT_TRUE(decode) << decode.error().message();
  EXPECT_LE(before, prefill->start);
  EXPECT_LT(prefill->start, prefill->stop);
  EXPECT_LE(prefill->stop, between_calls);
  EXPECT_LE(between_calls, decode->start);
  core::Instant previous = decode->start;
  for (const core::Instant stamp : recorder_.stamps()) {
    EXPECT_LT(previous, stamp);
    previous = stamp;
  }
  EXPECT_LE(previous, decode->stop);
  EXPECT_LE(decode->stop, engine->clock().now());
  EXPECT_EQ(prefill->semantic_tokens, 9);
  EXPECT_EQ(decode->semantic_tokens, 6);
}

TEST_P(EngineContract, DecodeDoesExactlyTheStepsAskedAndGoesOn) {
  const auto engine = fresh();
  load(*engine);
  const auto seven = continue_rows(*engine, {prompt(9)}, 7);
  ASSERT_EQ(seven.at(0).tokens.size(), 8U);
  const auto two = continue_rows(*engine, {prompt(9)}, 2);
  ASSERT_EQ(two.at(0).tokens.size(), 3U);
  const auto rest = engine->decode(5, recorder_, never(*engine));
  ASSERT_TRUE(rest) << rest.error().message();
  EXPECT_EQ(rest->steps, 5);
  ASSERT_EQ(recorder_.steps(), 7U);
  for (std::size_t step = 0; step <= 7; ++step) EXPECT_EQ(recorder_.tokens(step)[0], seven[0].tokens[step]);
  EXPECT_LE(max_difference(copy_logits(*engine, 0), seven[0].logits), GetParam().cache_tolerance);
}

TEST_P(EngineContract, RewoundDecodeRepeatsTheFirst) {
  const auto engine = fresh();
  load(*engine);
  const auto first = continue_rows(*engine, {prompt(9), prompt(4, 1)}, 5);
  recorder_.rewind();
  const auto again = engine->decode(5, recorder_, never(*engine));
  ASSERT_TRUE(again) << again.error().message();
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t step = 0; step <= 5; ++step) EXPECT_EQ(recorder_.tokens(step)[row], first[row].tokens[step]);
    EXPECT_LE(max_difference(copy_logits(*engine, static_cast<int>(row)), first[row].logits),
              GetParam().cache_tolerance);
  }
}

TEST_P(EngineContract, LogitsAreThoseOfTheLastPositionOfEachRow) {
  const auto engine = fresh();
  load(*engine);
  const std::vector<TokenId> tokens = prompt(12);
  const std::vector<float> whole = logits_of(*engine, tokens);
  ASSERT_EQ(whole.size(), static_cast<std::size_t>(facts_.n_vocab));
  EXPECT_EQ(greedy(whole), recorder_.tokens()[0]);
  // The twin: another position has other logits, so the equality below is not vacuous.
  const std::vector<float> shorter = logits_of(*engine, std::vector<TokenId>(tokens.begin(), tokens.end() - 1));
  EXPECT_GT(max_difference(whole, shorter), 10 * GetParam().cache_tolerance);
  std::vector<float> last;
  ASSERT_TRUE(engine->score(
      tokens, [&](std::size_t, std::span<const float> l) { last.assign(l.begin(), l.end()); }, never(*engine)));
  EXPECT_LE(max_difference(whole, last), GetParam().cache_tolerance);
  const auto rows = continue_rows(*engine, {tokens, prompt(5, 1)}, 3);
  for (const Continuation& row : rows) EXPECT_EQ(greedy(row.logits), row.tokens.back());
}

TEST_P(EngineContract, ResetReallyClearsTheCache) {
  const auto engine = fresh();
  load(*engine);
  const std::vector<TokenId> a = prompt(12);
  const std::vector<TokenId> b = prompt(20, 1);
  const std::vector<float> clean = logits_of(*engine, a);
  ASSERT_EQ(continue_rows(*engine, {b, a, b}, 6).size(), 3U);
  EXPECT_EQ(max_difference(logits_of(*engine, a), clean), 0.0F);
  const auto other = fresh();
  load(*other);
  EXPECT_EQ(max_difference(logits_of(*other, a), clean), 0.0F);
  // The twin: with another prompt in front the logits differ, so a cache that keeps it is seen.
  std::vector<TokenId> both = b;
  both.insert(both.end(), a.begin(), a.end());
  EXPECT_GT(max_difference(logits_of(*engine, both), clean), 10 * GetParam().cache_tolerance);
}

TEST_P(EngineContract, PaddedEqualsUnpadded) {
  const auto engine = fresh();
  load(*engine);
  const std::vector<std::vector<TokenId>> rows{prompt(17), prompt(3, 1), prompt(9, 2)};
  const auto batch = continue_rows(*engine, rows, 6);
  ASSERT_EQ(batch.size(), rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    SCOPED_TRACE(row);
    const auto alone = continue_rows(*engine, {rows[row]}, 6);
    EXPECT_EQ(batch[row].tokens, alone.at(0).tokens);
    EXPECT_LE(max_difference(batch[row].logits, alone.at(0).logits), GetParam().batch_tolerance);
  }
  // The twin: rows do not see each other's tokens, yet they are different rows.
  EXPECT_GT(max_difference(batch[0].logits, batch[1].logits), 10 * GetParam().batch_tolerance);
}

TEST_P(EngineContract, CachedEqualsUncached) {
  const auto engine = fresh();
  load(*engine);
  for (const std::size_t length : {std::size_t{1}, std::size_t{16}, std::size_t{33}}) {
    SCOPED_TRACE(length);
    const std::vector<TokenId> start = prompt(length);
    const auto cached = continue_rows(*engine, {start}, 8);
    // The last chosen token was not fed: logits stand after the prompt and all tokens before it.
    std::vector<TokenId> whole = start;
    whole.insert(whole.end(), cached.at(0).tokens.begin(), cached.at(0).tokens.end() - 1);
    EXPECT_LE(max_difference(logits_of(*engine, whole), cached[0].logits), GetParam().cache_tolerance);
    EXPECT_EQ(recorder_.tokens()[0], cached[0].tokens.back());
    // The twin: one token off, and the check fails by far.
    EXPECT_GT(
        max_difference(logits_of(*engine, std::vector<TokenId>(whole.begin() + 1, whole.end())), cached[0].logits),
        10 * GetParam().cache_tolerance);
  }
}

TEST_P(EngineContract, WrongInputIsRefusedAndTheEngineGoesOn) {
  const auto engine = fresh();
  load(*engine);
  const auto clean = continue_rows(*engine, {prompt(5)}, 2);
  const std::vector<TokenId> outside{0, facts_.n_vocab};
  const std::vector<TokenId> too_long(static_cast<std::size_t>(GetParam().placement.max_context) + 1, 1);
  const std::vector<TokenId> empty;
  for (const std::vector<TokenId>* wrong : {&outside, &too_long, &empty}) {
    ASSERT_TRUE(engine->reset());
    const std::vector<Prompt> rows{{*wrong}};
    const auto refused = engine->prefill(rows, recorder_, never(*engine));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
    EXPECT_FALSE(engine->decode(1, recorder_, never(*engine)));
  }
  EXPECT_EQ(continue_rows(*engine, {prompt(5)}, 2).at(0).tokens, clean.at(0).tokens);
}

TEST_P(EngineContract, StopEndsEveryCallAndResetHeals) {
  const auto engine = fresh();
  load(*engine);
  const auto clean = continue_rows(*engine, {prompt(9)}, 4);
  const std::atomic<bool> flag{true};
  const core::StopToken cancelled(engine->clock(), core::kNoDeadline, &flag);
  const core::StopToken expired(engine->clock(), core::Instant(0));
  const std::vector<TokenId> tokens = prompt(9);
  const std::vector<Prompt> rows{{tokens}};
  const auto ignore = [](std::size_t, std::span<const float>) {};
  for (const core::StopToken* token : {&cancelled, &expired}) {
    const ErrorKind kind = token == &cancelled ? ErrorKind::aborted : ErrorKind::timeout;
    ASSERT_TRUE(engine->reset());
    const auto prefill = engine->prefill(rows, recorder_, *token);
    ASSERT_FALSE(prefill);
    EXPECT_EQ(prefill.error().kind, kind);
    ASSERT_TRUE(engine->reset());
    ASSERT_TRUE(engine->prefill(rows, recorder_, never(*engine)));
    const auto decode = engine->decode(4, recorder_, *token);
    ASSERT_FALSE(decode);
    EXPECT_EQ(decode.error().kind, kind);
    const auto score = engine->score(tokens, ignore, *token);
    ASSERT_FALSE(score);
    EXPECT_EQ(score.error().kind, kind);
    EXPECT_EQ(continue_rows(*engine, {prompt(9)}, 4).at(0).tokens, clean.at(0).tokens);
  }
  const auto other = fresh();
  const auto loaded = other->load(model_, GetParam().placement, cancelled);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::aborted);
  load(*other);
}

TEST_P(EngineContract, DeadlineInTheMiddleStopsWithinAStep) {
  const auto engine = fresh();
  load(*engine);
  const std::vector<TokenId> tokens = prompt(9);
  const std::vector<Prompt> rows{{tokens}};
  // The engine looks at the stop at least once a step, so a deadline of `looks` lets at most `looks` steps through.
  for (const std::int64_t looks : {1, 3, 10}) {
    ASSERT_TRUE(engine->reset());
    ASSERT_TRUE(engine->prefill(rows, recorder_, never(*engine)));
    const CountingClock clock;
    const auto decode = engine->decode(40, recorder_, core::StopToken(clock, core::Instant(looks)));
    ASSERT_FALSE(decode);
    EXPECT_EQ(decode.error().kind, ErrorKind::timeout);
    EXPECT_LE(recorder_.steps(), static_cast<std::size_t>(looks));
  }
}

TEST_P(EngineContract, FailedLoadLeavesNothingBehind) {
  std::vector<BadModel> bad = GetParam().bad_models();
  ModelRef missing = model_;
  missing.path += ".missing";
  bad.push_back({"missing", missing, ErrorKind::not_found, ".missing"});
  ModelRef other_hash = model_;
  other_hash.sha256 = std::string(64, '0');
  bad.push_back({"hash", other_hash, ErrorKind::invalid_input, "0000"});

  const auto engine = fresh();
  load(*engine);
  const auto clean = continue_rows(*engine, {prompt(9)}, 4);
  const std::vector<TokenId> tokens = prompt(9);
  const std::vector<Prompt> rows{{tokens}};
  for (const BadModel& one : bad) {
    SCOPED_TRACE(one.name);
    const auto report = engine->load(one.model, GetParam().placement, never(*engine));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, one.kind) << report.error().message();
    EXPECT_NE(report.error().message().find(one.words), std::string::npos) << report.error().message();
    EXPECT_FALSE(report.error().next.empty());
    EXPECT_FALSE(engine->prefill(rows, recorder_, never(*engine)));
    load(*engine);
    EXPECT_EQ(continue_rows(*engine, {tokens}, 4).at(0).tokens, clean.at(0).tokens);
  }
}

TEST_P(EngineContract, ScoreAgreesWithPrefillAtEveryPosition) {
  const auto engine = fresh();
  load(*engine);
  const std::vector<TokenId> tokens = prompt(10);
  std::vector<std::vector<float>> scored;
  ASSERT_TRUE(engine->score(
      tokens, [&](std::size_t, std::span<const float> l) { scored.emplace_back(l.begin(), l.end()); }, never(*engine)));
  ASSERT_EQ(scored.size(), tokens.size());
  const std::vector<Prompt> rows{{tokens}};
  EXPECT_TRUE(engine->prefill(rows, recorder_, never(*engine)));  // score left a clean cache: no reset needed
  for (std::size_t length = 1; length <= tokens.size(); ++length) {
    const auto end = tokens.begin() + static_cast<std::ptrdiff_t>(length);
    EXPECT_LE(max_difference(logits_of(*engine, std::vector<TokenId>(tokens.begin(), end)), scored[length - 1]),
              GetParam().cache_tolerance)
        << "position " << length - 1;
  }
}

TEST_P(EngineContract, AttributionNamesDevicesAndTypesAndDisturbsNothing) {
  const auto engine = fresh();
  load(*engine);
  const auto before = continue_rows(*engine, {prompt(9)}, 4);
  const auto a = engine->attribution(never(*engine));
  ASSERT_TRUE(a) << a.error().message();
  EXPECT_EQ(a->engine, factory_.name);
  EXPECT_EQ(a->threads, GetParam().placement.threads);
  expect_types(*a);
  expect_nodes(a->prefill);
  expect_nodes(a->decode);
  EXPECT_EQ(a->weight_tensors_by_type.count(a->weight_type), 1U);
  const auto again = engine->attribution(never(*engine));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->decode.nodes_by_op, a->decode.nodes_by_op);
  EXPECT_EQ(again->engine_build, a->engine_build);
  const auto after = continue_rows(*engine, {prompt(9)}, 4);
  EXPECT_EQ(after.at(0).tokens, before.at(0).tokens);
  EXPECT_EQ(max_difference(after.at(0).logits, before.at(0).logits), 0.0F);
}

TEST_P(EngineContract, FactsComeFromTheModel) {
  const auto engine = fresh();
  load(*engine);
  EXPECT_FALSE(facts_.architecture.empty());
  EXPECT_GT(facts_.parameters, 0);
  EXPECT_GT(facts_.n_layer, 0);
  EXPECT_GT(facts_.n_embd, 0);
  EXPECT_GE(facts_.n_head, facts_.n_head_kv);
  EXPECT_GT(facts_.n_head_kv, 0);
  EXPECT_EQ(facts_.model_sha256, model_.sha256);
}

}  // namespace phasegate::engines::contract
