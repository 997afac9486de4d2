#include "control/watch.h"

#include <gtest/gtest.h>

#include "control/fixture.h"

namespace phasegate::control {
namespace {

using policy::fixture::scenario;

// A policy with energy evidence and engine builds, so that every kind of field can be mutated.
evidence::Policy subject() {
  auto policy = fixture::demo();
  for (auto& candidate : policy.candidates) {
    candidate.identity.engine_build = "build of " + candidate.identity.engine;
    candidate.id = evidence::candidate_id(candidate.identity);
  }
  policy.tables["runs"][0]["instrument"] = {{"sensors", {{"rapl", {{"period_ns", 1'000'000}}}}}};
  return policy;
}

Here matching(const evidence::Policy& policy) {
  Here here = fixture::here(policy);
  here.sensors = {{"rapl", {{"period_ns", 1'100'000}}}};  // within the threshold
  return here;
}

std::vector<policy::Weight> declared_mix() { return {{scenario("p128-g64-b1"), 0.8}, {scenario("p128-g8-b4"), 0.2}}; }

struct Inputs {
  evidence::Policy policy = subject();
  Here here = matching(policy);
  std::vector<policy::Weight> mix = declared_mix();
};

WatchReport report_of(const Inputs& in, const Standing& standing = {}, const Origin& origin = {}) {
  return watch(in.policy, evidence::policy_id(in.policy)->value, in.here, mix_distance(in.policy, in.mix).value(),
               standing, origin);
}

TEST(Watch, TheSameMachineMatchesInEveryField) {
  const auto report = report_of({});
  EXPECT_FALSE(report.stale()) << to_text(report);
  EXPECT_TRUE(report.boundary.unchecked.empty()) << to_text(report);
  // 14 of the environment, 2 engines with version and build, 1 model file by name, sensor, 6 of the price, expiry, mix
  EXPECT_EQ(report.boundary.matched, 14 + 4 + 1 + 1 + 6 + 1 + 1);
  EXPECT_FALSE(stale_step(report, "watch"));
  EXPECT_TRUE(report.proposals.empty());
}

struct Mutation {
  std::string name;
  void (*apply)(Inputs&);
  Trigger trigger;
  std::string rerun;
  std::string field;
};

// Requirement 124: each field of boundary and manifest, mutated alone, gives its own trigger and no other.
TEST(Watch, EachMutatedFieldGivesItsTrigger) {
  std::vector<Mutation> table;
  const std::map<std::string, Trigger> environment = {
      {"os", Trigger::runtime},
      {"kernel", Trigger::runtime},
      {"libc", Trigger::runtime},
      {"cpu_model", Trigger::hardware_class},
      {"cpu_cores", Trigger::hardware_class},
      {"cpu_governor", Trigger::hardware_class},
      {"cpu_flags", Trigger::hardware_class},
      {"virtualisation", Trigger::hardware_class},
      {"gpu", Trigger::hardware_class},
      {"power_limit", Trigger::hardware_class},
      {"power_plan", Trigger::hardware_class},
      {"driver", Trigger::driver},
      {"cuda", Trigger::driver},
      {"compiler", Trigger::compiler},
  };
  const Inputs unchanged;
  ASSERT_EQ(environment.size(), unchanged.policy.boundary.at("environment").size());  // no key is left out
  for (const auto& [key, trigger] : environment) {
    for (const bool gone : {false, true}) {
      Inputs in;
      in.here.environment[key] = gone ? evidence::EnvironmentValue{nullptr, "cannot be read"}
                                      : evidence::EnvironmentValue{"something else", ""};
      const auto report = report_of(in);
      ASSERT_EQ(report.boundary.drifts.size(), 1U) << key << "\n" << to_text(report);
      EXPECT_EQ(report.boundary.drifts[0].trigger, trigger) << key;
      EXPECT_EQ(report.boundary.drifts[0].field, "environment." + key);
      ASSERT_EQ(report.proposals.size(), 1U);
      EXPECT_EQ(report.proposals[0].rerun, "S0-S3");
    }
  }
  table = {
      {"engine version", [](Inputs& in) { in.here.engines[0].version = "2.0"; }, Trigger::runtime, "S0-S3",
       "engines.llamacpp.version"},
      {"library hash", [](Inputs& in) { in.here.engines[1].build = "another"; }, Trigger::runtime, "S0-S3",
       "engines.onnx.build"},
      {"engine gone", [](Inputs& in) { in.here.engines[1].present = false; }, Trigger::runtime, "S0-S3",
       "engines.onnx"},
      {"model hash",
       [](Inputs& in) {
         for (auto& model : in.here.models) model.sha256 = std::string(64, '0');
       },
       Trigger::model, "S1-S3", "models.TinyLM-100M"},
      {"another model by hand",
       [](Inputs& in) { in.here.models.push_back({"", "new.gguf", std::string(64, '1'), {{"q8_0", 210}}, ""}); },
       Trigger::model, "S1-S3", "models.new.gguf"},
      {"sensor period", [](Inputs& in) { in.here.sensors["rapl"]["period_ns"] = 1'300'000; }, Trigger::sensor_cadence,
       "S0 and every energy value", "sensors.rapl.period_ns"},
      {"sensor gone", [](Inputs& in) { in.here.sensors = core::Json::object(); }, Trigger::sensor_cadence,
       "S0 and every energy value", "sensors.rapl"},
      {"mix moved", [](Inputs& in) { in.mix = {{scenario("p128-g64-b1"), 0.6}, {scenario("p128-g8-b4"), 0.4}}; },
       Trigger::mix, "S3 and the weights", "mix.distance"},
      {"price", [](Inputs& in) { in.here.pricing->price.usd_per_hour = 0.3; }, Trigger::prices, "pricing alone",
       "pricing.usd_per_hour"},
      {"price of another id", [](Inputs& in) { in.here.pricing->price.id = "p-2"; }, Trigger::prices, "pricing alone",
       "pricing.id"},
      {"price too old",
       [](Inputs& in) {
         in.policy.economics["pricing"]["date"] = "2024-12-31";
         in.here.pricing->price.date = "2024-12-31";
       },
       Trigger::prices, "pricing alone", "pricing.date"},
      {"expiry", [](Inputs& in) { in.here.now = in.policy.expires; }, Trigger::expiry, "S0-S3", "expires"},
  };
  for (const Mutation& mutation : table) {
    Inputs in;
    mutation.apply(in);
    const auto report = report_of(in);
    ASSERT_EQ(report.boundary.drifts.size(), 1U) << mutation.name << "\n" << to_text(report);
    EXPECT_EQ(report.boundary.drifts[0].trigger, mutation.trigger) << mutation.name;
    EXPECT_EQ(report.boundary.drifts[0].field, mutation.field) << mutation.name;
    ASSERT_EQ(report.proposals.size(), 1U) << mutation.name;
    EXPECT_EQ(report.proposals[0].rerun, mutation.rerun) << mutation.name;
    EXPECT_FALSE(report.proposals[0].commands.empty());
    const auto step = stale_step(report, "watch");
    ASSERT_TRUE(step) << mutation.name;
    EXPECT_EQ(step->drifts.size(), 1U);
  }
}

TEST(Watch, OtherWeightTypesAreAModelAndAQuantizationDrift) {
  Inputs in;
  for (auto& model : in.here.models) {
    model.sha256 = std::string(64, '0');
    model.weight_tensors = {{"q4_0", 210}, {"f32", 60}};
  }
  const auto report = report_of(in);
  ASSERT_EQ(report.boundary.drifts.size(), 2U) << to_text(report);
  EXPECT_EQ(report.boundary.drifts[1].trigger, Trigger::quantization);
  EXPECT_EQ(report.boundary.drifts[1].was, "f32+q8_0");
  EXPECT_EQ(report.boundary.drifts[1].is, "f32+q4_0");
  ASSERT_EQ(report.proposals.size(), 1U);  // both mean S1-S3
  EXPECT_EQ(report.proposals[0].triggers.size(), 2U);
}

TEST(Watch, WhatCannotBeComparedIsListedAndIsNoMatch) {
  Inputs in;
  in.here.models.clear();
  in.here.engines[0].build.clear();
  in.here.pricing.reset();
  in.policy.tables["global"] = core::Json::array();
  const auto report = report_of(in);
  EXPECT_FALSE(report.stale()) << to_text(report);
  std::vector<std::string> fields;
  for (const auto& one : report.boundary.unchecked) fields.push_back(one.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"engines.llamacpp.build", "models.TinyLM-100M", "pricing.sha256",
                                              "mix.distance"}));
}

TEST(Watch, AMixOutsideOfEveryBucketDriftsWithoutDeclaredWeights) {
  Inputs in;
  in.policy.tables["global"] = core::Json::array();
  in.mix = {{scenario("p128-g64-b1"), 0.8}, {scenario("p4096-g64-b1"), 0.2}};
  const auto report = report_of(in);
  ASSERT_EQ(report.boundary.drifts.size(), 1U) << to_text(report);
  EXPECT_EQ(report.boundary.drifts[0].field, "mix.out_of_envelope");
  EXPECT_NEAR(report.mix->out_of_envelope, 0.2, 1e-12);
}

TEST(Watch, MarksADriftOnceAndStaysStaleUntilApprovedAgain) {
  Inputs in;
  in.here.environment["driver"].value = "560.1";
  const auto first = report_of(in);
  const auto step = stale_step(first, "watch");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->kind, evidence::StepKind::stale);
  EXPECT_NE(step->why.find("driver"), std::string::npos);
  Standing standing;
  standing.approved = first.policy_id;
  standing.stale = step->drifts;
  standing.stale_since = step->time;
  EXPECT_FALSE(stale_step(report_of(in, standing), "watch"));
  in.here.environment["libc"].value = "glibc 2.40";
  const auto more = stale_step(report_of(in, standing), "watch");
  ASSERT_TRUE(more);
  ASSERT_EQ(more->drifts.size(), 1U);
  EXPECT_EQ(more->drifts[0].field, "environment.libc");
  const auto back = report_of({}, standing);
  EXPECT_TRUE(back.stale());
  EXPECT_NE(to_text(back).find("approve it again"), std::string::npos);
}

TEST(Propose, TheCommandThatMadeTheEvidenceIsRepeatedWithoutItsStore) {
  const std::vector<std::string> argv = {"build/phasegate", "--store", "s",         "run",    "--quick",   "--model",
                                         "my model.gguf",   "--html",  "card.html", "--json", "--pricing", "p.yaml"};
  EXPECT_EQ(command_of(argv, {}), "phasegate run --quick --model 'my model.gguf' --pricing p.yaml");
  EXPECT_EQ(command_of(argv, {"new.gguf"}), "phasegate run --quick --pricing p.yaml --model new.gguf");
  EXPECT_EQ(command_of({"phasegate", "run", "--resume", "last"}, {}), std::nullopt);
  EXPECT_EQ(command_of({"phasegate", "measure", "-e", "sim"}, {}), std::nullopt);
  EXPECT_EQ(command_of({}, {}), std::nullopt);
}

TEST(Propose, PricesAndMixDecideAgainOnTheSameRuns) {
  Inputs in;
  in.here.pricing->price.usd_per_hour = 0.3;
  in.mix = {{scenario("p128-g8-b4"), 1.0}};
  const auto report = report_of(
      in, {}, {.argv = {}, .runs = in.policy.runs, .pricing = "p.yaml", .mix = "m.yaml", .changed_models = {}});
  ASSERT_EQ(report.proposals.size(), 2U);
  EXPECT_EQ(report.proposals[0].rerun, "S3 and the weights");
  EXPECT_EQ(report.proposals[1].rerun, "pricing alone");
  const std::string decide = "phasegate decide " + in.policy.runs[0] + " --pricing p.yaml --mix m.yaml";
  EXPECT_EQ(report.proposals[0].commands[0], decide);
  EXPECT_EQ(report.proposals[1].commands[0], decide);
}

TEST(MixDistance, IsTheTotalVariationOverTheBuckets) {
  const auto policy = fixture::demo();
  EXPECT_NEAR(*mix_distance(policy, declared_mix())->distance, 0, 1e-12);
  // The same bucket by another shape is the same traffic.
  EXPECT_NEAR(*mix_distance(policy, {{scenario("p100-g64-b1"), 4}, {scenario("p100-g8-b4"), 1}})->distance, 0, 1e-12);
  EXPECT_NEAR(*mix_distance(policy, {{scenario("p128-g64-b1"), 0.5}, {scenario("p128-g8-b4"), 0.5}})->distance, 0.3,
              1e-12);
  EXPECT_NEAR(*mix_distance(policy, {{scenario("p9999-g64-b1"), 1}})->distance, 1, 1e-12);
  EXPECT_FALSE(mix_distance(policy, {}));
  EXPECT_FALSE(mix_distance(policy, {{scenario("p128-g64-b1"), 0}}));
}

}  // namespace
}  // namespace phasegate::control
