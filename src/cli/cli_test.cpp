#include <gtest/gtest.h>

#include <vector>

#include "cli/budget.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/tables.h"

namespace phasegate::cli {
namespace {

std::variant<Options, int> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "phasegate");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  auto parsed = parse_options(static_cast<int>(words.size()), words.data());
  (void)testing::internal::GetCapturedStdout();
  (void)testing::internal::GetCapturedStderr();
  return parsed;
}

template <class T>
T command(const std::variant<Options, int>& parsed) {
  return std::get<T>(std::get<Options>(parsed).command);
}

TEST(Options, EveryCommandFillsItsStruct) {
  const auto measure =
      command<MeasureOptions>(parse({"measure", "--engine", "llamacpp", "--model", "m.gguf", "--prompt", "64,512",
                                     "--gen", "64", "--depth", "128", "--json"}));
  EXPECT_EQ(measure.prompt, (std::vector<int>{64, 512}));
  EXPECT_EQ(measure.gen, std::vector<int>{64});
  EXPECT_EQ(measure.depth, 128);
  const auto run =
      command<RunOptions>(parse({"run", "--quick", "--model", "a.gguf", "--model", "b", "--budget", "10m"}));
  EXPECT_TRUE(run.quick);
  EXPECT_EQ(run.models, (std::vector<std::string>{"a.gguf", "b"}));
  EXPECT_EQ(command<StepOptions>(parse({"decide", "r1", "r2", "--pricing", "p.yaml"})).runs.runs.size(), 2U);
  EXPECT_EQ(command<StepOptions>(parse({"validate", "last"})).step, RunStep::validate);
  EXPECT_EQ(command<CardOptions>(parse({"card"})).source, "last");
  EXPECT_EQ(
      command<ExplainOptions>(parse({"explain", "p", "--prompt-tokens", "200", "--gen-tokens", "64", "--batch", "2"}))
          .batch,
      2);
  EXPECT_EQ(command<ForgeOptions>(parse({"forge", "--seed", "7", "--to", "gguf,onnx", "--out", "o"})).seed, 7U);
}

TEST(Options, GlobalOptionsMayFollowTheCommand) {
  const auto options = std::get<Options>(parse({"doctor", "--json", "--store", "elsewhere"}));
  EXPECT_TRUE(options.json);
  EXPECT_EQ(options.store, "elsewhere");
}

TEST(Options, WrongUseIsExitCodeTwoAndHelpIsZero) {
  for (const auto& words :
       std::vector<std::vector<const char*>>{{},
                                             {"fly"},
                                             {"run", "--quick", "--full"},
                                             {"run", "m.yaml", "--quick"},
                                             {"measure", "--engine", "sim"},
                                             {"measure", "--engine", "sim", "--model", "m", "--prompt", "0"},
                                             {"measure", "--engine", "sim", "--model", "m", "--prompt", "x"},
                                             {"forge", "--from", "a", "--seed", "1", "--out", "o"},
                                             {"forge", "--seed", "1", "--quant", "q9", "--out", "o"},
                                             {"explain", "p"},
                                             {"run", "--resume", "x", "--quick"},
                                             {"run", "--resume", "x", "--model", "m.gguf"},
                                             {"run", "--resume", "x", "--rounds", "9"}}) {
    const auto parsed = parse(words);
    ASSERT_TRUE(std::holds_alternative<int>(parsed));
    EXPECT_EQ(std::get<int>(parsed), kExitUsage);
  }
  EXPECT_EQ(std::get<int>(parse({"run", "--help"})), kExitDone);
}

TEST(Budget, ReadsDurations) {
  EXPECT_EQ(parse_budget("90s").value(), 90);
  EXPECT_EQ(parse_budget("10m").value(), 600);
  EXPECT_EQ(parse_budget("1h30m").value(), 5400);
  for (const char* wrong : {"", "10", "m", "-5m", "5x", "0s", "nan"}) EXPECT_FALSE(parse_budget(wrong)) << wrong;
}

TEST(Output, ErrorsMapToDocumentedExitCodes) {
  EXPECT_EQ(exit_code(core::ErrorKind::invalid_input), 2);
  EXPECT_EQ(exit_code(core::ErrorKind::not_found), 2);
  EXPECT_EQ(exit_code(core::ErrorKind::conflict), 3);
  EXPECT_EQ(exit_code(core::ErrorKind::toolchain_missing), 3);
  EXPECT_EQ(exit_code(core::ErrorKind::evidence), 1);
  EXPECT_EQ(exit_code(core::ErrorKind::aborted), 1);
}

TEST(Output, TextsForPeople) {
  EXPECT_EQ(human_seconds(35.4), "35 s");
  EXPECT_EQ(human_seconds(100), "1m 40s");
  EXPECT_EQ(human_seconds(7260), "2h 01m");
  EXPECT_EQ(estimate_text({std::nullopt, std::nullopt, 2, "n_below_3"}), "- (n_below_3)");
  EXPECT_EQ(estimate_text({12.345, analysis::Interval{11, 13}, 5, ""}), "12.35 [11, 13]");
}

}  // namespace
}  // namespace phasegate::cli
