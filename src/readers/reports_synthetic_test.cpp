// TR117 and TR122, of which no raw run was published. These files are SYNTHETIC: written here from the published
// schemas, with every field that they name, so that a run of the same format is read when one turns up.
#include <algorithm>
#include <cmath>

#include "readers/reports_fixture.h"
#include "readers/source_json.h"

namespace phasegate::readers {
namespace {

using evidence::Observation;
using evidence::Reason;
using evidence::Status;
using evidence::Window;

constexpr const char* kMetricsHeader =
    "scenario,prompt_set,backend,model,quantization,sample_idx,is_first_sample,latency_ms,ttft_ms,tokens,tokens_per_s,"
    "status,error,accuracy,degraded_count,degraded_reasons,path\n";

// One cell of two calls, the second of a scenario with two calls for each, and one that could not run.
void write_tr117(const Folder& folder, const std::string& root) {
  folder.write(
      root + "/metrics.csv",
      std::string(kMetricsHeader) +
          "single_micro,micro,transformers-gpu,models/tiny-gpt2,fp32,0,True,3325.8,3325.8,128,38.5,ok,,,0,,"
          "results\\tr117\\runs\\single_micro\\run_1.json\n"
          "single_micro,micro,transformers-gpu,models/tiny-gpt2,fp32,1,False,594.5,594.5,128,215.3,ok,,0.82,0,,"
          "results\\tr117\\runs\\single_micro\\run_1.json\n"
          "dual_short,short,ollama,gemma3:270m,int8,0,True,800.25,800.25,256,319.9,ok,None,NaN,0,,"
          "results\\tr117\\runs\\dual_short\\run_2.json\n"
          "single_micro,micro,onnxruntime,models/tiny-gpt2,fp32,0,True,0.3,0.3,0,0,degraded,,,1,"
          "onnx_export_failed,results\\tr117\\runs\\single_micro\\run_3.json\n");
  const auto cell = [&](const std::string& path, const std::string& scenario, const std::string& backend,
                        const std::string& mode, const std::string& lists, const std::string& end) {
    folder.write(root + path, R"({"spec": {"scenario": ")" + scenario +
                                  R"(", "prompt_set": "micro", "prompts": ["Hello"],
      "backend": ")" + backend + R"(", "model": "models/tiny-gpt2", "quantization": "fp32", "stream": false,
      "mode": ")" + mode + R"("}, )" +
                                  lists + R"(, "backend_used": ")" + backend +
                                  R"(", "decision_reason": "forced", "capabilities": {"cuda": true},
      "started_at": 1765147485.262, )" +
                                  end + "}");
  };
  cell("/runs/single_micro/run_1.json", "single_micro", "transformers-gpu", "single",
       R"("status": "ok", "error": null, "latencies_ms": [3325.8, 594.5], "ttft_ms": [3325.8, 594.5],
          "tokens": [128, 128], "outputs": ["a", "b"], "accuracy": null)",
       R"("degraded_count": 0, "degraded_reasons": [])");
  cell("/runs/dual_short/run_2.json", "dual_short", "ollama", "dual",
       R"("status": "ok", "error": null, "latencies_ms": [800.25], "ttft_ms": [800.25], "tokens": [256],
          "outputs": ["c"], "accuracy": null)",
       R"("degraded_count": 0, "degraded_reasons": [])");
  folder.write(root + "/env.json", R"({"platform": "Windows-11-10.0.26200", "python": "3.13.1",
      "capabilities": {"torch": true, "gpu_name": "NVIDIA GeForce RTX 4080 Laptop GPU"}})");
  folder.write(root + "/statistical_analysis.json", R"({"summaries": {"ollama": {"mean": 1, "median": 1, "std": 0,
      "min": 1, "max": 1, "q25": 1, "q75": 1, "ci_95_lower": 1, "ci_95_upper": 1, "n": 1}},
      "pairwise_comparisons": [], "anova": {"f_statistic": 45.86, "p_value": 0, "significant": true}})");
  folder.write(root + "/resources.json", R"({"duration_s": 4.5, "cpu_mean_percent": 50, "cpu_max_percent": 90,
      "memory_mean_mb": 2048, "memory_max_mb": 2100, "memory_peak_percent": 12, "samples": 45})");
  folder.write(root + "/runs/skipped/skip.txt", "backend_unavailable:tensorrt\n");
}

TEST(Tr117, EveryFieldOfTheSchemaHasAPlace) {
  Folder folder;
  write_tr117(folder, "x");
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.source.format, Format::tr117);
  EXPECT_EQ(run.source.bad_rows, 0);
  ASSERT_EQ(run.rows.size(), 4U);
  const Observation& first = run.rows[0];
  EXPECT_EQ(first.window, Window::service);
  EXPECT_EQ(first.scenario, "single_micro");
  EXPECT_EQ(first.backend, "transformers-gpu");
  EXPECT_EQ(first.model, "models/tiny-gpt2");
  EXPECT_EQ(first.precision, "fp32");
  EXPECT_EQ(first.latency_ms, std::vector<double>{3325.8});
  EXPECT_TRUE(first.ttft_ms.empty());  // the latency once more
  EXPECT_EQ(first.tok_s, std::vector<double>{38.5});
  EXPECT_EQ(first.generated_tokens, 128);
  EXPECT_FALSE(first.regime);  // nothing tells a cold call from a warm one
  EXPECT_EQ(first.numbers.at("sample_idx"), 0);
  EXPECT_EQ(first.numbers.at("is_first_sample"), 1);
  EXPECT_EQ(first.numbers.count("accuracy"), 0U);
  EXPECT_EQ(run.rows[1].numbers.at("accuracy"), 0.82);
  EXPECT_EQ(run.rows[1].numbers.at("is_first_sample"), 0);
  EXPECT_EQ(first.numbers.count("dual"), 0U);
  EXPECT_EQ(run.rows[2].numbers.at("dual"), 1);
  EXPECT_EQ(run.rows[3].status, Status::degraded);
  EXPECT_EQ(run.rows[3].reason, Reason::load_failed);
  EXPECT_EQ(run.rows[3].degraded_reasons, std::vector<std::string>{"onnx_export_failed"});
  EXPECT_FALSE(run.rows[3].usable());
  EXPECT_EQ(run.source.facts.ttft_measured, false);
  EXPECT_EQ(run.source.facts.warmup_labelled, false);
  EXPECT_EQ(run.source.facts.hardware, "NVIDIA GeForce RTX 4080 Laptop GPU");
  EXPECT_EQ(run.source.environment.at("os").value, "Windows-11-10.0.26200");
  EXPECT_EQ(run.source.started, "2025-12-07T22:44:45Z");
  const auto& cell = run.source.documents.at("runs/single_micro/run_1.json");
  EXPECT_EQ(cell.at("backend_used"), "transformers-gpu");
  EXPECT_EQ(cell.at("outputs"), (core::Json{"a", "b"}));
  EXPECT_EQ(cell.at("spec").at("stream"), false);
  EXPECT_EQ(run.source.documents.at("runs/skipped/skip.txt"), "backend_unavailable:tensorrt\n");
  EXPECT_EQ(run.source.documents.at("statistical_analysis.json").at("anova").at("f_statistic"), 45.86);
  EXPECT_EQ(run.source.documents.at("resources.json").at("cpu_mean_percent"), 50);
}

TEST(Tr117, CellsAloneAreTheRows) {
  Folder folder;
  write_tr117(folder, "x");
  std::filesystem::remove(folder.path() / "x/metrics.csv");
  for (const auto* extra : {"env.json", "statistical_analysis.json", "resources.json"}) {
    const Taken run = take_only(folder.path());
    EXPECT_EQ(run.rows.size(), 3U);
    EXPECT_EQ(run.count([](const Observation& row) { return row.numbers.count("dual") != 0; }), 1);
    EXPECT_NE(run.rows.back().source.find("\"output\":"), std::string::npos);
    std::filesystem::remove(folder.path() / "x" / extra);
  }
}

TEST(Tr117, ColumnsInAnotherOrderAndWindowsLineEnds) {
  Folder folder;
  write_tr117(folder, "x");
  const auto expected = essence(take_only(folder.path()));
  change(folder.path() / "x/metrics.csv",
         [](const std::string& text) { return with_crlf(with_reversed_columns(text)); });
  EXPECT_EQ(essence(take_only(folder.path())), expected);
}

TEST(Tr117, TwoTablesInOneFolderAreTwoRuns) {
  Folder folder;
  write_tr117(folder, "x");
  folder.write(
      "x/later.csv",
      std::string(kMetricsHeader) +
          "single_micro,micro,ollama,gemma3:270m,int8,0,True,5.5,5.5,2,363,ok,,,0,,runs/single_micro/run_9.json\n");
  folder.write("x/runs/single_micro/run_9.json", R"({"spec": {"stream": true, "mode": "single"}, "status": "ok",
      "latencies_ms": [5.5], "outputs": ["z"], "backend_used": "ollama"})");
  const auto runs = take_all(folder.path());
  ASSERT_EQ(runs.size(), 2U);
  const bool later_first = runs[0].rows.size() == 1;
  const Taken& later = runs[later_first ? 0 : 1];
  EXPECT_EQ(later.rows.size(), 1U);
  EXPECT_EQ(later.source.documents.count("runs/single_micro/run_9.json"), 1U);
  EXPECT_EQ(runs[later_first ? 1 : 0].rows.size(), 4U);
  EXPECT_EQ(later.source.bad_rows, 0);
}

constexpr const char* kEvents =
    R"({"event_id": "bs4_rep2_prefill", "phase": "prefill", "t_start_ns": 1000000000, "t_end_ns": 1012500000, "input_tokens": 36, "output_tokens": 0, "batch_size": 4, "tokens_per_second": 2880.0, "energy_joules": null, "operational_joules": null, "energy_quality": "no_data", "gap_fraction": 0.0, "power_samples": 0}
{"event_id": "bs4_rep2_decode", "phase": "decode", "t_start_ns": 1013000000, "t_end_ns": 2513000000, "input_tokens": 36, "output_tokens": 256, "batch_size": 4, "tokens_per_second": 170.67, "energy_joules": 60.5, "operational_joules": 29.4, "energy_quality": "good", "gap_fraction": 0.01, "power_samples": 15}
)";

constexpr const char* kTrace =
    "t_ns,power_w,temp_c,sm_clock_mhz,mem_clock_mhz,util_gpu,util_mem,vram_used_mb,read_ok,dt_s\n"
    "900000000,20.7,39.8,210,405,0,0,1200.5,True,NaN\n"
    "1000000000,35.25,40,2235,9001,55,12,4200,True,0.1\n"
    "1100000000,,40,2235,9001,55,12,4200,False,0.1\n"
    "1843000000,41.5,41,2235,9001,99,40,4200,True,0.743\n";

void write_tr122(const Folder& folder, const std::string& root) {
  folder.write(root + "/generation_events.jsonl", kEvents);
  folder.write(root + "/power_trace.csv", kTrace);
  folder.write(root + "/baseline.json", R"({"idle_watts_mean": 20.70964675767918, "idle_watts_std": 9.965016251128894,
      "idle_temp_c": 39.8259, "fake_idle_flag": false, "idle_gpu_util_p95": 0.0, "idle_watts_min": 1.2,
      "idle_watts_max": 26.424, "power_outlier_fraction": 0.0, "clock_varied": false, "fake_idle_reasons": []})");
  folder.write(root + "/run_metadata.json", R"({"schema_version": 2, "run_id": "20251226_190610",
      "run_state": "completed", "end_reason": "equilibrium", "git": {"hash": "abc123", "dirty": true},
      "hardware": {"gpu_name": "NVIDIA GeForce RTX 4080 Laptop GPU", "driver": "unknown", "cuda": "12.8"},
      "poller": {"median_dt_ms": 100.0, "p95_dt_ms": 100.4, "max_gap_ms": 743.93, "gap_count": 1, "dropped_ticks": 11,
        "read_errors": 86, "dt_histogram": {"50-100": 969}, "quality": "degraded"},
      "baseline": {"idle_watts_mean": 20.7}, "config": {"model": "gpt2", "gen_tokens": 64, "seed": 7},
      "checks": {"instrument_response": {"pass": false, "reason": "No valid reads"}}})");
}

TEST(Tr122, EveryFieldOfTheSchemaHasAPlace) {
  Folder folder;
  write_tr122(folder, "x");
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.source.run, "20251226_190610");
  EXPECT_EQ(run.source.bad_rows, 0);
  ASSERT_EQ(run.rows.size(), 2U);
  const Observation& prefill = run.rows[0];
  EXPECT_EQ(prefill.window, Window::prefill);
  EXPECT_EQ(prefill.scenario, "bs4");
  EXPECT_EQ(prefill.repetition, 2);
  EXPECT_EQ(prefill.batch, 4);
  EXPECT_EQ(prefill.prompt_tokens, 36);
  EXPECT_EQ(prefill.model, "gpt2");
  EXPECT_EQ(prefill.latency_ms, std::vector<double>{12.5});
  EXPECT_EQ(prefill.numbers.count("energy_joules"), 0U);  // null stays absent
  const Observation& decode = run.rows[1];
  EXPECT_EQ(decode.window, Window::decode);
  EXPECT_EQ(decode.generated_tokens, 256);
  EXPECT_EQ(decode.tok_s, std::vector<double>{170.67});
  for (const auto& [name, value] : std::map<std::string, double>{{"energy_joules", 60.5},
                                                                 {"operational_joules", 29.4},
                                                                 {"gap_fraction", 0.01},
                                                                 {"power_samples", 15},
                                                                 {"t_start_ns", 1013000000},
                                                                 {"t_end_ns", 2513000000}}) {
    EXPECT_EQ(decode.numbers.at(name), value) << name;
  }
  EXPECT_NE(decode.source.find("\"energy_quality\": \"good\""), std::string::npos);
  EXPECT_EQ(run.source.documents.at("baseline.json").at("idle_watts_std"), 9.965016251128894);
  EXPECT_EQ(run.source.documents.at("run_metadata.json").at("poller").at("dropped_ticks"), 11);
  EXPECT_EQ(run.source.config.at("gen_tokens"), 64);
  EXPECT_EQ(run.source.facts.seed, 7);
  EXPECT_EQ(run.source.environment.at("cuda").value, "12.8");
  EXPECT_EQ(run.source.environment.at("git_dirty").value, true);
  EXPECT_TRUE(run.source.environment.at("driver").value.is_null());
  EXPECT_EQ(run.source.environment.at("driver").reason, "the source says \"unknown\"");
}

TEST(Tr122, ThePowerTraceIsKeptWhole) {
  Folder folder;
  write_tr122(folder, "x");
  for (const bool other : {false, true}) {
    if (other)
      change(folder.path() / "x/power_trace.csv", [](const std::string& text) { return with_reversed_columns(text); });
    const Taken run = take_only(folder.path());
    ASSERT_EQ(run.source.power_traces.size(), 1U);
    const PowerTrace& trace = run.source.power_traces[0];
    EXPECT_EQ(trace.file, "power_trace.csv");
    EXPECT_EQ(trace.t_ns, (std::vector<std::int64_t>{900000000, 1000000000, 1100000000, 1843000000}));
    EXPECT_EQ(trace.read_ok, (std::vector<std::uint8_t>{1, 1, 0, 1}));
    ASSERT_EQ(trace.power_w.size(), 4U);
    EXPECT_EQ(trace.power_w[1], 35.25);
    EXPECT_TRUE(std::isnan(trace.power_w[2]));
    EXPECT_TRUE(std::isnan(trace.dt_s[0]));
    EXPECT_EQ(trace.dt_s[3], 0.743);
    EXPECT_EQ(trace.temp_c[3], 41);
    EXPECT_EQ(trace.sm_clock_mhz[0], 210);
    EXPECT_EQ(trace.mem_clock_mhz[1], 9001);
    EXPECT_EQ(trace.util_gpu[3], 99);
    EXPECT_EQ(trace.util_mem[1], 12);
    EXPECT_EQ(trace.vram_used_mb[0], 1200.5F);
  }
}

bool same_values(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

TEST(Tr122, ThePowerTraceComesBackOutOfTheStoresDocument) {
  Folder folder;
  write_tr122(folder, "x");
  const Source before = take_only(folder.path()).source;
  const auto after = source_from_json(source_json(before));
  ASSERT_TRUE(after);
  ASSERT_EQ(after->power_traces.size(), 1U);
  EXPECT_TRUE(after->tables.empty());
  const PowerTrace& a = before.power_traces[0];
  const PowerTrace& b = after->power_traces[0];
  EXPECT_EQ(a.file, b.file);
  EXPECT_EQ(a.t_ns, b.t_ns);
  EXPECT_EQ(a.read_ok, b.read_ok);
  EXPECT_TRUE(same_values(a.power_w, b.power_w));
  EXPECT_TRUE(same_values(a.dt_s, b.dt_s));
  EXPECT_EQ(a.temp_c, b.temp_c);
  EXPECT_EQ(a.sm_clock_mhz, b.sm_clock_mhz);
  EXPECT_EQ(a.mem_clock_mhz, b.mem_clock_mhz);
  EXPECT_EQ(a.util_gpu, b.util_gpu);
  EXPECT_EQ(a.util_mem, b.util_mem);
  EXPECT_EQ(a.vram_used_mb, b.vram_used_mb);
}

TEST(Tr122, BrokenEventsAndReadingsAreCounted) {
  Folder folder;
  write_tr122(folder, "x");
  folder.write("x/generation_events.jsonl",
               replace_all(kEvents, "\"t_end_ns\": 1012500000", "\"t_end_ns\": 1") + "{\"event_id\": \"a\"}\n");
  folder.write("x/power_trace.csv",
               std::string(kTrace) + "late,41,41,1,1,1,1,1,True,0.1\n2000000000,,41,1,1,1,1,1,True,0.1\n");
  const Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 1U);
  ASSERT_EQ(run.source.bad_rows, 4);
  EXPECT_EQ(run.source.bad[0].key, "t_ns");
  EXPECT_EQ(run.source.bad[1].key, "power_w");
  EXPECT_EQ(run.source.bad[2].key, "t_end_ns");
  EXPECT_EQ(run.source.bad[3].key, "phase");
  EXPECT_EQ(run.source.power_traces[0].t_ns.size(), 4U);
}

TEST(Tr122, WithoutOptionalFiles) {
  Folder folder;
  folder.write("a/events.jsonl", kEvents);
  Taken run = take_only(folder.path());
  EXPECT_EQ(run.rows.size(), 2U);
  EXPECT_EQ(run.rows[0].model, "");
  EXPECT_TRUE(run.source.power_traces.empty());
  folder.write("a/trace.csv", kTrace);
  run = take_only(folder.path());
  EXPECT_EQ(run.source.power_traces.size(), 1U);
  std::filesystem::remove(folder.path() / "a/events.jsonl");
  run = take_only(folder.path());
  EXPECT_TRUE(run.rows.empty());
  EXPECT_EQ(run.source.power_traces.size(), 1U);
}

}  // namespace
}  // namespace phasegate::readers
