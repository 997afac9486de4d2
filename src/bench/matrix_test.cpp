#include "bench/matrix.h"

#include <gtest/gtest.h>

#include "bench/plan.h"

namespace phasegate::bench {
namespace {

constexpr const char* kGood = R"(name: good
seed: 7
rounds: 3
models:
  - {name: m, path: m.gguf, weight_set: w}
  - {name: f32, path: /models/f32.gguf}
candidates:
  - {engine: llamacpp, model: m, threads: 2, compile: off}
  - {engine: onnx, model: m, label: other}
scenarios:
  axes: {prompt: [1, 16], gen: 8, batch: [1, 4]}
  list: [{prompt: 512, gen: 64, batch: 1, depth: 128}]
warmup: {min_calls: 3, max_calls: 9, scope: scenario}
control: {prompt: 16, gen: 8, every: 3}
default_safe: other
accuracy: {tokens: 64, reference: {engine: llamacpp, model: f32}}
timeouts: {call_s: 2.5}
)";

TEST(Matrix, IsReadWithItsDefaults) {
  const auto matrix = parse_matrix(kGood, "good.yaml", "/base");
  ASSERT_TRUE(matrix) << matrix.error().message();
  EXPECT_EQ(matrix->models[0].path, "/base/m.gguf");
  EXPECT_EQ(matrix->models[1].path, "/models/f32.gguf");
  EXPECT_EQ(matrix->candidates[0].label, "llamacpp-m-cpu-t2");
  EXPECT_EQ(matrix->candidates[1].label, "other");
  ASSERT_EQ(matrix->scenarios.size(), 5U);
  EXPECT_EQ(matrix->scenarios[1].id(), "p1-g8-b4");
  EXPECT_EQ(matrix->scenarios[4].id(), "p512-g64-b1-d128");
  EXPECT_EQ(matrix->warmup.scope, WarmupPolicy::Scope::scenario);
  EXPECT_EQ(matrix->warmup.window, evidence::default_thresholds().warmup_window);
  EXPECT_EQ(matrix->control->every, 3);
  EXPECT_DOUBLE_EQ(matrix->timeouts.call_s, 2.5);
  EXPECT_DOUBLE_EQ(matrix->timeouts.load_s, evidence::default_thresholds().load_timeout_s);
  EXPECT_EQ(matrix->accuracy.reference->model, "f32");
}

TEST(Matrix, ItsJsonReadsBackToTheSameValue) {
  const auto matrix = parse_matrix(kGood, "good.yaml", "/base");
  ASSERT_TRUE(matrix);
  const auto again = parse_matrix(to_json(*matrix).dump(), "manifest", {});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(to_json(*again), to_json(*matrix));
}

struct Fault {
  const char* name;
  const char* from;  // replaced in kGood by
  const char* to;
  const char* where;  // "line: key" that the error must name
  const char* what;
};

class MatrixFault : public ::testing::TestWithParam<Fault> {};

TEST_P(MatrixFault, NamesLineKeyAndWhatToDo) {
  std::string text = kGood;
  const auto at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string(GetParam().from).size(), GetParam().to);
  const auto matrix = parse_matrix(text, "bad.yaml", "/base");
  ASSERT_FALSE(matrix);
  EXPECT_EQ(matrix.error().kind, core::ErrorKind::invalid_input);
  EXPECT_EQ(matrix.error().where, std::string("bad.yaml:") + GetParam().where);
  EXPECT_NE(matrix.error().what.find(GetParam().what), std::string::npos) << matrix.error().what;
  EXPECT_FALSE(matrix.error().next.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, MatrixFault,
    ::testing::Values(
        Fault{"unknown_key", "seed: 7", "sed: 7", "2: sed", "unknown key"},
        Fault{"twice", "seed: 7", "name: again", "2: name", "twice"},
        Fault{"no_name", "name: good\n", "", " the file", "no key \"name\""},
        Fault{"word_for_number", "rounds: 3", "rounds: three", "3: rounds", "not a whole number"},
        Fault{"quoted_number", "rounds: 3", "rounds: \"3\"", "3: rounds", "not a whole number"},
        Fault{"fraction", "rounds: 3", "rounds: 3.5", "3: rounds", "not a whole number"},
        Fault{"zero_rounds", "rounds: 3", "rounds: 0", "3: rounds", "outside 1 to"},
        Fault{"huge", "rounds: 3", "rounds: 99999999999999999999", "3: rounds", "not a whole number"},
        Fault{"empty_axis", "prompt: [1, 16]", "prompt: []", "11: scenarios.axes.prompt", "empty axis"},
        Fault{"axis_twice", "prompt: [1, 16]", "prompt: [16, 16]", "11: scenarios.axes.prompt", "has 16 twice"},
        Fault{"zero_prompt", "prompt: [1, 16]", "prompt: [0]", "11: scenarios.axes.prompt", "outside 1 to"},
        Fault{"no_gen", "gen: 8, batch: [1, 4]", "batch: 1", "11: scenarios.axes", "no key \"gen\""},
        Fault{"axes_no_map", "axes: {prompt: [1, 16], gen: 8, batch: [1, 4]}", "axes: 3", "11: scenarios.axes",
              "is not a section"},
        Fault{"scenario_twice", "{prompt: 512, gen: 64, batch: 1, depth: 128}", "{prompt: 1, gen: 8}", "10: scenarios",
              "p1-g8-b1 stands twice"},
        Fault{
            "no_candidates",
            "  - {engine: llamacpp, model: m, threads: 2, compile: off}\n  - {engine: onnx, model: m, label: other}\n",
            "  []\n", "7: candidates", "empty list"},
        Fault{"unknown_model", "engine: onnx, model: m", "engine: onnx, model: n", "9: candidates[1].model",
              "not one of the models"},
        Fault{"same_label", "label: other", "label: llamacpp-m-cpu-t2", "9: candidates[1].label", "twice"},
        Fault{"bad_label", "label: other", "label: a/b", "9: candidates[1].label", "is no name"},
        Fault{"bad_flag", "compile: off", "compile: maybe", "8: candidates[0].compile", "not on or off"},
        Fault{"bad_sha", "weight_set: w", "sha256: abc", "5: models[0].sha256", "not a SHA-256"},
        Fault{"model_twice", "{name: f32,", "{name: m,", "6: models[1].name", "twice"},
        Fault{"default_safe", "default_safe: other", "default_safe: nobody", "15: default_safe", "not the label"},
        Fault{"never_converges", "max_calls: 9", "max_calls: 2", "13: warmup.max_calls", "never converge"},
        Fault{"scope", "scope: scenario", "scope: all", "13: warmup.scope", "is \"all\""},
        Fault{"infinite", "call_s: 2.5", "call_s: inf", "17: timeouts.call_s", "not a number"},
        Fault{"not_yaml", "seed: 7", "seed: [7", "3", "not YAML"},
        Fault{"too_many_cells", "prompt: [1, 16], gen: 8, batch: [1, 4]",
              "prompt: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30], "
              "gen: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30], "
              "batch: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]",
              "11: scenarios.axes", "27000 scenarios"}),
    [](const ::testing::TestParamInfo<Fault>& fault) { return fault.param.name; });

TEST(Matrix, AFileThatIsTooLongIsRefused) {
  const auto matrix = parse_matrix(std::string(2 << 20, ' '), "long.yaml", {});
  ASSERT_FALSE(matrix);
  EXPECT_NE(matrix.error().what.find("the limit is"), std::string::npos);
}

TEST(Matrix, DeepNestingIsAnErrorNotACrash) { EXPECT_FALSE(parse_matrix(std::string(200'000, '['), "deep.yaml", {})); }

MatrixInputs inputs() {
  MatrixInputs inputs;
  inputs.name = "built";
  inputs.models = {{"m", "m.gguf", "", ""}};
  inputs.candidates = {{"llamacpp", "m", "cpu", 1, false, ""}, {"onnx", "m", "cpu", 1, false, ""}};
  return inputs;
}

TEST(ScenarioSets, QuickHasTheCornersOfItsBucketsAndEnoughSessions) {
  const auto matrix = checked_matrix(quick_matrix(inputs()), "quick");
  ASSERT_TRUE(matrix) << matrix.error().message();
  EXPECT_EQ(matrix->scenarios.size(), 8U);
  EXPECT_GE(matrix->rounds, evidence::default_thresholds().min_sessions);
  EXPECT_EQ(matrix->control->scenario.id(), "p32-g8-b1");
  EXPECT_FALSE(matrix->left_out.empty());
}

TEST(ScenarioSets, FullIsS1) {
  const auto matrix = checked_matrix(full_matrix(inputs()), "full");
  ASSERT_TRUE(matrix) << matrix.error().message();
  EXPECT_EQ(matrix->scenarios.size(), 6U * 6U * 3U);
}

TEST(ScenarioSets, MeasureMakesTheCellsThatWereAskedFor) {
  const auto matrix = checked_matrix(measure_matrix(inputs(), {{64, 512}, {64}, {1}, 128, 5, 1}), "measure");
  ASSERT_TRUE(matrix) << matrix.error().message();
  ASSERT_EQ(matrix->scenarios.size(), 2U);
  EXPECT_EQ(matrix->scenarios[1].id(), "p512-g64-b1-d128");
  EXPECT_FALSE(matrix->control);
}

}  // namespace
}  // namespace phasegate::bench
