// `check` on results that the tools themselves wrote, and on the same with one thing changed.
#include "claims/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "evidence/thresholds.h"

namespace phasegate::claims {
namespace {

namespace fs = std::filesystem;

Report check_path(const fs::path& path) {
  const auto found = readers::discover(path);
  EXPECT_TRUE(found && found->runs.size() == 1) << path;
  Examination examination(evidence::default_thresholds());
  const auto source = readers::read(found->runs.front(), [&](evidence::Observation& row) {
    examination.add(row);
    return core::Status{};
  });
  EXPECT_TRUE(source) << (source ? "" : source.error().message());
  return source ? examination.report(*source) : Report{};
}

Report check_foreign(const std::string& name) {
  return check_path(std::string(PHASEGATE_SOURCE_DIR) + "/tests/conformance/foreign/" + name);
}

Claim claim(const Report& report, const std::string& id) {
  const auto found =
      std::find_if(report.claims.begin(), report.claims.end(), [&](const Claim& c) { return c.id == id; });
  EXPECT_NE(found, report.claims.end()) << "no claim " << id;
  return found == report.claims.end() ? Claim{} : *found;
}

bool has(const Report& report, const std::string& id) {
  return std::any_of(report.claims.begin(), report.claims.end(), [&](const Claim& c) { return c.id == id; });
}

// A vLLM result with something changed.
Report check_vllm(const std::function<void(core::Json&)>& change) {
  std::ifstream in(std::string(PHASEGATE_SOURCE_DIR) +
                   "/tests/conformance/foreign/vllm/bench-serve-detailed-2qps.json");
  auto document = core::Json::parse(in);
  change(document);
  std::string name = (fs::temp_directory_path() / "phasegate-claims-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  std::ofstream(fs::path(name) / "result.json") << document.dump();
  const auto report = check_path(fs::path(name) / "result.json");
  fs::remove_all(name);
  return report;
}

TEST(Check, VllmsP99OfFortyRequestsIsNotSupported) {
  const auto report = check_foreign("vllm");
  EXPECT_EQ(report.rows, 40);
  EXPECT_EQ(report.count(Verdict::invalid), 0);
  const auto p99 = claim(report, "percentile.ttft_ms.p99");
  EXPECT_EQ(p99.verdict, Verdict::not_supported);
  EXPECT_EQ(p99.reason, "n_below_100");
  EXPECT_FALSE(p99.value);
  EXPECT_NEAR(*p99.published, 310.199, 1e-3);
  EXPECT_EQ(p99.evidence.key, "p99_ttft_ms");
  EXPECT_EQ(p99.evidence.n, 40);
  const auto p95 = claim(report, "percentile.ttft_ms.p95");
  EXPECT_EQ(p95.verdict, Verdict::supported);
  EXPECT_NEAR(*p95.value, 277.68234629893414, 1e-9);                              // as vLLM publishes it
  EXPECT_EQ(claim(report, "percentile.itl_ms.p99").verdict, Verdict::supported);  // 1240 gaps
  // Four requests got two or three tokens in one chunk.
  EXPECT_EQ(claim(report, "itl.tokens").reason, "chunks_not_tokens");
  EXPECT_EQ(claim(report, "itl.tokens").evidence.n, 40);
  EXPECT_EQ(claim(report, "latency.open_loop").reason, "schedule_not_recorded");
  EXPECT_EQ(claim(report, "throughput.capacity").reason, "offered_load");
  EXPECT_EQ(claim(report, "regime.cold").reason, "no_cold_split");
  EXPECT_EQ(claim(report, "energy").verdict, Verdict::no_data);
  EXPECT_EQ(claim(report, "comparison.repeat").reason, "few_sessions");
  EXPECT_EQ(claim(report, "consistency.published").verdict, Verdict::supported);
}

TEST(Check, AFigureThatItsRowsDoNotGiveIsInvalid) {
  for (const char* key : {"median_ttft_ms", "p95_e2el_ms", "mean_tpot_ms", "p99_itl_ms"}) {
    const auto report = check_vllm([&](core::Json& d) { d[key] = d[key].get<double>() * 1.5; });
    const auto published = claim(report, "consistency.published");
    EXPECT_EQ(published.verdict, Verdict::invalid) << key;
    EXPECT_EQ(published.evidence.key, key);
  }
}

TEST(Check, CountsThatDoNotAddUpAreInvalid) {
  EXPECT_EQ(
      claim(check_vllm([](core::Json& d) { d["total_output_tokens"] = 1281; }), "consistency.output_tokens").verdict,
      Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["total_input_tokens"] = 1; }), "consistency.input_tokens").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["completed"] = 39; }), "consistency.completed").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["num_prompts"] = 30; }), "consistency.count").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["num_prompts"] = 50; }), "load.failures").reason, "rows_missing");
}

TEST(Check, TimesThatCannotBeAreInvalid) {
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["latencies"][2] = 0.0; }), "consistency.zero").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["latencies"][2] = 0.01; }), "consistency.order").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["itls"][2][0] = 5.0; }), "consistency.gaps").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["ttfts"][2] = -0.5; }), "consistency.negative").verdict,
            Verdict::invalid);
  EXPECT_EQ(claim(check_vllm([](core::Json& d) { d["duration"] = 5.0; }), "consistency.span").verdict,
            Verdict::invalid);
}

TEST(Check, ARateThatItsDurationDoesNotGive) {
  const auto far = check_vllm([](core::Json& d) { d["request_throughput"] = 3.0; });
  EXPECT_EQ(claim(far, "throughput.requests").verdict, Verdict::invalid);
  // AIPerf divides by another duration than the one that it publishes.
  const auto near = claim(check_foreign("aiperf"), "throughput.requests");
  EXPECT_EQ(near.verdict, Verdict::not_supported);
  EXPECT_EQ(near.reason, "rate_and_duration_disagree");
  EXPECT_NEAR(*near.value, 40 / 4.1898688, 1e-9);
  EXPECT_NEAR(*near.published, 9.31776971969805, 1e-9);
}

TEST(Check, OneTokenAChunkMakesChunksTokens) {
  EXPECT_EQ(claim(check_foreign("aiperf"), "itl.tokens").verdict, Verdict::supported);
  const auto report = check_vllm([](core::Json& d) {
    for (std::size_t i = 0; i < d["itls"].size(); ++i) d["output_lens"][i] = d["itls"][i].size() + 1;
  });
  EXPECT_EQ(claim(report, "itl.tokens").verdict, Verdict::supported);
}

TEST(Check, AChatStreamsFirstChunkIsNoToken) {
  EXPECT_EQ(claim(check_foreign("vllm"), "ttft.measured").verdict, Verdict::supported);
  const auto chat = check_vllm([](core::Json& d) { d["backend"] = "openai-chat"; });
  EXPECT_EQ(claim(chat, "ttft.measured").reason, "first_chunk_not_token");
  const auto copy = check_vllm([](core::Json& d) {
    for (std::size_t i = 0; i < 40; ++i) {
      d["ttfts"][i] = d["latencies"][i];
      d["itls"][i] = core::Json::array();
    }
  });
  EXPECT_EQ(claim(copy, "ttft.measured").reason, "ttft_is_latency");
}

TEST(Check, AggregatesAloneLackTheirRows) {
  const auto report = check_vllm([](core::Json& d) {
    for (const char* key : {"input_lens", "output_lens", "start_times", "ttfts", "itls", "generated_texts", "errors",
                            "latencies", "queue_times"}) {
      d.erase(key);
    }
  });
  EXPECT_EQ(report.rows, 0);
  EXPECT_EQ(claim(report, "percentile.ttft_ms.p99").reason, "n_below_100");  // 40 completed are stated
  const auto p95 = claim(report, "percentile.ttft_ms.p95");
  EXPECT_EQ(p95.verdict, Verdict::no_data);
  EXPECT_EQ(p95.reason, "rows_absent");
  EXPECT_EQ(p95.needs, "vllm bench serve --save-result --save-detailed");
  EXPECT_EQ(claim(report, "ttft.measured").reason, "rows_absent");
  EXPECT_FALSE(has(report, "consistency.published"));
}

TEST(Check, CsvExportsAloneSayWhatTheyPublish) {
  for (const char* name : {"guidellm/out.csv", "aiperf/profile_export_aiperf.csv"}) {
    std::string folder = (fs::temp_directory_path() / "phasegate-claims-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const fs::path source = std::string(PHASEGATE_SOURCE_DIR) + "/tests/conformance/foreign/" + name;
    fs::copy_file(source, fs::path(folder) / source.filename());
    const auto report = check_path(folder);
    fs::remove_all(folder);
    EXPECT_EQ(report.rows, 0);
    EXPECT_EQ(claim(report, "percentile.ttft_ms.p99").reason, "n_below_100") << name;
    EXPECT_EQ(claim(report, "percentile.ttft_ms.p50").reason, "rows_absent") << name;
    EXPECT_NEAR(*claim(report, "percentile.ttft_ms.p50").published, 51.1, 0.3) << name;
  }
}

TEST(Check, FailedRequestsStandBesideTheAverages) {
  const auto report = check_vllm([](core::Json& d) {
    d["errors"][4] = "ClientPayloadError";
    d["completed"] = 39;
    d["failed"] = 1;
  });
  EXPECT_EQ(claim(report, "load.failures").reason, "failures_left_out");
}

TEST(Check, GuidellmsScheduleIsThereAndItsClientWasLate) {
  const auto report = check_foreign("guidellm");
  EXPECT_EQ(claim(report, "latency.open_loop").verdict, Verdict::supported);
  EXPECT_EQ(claim(report, "load.client").reason, "client_late");
  EXPECT_EQ(claim(report, "load.failures").reason, "rows_missing");  // 39 of 40
  EXPECT_EQ(claim(report, "itl.tokens").reason, "means_only");
  EXPECT_EQ(claim(report, "tool.verdict").reason, "tool_warns");
  // Its percentiles take a sample of the data; linear interpolation lies between two.
  const auto published = claim(report, "consistency.published");
  EXPECT_EQ(published.verdict, Verdict::supported);
  EXPECT_NE(published.because.find("another definition"), std::string::npos);
  EXPECT_EQ(report.count(Verdict::invalid), 0);
}

TEST(Check, AiperfsClientAndServerCountOtherPromptTokens) {
  const auto report = check_foreign("aiperf");
  const auto tokens = claim(report, "tokens.counted");
  EXPECT_EQ(tokens.reason, "token_counts_disagree");
  EXPECT_NE(tokens.because.find("32 prompt tokens by the client, 8 by the server"), std::string::npos)
      << tokens.because;
  EXPECT_EQ(claim(report, "percentile.itl_ms.p99").verdict, Verdict::supported);
  EXPECT_EQ(claim(report, "consistency.published").verdict, Verdict::supported);
  EXPECT_EQ(report.count(Verdict::invalid), 0);
}

TEST(Check, LlamaBenchsThreeRepetitionsCarryAMedianAndNoTail) {
  const auto report = check_foreign("llama_bench/llama-bench.jsonl");
  EXPECT_EQ(claim(report, "percentile.latency_ms.p50").verdict, Verdict::supported);
  EXPECT_EQ(claim(report, "percentile.latency_ms.p90").reason, "n_below_10");
  EXPECT_EQ(claim(report, "ttft.measured").verdict, Verdict::no_data);
  EXPECT_EQ(claim(report, "identity.backend").reason, "label_only");
  EXPECT_EQ(claim(report, "identity.model").reason, "file_name_only");
  EXPECT_EQ(claim(report, "throughput.capacity").reason, "single_stream");
  EXPECT_FALSE(has(report, "consistency.mean"));
}

TEST(Check, MlperfsOwnVerdictIsRepeated) {
  const auto report = check_foreign("mlperf_loadgen/server");
  EXPECT_EQ(claim(report, "tool.verdict").reason, "tool_says_invalid");
  EXPECT_EQ(claim(report, "percentile.latency_ms.p99").verdict, Verdict::supported);  // 120 samples
  EXPECT_EQ(claim(report, "latency.open_loop").verdict, Verdict::supported);
  EXPECT_EQ(claim(report, "consistency.published").verdict, Verdict::supported);
  EXPECT_EQ(claim(check_foreign("mlperf_loadgen/single_stream"), "latency.open_loop").reason, "closed_loop");
  EXPECT_EQ(report.count(Verdict::invalid), 0);
  // This LoadGen divides tokens by nanoseconds: 7.07e-07 tokens a second stand beside 386.
  const auto rate = claim(check_foreign("mlperf_loadgen/server_tokens"), "consistency.rate");
  EXPECT_EQ(rate.verdict, Verdict::invalid);
  EXPECT_EQ(rate.evidence.key, "result_token_throughput");
}

TEST(Check, EnergyOfAggregatesHasTwoVerdicts) {
  Examination examination(evidence::default_thresholds());
  for (int i = 0; i < 4; ++i) {
    evidence::Observation row;
    row.latency_ms = {10};
    row.power = evidence::PowerAggregate{i < 1 ? 1 : 5, 0.5, 20.0, {}, {}, {}};
    examination.add(row);
  }
  readers::Source source;
  source.rows = 4;
  const auto report = examination.report(source);
  const auto energy = claim(report, "energy");
  EXPECT_EQ(energy.verdict, Verdict::no_data);
  EXPECT_EQ(energy.reason, "updates_unknown");
  EXPECT_NE(energy.because.find("1 of 4 rows"), std::string::npos) << energy.because;
}

TEST(Check, ColdAndWarmupRowsAreKeptApart) {
  Examination examination(evidence::default_thresholds());
  for (int i = 0; i < 12; ++i) {
    evidence::Observation row;
    row.regime = i < 10 ? evidence::Regime::cold : evidence::Regime::steady;
    row.latency_ms = {i < 10 ? 1000.0 : 1.0};
    examination.add(row);
  }
  readers::Source source;
  source.rows = 12;
  const auto report = examination.report(source);
  EXPECT_EQ(claim(report, "regime.cold").verdict, Verdict::supported);
  EXPECT_EQ(claim(report, "percentile.latency_ms.p50").reason, "n_below_3");  // two steady rows
}

TEST(Check, GapsOfTheSourceForbidClaimsWithoutARow) {
  readers::Source source;
  source.format = readers::Format::vllm;
  source.facts.sessions = 1;
  source.facts.arrival = "closed_loop";
  const auto forbidden = forbidden_by(source, evidence::default_thresholds());
  std::vector<std::string> ids;
  for (const auto& c : forbidden) ids.push_back(c.id + ":" + c.reason);
  for (const char* want :
       {"latency.open_loop:closed_loop", "comparison.repeat:few_sessions", "identity.model:no_model_hash",
        "regime.steady:warmup_not_labelled", "tokens.counted:counter_not_stated", "quality:not_measured"}) {
    EXPECT_NE(std::find(ids.begin(), ids.end(), want), ids.end()) << want;
  }
  // Whether power was recorded is for the rows to say.
  EXPECT_TRUE(std::none_of(forbidden.begin(), forbidden.end(), [](const Claim& c) { return c.id == "energy"; }));
  EXPECT_TRUE(std::all_of(forbidden.begin(), forbidden.end(),
                          [](const Claim& c) { return !c.reason.empty() && !c.needs.empty(); }));
}

TEST(Check, TheTextSaysWhatTheReportSays) {
  const auto text = to_text(check_foreign("vllm"), false, 100);
  EXPECT_NE(text.find("vLLM bench serve: 40 requests of \"smol\", open loop, poisson at 2/s"), std::string::npos)
      << text;
  EXPECT_NE(text.find("p99 of the request latency, time to first token, mean gap of a request: 40 samples"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("no_data"), std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(to_text(check_foreign("vllm"), true, 100).find('\x1b'), std::string::npos);
}

TEST(Check, EveryRefusalHasAReasonAndAFix) {
  for (const char* name : {"vllm", "aiperf", "guidellm", "llama_bench/llama-bench.json", "mlperf_loadgen/server"}) {
    for (const auto& c : check_foreign(name).claims) {
      EXPECT_EQ(c.verdict == Verdict::supported, c.reason.empty()) << name << " " << c.id;
      EXPECT_EQ(c.verdict == Verdict::supported, c.needs.empty()) << name << " " << c.id;
      EXPECT_FALSE(c.claim.empty());
    }
  }
}

}  // namespace
}  // namespace phasegate::claims
