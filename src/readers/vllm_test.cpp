// vLLM results: one that the tool wrote, the same in other versions' layout, and the same broken.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/json.h"
#include "readers/foreign_fixture.h"

namespace phasegate::readers {
namespace {

using evidence::Status;
using evidence::Window;

TEST(Vllm, ReadsADetailedResult) {
  const auto taken = take(foreign("vllm"));
  const auto& facts = taken.source.facts;
  EXPECT_EQ(taken.source.format, Format::vllm);
  ASSERT_EQ(taken.rows.size(), 40u);
  EXPECT_EQ(taken.source.bad_rows, 0);
  const auto& row = taken.rows.front();
  EXPECT_EQ(row.window, Window::request);
  EXPECT_EQ(row.model, "smol");
  EXPECT_EQ(row.backend, "openai");
  EXPECT_EQ(row.scenario, "2 requests/s");
  EXPECT_EQ(row.prompt_tokens, 64);
  EXPECT_EQ(row.generated_tokens, 32);
  EXPECT_EQ(row.itl_ms.size(), 31u);
  EXPECT_NEAR(row.ttft_ms.at(0), 162.54579599990393, 1e-9);
  EXPECT_NEAR(row.latency_ms.at(0), 1394.6336680000968, 1e-9);
  EXPECT_FALSE(row.started_unix_s);  // start_times is of a clock without an epoch
  EXPECT_NEAR(row.numbers.at("start_time"), 13175.582424928, 1e-6);
  EXPECT_EQ(facts.rows_expected, 40);
  EXPECT_EQ(facts.arrival, "poisson");
  EXPECT_EQ(facts.request_rate, 2.0);
  EXPECT_EQ(facts.failed, 0);
  EXPECT_EQ(facts.intended_times, false);
  EXPECT_EQ(facts.ttft_measured, true);
  EXPECT_FALSE(facts.hardware);
  EXPECT_FALSE(facts.model_identity);
  EXPECT_TRUE(taken.source.tool_version.empty());
  EXPECT_TRUE(taken.source.environment.at("driver").value.is_null());
  // The lists are rows now; the aggregates stay as they were.
  const auto& document = taken.source.documents.begin()->second;
  EXPECT_FALSE(document.contains("ttfts"));
  EXPECT_NEAR(document["p99_ttft_ms"].get<double>(), 310.199, 1e-3);
  EXPECT_EQ(taken.source.files.at(0).sha256.size(), 64u);
}

TEST(Vllm, WithoutSaveDetailedThereAreAggregatesAlone) {
  Folder folder;
  auto document = core::Json::parse(slurp(foreign("vllm/bench-serve-detailed-2qps.json")));
  for (const char* key : {"input_lens", "output_lens", "start_times", "ttfts", "itls", "generated_texts", "errors",
                          "latencies", "queue_times"}) {
    document.erase(key);
  }
  folder.write("result.json", document.dump());
  const auto taken = take(folder.path());
  EXPECT_TRUE(taken.rows.empty());
  EXPECT_EQ(taken.source.rows, 0);
  EXPECT_FALSE(taken.source.facts.rows_expected);
  EXPECT_EQ(taken.source.documents.size(), 1u);
}

TEST(Vllm, AnOldResultHasLatenciesAsTheSumOfItsGapsAndItsFailuresAsZeros) {
  Folder folder;
  folder.write("old.json", R"({"date": "20240601-101010", "backend": "vllm", "model_id": "m", "tokenizer_id": "m",
    "best_of": 1, "use_beam_search": false, "num_prompts": 3, "request_rate": "inf", "duration": 1.5, "completed": 2,
    "total_input_tokens": 20, "total_output_tokens": 5, "request_throughput": 1.33, "input_lens": [10, 10, 10],
    "output_lens": [3, 2, 0], "ttfts": [0.1, 0.2, 0.0], "itls": [[0.01, 0.02], [0.03], []],
    "generated_texts": ["a", "b", ""]})");
  const auto taken = take(folder.path());
  ASSERT_EQ(taken.rows.size(), 3u);
  EXPECT_NEAR(taken.rows[0].latency_ms.at(0), 130, 1e-9);
  EXPECT_EQ(taken.rows[1].status, Status::ok);
  EXPECT_EQ(taken.rows[2].status, Status::error);
  EXPECT_TRUE(taken.rows[2].ttft_ms.empty());
  EXPECT_EQ(taken.source.facts.arrival, "burst");
  EXPECT_FALSE(taken.source.facts.request_rate);
}

TEST(Vllm, AppendedResultsAreTwoDocumentsOfOneFile) {
  Folder folder;
  auto document = core::Json::parse(slurp(foreign("vllm/bench-serve-detailed-2qps.json")));
  const auto first = document.dump();
  document["request_rate"] = 4.0;
  folder.write("both.json", first + "\n" + document.dump());
  const auto taken = take(folder.path());
  ASSERT_EQ(taken.rows.size(), 80u);
  EXPECT_EQ(taken.rows[79].scenario, "4 requests/s");
  EXPECT_EQ(taken.rows[79].line, 80);
  EXPECT_EQ(taken.source.facts.rows_expected, 80);
  EXPECT_FALSE(taken.source.facts.request_rate);  // differs
  EXPECT_EQ(taken.source.documents.size(), 2u);
}

TEST(Vllm, ABadRequestIsCountedAndItsNeighboursAreTaken) {
  Folder folder;
  auto document = core::Json::parse(slurp(foreign("vllm/bench-serve-detailed-2qps.json")));
  document["ttfts"][3] = -1.0;
  document["itls"][5][2] = "fast";
  document["errors"][7] = "TimeoutError: 30 s";
  folder.write("r.json", document.dump());
  const auto taken = take(folder.path());
  EXPECT_EQ(taken.rows.size(), 38u);
  ASSERT_EQ(taken.source.bad.size(), 2u);
  EXPECT_EQ(taken.source.bad[0].line, 4);
  EXPECT_EQ(taken.source.bad[0].key, "ttft");
  EXPECT_EQ(taken.source.bad[0].found, "-1.0");
  EXPECT_EQ(taken.source.bad[1].key, "itl");
  const auto timeout =
      std::find_if(taken.rows.begin(), taken.rows.end(), [](const auto& row) { return row.line == 8; });
  ASSERT_NE(timeout, taken.rows.end());
  EXPECT_EQ(timeout->status, Status::timeout);
  EXPECT_TRUE(timeout->latency_ms.empty());
}

TEST(Vllm, ListsOfDifferentLengthsAndATruncatedFileAreRefusedByName) {
  Folder folder;
  const auto text = slurp(foreign("vllm/bench-serve-detailed-2qps.json"));
  auto document = core::Json::parse(text);
  document["ttfts"].erase(0);
  folder.write("r.json", document.dump());
  const auto ignore = [](Observation&) { return core::Status{}; };
  auto source = read(only_run(folder.path()), ignore);
  ASSERT_FALSE(source);
  EXPECT_NE(source.error().message().find("ttfts has 39"), std::string::npos) << source.error().message();
  folder.write("r.json", text.substr(0, text.size() / 2));
  source = read(only_run(folder.path()), ignore);
  ASSERT_FALSE(source);
  EXPECT_NE(source.error().message().find("r.json"), std::string::npos);
}

}  // namespace
}  // namespace phasegate::readers
