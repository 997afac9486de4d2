// Every field of the reports' schemas, and where the reader puts it. "verbatim" = it has no field of its own and stays
// in Observation::source, the row as it was. A field that gets lost, or is put somewhere with another value, fails
// here.
#include <algorithm>
#include <cmath>

#include "readers/csv.h"
#include "readers/element_row.h"
#include "readers/json_file.h"
#include "readers/number.h"
#include "readers/reports_fixture.h"

namespace phasegate::readers {
namespace {

using core::Json;
using evidence::Observation;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}
Json first(const std::vector<double>& values) { return values.empty() ? Json() : Json(values.front()); }
Json named(const Observation& row, const std::string& name) {
  const auto found = row.numbers.find(name);
  return found == row.numbers.end() ? Json() : Json(found->second);
}

struct Field {
  const char* name;                                 // in the row, '/' between keys
  std::function<Json(const Observation&)> place{};  // none: verbatim
};
std::function<Json(const Observation&)> number(const char* name) {
  return [name](const Observation& row) { return named(row, name); };
}
template <class Member>
std::function<Json(const Observation&)> optional(Member member) {
  return [member](const Observation& row) { return or_null(row.*member); };
}
template <class Member>
std::function<Json(const Observation&)> same(Member member) {
  return [member](const Observation& row) { return Json(row.*member); };
}

// "" and null are the same absence; whole and broken numbers of one value are equal.
bool agree(const Json& raw, const Json& placed) {
  if (raw.is_number() && placed.is_number()) return raw.get<double>() == placed.get<double>();
  const bool nothing = raw.is_null() || raw == "" || (raw.is_array() && raw.empty());
  const bool none = placed.is_null() || placed == "" || (placed.is_array() && placed.empty());
  return (nothing && none) || raw == placed;
}

// The row as it was, with its cells as values.
Json raw_row(const Observation& row, const std::vector<std::string>& columns) {
  if (columns.empty()) {
    auto parsed = parse_source_json(row.source, row.file);
    EXPECT_TRUE(parsed);
    return parsed ? *parsed : Json();
  }
  Json out;
  std::vector<std::string> cells(1);
  for (const char c : row.source) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  EXPECT_EQ(cells.size(), columns.size()) << row.source;
  for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i) {
    const auto parsed = parse_number(cells[i]);
    out[columns[i]] = parsed.kind == NumberKind::number ? Json(parsed.value) : Json(cells[i]);
  }
  return out;
}

void check_fields(const Taken& taken, const std::vector<Field>& fields, const std::vector<std::string>& columns = {}) {
  ASSERT_FALSE(taken.rows.empty());
  std::vector<Json> raws;
  for (const auto& row : taken.rows) raws.push_back(raw_row(row, columns));
  for (const auto& field : fields) {
    bool seen = false;
    std::size_t different = 0;
    for (std::size_t i = 0; i < raws.size(); ++i) {
      const Observation& row = taken.rows[i];
      const Json& raw = raws[i];
      const Json* value = at_path(raw, field.name);
      seen = seen || value != nullptr || raw.contains(field.name);
      if (field.place && !agree(value == nullptr ? Json() : *value, field.place(row)) && ++different < 3) {
        ADD_FAILURE() << field.name << " of " << row.file << ":" << row.line << " is at " << field.place(row).dump();
      }
    }
    EXPECT_TRUE(seen) << field.name << " is in no row of this sample";
  }
}

Json power(const Observation& row, std::optional<double> evidence::PowerAggregate::* member) {
  return row.power ? or_null((*row.power).*member) : Json();
}

TEST(Fields, Tr118Rows) {
  using evidence::PowerAggregate;
  const std::vector<Field> fields = {
      {"spec/backend", same(&Observation::backend)},
      {"spec/scenario", same(&Observation::scenario)},
      {"spec/prompt_set"},
      {"spec/model", same(&Observation::model)},
      {"spec/repetition", optional(&Observation::repetition)},
      {"spec/batch_size", optional(&Observation::batch)},
      {"spec/seq_len", optional(&Observation::padded_tokens)},
      {"spec/mode",
       [](const Observation& row) { return Json(row.window == evidence::Window::prefill ? "prefill" : "generate"); }},
      {"status", [](const Observation& row) { return Json(std::string(to_string(row.status))); }},
      {"error", same(&Observation::error)},
      {"latencies_ms", same(&Observation::latency_ms)},
      {"ttft_ms", same(&Observation::ttft_ms)},
      {"tokens_processed",
       [](const Observation& row) {
         Json list = Json::array();
         for (std::size_t i = 0; i < row.latency_ms.size(); ++i)
           list.push_back(row.numbers.at(fmt::format("tokens_processed[{}]", i)));
         return list;
       }},
      {"throughput_tok_s", same(&Observation::tok_s)},
      {"predicted_tokens"},
      {"outputs"},
      {"degraded_count", number("degraded_count")},
      {"degraded_reasons", same(&Observation::degraded_reasons)},
      {"warmup_latencies_ms", same(&Observation::warmup_ms)},
      {"started_at", optional(&Observation::started_unix_s)},
      {"export_metadata"},
      {"trt_build_metadata"},
      {"backend_metadata"},
      {"backend_metadata/init_ms", number("init_ms")},
      {"backend_metadata/compile_ms", number("compile_ms")},
      {"resource_metrics/samples",
       [](const Observation& row) { return row.power ? Json(row.power->samples) : Json(); }},
      {"resource_metrics/duration_s",
       [](const Observation& row) { return row.power ? Json(row.power->duration_s) : Json(); }},
      {"resource_metrics/gpu_power_mean_watts",
       [](const Observation& row) { return power(row, &PowerAggregate::gpu_mean_w); }},
      {"resource_metrics/gpu_power_peak_watts",
       [](const Observation& row) { return power(row, &PowerAggregate::gpu_peak_w); }},
      {"resource_metrics/gpu_memory_mean_mb", number("gpu_memory_mean_mb")},
      {"resource_metrics/gpu_memory_peak_mb", number("gpu_memory_peak_mb")},
      {"resource_metrics/gpu_memory_total_mb", number("gpu_memory_total_mb")},
      {"resource_metrics/gpu_utilization_mean_pct", number("gpu_utilization_mean_pct")},
      {"resource_metrics/gpu_temperature_mean_c", number("gpu_temperature_mean_c")},
      {"resource_metrics/gpu_temperature_peak_c", number("gpu_temperature_peak_c")},
      {"resource_metrics/cpu_memory_mean_mb", number("cpu_memory_mean_mb")},
      {"resource_metrics/cpu_memory_peak_mb", number("cpu_memory_peak_mb")},
      {"resource_metrics/cpu_utilization_mean_pct", number("cpu_utilization_mean_pct")}};
  check_fields(take_only(report("tr118/gpt2")), fields);
}

TEST(Fields, Tr119Rows) {
  using evidence::PowerAggregate;
  const std::vector<Field> fields = {
      {"spec/tr"},
      {"spec/device"},
      {"spec/backend", same(&Observation::backend)},
      {"spec/scenario", same(&Observation::scenario)},
      {"spec/repetition", optional(&Observation::repetition)},
      {"spec/batch_size", optional(&Observation::batch)},
      {"spec/seq_len", optional(&Observation::padded_tokens)},
      {"status", [](const Observation& row) { return Json(std::string(to_string(row.status))); }},
      {"error", same(&Observation::error)},
      {"latencies_ms", same(&Observation::latency_ms)},
      {"throughput_tok_s", same(&Observation::tok_s)},
      {"warmup_latencies_ms", same(&Observation::warmup_ms)},
      {"degraded_count", number("degraded_count")},
      {"degraded_reasons", same(&Observation::degraded_reasons)},
      {"backend_metadata"},
      {"resource_metrics/samples",
       [](const Observation& row) { return row.power ? Json(row.power->samples) : Json(); }},
      {"resource_metrics/cpu_power_mean_watts",
       [](const Observation& row) { return power(row, &PowerAggregate::cpu_mean_w); }},
      {"resource_metrics/cpu_power_peak_watts",
       [](const Observation& row) { return power(row, &PowerAggregate::cpu_peak_w); }},
      {"resource_metrics/gpu_power_mean_watts",
       [](const Observation& row) { return power(row, &PowerAggregate::gpu_mean_w); }}};
  check_fields(take_only(report("tr119")), fields);
}

std::vector<Field> sample_fields() {
  return {{"scenario", same(&Observation::scenario)},
          {"prompt_set"},
          {"backend", same(&Observation::backend)},
          {"model", same(&Observation::model)},
          {"quantization", same(&Observation::precision)},
          {"latency_ms", [](const Observation& row) { return first(row.latency_ms); }},
          {"ttft_ms"},  // a copy of the latency
          {"tokens", number("tokens")},
          {"tokens_per_s", [](const Observation& row) { return first(row.tok_s); }},
          {"status", [](const Observation& row) { return Json(std::string(to_string(row.status))); }},
          {"error", same(&Observation::error)},
          {"accuracy", number("accuracy")},
          {"degraded_count", number("degraded_count")},
          {"degraded_reasons", same(&Observation::degraded_reasons)},
          {"path"}};
}

std::vector<std::string> columns_of(const std::filesystem::path& table) {
  const auto csv = CsvFile::open(table, table.filename().string());
  EXPECT_TRUE(csv);
  return csv ? csv->columns() : std::vector<std::string>{"none"};
}

TEST(Fields, Tr120Rows) {
  auto fields = sample_fields();
  fields.push_back({"cuda_event_ms", optional(&Observation::device_ms)});
  const auto folder = report("tr120/controlled/20251221_191009");
  check_fields(take_only(folder), fields, columns_of(folder / "prefill/metrics.csv"));
}

TEST(Fields, Tr120Documents) {
  const Source source = take_only(report("tr120/controlled/20251221_173112")).source;
  const Json& manifest = source.documents.at("manifest.json");
  for (const auto* key : {"run_id", "model_path", "tier3_config", "scenarios", "device", "dtype", "repetitions",
                          "warmup_repetitions", "max_new_tokens", "modes", "torch_compile_config", "env", "torch"}) {
    EXPECT_TRUE(manifest.contains(key)) << key;
  }
  const Json& counters = source.documents.at("kv_decode/dynamo_counters.json");
  for (const auto* key : {"mode", "backend_labels", "compile_meta", "dynamo_counters"}) {
    EXPECT_TRUE(counters.contains(key)) << key;
  }
  const Json& cell =
      source.documents.at("prefill/runs/stress_single/transformers-gpu-compile/fp32/run_1766338305841.json");
  for (const auto* key : {"path", "spec", "status", "error", "started_at", "degraded_count", "degraded_reasons"}) {
    EXPECT_TRUE(cell.contains(key)) << key;
  }
  EXPECT_FALSE(cell.contains("latencies_ms"));  // those are the rows
  for (const auto* key :
       {"enabled", "backend", "mode", "dynamic", "fullgraph", "compile_wrapper_ms", "dynamo_counters_after_compile"}) {
    EXPECT_TRUE(cell.at("compile").contains(key)) << key;
  }
}

TEST(Fields, Tr121Rows) {
  std::vector<Field> fields = {
      {"scenario", same(&Observation::scenario)},
      {"backend", same(&Observation::backend)},
      {"backend_kind"},
      {"model", same(&Observation::model)},
      {"model_kind"},
      {"prompt"},
      {"is_warmup", [](const Observation& row) { return Json(row.regime == evidence::Regime::warmup); }},
      {"rep", optional(&Observation::repetition)},
      {"mode"},
      {"status", [](const Observation& row) { return Json(std::string(to_string(row.status))); }},
      {"error", same(&Observation::error)},
      {"started_at_unix", optional(&Observation::started_unix_s)},
      {"batch_size", optional(&Observation::batch)},
      {"seq_len", optional(&Observation::padded_tokens)},
      {"ollama_done_reason"},
      {"batch_size_config"},
      {"call_idx"},
      {"kv_decode_ms_per_token"},
      {"params_millions"},
      {"prompt_chars"},
      {"sample_idx"},
      {"task_idx"},
      {"warmup_idx"},
      {"latency_ms", [](const Observation& row) { return first(row.latency_ms); }},
      {"cuda_event_ms", optional(&Observation::device_ms)},
      {"tokens_per_s", [](const Observation& row) { return first(row.tok_s); }}};
  for (const auto* name : {"params_millions_config", "prompt_tokens_raw", "prefill_ms", "prefill_cuda_event_ms",
                           "kv_decode_ms", "kv_decode_ms_equiv", "kv_decode_cuda_event_ms", "gen_tokens_raw",
                           "gen_tokens_equiv", "ollama_wall_ms", "ollama_total_duration_ms", "ollama_load_ms",
                           "params_millions_measured", "tokens_total", "gen_tokens", "gpu_peak_mb"}) {
    fields.push_back({name, number(name)});
  }
  const Taken taken = take_only(report("tr121/20251224_002149"));
  check_fields(taken, fields);
  for (const auto& row : taken.rows) {
    const Json raw = raw_row(row, {});
    const bool prefill = row.window == evidence::Window::prefill;
    EXPECT_EQ(row.target_tokens, prefill ? std::nullopt : std::optional<std::int64_t>(raw["gen_tokens_target"]));
    EXPECT_EQ(raw["mode"] == "prefill", prefill);
    EXPECT_EQ(row.prompt_tokens, raw["prompt_tokens_raw"].get<std::int64_t>());
  }
}

TEST(Fields, ManifestsAndPublishedDocumentsAreKeptWhole) {
  const Source bench = take_only(report("tr118/gpt2")).source;
  for (const auto* name : {"processed/experiment_manifest_1765652089.json", "processed/export_metadata_1765652089.json",
                           "processed/trt_build_metadata_1765652089.json", "processed/perplexity_results.json",
                           "processed/statistical_analysis_prefill.json", "processed/config_used_1765652089.yaml"}) {
    const auto kept = bench.documents.find(name);
    ASSERT_NE(kept, bench.documents.end()) << name;
    if (std::string(name).ends_with(".yaml")) continue;
    EXPECT_EQ(kept->second, *parse_source_json(slurp(report("tr118/gpt2") / name), name)) << name;
  }
  EXPECT_EQ(bench.config.at("accuracy").at("perplexity_thresholds").at("int8"), 0.02);
  EXPECT_EQ(bench.tables.count("processed/perplexity_results.csv"), 1U);
  // How each engine was made, once for each backend and not for each row.
  const Json& engines = bench.documents.at("raw/bench_prefill_1765652089.jsonl#backend_metadata");
  EXPECT_EQ(engines.size(), 6U);
  EXPECT_EQ(engines.at("transformers-gpu-compile").at("compile_backend"), "cudagraphs");
}

}  // namespace
}  // namespace phasegate::readers
