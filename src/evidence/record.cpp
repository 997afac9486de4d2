#include "evidence/record.h"

#include "evidence/record_fields.h"

namespace phasegate::evidence {
namespace {

std::optional<double> rate(std::int64_t tokens, std::optional<core::Nanos> duration) {
  if (!duration || duration->value <= 0 || tokens <= 0) return std::nullopt;
  return static_cast<double>(tokens) / core::to_seconds(*duration);
}

}  // namespace

std::string_view to_string(Phase phase) { return name_of(kPhaseNames, phase); }
std::string_view to_string(Regime regime) { return name_of(kRegimeNames, regime); }
std::optional<Phase> parse_phase(std::string_view text) { return value_of<Phase>(kPhaseNames, text); }
std::optional<Regime> parse_regime(std::string_view text) { return value_of<Regime>(kRegimeNames, text); }

std::string Scenario::id() const {
  std::string text = fmt::format("p{}-g{}-b{}", prompt_tokens, gen_tokens, batch);
  if (depth != 0) text += fmt::format("-d{}", depth);
  return text;
}

std::optional<double> Record::tokens_per_second() const {
  return rate(phase == Phase::prefill ? prompt_tokens_semantic : generated_tokens, duration());
}

std::optional<double> Record::total_tokens_per_second() const {
  if (phase != Phase::e2e) return std::nullopt;
  return rate(prompt_tokens_semantic + generated_tokens, duration());
}

core::Json to_json(const Scenario& scenario) {
  return write_fields(scenario, [](auto& v, auto& s) { scenario_fields(v, s); });
}

core::Result<Scenario> scenario_from_json(const core::Json& json) {
  return from_json<Scenario>(json, [](auto& v, auto& s) { scenario_fields(v, s); });
}

core::Json to_json(const Record& record) {
  return write_fields(record, [](auto& v, auto& r) { record_fields(v, r); });
}

core::Result<Record> record_from_json(const core::Json& json) {
  return from_json<Record>(json, [](auto& v, auto& r) { record_fields(v, r); });
}

}  // namespace phasegate::evidence
