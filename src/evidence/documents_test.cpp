// Round trips of every document, and the strictness of their readers.
#include <gtest/gtest.h>

#include "evidence/lines.h"
#include "evidence/record_line.h"
#include "evidence/samples.h"

namespace phasegate::evidence {
namespace {

std::string text_of(const core::Json& json) { return core::canonical_json(json).value(); }

// The error's key path after one change of a valid document; empty when it was accepted.
template <class Read>
std::string path_of_error(core::Json json, const char* pointer, const core::Json& value, Read read) {
  json[core::Json::json_pointer(pointer)] = value;
  const auto result = read(json);
  return result ? "" : result.error().where;
}

TEST(Record, ComesBackFromItsJsonUnchanged) {
  for (const auto& record : samples::call_records(samples::candidate(), 3, 2, Regime::steady)) {
    const auto json = to_json(record);
    const auto again = record_from_json(json);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(text_of(to_json(*again)), text_of(json));
  }
}

TEST(Record, AFailedPhaseHasNoDurationButAReason) {
  auto record = samples::call_records(samples::candidate(), 0, 0, Regime::steady)[1];
  record.status = Status::timeout;
  record.reason = Reason::deadline_passed;
  record.error = "no answer within 180 s";
  record.start.reset();
  record.stop.reset();
  record.steps.clear();
  const auto json = to_json(record);
  EXPECT_TRUE(json["timing"]["duration_ns"].is_null());
  EXPECT_TRUE(json["throughput"]["tok_s"].is_null());
  EXPECT_EQ(json["reason"], "deadline_passed");
  const auto again = record_from_json(json);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->reason, Reason::deadline_passed);
  EXPECT_FALSE(again->duration());
}

TEST(Record, ThroughputCountsTheTokensOfItsPhase) {
  const auto records = samples::call_records(samples::candidate(), 0, 0, Regime::steady);
  EXPECT_DOUBLE_EQ(*records[0].tokens_per_second(), 16 / 0.016);
  EXPECT_DOUBLE_EQ(*records[1].tokens_per_second(), 8 / 0.0160005);
  EXPECT_DOUBLE_EQ(*records[2].tokens_per_second(), 8 / 0.032001);
  EXPECT_DOUBLE_EQ(*records[2].total_tokens_per_second(), 24 / 0.032001);
  EXPECT_FALSE(records[1].total_tokens_per_second());
}

TEST(Record, ErrorsNameTheKeyPath) {
  const auto json = to_json(samples::call_records(samples::candidate(), 0, 0, Regime::steady)[1]);
  const auto path = [&](const char* pointer, const core::Json& value) {
    return path_of_error(json, pointer, value, record_from_json);
  };
  EXPECT_EQ(path("/timing/duration_ns", -5), "timing.duration_ns");
  EXPECT_EQ(path("/timing/duration_ns", 5), "timing.duration_ns");
  EXPECT_EQ(path("/timing/start_ns", "soon"), "timing.start_ns");
  EXPECT_EQ(path("/timing/step_ns/3", -1), "timing.step_ns");
  EXPECT_EQ(path("/timing/extra", 1), "timing.extra");
  EXPECT_EQ(path("/scenario/batch", 0), "scenario.batch");
  EXPECT_EQ(path("/phase", "generate"), "phase");
  EXPECT_EQ(path("/reason", "none"), "reason");
  EXPECT_EQ(path("/throughput/tok_s", 0.5), "throughput.tok_s");
  EXPECT_EQ(path("/candidate/id", "abc"), "candidate.id");
  EXPECT_EQ(path("/error", ""), "error");
  EXPECT_EQ(path("/seq", 1.0), "seq");
  EXPECT_EQ(path("/version", 2), "version");
}

// records.jsonl is read by another parser than documents are; both give the same verdict on the same text.
TEST(Record, ALineAndADocumentGetTheSameVerdict) {
  const auto good = core::canonical_json(to_json(samples::call_records(samples::candidate(), 0, 0, Regime::steady)[1]));
  RecordParser parser;
  core::Random random(11);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = *good;
    for (std::uint64_t edits = random.below(3); edits > 0; --edits) {
      static constexpr std::string_view kBytes = "0123456789-+.eE\"\\{}[],:nulltruefalse \t\x01\xff\xc3\xa9";
      const auto at = random.below(text.size());
      const char byte = kBytes[random.below(kBytes.size())];
      switch (random.below(3)) {
        case 0: text[at] = byte; break;
        case 1: text.insert(at, 1, byte); break;
        default: text.erase(at, 1 + random.below(8)); break;
      }
    }
    const auto json = core::parse_json(text, "");
    const auto document = json ? record_from_json(*json) : core::Result<Record>(tl::unexpected(json.error()));
    const auto padded = text + std::string(LineReader::kPadding, ' ');
    Record record;
    const auto line = parser.parse(std::string_view(padded).substr(0, text.size()), record);
    ASSERT_EQ(line.found(), !document.has_value())
        << text << "\nline: " << line.what << "\ndocument: " << (document ? "" : document.error().message());
    if (line.found()) continue;
    ++accepted;
    EXPECT_EQ(text_of(to_json(record)), text_of(to_json(*document)));
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_LT(accepted, 15'000);
}

TEST(Record, EveryKeyIsRequired) {
  const auto json = to_json(samples::call_records(samples::candidate(), 0, 0, Regime::steady)[2]);
  for (const auto& [key, value] : json.items()) {
    auto less = json;
    less.erase(key);
    const auto result = record_from_json(less);
    ASSERT_FALSE(result) << key;
    EXPECT_EQ(result.error().where, key);
  }
}

TEST(Record, ANewerVersionIsAConflictThatSaysSo) {
  auto json = to_json(samples::call_records(samples::candidate(), 0, 0, Regime::steady)[0]);
  json["version"] = kRecordVersion + 1;
  const auto result = record_from_json(json);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, core::ErrorKind::conflict);
}

TEST(Scenario, IdsCarryTheShape) {
  EXPECT_EQ((Scenario{64, 32, 4, 0}.id()), "p64-g32-b4");
  EXPECT_EQ((Scenario{64, 32, 4, 512}.id()), "p64-g32-b4-d512");
}

TEST(Names, EveryEnumValueHasItsOwnSpelling) {
  EXPECT_EQ(to_string(Status::aborted), "aborted");
  EXPECT_EQ(to_string(Reason::none), "none");
  EXPECT_EQ(to_string(Reason::few_samples), "few_samples");
  EXPECT_EQ(to_string(Reason::slower), "slower");
  EXPECT_EQ(parse_reason("tie"), Reason::tie);
  EXPECT_FALSE(parse_reason("tied"));
  EXPECT_EQ(parse_status("timeout"), Status::timeout);
  EXPECT_EQ(parse_phase("e2e"), Phase::e2e);
  EXPECT_EQ(parse_regime("steady"), Regime::steady);
  EXPECT_EQ(parse_workload("mixed"), WorkloadClass::mixed);
}

TEST(Candidate, IdIsTheHashOfTheIdentityAlone) {
  auto candidate = samples::candidate();
  candidate.name = "another name";
  candidate.parameters = 5;
  EXPECT_EQ(candidate_id(candidate.identity), samples::candidate().id);
  candidate.identity.threads = 2;
  EXPECT_NE(candidate_id(candidate.identity), samples::candidate().id);
}

TEST(Candidate, AnIdThatIsNotTheIdentitysHashIsRefused) {
  auto json = to_json(samples::candidate());
  ASSERT_TRUE(candidate_from_json(json));
  json["identity"]["device"] = "GPU";
  const auto result = candidate_from_json(json);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().where, "id");
}

TEST(Manifest, ComesBackFromItsJsonUnchanged) {
  auto manifest = samples::manifest();
  manifest.finished = "2026-01-31T12:05:00.000Z";
  manifest.state = "complete";
  manifest.files = {{"plan.json", samples::hash_of("plan")}};
  manifest.counts = {6, 6, {{"ok", 6}}};
  const auto json = to_json(manifest);
  const auto again = manifest_from_json(json);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(text_of(to_json(*again)), text_of(json));
  EXPECT_EQ(again->seed, manifest.seed);
}

TEST(Manifest, ANullOfTheEnvironmentNeedsAReasonAndAValueHasNone) {
  const auto json = to_json(samples::manifest());
  const auto path = [&](const char* pointer, const core::Json& value) {
    return path_of_error(json, pointer, value, manifest_from_json);
  };
  EXPECT_EQ(path("/environment/gpu/reason", nullptr), "environment.gpu.reason");
  EXPECT_EQ(path("/environment/os/reason", "why"), "environment.os.reason");
  EXPECT_EQ(path("/environment/quantum", core::Json::object()), "environment.quantum");
  EXPECT_EQ(path("/accuracy/0/top1_agreement", 1.5), "accuracy[0].top1_agreement");
  EXPECT_EQ(path("/state", "done"), "state");
  EXPECT_EQ(path("/files/plan.json", "short"), "files");
}

TEST(Policy, ComesBackFromItsJsonUnchangedAndKeepsItsId) {
  const auto policy = samples::policy();
  const auto again = policy_from_json(to_json(policy));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(policy_id(*again).value(), policy_id(policy).value());
  auto other = policy;
  other.rules[0].bucket.gen.high = 65;
  EXPECT_NE(policy_id(other).value(), policy_id(policy).value());
}

TEST(Policy, ErrorsNameTheKeyPath) {
  const auto json = to_json(samples::policy());
  const auto path = [&](const char* pointer, const core::Json& value) {
    return path_of_error(json, pointer, value, policy_from_json);
  };
  EXPECT_EQ(path("/rules/1/winner", "sim-a"), "rules[1].reason");
  EXPECT_EQ(path("/rules/0/bucket/gen", {9, 8}), "rules[0].bucket.gen");
  EXPECT_EQ(path("/rules/0/bucket/gen", {8}), "rules[0].bucket.gen");
  EXPECT_EQ(path("/rules/0/class", "batchy"), "rules[0].class");
  EXPECT_EQ(path("/rules/0/effect/p_adjusted", -0.1), "rules[0].effect.p_adjusted");
  EXPECT_EQ(path("/run_hashes", core::Json::array()), "run_hashes");
  EXPECT_EQ(path("/candidates/0/identity/threads", 0), "candidates[0].identity.threads");
}

}  // namespace
}  // namespace phasegate::evidence
