// The schemas and the strict readers give the same verdicts: every document is mutated at every place in many ways.
#include "evidence/schema.h"

#include <gtest/gtest.h>

#include <functional>

#include "evidence/approvals.h"
#include "evidence/embedded.h"
#include "evidence/observation_samples.h"
#include "evidence/samples.h"

namespace phasegate::evidence {
namespace {

const std::vector<core::Json>& replacements() {
  static const std::vector<core::Json> values = {nullptr,
                                                 true,
                                                 0,
                                                 -1,
                                                 2'000'000'000'000LL,
                                                 1.5,
                                                 "",
                                                 "x",
                                                 "none",
                                                 samples::hash_of("y"),
                                                 core::Json::array({1, 2}),
                                                 core::Json::object()};
  return values;
}

std::vector<core::Json::json_pointer> places(const core::Json& json,
                                             const core::Json::json_pointer& at = core::Json::json_pointer()) {
  std::vector<core::Json::json_pointer> all;
  if (!at.empty()) all.push_back(at);
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      for (auto& place : places(value, at / key)) all.push_back(std::move(place));
    }
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) {
      for (auto& place : places(json[i], at / i)) all.push_back(std::move(place));
    }
  }
  return all;
}

// What the reader refuses and a schema cannot express: relations between values.
bool is_relation(const core::Error& error) {
  for (const char* text : {"does not follow", "exactly when", "low end", "another length", "not the sha256 of the"}) {
    if (error.what.find(text) != std::string::npos) return true;
  }
  return false;
}

using Read = std::function<core::Status(const core::Json&)>;

int count_and_compare(Schema schema, const core::Json& document, const std::string& what, const Read& read) {
  const auto by_schema = check_schema(schema, document);
  const auto by_reader = read(document);
  const bool agree = by_schema.has_value() == by_reader.has_value() || (by_schema && is_relation(by_reader.error()));
  EXPECT_TRUE(agree) << what << "\n  schema: " << (by_schema ? "accepts" : by_schema.error().message())
                     << "\n  reader: " << (by_reader ? "accepts" : by_reader.error().message());
  return by_schema ? 0 : 1;
}

void expect_agreement(Schema schema, const core::Json& document, const Read& read) {
  EXPECT_TRUE(check_schema(schema, document)) << check_schema(schema, document).error().message();
  EXPECT_TRUE(read(document));
  int refused = 0;
  int mutations = 0;
  for (const auto& place : places(document)) {
    // Every key of the environment has the same form: three of them stand for all.
    const auto text = place.to_string();
    if (text.starts_with("/environment/") && text.find("/os") == std::string::npos &&
        text.find("/gpu") == std::string::npos) {
      continue;
    }
    for (const auto& value : replacements()) {
      auto changed = document;
      changed[place] = value;
      refused += count_and_compare(schema, changed, place.to_string() + " = " + value.dump(), read);
      ++mutations;
    }
    auto changed = document;
    auto& parent = changed[place.parent_pointer()];
    if (parent.is_object()) {
      parent.erase(place.back());
      refused += count_and_compare(schema, changed, place.to_string() + " erased", read);
      parent["unknown"] = 1;
      refused += count_and_compare(schema, changed, place.to_string() + " renamed", read);
      mutations += 2;
    }
  }
  EXPECT_GT(refused, mutations / 2);  // most of them are wrong: a schema that accepts everything fails here
}

template <class T>
Read reader(core::Result<T> (*from_json)(const core::Json&)) {
  return [from_json](const core::Json& json) -> core::Status {
    const auto result = from_json(json);
    if (!result) return core::fail(result.error());
    return {};
  };
}

TEST(SchemaAndReader, AgreeOnRecords) {
  auto record = samples::call_records(samples::candidate(), 1, 1, Regime::steady)[1];
  record.steps.resize(2);
  record.ttft = core::Nanos(5);
  expect_agreement(Schema::record, to_json(record), reader(record_from_json));
}
TEST(SchemaAndReader, AgreeOnCandidates) {
  expect_agreement(Schema::candidate, to_json(samples::candidate()), reader(candidate_from_json));
}
TEST(SchemaAndReader, AgreeOnManifests) {
  auto manifest = samples::manifest();
  manifest.finished = "2026-01-31T12:05:00.000Z";
  manifest.counts.by_status = {{"ok", 3}};
  manifest.files = {{"plan.json", samples::hash_of("plan")}};
  expect_agreement(Schema::manifest, to_json(manifest), reader(manifest_from_json));
}
TEST(SchemaAndReader, AgreeOnPolicies) {
  auto policy = samples::policy();
  policy.candidates.resize(1);
  expect_agreement(Schema::policy, to_json(policy), reader(policy_from_json));
}

TEST(SchemaAndReader, AgreeOnApprovals) {
  Step step;
  step.time = "2026-01-31T12:00:00.000Z";
  step.who = "somebody";
  step.why = "measured";
  step.policy = samples::hash_of("policy");
  step.overrides = {{"freeze", "urgent", "until Friday"}};
  step.drifts = {{"driver", "environment.driver", "1", "2"}};
  step.key = samples::hash_of("key");
  step.signature = "00";
  expect_agreement(Schema::approval, to_json(step), reader(step_from_json));
}

TEST(SchemaAndReader, AgreeOnObservations) {
  auto row = samples::observation();
  row.itl_ms = {1.5, 2};
  row.status = Status::degraded;
  row.reason = Reason::invalid_output;
  row.degraded_reasons = {"fail_accuracy"};
  std::string line;
  ASSERT_TRUE(write_observation(row, line));
  expect_agreement(Schema::observation, core::parse_json(line, "line").value(), [](const core::Json& json) {
    const auto read = read_observation(core::canonical_json(json).value(), "line");
    return read ? core::Status() : core::Status(core::fail(read.error()));
  });
}

TEST(Schema, TheCandidateInsideOtherDocumentsIsTheCandidate) {
  const auto candidate = core::parse_json(kCandidateSchema, "candidate").value();
  for (const auto text : {kManifestSchema, kPolicySchema}) {
    const auto inside = core::parse_json(text, "outer").value()["definitions"]["candidate"];
    EXPECT_EQ(inside["properties"], candidate["properties"]);
    EXPECT_EQ(inside["required"], candidate["required"]);
  }
}

TEST(Schema, ErrorsNameTheKeyPath) {
  auto json = to_json(samples::manifest());
  json["accuracy"][0]["top1_agreement"] = 2;
  const auto status = check_schema(Schema::manifest, json);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().where, "accuracy[0].top1_agreement");
}

}  // namespace
}  // namespace phasegate::evidence
