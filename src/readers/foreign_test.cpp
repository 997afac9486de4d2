// The exports of other tools that stand under tests/conformance/foreign, each written by the tool itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "core/json.h"
#include "readers/foreign_fixture.h"

namespace phasegate::readers {
namespace {

using evidence::Status;
using evidence::Window;

TEST(Aiperf, ReadsRowsSummaryAndTables) {
  const auto taken = take(foreign("aiperf"));
  const auto& source = taken.source;
  ASSERT_EQ(taken.rows.size(), 40u);
  EXPECT_EQ(source.tool, "AIPerf");
  EXPECT_EQ(source.tool_version, "0.13.0");
  EXPECT_EQ(source.started, "2026-11-24T10:17:23Z");
  const auto& row = taken.rows.front();
  EXPECT_EQ(row.model, "stub");
  EXPECT_NEAR(row.ttft_ms.at(0), 53.934221, 1e-9);
  EXPECT_NEAR(row.latency_ms.at(0), 292.867745, 1e-9);
  EXPECT_EQ(row.itl_ms.size(), 24u);
  EXPECT_EQ(row.prompt_tokens, 32);  // by the client's tokenizer
  EXPECT_EQ(row.numbers.at("usage_prompt_tokens"), 8);
  EXPECT_EQ(row.generated_tokens, 25);
  EXPECT_NEAR(row.numbers.at("credit_to_start_ms"), 1.509528, 1e-9);
  EXPECT_NEAR(*row.started_unix_s, 1795515443.520552487, 1e-6);
  EXPECT_EQ(source.facts.arrival, "constant");
  EXPECT_EQ(source.facts.request_rate, 10.0);
  EXPECT_EQ(source.facts.rows_expected, 40);
  EXPECT_EQ(source.facts.tokens_counted_by, "client_tokenizer");
  EXPECT_EQ(source.facts.failed, 0);
  EXPECT_EQ(source.facts.warmup_labelled, true);
  EXPECT_EQ(source.facts.intended_times, false);
  ASSERT_EQ(source.tables.size(), 3u);
  EXPECT_EQ(source.tables.at("profile_export_aiperf.csv").columns.at(1), "avg");
  EXPECT_EQ(source.tables.at("profile_export_aiperf.csv#2").columns, (std::vector<std::string>{"Metric", "Value"}));
}

TEST(Aiperf, FailedAndCancelledAndWarmupRecords) {
  Folder folder;
  folder.write(
      "profile_export.jsonl",
      R"({"metadata":{"x_request_id":"a","request_start_ns":1000000000,"request_end_ns":2000000000,"benchmark_phase":"warmup","was_cancelled":false},"metrics":{"request_latency":{"value":1.5,"unit":"s"}},"error":null}
{"metadata":{"x_request_id":"b","request_start_ns":1000000000,"was_cancelled":true},"metrics":{"error_isl":{"value":550,"unit":"tokens"}},"error":{"code":499,"type":"RequestCancellationError","message":"x"}}
{"metadata":{"x_request_id":"c","request_start_ns":1000000000,"was_cancelled":false},"metrics":null,"error":{"code":500,"type":"InternalServerError","message":"no"}}
{"metadata":{"x_request_id":"d","request_start_ns":1000000000,"was_cancelled":false},"metrics":{"request_latency":{"value":10,"unit":"parsecs"}},"error":null}
{"metadata":{"x_request_id":"e","request_start_ns":1000000000,"was_cancelled":false},"metrics":{}}
not json
)");
  const auto taken = take(folder.path());
  ASSERT_EQ(taken.rows.size(), 3u);
  EXPECT_EQ(taken.rows[0].regime, evidence::Regime::warmup);
  EXPECT_DOUBLE_EQ(taken.rows[0].latency_ms.at(0), 1500);
  EXPECT_EQ(taken.rows[1].status, Status::aborted);
  EXPECT_EQ(taken.rows[2].status, Status::error);
  EXPECT_NE(taken.rows[2].error.find("InternalServerError"), std::string::npos);
  EXPECT_EQ(taken.source.bad_rows, 3);
  EXPECT_EQ(taken.source.bad.at(0).key, "metrics/request_latency/unit");
  EXPECT_EQ(taken.source.bad.at(1).key, "metrics/request_latency");
  EXPECT_EQ(taken.source.bad.at(2).line, 6);
}

TEST(Aiperf, TheFirstVersionsKeepTheirMetricsUnderRecords) {
  Folder folder;
  folder.write(
      "profile_export_aiperf.json",
      R"({"input_config":{"endpoint":{"model_names":["m"],"streaming":true},"loadgen":{"concurrency":4,"request_count":20}},
    "records":{"request_latency":{"tag":"request_latency","unit":"ms","avg":10.0,"p99":12.0,"count":20}},"was_cancelled":false})");
  const auto taken = take(folder.path());
  EXPECT_EQ(taken.source.rows, 0);
  EXPECT_EQ(taken.source.facts.arrival, "closed_loop");
  EXPECT_EQ(taken.source.facts.concurrency, 4);
  EXPECT_EQ(taken.source.documents.size(), 1u);
}

TEST(Aiperf, TwoPrefixesInOneFolderAreTwoRuns) {
  Folder folder;
  const auto rows = slurp(foreign("aiperf/profile_export.jsonl"));
  const auto summary = slurp(foreign("aiperf/profile_export_aiperf.json"));
  for (const char* name : {"first", "second"}) {
    folder.write(std::string(name) + ".jsonl", rows);
    folder.write(std::string(name) + "_aiperf.json", summary);
  }
  const auto found = discover(folder.path());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->runs.size(), 2u);
  for (const auto& run : found->runs) {
    ASSERT_EQ(run.files.size(), 2u);
    EXPECT_EQ(run.files[0].path.substr(0, 5), run.files[1].path.substr(0, 5));
  }
}

TEST(Guidellm, ReadsTheRequestsThatTheFileHolds) {
  const auto taken = take(foreign("guidellm"));
  const auto& source = taken.source;
  EXPECT_EQ(source.tool_version, "0.8.1");
  ASSERT_EQ(taken.rows.size(), 39u);
  EXPECT_EQ(source.facts.rows_expected, 40);  // that many were created
  const auto& row = taken.rows.front();
  EXPECT_EQ(row.scenario, "constant 10/s");
  EXPECT_EQ(row.model, "stub");
  EXPECT_EQ(row.prompt_tokens, 8);
  EXPECT_EQ(row.generated_tokens, 25);
  EXPECT_TRUE(row.itl_ms.empty());
  EXPECT_NEAR(row.ttft_ms.at(0), 51.59115791320801, 1e-9);
  EXPECT_NEAR(row.latency_ms.at(0), 291.10240936279297, 1e-9);
  EXPECT_NEAR(row.numbers.at("targeted_start_delay_ms"), 3.4027, 1e-3);
  EXPECT_EQ(row.numbers.at("token_iterations"), 25);
  EXPECT_EQ(source.facts.arrival, "constant");
  EXPECT_EQ(source.facts.intended_times, true);
  EXPECT_EQ(source.facts.seed, 42);
  EXPECT_EQ(source.facts.tokens_counted_by, "server");
  EXPECT_FALSE(source.facts.concurrency);  // 10240 is the limit of the machinery
  EXPECT_EQ(source.environment.at("os").value, "Linux-6.18.44-fc-v669-x86_64-with-glibc2.36");
  const auto& table = source.tables.at("out.csv");
  EXPECT_EQ(table.rows.size(), 1u);
  EXPECT_NE(std::find(table.columns.begin(), table.columns.end(), "Time to First Token / Successful ms / Mean"),
            table.columns.end());
}

TEST(Guidellm, AnOldSweepIsOneRunWithACellForEachBenchmark) {
  Folder folder;
  folder.write("benchmarks.json", R"({"benchmarks":[
    {"type_":"generative_benchmark","id_":"x","run_id":"r","args":{"strategy":{"type_":"synchronous"}},
     "run_stats":{"start_time":1.0,"end_time":9.0,"requests_made":{"successful":1,"errored":0,"incomplete":0,"total":1}},
     "worker":{"backend_model":"m"},"duration":4.0,
     "requests":{"successful":[{"type_":"generative_text_response","request_id":"a","scheduler_info":{"targeted_start_time":10.0},
       "prompt_tokens":5,"output_tokens":3,"start_time":10.001,"end_time":10.5,"first_token_time":10.1,
       "last_token_time":10.5,"request_latency":0.499,"time_to_first_token_ms":99.0,"inter_token_latency_ms":200.0}],
      "errored":[],"incomplete":[]}},
    {"type_":"generative_benchmark","id_":"y","run_id":"r","args":{"strategy":{"type_":"async","rate":4.0}},
     "run_stats":{"requests_made":{"successful":0,"errored":1,"incomplete":1,"total":2}},"worker":{"backend_model":"m"},
     "requests":{"successful":[],"errored":[{"type_":"generative_text_error","error":"ReadTimeout","prompt_tokens":5,
       "output_tokens":0,"start_time":20.0,"end_time":50.0,"request_latency":30.0}],
      "incomplete":[{"type_":"generative_text_error","error":null,"prompt_tokens":5,"output_tokens":1,"start_time":21.0,
       "end_time":22.0,"request_latency":1.0}]}}]})");
  const auto taken = take(folder.path());
  ASSERT_EQ(taken.rows.size(), 3u);
  EXPECT_EQ(taken.rows[0].scenario, "synchronous");
  EXPECT_EQ(taken.rows[0].model, "m");
  EXPECT_NEAR(taken.rows[0].numbers.at("targeted_start_delay_ms"), 1, 1e-6);
  EXPECT_EQ(taken.rows[1].scenario, "async 4/s");
  EXPECT_EQ(taken.rows[1].status, Status::timeout);
  EXPECT_EQ(taken.rows[2].status, Status::aborted);
  EXPECT_EQ(taken.source.facts.rows_expected, 3);
  EXPECT_EQ(taken.source.facts.failed, 1);
  EXPECT_FALSE(taken.source.facts.arrival);  // differs between the benchmarks
}

TEST(Guidellm, TheCsvAloneIsARunOfAggregates) {
  Folder folder;
  folder.write("out.csv", slurp(foreign("guidellm/out.csv")));
  const auto taken = take(folder.path());
  EXPECT_EQ(taken.source.rows, 0);
  EXPECT_EQ(taken.source.tables.size(), 1u);
}

TEST(LlamaBench, ListAndLinesGiveRowsOfEachPhase) {
  const auto list = take(foreign("llama_bench/llama-bench.json"));
  ASSERT_EQ(list.rows.size(), 2u);
  EXPECT_EQ(list.rows[0].window, Window::prefill);
  EXPECT_EQ(list.rows[0].scenario, "pp16");
  EXPECT_EQ(list.rows[0].prompt_tokens, 16);
  EXPECT_FALSE(list.rows[0].generated_tokens);
  ASSERT_EQ(list.rows[0].latency_ms.size(), 3u);
  EXPECT_NEAR(list.rows[0].latency_ms[0], 174.274023, 1e-9);
  EXPECT_NEAR(list.rows[0].tok_s.at(0), 91.8094, 1e-9);
  EXPECT_EQ(list.rows[1].window, Window::decode);
  EXPECT_EQ(list.rows[1].generated_tokens, 8);
  EXPECT_EQ(list.rows[0].backend, "llama.cpp CPU");
  EXPECT_EQ(*list.rows[0].parameters, 134515008);
  EXPECT_EQ(list.source.facts.model_identity, "models/smollm2-135m-instruct-q4_1.gguf");
  EXPECT_EQ(list.source.environment.at("cpu_model").value, "Intel(R) Xeon(R) Processor");
  EXPECT_EQ(list.source.tool_version, "0c1e570");

  const auto lines = take(foreign("llama_bench/llama-bench.jsonl"));
  ASSERT_EQ(lines.rows.size(), 8u);
  std::vector<std::string> scenarios;
  for (const auto& row : lines.rows) scenarios.push_back(row.scenario);
  EXPECT_NE(std::find(scenarios.begin(), scenarios.end(), "pp16+tg8 @ d64"), scenarios.end());
  EXPECT_NE(std::find(scenarios.begin(), scenarios.end(), "tg8"), scenarios.end());
}

TEST(LlamaBench, AnOldBuildWithFlagsForBackEndsReads) {
  Folder folder;
  folder.write(
      "b.jsonl",
      R"({"build_commit": "a", "build_number": 1, "cuda": true, "opencl": false, "cpu_info": "c", "gpu_info": "g", "model_filename": "m.gguf", "model_type": "llama 7B mostly Q4_0", "model_size": 1, "model_n_params": 7, "n_gpu_layers": 99, "n_prompt": 512, "n_gen": 0, "test_time": "2023-09-23T12:09:01Z", "avg_ns": 20, "stddev_ns": 1, "avg_ts": 1.0, "stddev_ts": 0.1, "samples_ns": [ 10, 30 ],"samples_ts": [ 2, 1 ]}
{"build_commit": "a", "model_filename": "m.gguf", "model_type": "x", "n_prompt": 0, "n_gen": 0, "samples_ns": [ 10 ]}
{"build_commit": "a", "model_filename": "m.gguf", "model_type": "x", "n_prompt": 0, "n_gen": 4, "samples_ns": [ -10 ]}
)");
  const auto taken = take(folder.path());
  ASSERT_EQ(taken.rows.size(), 1u);
  EXPECT_EQ(taken.rows[0].backend, "llama.cpp cuda");
  EXPECT_EQ(taken.rows[0].started_unix_s, 1695470941.0);
  EXPECT_EQ(taken.source.bad_rows, 2);
}

TEST(MlperfLoadgen, TheTraceHasTheSamplesAndTheirSchedule) {
  const auto taken = take(foreign("mlperf_loadgen/server"));
  const auto& source = taken.source;
  ASSERT_EQ(taken.rows.size(), 120u);
  EXPECT_EQ(source.bad_rows, 0);
  EXPECT_EQ(taken.rows[0].backend, "PySUT");
  EXPECT_EQ(taken.rows[0].scenario, "Server");
  EXPECT_NEAR(taken.rows[0].latency_ms.at(0), 4.387668, 1e-9);
  EXPECT_NEAR(taken.rows[0].numbers.at("issue_delay_ms"), 75e-6, 1e-12);
  EXPECT_EQ(source.facts.arrival, "poisson");
  EXPECT_EQ(source.facts.request_rate, 50.0);
  EXPECT_EQ(source.facts.rows_expected, 120);
  EXPECT_EQ(source.facts.intended_times, true);
  EXPECT_EQ(source.facts.seed, 0);
  EXPECT_EQ(source.tool_version, "6.0.17 @ d6147c7eb7");
  const auto& detail = source.documents.at("mlperf_log_detail.txt");
  EXPECT_EQ(detail["result_validity"], "INVALID");
  EXPECT_EQ(detail["result_query_count"], 120);
  // The largest sample is the maximum that the tool publishes.
  double most = 0;
  for (const auto& row : taken.rows) most = std::max(most, row.latency_ms.at(0));
  EXPECT_NEAR(most, detail["result_max_latency_ns"].get<double>() / 1e6, 1e-9);
}

TEST(MlperfLoadgen, SingleStreamIsAClosedLoopAndTokenRunsState) {
  EXPECT_EQ(take(foreign("mlperf_loadgen/single_stream")).source.facts.arrival, "closed_loop");
  const auto tokens = take(foreign("mlperf_loadgen/server_tokens"));
  EXPECT_EQ(tokens.source.facts.ttft_measured, true);
  EXPECT_TRUE(tokens.rows.at(0).ttft_ms.empty());  // published as aggregates only
}

TEST(MlperfLoadgen, WithoutATraceThereAreAggregatesAlone) {
  Folder folder;
  folder.write("mlperf_log_detail.txt",
               slurp(foreign("mlperf_loadgen/server/mlperf_log_detail.txt")) + ":::MLLOG {\"key\": \"torn\", \"val");
  folder.write("mlperf_log_summary.txt", slurp(foreign("mlperf_loadgen/server/mlperf_log_summary.txt")));
  const auto taken = take(folder.path());
  EXPECT_EQ(taken.source.rows, 0);
  EXPECT_FALSE(taken.source.facts.rows_expected);
  EXPECT_EQ(taken.source.bad_rows, 1);
  EXPECT_EQ(taken.source.documents.at("mlperf_log_detail.txt")["effective_scenario"], "Server");
}

// The stub that the two clients measured wrote down when it had read each request and written each chunk.
std::vector<core::Json> truth(const std::string& path) {
  std::vector<core::Json> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(core::Json::parse(line));
  return lines;
}

double true_ttft_ms(const core::Json& line) {
  return static_cast<double>(line["writes"][0].get<std::int64_t>() - line["read"].get<std::int64_t>()) / 1e6;
}

TEST(Truth, AiperfReportsAFirstTokenAMillisecondLate) {
  const auto taken = take(foreign("aiperf"));
  const auto lines = truth(foreign("aiperf/stub_truth.jsonl"));
  std::vector<double> bias;
  for (const auto& row : taken.rows) {
    for (const auto& line : lines) {
      const auto id = line["id"].get<std::string>();
      if (row.source.find(id) != std::string::npos) bias.push_back(row.ttft_ms.at(0) - true_ttft_ms(line));
    }
  }
  ASSERT_EQ(bias.size(), 40u);
  std::sort(bias.begin(), bias.end());
  RecordProperty("aiperf_ttft_bias_ms_median", std::to_string(bias[20]));
  EXPECT_NEAR(bias[20], 0.8718, 1e-3);
  EXPECT_GT(bias.front(), 0);
}

TEST(Truth, GuidellmReportsAFirstTokenAMillisecondLate) {
  auto taken = take(foreign("guidellm"));
  const auto lines = truth(foreign("guidellm/stub_truth.jsonl"));
  std::sort(taken.rows.begin(), taken.rows.end(),
            [](const auto& a, const auto& b) { return *a.started_unix_s < *b.started_unix_s; });
  ASSERT_EQ(lines.size(), 40u);  // one more than the file holds: the last one
  std::vector<double> bias;
  for (std::size_t i = 0; i < taken.rows.size(); ++i)
    bias.push_back(taken.rows[i].ttft_ms.at(0) - true_ttft_ms(lines[i]));
  std::sort(bias.begin(), bias.end());
  RecordProperty("guidellm_ttft_bias_ms_median", std::to_string(bias[19]));
  EXPECT_NEAR(bias[19], 1.3067, 1e-3);
}

TEST(Foreign, NoFileOfOneToolIsTakenForAnother) {
  const auto found = discover(foreign(""));
  ASSERT_TRUE(found);
  std::map<Format, int> of_format;
  for (const auto& run : found->runs) ++of_format[run.format];
  EXPECT_EQ(of_format[Format::vllm], 1);
  EXPECT_EQ(of_format[Format::aiperf], 1);
  EXPECT_EQ(of_format[Format::guidellm], 1);
  EXPECT_EQ(of_format[Format::llama_bench], 2);
  EXPECT_EQ(of_format[Format::mlperf_loadgen], 3);
  EXPECT_EQ(found->runs.size(), 8u);
  // What the stub wrote down, and LoadGen's empty accuracy logs.
  EXPECT_EQ(found->unplaced.size(), 5u);
}

TEST(Foreign, ATornLineOfAnExportIsABadRow) {
  Folder folder;
  const auto rows = slurp(foreign("aiperf/profile_export.jsonl"));
  folder.write("profile_export.jsonl", rows.substr(0, rows.size() - 100));
  const auto taken = take(folder.path());
  EXPECT_EQ(taken.rows.size(), 39u);
  EXPECT_EQ(taken.source.bad_rows, 1);
  EXPECT_EQ(taken.source.bad.at(0).line, 40);
  folder.write("profile_export.jsonl", replaced(rows, "\"value\":292.867745", "\"value\":-292.867745"));
  const auto negative = take(folder.path());
  EXPECT_EQ(negative.rows.size(), 39u);
  EXPECT_EQ(negative.source.bad.at(0).key, "metrics/request_latency/value");
}

}  // namespace
}  // namespace phasegate::readers
