#include "bench/runner.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "bench/accuracy.h"
#include "bench/campaign.h"
#include "bench/instrument.h"
#include "bench/ledger.h"
#include "bench/progress_meter.h"
#include "bench/round.h"
#include "core/files.h"
#include "core/limits.h"
#include "core/random.h"
#include "core/sha256.h"

namespace phasegate::bench {

using core::ErrorKind;
using core::Json;
using core::Result;
using core::Status;
using evidence::Phase;
using evidence::Record;

namespace {

constexpr const char* kPlanSession = "plan";  // of records of combinations that cannot run

using CallKey = std::tuple<int, int, int>;  // round, block, order

CallKey key_of(const PlannedCall& call) { return {call.round, call.block, call.order}; }

// What a run that is resumed has on disk.
struct Past {
  std::map<CallKey, std::vector<const Record*>> calls;
  std::set<std::string> skipped;  // cells
  std::map<std::string, int> attempts;
  std::map<std::string, std::map<int, std::vector<double>>> control;  // session -> block -> e2e, ns
};

// 3 for "r0-label-a3", 1 for "r0-label".
int attempt_of(const std::string& session, const std::string& base) {
  int attempt = 1;
  if (session.size() > base.size() + 2) {
    std::from_chars(session.data() + base.size() + 2, session.data() + session.size(), attempt);
  }
  return attempt;
}

Past past_of(const std::vector<Record>& records) {
  Past past;
  for (const Record& record : records) {
    if (record.session == kPlanSession) {
      past.skipped.insert(record.cell);
      continue;
    }
    const std::string base = session_base(record.round, record.candidate_name);
    int& attempt = past.attempts[base];
    attempt = std::max(attempt, attempt_of(record.session, base));
    if (record.regime == evidence::Regime::warmup) continue;
    past.calls[{record.round, record.block, record.order}].push_back(&record);
    if (record.control && record.phase == Phase::e2e && record.duration()) {
      past.control[record.session][record.block].push_back(static_cast<double>(record.duration()->value));
    }
  }
  return past;
}

std::string default_safe_of(const Matrix& matrix) {
  if (!matrix.default_safe.empty()) return matrix.default_safe;
  for (const bool gpu : {true, false}) {
    for (const CandidateSpec& spec : matrix.candidates) {
      if (spec.engine == "onnx" && !spec.compile && (spec.device != "cpu") == gpu) return spec.label;
    }
  }
  for (const CandidateSpec& spec : matrix.candidates) {
    if (!spec.compile) return spec.label;
  }
  return matrix.candidates.front().label;
}

Result<evidence::Manifest> first_manifest(const Plan& plan, const RunOptions& options, const core::Clock& clock) {
  evidence::Manifest manifest;
  manifest.started = clock.utc_stamp();
  manifest.argv = options.argv;
  manifest.matrix = to_json(plan.matrix);
  if (plan.matrix.source_text.empty()) {
    PHASEGATE_TRY(hash, core::json_hash(manifest.matrix));
    manifest.matrix_sha256 = std::move(hash);
  } else {
    manifest.matrix["source_text"] = plan.matrix.source_text;
    manifest.matrix_sha256 = core::sha256_hex(plan.matrix.source_text);
  }
  manifest.plan_sha256 = plan.hash;
  manifest.mode = plan.matrix.mode;
  manifest.seed = plan.matrix.seed;
  manifest.generator = core::kGeneratorName;
  manifest.thresholds = evidence::to_json(options.thresholds);
  manifest.thresholds_sha256 = evidence::thresholds_hash(options.thresholds);
  manifest.default_safe = default_safe_of(plan.matrix);
  manifest.environment = evidence::read_environment();
  manifest.instrument = measure_instrument();
  manifest.sessions = Json::object();
  manifest.counts.expected = plan.records_expected;
  return manifest;
}

Result<PromptSource> prompts_of(const Matrix& matrix, const RunOptions& options) {
  if (!options.tokenizer) return PromptSource::random(matrix.seed);
  if (matrix.text.empty()) return PromptSource::from_text(default_text(), options.tokenizer, matrix.seed);
  PHASEGATE_TRY(text, core::read_file(matrix.text, 64ULL << 20));
  return PromptSource::from_text(text, options.tokenizer, matrix.seed);
}

class Run {
 public:
  Run(const Campaign& campaign, Ledger& ledger, Past past)
      : campaign_(campaign),
        ledger_(ledger),
        past_(std::move(past)),
        meter_(campaign.plan, campaign.options, campaign.clock) {
    memory_.attempts = past_.attempts;
    memory_.on_step = [this](const char* doing, const std::string& cell) { meter_.doing(doing, cell); };
    memory_.on_done = [this](const PlannedCall& call) { meter_.done(call); };
  }

  Result<RunOutcome> run() {
    PHASEGATE_TRY(measured, measure());
    std::string state = "complete";
    std::string reason;
    if (!measured) {
      state = "interrupted";
      reason = "stopped by the user; phasegate run --resume " + ledger_.writer().run_id() + " goes on";
    } else if (!unrepeated_.empty()) {
      state = "provisional";
      reason = unrepeated_;
    }
    PHASEGATE_CHECK_OK(ledger_.finish(state, reason, campaign_.clock.utc_stamp()));
    RunOutcome outcome;
    outcome.run_id = ledger_.writer().run_id();
    outcome.folder = ledger_.writer().folder();
    outcome.state = state;
    outcome.state_reason = reason;
    outcome.calls_done = meter_.calls_done();
    outcome.calls_total = meter_.calls_total();
    outcome.manifest = ledger_.manifest();
    return outcome;
  }

 private:
  // False: stopped by the user.
  Result<bool> measure() {
    PHASEGATE_CHECK_OK(write_skipped());
    judge_past_sessions();
    if (ledger_.manifest().accuracy.empty()) {
      auto accuracy =
          measure_accuracy(campaign_, [this](const std::string& label) { meter_.doing("accuracy", label); });
      if (!accuracy) return false;
      ledger_.manifest().accuracy = std::move(*accuracy);
      PHASEGATE_CHECK_OK(ledger_.save());
    }
    const int rounds = static_cast<int>(campaign_.plan.rounds.size());
    for (int round = 0; round < rounds; ++round) {
      PHASEGATE_TRY(end, run_one({round, std::nullopt, calls_of_round(campaign_.plan, round)}));
      if (end == RoundEnd::stopped) return false;
    }
    return repeat_drifted();
  }

  Result<bool> repeat_drifted() {
    const int rounds = static_cast<int>(campaign_.plan.rounds.size());
    const std::vector<int> drifted = drifted_rounds(0, rounds);
    for (const int round : drifted) exclude(round);
    for (std::size_t i = 0; i < drifted.size(); ++i) {
      const int number = rounds + static_cast<int>(i);
      RoundWork work{number, drifted[i], calls_of_round(campaign_.plan, drifted[i], number)};
      const bool begun = past_.calls.lower_bound({number, 0, 0}) != past_.calls.end();
      if (!begun && campaign_.budget_spent()) {
        unrepeated_ = fmt::format("round {} drifted and no budget was left to repeat it", drifted[i]);
        return true;
      }
      expect_more(work, number);
      PHASEGATE_TRY(end, run_one(std::move(work)));
      if (end == RoundEnd::stopped) return false;
      if (!drifted_rounds(number, number + 1).empty()) {
        exclude(number);
        unrepeated_ = fmt::format("round {} drifted, and so did its repetition (round {})", drifted[i], number);
      }
    }
    return true;
  }

  // Pairs are made inside a round, so one session that drifted takes the others of its round with it.
  void exclude(int round) {
    for (auto& [name, entry] : ledger_.manifest().sessions.items()) {
      if (entry.value("round", -1) != round || entry.value("state", "") == "drifted") continue;
      entry["state"] = "drifted";
      entry["reason"] = "another session of its round drifted";
    }
  }

  // Sessions that died with the run could not be judged then; their control calls are on disk.
  void judge_past_sessions() {
    for (const auto& [name, blocks] : past_.control) {
      const SessionDrift drift = session_drift(blocks, campaign_.options.thresholds);
      if (!ledger_.manifest().sessions.contains(name) || !drift.relative) continue;
      Json& entry = ledger_.session(name);
      if (!entry.value("drift", Json()).is_null()) continue;
      entry["drift"] = core::finite_or_null(*drift.relative);
      if (drift.alarm) entry["state"] = "drifted";
    }
  }

  // The manifest promises the records of a repetition once, also when a run is resumed inside it.
  void expect_more(const RoundWork& work, int number) {
    const auto extra = static_cast<std::int64_t>(work.calls.size()) * kRecordsPerCall;
    std::int64_t promised = campaign_.plan.records_expected;
    for (int round = static_cast<int>(campaign_.plan.rounds.size()); round < number; ++round) {
      promised += extra_[round];
    }
    extra_[number] = extra;
    ledger_.manifest().counts.expected = promised + extra;
    meter_.expect(work.calls);
  }

  std::vector<int> drifted_rounds(int from, int to) const {
    std::set<int> rounds;
    for (const auto& [name, entry] : ledger_.manifest().sessions.items()) {
      const int round = entry.value("round", -1);
      if (entry.value("state", "") == "drifted" && round >= from && round < to) rounds.insert(round);
    }
    return {rounds.begin(), rounds.end()};
  }

  Result<RoundEnd> run_one(RoundWork work) {
    meter_.round(work.number);
    std::vector<PlannedCall> rest;
    for (const PlannedCall& call : work.calls) {
      PHASEGATE_TRY(done, finish_past(call));
      if (done) {
        meter_.was_done(call);
      } else {
        rest.push_back(call);
      }
    }
    if (rest.empty()) return RoundEnd::done;
    work.calls = std::move(rest);
    return run_round(campaign_, ledger_, work, memory_);
  }

  // True when the call has its records from before. One that was torn gets the phases that are missing.
  Result<bool> finish_past(const PlannedCall& call) {
    const auto found = past_.calls.find(key_of(call));
    if (found == past_.calls.end()) return false;
    std::vector<Phase> missing;
    for (const Phase phase : kPhases) {
      const bool there = std::any_of(found->second.begin(), found->second.end(),
                                     [&](const Record* record) { return record->phase == phase; });
      if (!there) missing.push_back(phase);
    }
    if (missing.empty()) return true;
    const Record& first = *found->second.front();
    CallContext context;
    context.call = call;
    context.label = first.candidate_name;
    context.requested = first.backend_requested;
    context.session = first.session;
    context.number = first.call;
    context.candidate = first.candidate;
    context.backend_actual = first.backend_actual;
    context.compile_grade = first.compile_grade;
    context.timing_source = first.timing_source;
    context.prompt_hash = first.prompt_hash;
    context.prompts_distinct = first.prompts_distinct;
    PHASEGATE_CHECK_OK(ledger_.append(records_without_result(
        context, {evidence::Status::aborted, evidence::Reason::other, "the run was killed between this call's records"},
        missing)));
    return true;
  }

  Status write_skipped() {
    int number = 0;
    for (const PlannedSkip& skip : campaign_.plan.skipped) {
      CallContext context;
      context.call.order = number;
      context.call.candidate = skip.candidate;
      context.call.scenario = skip.scenario;
      context.label = campaign_.spec(skip.candidate).label;
      context.requested = campaign_.spec(skip.candidate).engine;
      context.session = kPlanSession;
      context.number = number++;
      const auto records = records_without_result(
          context, {evidence::Status::skipped, evidence::Reason::incompatible_combination, skip.why}, {Phase::e2e});
      if (past_.skipped.count(records.front().cell) != 0) continue;
      PHASEGATE_CHECK_OK(ledger_.append(records));
    }
    return {};
  }

  const Campaign& campaign_;
  Ledger& ledger_;
  Past past_;
  ProgressMeter meter_;
  RoundMemory memory_;
  std::map<int, std::int64_t> extra_;  // repeated round -> its records
  std::string unrepeated_;             // why the run is provisional
};

const core::Clock& clock_of(const RunOptions& options) {
  static const core::SystemClock system;
  return options.clock != nullptr ? *options.clock : system;
}

Result<RunOutcome> run_with(const Plan& plan, const RunOptions& options, evidence::RunWriter writer,
                            evidence::Manifest manifest, const std::vector<Record>& records) {
  PHASEGATE_TRY(prompts, prompts_of(plan.matrix, options));
  const core::Clock& clock = clock_of(options);
  Campaign campaign{plan, options, prompts, clock};
  if (options.budget_s) campaign.budget_end = core::after(clock.now(), core::seconds(*options.budget_s));
  Past past = past_of(records);
  Ledger ledger(std::move(writer), std::move(manifest));
  return Run(campaign, ledger, std::move(past)).run();
}

Result<Plan> plan_of_run(const evidence::Manifest& manifest, const Json& stored, const std::string& run_id) {
  PHASEGATE_TRY(matrix, matrix_of_run(manifest));
  PlanFacts facts;
  const Json& limits = stored.value("facts", Json::object()).value("max_context", Json::object());
  for (const auto& [model, limit] : limits.items()) {
    if (limit.is_number_integer()) facts.max_context[model] = limit.get<int>();
  }
  PHASEGATE_TRY(plan, expand(matrix, facts));
  if (plan.hash != manifest.plan_sha256) {
    return core::fail(core::Error{ErrorKind::conflict, "this phasegate expands the run's matrix to another plan",
                                  run_id, "resume it with the version that began it, or start a new run"});
  }
  return plan;
}

}  // namespace

Result<Matrix> matrix_of_run(const evidence::Manifest& manifest) {
  Json matrix_json = manifest.matrix;
  std::string source_text;
  if (matrix_json.is_object()) {
    source_text = matrix_json.value("source_text", "");
    matrix_json.erase("source_text");
  }
  PHASEGATE_TRY(matrix, parse_matrix(matrix_json.dump(), manifest.run_id + ": manifest.json: matrix", {}));
  matrix.source_text = std::move(source_text);
  return matrix;
}

Result<RunOutcome> execute(const Plan& plan, evidence::Store& store, const RunOptions& options) {
  PHASEGATE_TRY(manifest, first_manifest(plan, options, clock_of(options)));
  PHASEGATE_TRY(writer, store.create_run(manifest, to_json(plan)));
  return run_with(plan, options, std::move(writer), std::move(manifest), {});
}

Result<RunOutcome> resume(evidence::Store& store, const std::string& run_id, const RunOptions& options) {
  PHASEGATE_TRY(resumed, store.resume_run(run_id));
  PHASEGATE_TRY(plan, plan_of_run(resumed.manifest, resumed.plan, run_id));
  RunOptions same = options;
  PHASEGATE_TRY(thresholds, evidence::thresholds_from_json(resumed.manifest.thresholds));
  same.thresholds = thresholds;  // one run, one set of thresholds
  return run_with(plan, same, std::move(resumed.writer), std::move(resumed.manifest), resumed.records);
}

bool session_counts(const evidence::Manifest& manifest, const std::string& session) {
  if (!manifest.sessions.is_object()) return true;
  const auto entry = manifest.sessions.find(session);
  return entry == manifest.sessions.end() || entry->value("state", "used") != "drifted";
}

}  // namespace phasegate::bench
