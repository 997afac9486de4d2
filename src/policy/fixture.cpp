#include "policy/fixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "core/sha256.h"

namespace phasegate::policy::fixture {
namespace {

using evidence::Phase;
using evidence::Record;
using evidence::Regime;

evidence::Candidate candidate_of(const CandidateSpec& spec) {
  evidence::Candidate made;
  made.identity = {.engine = spec.engine,
                   .engine_version = "1.0",
                   .engine_build = "",
                   .backend = spec.backend,
                   .device = spec.device,
                   .model_sha256 = core::sha256_hex(spec.model),
                   .weight_set = "weights",
                   .weight_type = spec.weight_type,
                   .kv_type = "f16",
                   .activation_type = "f32",
                   .attention = spec.attention,
                   .threads = 2,
                   .compile = spec.compile,
                   .slots = 1,
                   .padding = "none"};
  made.id = evidence::candidate_id(made.identity);
  made.name = spec.name;
  made.model_name = spec.model;
  made.parameters = 134'515'008;
  if (!spec.ran_on.empty()) made.prefill_nodes_by_device = made.decode_nodes_by_device = {{spec.ran_on, 300}};
  made.weight_tensors_by_type = {{spec.weight_type, 210}, {"f32", 61}};
  made.fallback = spec.fallback;
  if (spec.fallback) made.fallback_reason = "the GPU provider could not be created";
  made.compile_grade = spec.compile_grade;
  return made;
}

evidence::Accuracy accuracy_of(const CandidateSpec& spec) {
  evidence::Accuracy made;
  made.candidate_name = spec.name;
  made.status = spec.accuracy;
  made.reference = "llamacpp-f32";
  made.text_sha256 = core::sha256_hex("text");
  if (spec.accuracy == "missing") {
    made.reason = "not_measured";
    return made;
  }
  made.reference_perplexity = 20.0;
  made.perplexity = 20.0 * (1 + spec.delta);
  made.delta_fraction = spec.delta;
  made.top1_agreement = 0.97;
  made.scored_tokens = 192;
  if (spec.accuracy == "fail") made.reason = "outside of the allowed growth";
  return made;
}

// Writes the three records of a call.
class Recorder {
 public:
  Recorder(const RunSpec& run, const CellSpec& cell, const CandidateSpec& candidate, analysis::RunAnalyzer& analyzer,
           std::int64_t& seq)
      : run_(run), cell_(cell), candidate_(candidate), analyzer_(analyzer), seq_(seq) {}

  void call(int round, int number, Regime regime, double slowness) {
    const evidence::Scenario& s = cell_.scenario;
    const double prefill_ns = 1e9 * s.prompt_tokens * s.batch / cell_.prefill_tok_s * slowness;
    const double decode_ns = 1e9 * s.gen_tokens * s.batch / cell_.decode_tok_s * slowness;
    timed(round, number, regime, Phase::prefill, 0, prefill_ns);
    timed(round, number, regime, Phase::decode, prefill_ns, prefill_ns + decode_ns);
    timed(round, number, regime, Phase::e2e, 0, prefill_ns + decode_ns);
  }

  void fail(int round, int number, evidence::Status status, const std::string& reason) {
    for (const Phase phase : {Phase::prefill, Phase::decode, Phase::e2e}) {
      Record record = base(round, number, Regime::steady, phase);
      record.status = status;
      record.reason = evidence::parse_reason(reason).value_or(evidence::Reason::other);
      analyzer_.add(record);
    }
  }

 private:
  Record base(int round, int number, Regime regime, Phase phase) {
    const evidence::Scenario& s = cell_.scenario;
    Record record;
    record.seq = seq_++;
    record.candidate_name = cell_.candidate;
    record.cell = cell_.candidate + "/" + s.id();
    record.set = run_.set;
    record.scenario = s;
    record.round = round;
    record.session = fmt::format("r{}-{}", round, cell_.candidate);
    record.call = number;
    record.phase = phase;
    record.regime = regime;
    record.timing_source = "virtual";
    record.prompt_tokens_semantic = record.prompt_tokens_computed = s.prompt_tokens * s.batch;
    record.generated_tokens = record.target_tokens = phase == Phase::prefill ? 0 : s.gen_tokens * s.batch;
    record.backend_requested = candidate_.engine;
    record.backend_actual = candidate_.backend;
    record.compile_grade = candidate_.compile_grade;
    return record;
  }

  void timed(int round, int number, Regime regime, Phase phase, double from, double to) {
    Record record = base(round, number, regime, phase);
    record.start = core::Instant(1'000'000'000 + static_cast<std::int64_t>(from));
    record.stop = core::Instant(1'000'000'000 + static_cast<std::int64_t>(to));
    record.contention.marked = regime == Regime::steady && number <= cell_.contended * run_.calls;
    analyzer_.add(record);
  }

  const RunSpec& run_;
  const CellSpec& cell_;
  const CandidateSpec& candidate_;
  analysis::RunAnalyzer& analyzer_;
  std::int64_t& seq_;
};

core::Json sessions_of(const RunSpec& spec) {
  const auto has = [](const std::vector<int>& rounds, int round) {
    return std::find(rounds.begin(), rounds.end(), round) != rounds.end();
  };
  core::Json sessions = core::Json::object();
  for (int round = 0; round < spec.rounds; ++round) {
    for (const CandidateSpec& candidate : spec.candidates) {
      core::Json warmups = core::Json::array();
      for (const CellSpec& cell : spec.cells) {
        if (cell.candidate != candidate.name) continue;
        warmups.push_back(
            {{"scenario", cell.scenario.id()}, {"converged", !has(spec.unconverged_rounds, round)}, {"calls", 4}});
      }
      sessions[fmt::format("r{}-{}", round, candidate.name)] = {
          {"candidate", candidate.name},
          {"round", round},
          {"state", has(spec.drifted_rounds, round) ? "drifted" : "used"},
          {"warmup", warmups}};
    }
  }
  return sessions;
}

evidence::Manifest manifest_of(const RunSpec& spec) {
  evidence::Manifest manifest;
  manifest.run_id = spec.id;
  manifest.started = spec.started;
  manifest.finished = spec.finished;
  manifest.state = spec.state;
  manifest.state_reason = spec.state_reason;
  manifest.mode = "quick";
  manifest.plan_sha256 = core::sha256_hex("plan");
  manifest.thresholds = evidence::to_json(evidence::default_thresholds());
  manifest.thresholds_sha256 = evidence::thresholds_hash(evidence::default_thresholds());
  manifest.default_safe = spec.default_safe;
  manifest.environment = {
      {"cpu_model", {spec.cpu, ""}},      {"os", {"Example Linux 12", ""}},   {"cpu_cores", {2, ""}},
      {"ram_bytes", {8'000'000'000, ""}}, {"gpu", {nullptr, "no GPU found"}}, {"power_limit", {nullptr, "no sensor"}},
      {"build_type", {"Release", ""}}};
  manifest.sessions = sessions_of(spec);
  for (const CandidateSpec& candidate : spec.candidates) {
    if (!candidate.absent.empty()) continue;
    manifest.candidates.push_back(candidate_of(candidate));
    manifest.accuracy.push_back(accuracy_of(candidate));
  }
  manifest.files = {{"records.jsonl", core::sha256_hex(spec.id + "records")},
                    {"plan.json", core::sha256_hex(spec.id + "plan")}};
  return manifest;
}

}  // namespace

RunEvidence build(const RunSpec& spec) {
  RunEvidence run;
  run.manifest = manifest_of(spec);
  run.validation.canonical = spec.canonical;
  if (!spec.issue.empty()) run.validation.issues.push_back({spec.issue, "records.jsonl:12", "invented issue"});
  run.validation.manifest_sha256 = core::sha256_hex(spec.id);
  analysis::RunAnalyzer analyzer(run.manifest);
  std::int64_t seq = 0;
  core::Random random(spec.seed);
  for (const CellSpec& cell : spec.cells) {
    const auto candidate = std::find_if(spec.candidates.begin(), spec.candidates.end(),
                                        [&cell](const auto& known) { return known.name == cell.candidate; });
    Recorder recorder(spec, cell, *candidate, analyzer, seq);
    const int rounds = cell.rounds < 0 ? spec.rounds : cell.rounds;
    for (int round = 0; round < rounds; ++round) {
      int number = 0;
      if (!candidate->absent.empty()) {
        recorder.fail(round, number, evidence::Status::skipped, candidate->absent);
        continue;
      }
      recorder.call(round, number++, Regime::warmup, spec.warmup_ratio);
      const double session = std::exp(cell.session_sd * random.normal());
      for (int call = 0; call < spec.calls; ++call) {
        const double slow = random.uniform() < cell.slow_share ? cell.slow_factor : 1;
        recorder.call(round, number++, Regime::steady, session * slow * std::exp(cell.call_sd * random.normal()));
      }
      if (round >= rounds - cell.crashed_rounds)
        recorder.fail(round, number, evidence::Status::error, cell.crash_reason);
    }
  }
  run.analysis = analyzer.finish();
  run.manifest.counts.expected = run.manifest.counts.written = seq;
  return run;
}

evidence::Scenario scenario(const std::string& id) {
  evidence::Scenario made;
  std::sscanf(id.c_str(), "p%d-g%d-b%d", &made.prompt_tokens, &made.gen_tokens, &made.batch);
  return made;
}

RunSpec demo_run() {
  RunSpec run;
  run.id = "20260110T100000Z-3f9c21";
  run.default_safe = "onnx-q8_0-cpu-t2";
  run.cpu = "Example CPU @ 2.60GHz";
  run.candidates = {{.name = "llamacpp-q8_0-cpu-t2", .engine = "llamacpp", .backend = "ggml-cpu-haswell"},
                    {.name = "onnx-q8_0-cpu-t2", .engine = "onnx", .backend = "CPUExecutionProvider"}};
  const auto cell = [&run](const char* candidate, const char* id, double prefill, double decode, double sd) {
    run.cells.push_back({.candidate = candidate,
                         .scenario = scenario(id),
                         .prefill_tok_s = prefill,
                         .decode_tok_s = decode,
                         .session_sd = sd});
  };
  for (const char* id : {"p32-g8-b1", "p32-g64-b1", "p128-g8-b1", "p128-g64-b1", "p512-g8-b1", "p512-g64-b1"}) {
    const double context = scenario(id).prompt_tokens;
    cell("llamacpp-q8_0-cpu-t2", id, 520 - 0.10 * context, 71 - 0.011 * context, 0.012);
    cell("onnx-q8_0-cpu-t2", id, 380 + 0.38 * context, 58 - 0.006 * context, 0.012);
  }
  for (const char* id : {"p32-g8-b4", "p128-g8-b4"}) {
    cell("llamacpp-q8_0-cpu-t2", id, 560, 150, 0.02);
    cell("onnx-q8_0-cpu-t2", id, 575, 121, 0.02);
  }
  return run;
}

}  // namespace phasegate::policy::fixture
