#include "bench/protocol.h"

#include <array>
#include <utility>

namespace phasegate::bench {

using core::Error;
using core::ErrorKind;
using core::Json;
using core::Nanos;
using core::Result;
using engines::Attribution;
using engines::PhaseAttribution;
using engines::PhaseSample;

namespace {

template <class T>
T read(const Json& json, const char* key) {
  return json.at(key).get<T>();
}

Json placement_json(const engines::Placement& placement) {
  return {{"device", placement.device},
          {"threads", placement.threads},
          {"compile", placement.compile == engines::CompileMode::on},
          {"max_context", placement.max_context},
          {"max_batch", placement.max_batch},
          {"session_seed", placement.session_seed}};
}

engines::Placement placement_from(const Json& json) {
  engines::Placement placement;
  placement.device = read<std::string>(json, "device");
  placement.threads = read<int>(json, "threads");
  placement.compile = read<bool>(json, "compile") ? engines::CompileMode::on : engines::CompileMode::off;
  placement.max_context = read<int>(json, "max_context");
  placement.max_batch = read<int>(json, "max_batch");
  placement.session_seed = read<std::uint64_t>(json, "session_seed");
  return placement;
}

Json facts_json(const engines::ModelFacts& facts) {
  return {{"architecture", facts.architecture},
          {"parameters", facts.parameters},
          {"n_layer", facts.n_layer},
          {"n_embd", facts.n_embd},
          {"n_head", facts.n_head},
          {"n_head_kv", facts.n_head_kv},
          {"n_vocab", facts.n_vocab},
          {"max_context", facts.max_context},
          {"model_sha256", facts.model_sha256}};
}

engines::ModelFacts facts_from(const Json& json) {
  engines::ModelFacts facts;
  facts.architecture = read<std::string>(json, "architecture");
  facts.parameters = read<std::int64_t>(json, "parameters");
  facts.n_layer = read<int>(json, "n_layer");
  facts.n_embd = read<int>(json, "n_embd");
  facts.n_head = read<int>(json, "n_head");
  facts.n_head_kv = read<int>(json, "n_head_kv");
  facts.n_vocab = read<int>(json, "n_vocab");
  facts.max_context = read<int>(json, "max_context");
  facts.model_sha256 = read<std::string>(json, "model_sha256");
  return facts;
}

Json sample_json(const std::optional<PhaseSample>& sample) {
  if (!sample) return nullptr;
  return {{"start", sample->start.value}, {"stop", sample->stop.value},          {"rows", sample->rows},
          {"steps", sample->steps},       {"semantic", sample->semantic_tokens}, {"compute", sample->compute_tokens}};
}

std::optional<PhaseSample> sample_from(const Json& json) {
  if (json.is_null()) return std::nullopt;
  PhaseSample sample;
  sample.start = core::Instant(read<std::int64_t>(json, "start"));
  sample.stop = core::Instant(read<std::int64_t>(json, "stop"));
  sample.rows = read<std::int64_t>(json, "rows");
  sample.steps = read<std::int64_t>(json, "steps");
  sample.semantic_tokens = read<std::int64_t>(json, "semantic");
  sample.compute_tokens = read<std::int64_t>(json, "compute");
  return sample;
}

Json error_json(const Error& error) {
  return {{"kind", core::to_string(error.kind)}, {"what", error.what}, {"where", error.where}, {"next", error.next}};
}

// An unknown kind is a fault of the engine's side.
ErrorKind kind_from(const std::string& text) {
  for (const ErrorKind kind : {ErrorKind::invalid_input, ErrorKind::not_found, ErrorKind::io, ErrorKind::unsupported,
                               ErrorKind::toolchain_missing, ErrorKind::engine, ErrorKind::timeout, ErrorKind::aborted,
                               ErrorKind::conflict, ErrorKind::evidence}) {
    if (text == core::to_string(kind)) return kind;
  }
  return ErrorKind::engine;
}

Error error_from(const Json& json) {
  return {kind_from(read<std::string>(json, "kind")), read<std::string>(json, "what"), read<std::string>(json, "where"),
          read<std::string>(json, "next")};
}

constexpr std::array kGrades{engines::CompileGrade::not_requested, engines::CompileGrade::witnessed,
                             engines::CompileGrade::counter_consistent, engines::CompileGrade::label_only,
                             engines::CompileGrade::refuted};

Json phase_json(const PhaseAttribution& phase) {
  return {{"nodes_by_device", phase.nodes_by_device},
          {"nodes_by_op", phase.nodes_by_op},
          {"fallback", phase.fallback},
          {"fallback_reason", phase.fallback_reason},
          {"compile",
           {{"requested", phase.compile.requested},
            {"compiled", phase.compile.compiled},
            {"grade", engines::to_string(phase.compile.grade)},
            {"backend", phase.compile.backend},
            {"reason", phase.compile.reason}}}};
}

PhaseAttribution phase_from(const Json& json) {
  PhaseAttribution phase;
  phase.nodes_by_device = read<std::map<std::string, int>>(json, "nodes_by_device");
  phase.nodes_by_op = read<std::map<std::string, int>>(json, "nodes_by_op");
  phase.fallback = read<bool>(json, "fallback");
  phase.fallback_reason = read<std::string>(json, "fallback_reason");
  const Json& compile = json.at("compile");
  phase.compile.requested = read<bool>(compile, "requested");
  phase.compile.compiled = read<bool>(compile, "compiled");
  phase.compile.backend = read<std::string>(compile, "backend");
  phase.compile.reason = read<std::string>(compile, "reason");
  phase.compile.grade = engines::CompileGrade::label_only;  // an unknown word proves nothing
  for (const auto grade : kGrades) {
    if (read<std::string>(compile, "grade") == engines::to_string(grade)) phase.compile.grade = grade;
  }
  return phase;
}

Json contention_json(const CallAnswer& answer) {
  return {{"switches", answer.contention.involuntary_switches},
          {"steal", answer.contention.steal_ticks},
          {"run_queue", answer.contention.run_queue},
          {"wall_ns", answer.window.duration.value},
          {"ticks", answer.window.ticks}};
}

}  // namespace

Json to_json(const LoadCommand& command) {
  return {{"command", "load"},
          {"engine", command.engine},
          {"path", command.model.path},
          {"sha256", command.model.sha256},
          {"weight_set", command.model.weight_set},
          {"placement", placement_json(command.placement)},
          {"timeout_s", command.timeout_s}};
}

Json to_json(const CallCommand& command) {
  return {{"command", "call"}, {"rows", command.rows}, {"steps", command.steps}, {"timeout_s", command.timeout_s}};
}

Json score_command(const std::vector<engines::TokenId>& tokens, double timeout_s) {
  return {{"command", "score"}, {"tokens", tokens}, {"timeout_s", timeout_s}};
}

Json greedy_command(const std::vector<engines::TokenId>& tokens, int steps, double timeout_s) {
  return {{"command", "greedy"}, {"tokens", tokens}, {"steps", steps}, {"timeout_s", timeout_s}};
}

Json attribution_command(double timeout_s) { return {{"command", "attribution"}, {"timeout_s", timeout_s}}; }

Json quit_command() { return {{"command", "quit"}}; }

Result<LoadCommand> load_command_from(const Json& json) {
  return guarded("load", [&] {
    LoadCommand command;
    command.engine = read<std::string>(json, "engine");
    command.model = {read<std::string>(json, "path"), read<std::string>(json, "sha256"),
                     read<std::string>(json, "weight_set")};
    command.placement = placement_from(json.at("placement"));
    command.timeout_s = read<double>(json, "timeout_s");
    return command;
  });
}

Result<CallCommand> call_command_from(const Json& json) {
  return guarded("call", [&] {
    CallCommand command;
    command.rows = read<std::vector<std::vector<engines::TokenId>>>(json, "rows");
    command.steps = read<int>(json, "steps");
    command.timeout_s = read<double>(json, "timeout_s");
    return command;
  });
}

Json to_json(const LoadAnswer& answer) {
  return {{"load_ns", answer.load_time.value},
          {"facts", facts_json(answer.facts)},
          {"timing_source", answer.timing_source}};
}

Json to_json(const CallAnswer& answer) {
  std::vector<std::int64_t> steps;
  steps.reserve(answer.steps.size());
  for (const Nanos step : answer.steps) steps.push_back(step.value);
  Json json{{"prefill", sample_json(answer.prefill)},
            {"decode", sample_json(answer.decode)},
            {"steps", std::move(steps)},
            {"output_hash", answer.output_hash},
            {"contention", contention_json(answer)}};
  json["error"] = answer.error ? error_json(*answer.error) : Json(nullptr);
  return json;
}

Json to_json(const ScoreAnswer& answer) { return {{"nll", answer.nll}, {"best", answer.best}}; }

Json to_json(const GreedyAnswer& answer) { return {{"tokens", answer.tokens}, {"gaps", answer.gaps}}; }

Json to_json(const Attribution& attribution) {
  return {{"engine", attribution.engine},
          {"engine_version", attribution.engine_version},
          {"engine_build", attribution.engine_build},
          {"device", attribution.device_actual},
          {"backend", attribution.backend_actual},
          {"weight_type", attribution.weight_type},
          {"weight_tensors_by_type", attribution.weight_tensors_by_type},
          {"kv_type", attribution.kv_type},
          {"activation_type", attribution.activation_type},
          {"attention", attribution.attention},
          {"threads", attribution.threads},
          {"prefill", phase_json(attribution.prefill)},
          {"decode", phase_json(attribution.decode)}};
}

Json ok_answer(Json content) { return {{"ok", std::move(content)}}; }

Json error_answer(const Error& error) { return {{"error", error_json(error)}}; }

Result<Json> content_of(const Json& answer) {
  PHASEGATE_TRY(error, guarded("an answer", [&]() -> std::optional<Error> {
                  if (!answer.contains("error")) return std::nullopt;
                  return error_from(answer.at("error"));
                }));
  if (error) return core::fail(std::move(*error));
  return guarded("an answer", [&] { return answer.at("ok"); });
}

Result<LoadAnswer> load_answer_from(const Json& content) {
  return guarded("the answer to load", [&] {
    LoadAnswer answer;
    answer.load_time = Nanos(read<std::int64_t>(content, "load_ns"));
    answer.facts = facts_from(content.at("facts"));
    answer.timing_source = read<std::string>(content, "timing_source");
    return answer;
  });
}

Result<CallAnswer> call_answer_from(const Json& content) {
  return guarded("the answer to a call", [&] {
    CallAnswer answer;
    answer.prefill = sample_from(content.at("prefill"));
    answer.decode = sample_from(content.at("decode"));
    for (const std::int64_t step : read<std::vector<std::int64_t>>(content, "steps")) answer.steps.emplace_back(step);
    answer.output_hash = read<std::string>(content, "output_hash");
    if (!content.at("error").is_null()) answer.error = error_from(content.at("error"));
    const Json& contention = content.at("contention");
    answer.contention.involuntary_switches = read<std::int64_t>(contention, "switches");
    answer.contention.steal_ticks = read<std::int64_t>(contention, "steal");
    answer.contention.run_queue = read<double>(contention, "run_queue");
    answer.window.duration = Nanos(read<std::int64_t>(contention, "wall_ns"));
    answer.window.ticks = read<std::int64_t>(contention, "ticks");
    return answer;
  });
}

Result<ScoreAnswer> score_answer_from(const Json& content) {
  return guarded("the answer to score", [&] {
    return ScoreAnswer{read<std::vector<double>>(content, "nll"), read<std::vector<engines::TokenId>>(content, "best")};
  });
}

Result<GreedyAnswer> greedy_answer_from(const Json& content) {
  return guarded("the answer to greedy", [&] {
    return GreedyAnswer{read<std::vector<engines::TokenId>>(content, "tokens"),
                        read<std::vector<double>>(content, "gaps")};
  });
}

Result<Attribution> attribution_from(const Json& content) {
  return guarded("the answer to attribution", [&] {
    Attribution attribution;
    attribution.engine = read<std::string>(content, "engine");
    attribution.engine_version = read<std::string>(content, "engine_version");
    attribution.engine_build = read<std::string>(content, "engine_build");
    attribution.device_actual = read<std::string>(content, "device");
    attribution.backend_actual = read<std::string>(content, "backend");
    attribution.weight_type = read<std::string>(content, "weight_type");
    attribution.weight_tensors_by_type = read<std::map<std::string, int>>(content, "weight_tensors_by_type");
    attribution.kv_type = read<std::string>(content, "kv_type");
    attribution.activation_type = read<std::string>(content, "activation_type");
    attribution.attention = read<std::string>(content, "attention");
    attribution.threads = read<int>(content, "threads");
    attribution.prefill = phase_from(content.at("prefill"));
    attribution.decode = phase_from(content.at("decode"));
    return attribution;
  });
}

}  // namespace phasegate::bench
