#include "control/boundary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "policy/stamp.h"

namespace phasegate::control {
namespace {

using core::Json;

struct TriggerFacts {
  std::string_view name;
  std::string_view rerun;
  bool machine;
};

// In the order of the enum; architecture: "The scenario set S0-S3".
constexpr std::array<TriggerFacts, 10> kTriggers = {{{"hardware_class", "S0-S3", true},
                                                     {"driver", "S0-S3", true},
                                                     {"runtime", "S0-S3", true},
                                                     {"compiler", "S0-S3", true},
                                                     {"model", "S1-S3", true},
                                                     {"quantization", "S1-S3", true},
                                                     {"sensor_cadence", "S0 and every energy value", false},
                                                     {"mix", "S3 and the weights", false},
                                                     {"prices", "pricing alone", false},
                                                     {"expiry", "S0-S3", false}}};

const TriggerFacts& facts(Trigger trigger) { return kTriggers[static_cast<std::size_t>(trigger)]; }

Trigger trigger_of(std::string_view key) {
  if (key == "driver" || key == "cuda") return Trigger::driver;
  if (key == "compiler") return Trigger::compiler;
  if (key == "os" || key == "kernel" || key == "libc") return Trigger::runtime;
  return Trigger::hardware_class;  // cpu_*, gpu, power_*, virtualisation; a key of a later version as well
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "unknown";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class Comparer {
 public:
  Comparer(const evidence::Policy& policy, const Here& here) : policy_(policy), here_(here) {
    const auto parsed = evidence::thresholds_from_json(policy.thresholds);
    limits_ = parsed ? *parsed : evidence::default_thresholds();
  }

  Comparison run() {
    environment();
    engines();
    models();
    sensors();
    prices();
    expiry();
    return std::move(result_);
  }

 private:
  void drift(Trigger trigger, std::string field, std::string was, std::string is) {
    result_.drifts.push_back({trigger, std::move(field), std::move(was), std::move(is)});
  }
  void unchecked(std::string field, std::string why) {
    result_.unchecked.push_back({std::move(field), std::move(why)});
  }
  void compare(Trigger trigger, const std::string& field, const std::string& was, const std::string& is) {
    if (was == is) {
      ++result_.matched;
    } else {
      drift(trigger, field, was, is);
    }
  }

  void environment() {
    const Json measured = policy_.boundary.is_object() ? policy_.boundary.value("environment", Json()) : Json();
    if (!measured.is_object() || measured.empty()) return unchecked("environment", "the policy records no environment");
    const Json now = evidence::boundary_of(here_.environment, {}).at("environment");
    std::set<std::string> keys;
    for (const auto& [key, value] : measured.items()) keys.insert(key);
    for (const auto& [key, value] : now.items()) keys.insert(key);
    for (const std::string& key : keys) {
      const Json was = measured.value(key, Json());
      const Json is = now.value(key, Json());
      if (was == is) {
        ++result_.matched;
      } else {
        drift(trigger_of(key), "environment." + key, text_of(was), text_of(is));
      }
    }
  }

  void engines() {
    std::set<std::array<std::string, 3>> measured;
    for (const auto& candidate : policy_.candidates) {
      const auto& of = candidate.identity;
      measured.insert({of.engine, of.engine_version, of.engine_build});
    }
    for (const auto& [name, version, build] : measured) engine(name, version, build);
  }

  void engine(const std::string& name, const std::string& version, const std::string& build) {
    const std::string field = "engines." + name;
    const auto found = std::find_if(here_.engines.begin(), here_.engines.end(),
                                    [&name](const EngineHere& engine) { return engine.name == name; });
    if (found == here_.engines.end()) return unchecked(field, "this program has no engine of that name");
    if (!found->present) {
      return drift(Trigger::runtime, field, version, "not here: " + found->detail);
    }
    compare(Trigger::runtime, field + ".version", version, found->version);
    if (found->build.empty()) return unchecked(field + ".build", "its library's hash cannot be told here");
    compare(Trigger::runtime, field + ".build", build, found->build);
  }

  void models() {
    std::set<std::string> seen;
    for (const auto& candidate : policy_.candidates) {
      if (seen.insert(candidate.model_name + "\n" + candidate.identity.model_sha256).second) model(candidate);
    }
    for (const ModelHere& named : here_.models) {
      if (named.name.empty()) file_of_user(named);
    }
  }

  void model(const evidence::Candidate& candidate) {
    const std::string field = "models." + candidate.model_name;
    const std::string& was = candidate.identity.model_sha256;
    const auto by_hash = std::find_if(here_.models.begin(), here_.models.end(),
                                      [&was](const ModelHere& model) { return model.sha256 == was; });
    if (by_hash != here_.models.end()) {
      ++result_.matched;
      return;
    }
    const auto by_name = std::find_if(here_.models.begin(), here_.models.end(), [&candidate](const ModelHere& model) {
      return model.name == candidate.model_name;
    });
    if (by_name == here_.models.end()) {
      return unchecked(field, "where its file is stands in no run of this store; name it with --model FILE");
    }
    if (by_name->sha256.empty()) return unchecked(field, by_name->problem);
    drift(Trigger::model, field, was, by_name->sha256);
    quantization(field, candidate, *by_name);
  }

  // Types, not counts: engines and file formats count a tied head differently.
  void quantization(const std::string& field, const evidence::Candidate& candidate, const ModelHere& now) {
    if (now.weight_tensors.empty()) return unchecked(field + ".weight_types", "the file's format does not say");
    const auto types = [](const std::map<std::string, int>& tensors) {
      std::vector<std::string> names;
      for (const auto& [type, count] : tensors) names.push_back(type);
      return fmt::format("{}", fmt::join(names, "+"));
    };
    compare(Trigger::quantization, field + ".weight_types", types(candidate.weight_tensors_by_type),
            types(now.weight_tensors));
  }

  void file_of_user(const ModelHere& named) {
    if (named.sha256.empty()) return unchecked("models." + named.file, named.problem);
    const bool known =
        std::any_of(policy_.candidates.begin(), policy_.candidates.end(),
                    [&named](const auto& candidate) { return candidate.identity.model_sha256 == named.sha256; });
    if (known) return;
    drift(Trigger::model, "models." + named.file, "one of the policy's model files", named.sha256);
    const auto same_types = [&named](const evidence::Candidate& candidate) {
      for (const auto& [type, count] : named.weight_tensors) {
        if (!candidate.weight_tensors_by_type.contains(type)) return false;
      }
      return true;
    };
    if (named.weight_tensors.empty()) return;
    if (std::none_of(policy_.candidates.begin(), policy_.candidates.end(), same_types)) {
      quantization("models." + named.file, policy_.candidates.front(), named);
    }
  }

  // What the runs' manifests say of the sensors that their energy came from.
  Json recorded_sensors() const {
    Json sensors = Json::object();
    if (!policy_.tables.is_object()) return sensors;
    for (const Json& run : policy_.tables.value("runs", Json::array())) {
      const Json instrument = run.is_object() ? run.value("instrument", Json()) : Json();
      if (!instrument.is_object()) continue;
      const Json found = instrument.value("sensors", Json());
      if (found.is_object()) sensors.update(found);
    }
    return sensors;
  }

  void sensors() {
    const Json recorded = recorded_sensors();
    if (recorded.empty()) return unchecked("sensors", "the policy has no energy evidence whose cadence could change");
    for (const auto& [name, facts] : recorded.items()) {
      const std::string field = "sensors." + name;
      const Json was = facts.is_object() ? facts.value("period_ns", Json()) : Json();
      if (!here_.sensors.is_object() || !here_.sensors.contains(name)) {
        drift(Trigger::sensor_cadence, field, "period " + text_of(was) + " ns", "cannot be read here");
        continue;
      }
      const Json is = here_.sensors.at(name).is_object() ? here_.sensors.at(name).value("period_ns", Json()) : Json();
      if (!was.is_number() || !is.is_number() || !(was.get<double>() > 0)) {
        unchecked(field + ".period_ns", "its update period is not known now and then");
        continue;
      }
      const double change = std::abs(is.get<double>() / was.get<double>() - 1);
      if (change <= limits_.watch_sensor_period_change) {
        ++result_.matched;
      } else {
        drift(Trigger::sensor_cadence, field + ".period_ns", text_of(was), text_of(is));
      }
    }
  }

  void prices() {
    const Json priced = policy_.economics.is_object() ? policy_.economics.value("pricing", Json()) : Json();
    if (!priced.is_object()) return unchecked("pricing", "the policy has no price");
    const std::string date = text_of(priced.value("date", Json()));
    const auto then = policy::seconds_of_stamp(date + "T00:00:00");
    const auto now = policy::seconds_of_stamp(here_.now);
    if (then && now && *now - *then > 86400.0 * limits_.watch_price_max_age_days) {
      drift(Trigger::prices, "pricing.date", date,
            fmt::format("{} days old; the limit is {}", static_cast<int>((*now - *then) / 86400),
                        limits_.watch_price_max_age_days));
    }
    if (!here_.pricing) {
      return unchecked("pricing.sha256", here_.pricing_problem.empty() ? "name the price in use with --pricing FILE"
                                                                       : here_.pricing_problem);
    }
    const Json current = policy::to_json(*here_.pricing);
    for (const char* key : {"usd_per_hour", "currency", "hardware_id", "date", "id", "shadow"}) {
      compare(Trigger::prices, std::string("pricing.") + key, text_of(priced.value(key, Json())),
              text_of(current.value(key, Json())));
    }
  }

  void expiry() {
    if (here_.now < policy_.expires) {
      ++result_.matched;
    } else {
      drift(Trigger::expiry, "expires", policy_.expires, here_.now);
    }
  }

  const evidence::Policy& policy_;
  const Here& here_;
  evidence::Thresholds limits_;
  Comparison result_;
};

}  // namespace

std::string_view to_string(Trigger trigger) { return facts(trigger).name; }
std::string_view rerun_of(Trigger trigger) { return facts(trigger).rerun; }
bool changes_the_machine(Trigger trigger) { return facts(trigger).machine; }

Comparison compare_boundary(const evidence::Policy& policy, const Here& here) { return Comparer(policy, here).run(); }

}  // namespace phasegate::control
