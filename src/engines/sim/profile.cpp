#include "engines/sim/profile.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <cmath>
#include <initializer_list>
#include <set>
#include <utility>

namespace phasegate::engines::sim {

namespace {

using core::Error;
using core::ErrorKind;
using core::fail;

// A fault of the file; caught in parse_profile, never leaves this file.
struct Refused {
  Error error;
};

[[noreturn]] void refuse(const std::string& source, const YAML::Node& node, std::string what) {
  const int line = node.Mark().line;
  throw Refused{{ErrorKind::invalid_input, std::move(what), line >= 0 ? fmt::format("{}:{}", source, line + 1) : source,
                 "the keys of a sim profile are in src/engines/sim/README.md"}};
}

struct Range {
  double low;
  double high;
};
constexpr Range kMs{0.0, 3'600'000.0};
constexpr Range kSigma{0.0, 2.0};
constexpr Range kProbability{0.0, 1.0};
constexpr Range kFactor{0.01, 1000.0};

// One mapping of the file. Every read names its key once; finish() refuses what nobody asked for.
class Section {
 public:
  Section(const std::string& source, const YAML::Node& node, std::string path)
      : source_(source), node_(node), path_(std::move(path)) {
    if (!node_.IsMap()) refuse(source_, node_, fmt::format("{} must be a mapping", path_));
    std::set<std::string> seen;
    for (const auto& entry : node_) {
      if (!seen.insert(entry.first.Scalar()).second) {
        refuse(source_, entry.first, fmt::format("key '{}' stands twice in {}", entry.first.Scalar(), path_));
      }
    }
  }

  void real(const char* key, double& value, Range range) {
    const YAML::Node node = take(key);
    if (!node) return;
    value = scalar<double>(node, key, "a number");
    if (!std::isfinite(value) || value < range.low || value > range.high) {
      refuse(source_, node, fmt::format("{}.{} is {}, must be in {}..{}", path_, key, value, range.low, range.high));
    }
  }
  template <class Integer>
  void integer(const char* key, Integer& value, std::int64_t low, std::int64_t high) {
    const YAML::Node node = take(key);
    if (!node) return;
    const auto wide = scalar<std::int64_t>(node, key, "an integer");
    if (wide < low || wide > high) {
      refuse(source_, node, fmt::format("{}.{} is {}, must be in {}..{}", path_, key, wide, low, high));
    }
    value = static_cast<Integer>(wide);
  }
  void text(const char* key, std::string& value) {
    const YAML::Node node = take(key);
    if (!node) return;
    value = scalar<std::string>(node, key, "a text");
    if (value.empty()) refuse(source_, node, fmt::format("{}.{} is empty", path_, key));
  }
  template <class Enum, std::size_t N>
  void choice(const char* key, Enum& value, const std::array<std::pair<const char*, Enum>, N>& names) {
    const YAML::Node node = take(key);
    if (!node) return;
    const auto given = scalar<std::string>(node, key, "a text");
    std::string known;
    for (const auto& [name, candidate] : names) {
      if (given == name) {
        value = candidate;
        return;
      }
      known += known.empty() ? name : fmt::format(", {}", name);
    }
    refuse(source_, node, fmt::format("{}.{} is '{}', must be one of {}", path_, key, given, known));
  }
  void counts(const char* key, std::map<std::string, int>& value) {
    const YAML::Node node = take(key);
    if (!node) return;
    const Section inner(source_, node, fmt::format("{}.{}", path_, key));
    for (const auto& entry : node) {
      const int count = scalar<int>(entry.second, entry.first.Scalar().c_str(), "a count");
      if (count < 1) refuse(source_, entry.second, fmt::format("{}.{}: a count below 1", path_, key));
      value[entry.first.Scalar()] = count;
    }
    if (value.empty()) refuse(source_, node, fmt::format("{}.{} is empty", path_, key));
  }
  // The node of a nested mapping or list; undefined when the key is absent.
  YAML::Node take(const char* key) {
    known_.insert(key);
    const YAML::Node& read_only = node_;
    return read_only[key];
  }
  void finish() const {
    for (const auto& entry : node_) {
      if (known_.count(entry.first.Scalar()) != 0) continue;
      refuse(source_, entry.first, fmt::format("unknown key '{}' in {}", entry.first.Scalar(), path_));
    }
  }

 private:
  template <class T>
  T scalar(const YAML::Node& node, const char* key, const char* expected) const {
    T value{};
    if (node.IsScalar() && YAML::convert<T>::decode(node, value)) return value;
    refuse(source_, node, fmt::format("{}.{} must be {}", path_, key, expected));
  }

  const std::string& source_;
  YAML::Node node_;
  std::string path_;
  std::set<std::string> known_;
};

constexpr std::array<std::pair<const char*, Phase>, 5> kPhases{{{"load", Phase::load},
                                                                {"prefill", Phase::prefill},
                                                                {"decode", Phase::decode},
                                                                {"score", Phase::score},
                                                                {"attribution", Phase::attribution}}};
constexpr std::array<std::pair<const char*, FaultKind>, 6> kFaults{{{"crash", FaultKind::crash},
                                                                    {"hang", FaultKind::hang},
                                                                    {"hang_hard", FaultKind::hang_hard},
                                                                    {"error", FaultKind::error},
                                                                    {"nan", FaultKind::nan},
                                                                    {"few_tokens", FaultKind::few_tokens}}};
constexpr std::array<std::pair<const char*, Grain>, 3> kGrains{
    {{"session", Grain::session}, {"call", Grain::call}, {"step", Grain::step}}};

void read_model(Section section, ModelProfile& m) {
  section.text("architecture", m.architecture);
  section.integer("parameters", m.parameters, 1, std::int64_t{1} << 50);
  section.integer("layers", m.layers, 1, 10'000);
  section.integer("embd", m.embd, 1, 1 << 20);
  section.integer("heads", m.heads, 1, 4096);
  section.integer("heads_kv", m.heads_kv, 1, m.heads);
  section.integer("vocab", m.vocab, 2, 1 << 20);
  section.integer("max_context", m.max_context, 2, 1 << 20);
  section.integer("weights_seed", m.weights_seed, 0, std::int64_t{1} << 53);
  section.finish();
}

void read_latency(Section section, LatencyProfile& l) {
  section.real("load_ms", l.load_ms, kMs);
  section.real("prefill_base_ms", l.prefill_base_ms, kMs);
  section.real("prefill_per_token_ms", l.prefill_per_token_ms, kMs);
  section.real("prefill_quadratic_ms", l.prefill_quadratic_ms, kMs);
  section.real("decode_base_ms", l.decode_base_ms, kMs);
  section.real("decode_per_context_ms", l.decode_per_context_ms, kMs);
  section.real("decode_per_row_ms", l.decode_per_row_ms, kMs);
  section.real("thread_efficiency", l.thread_efficiency, kProbability);
  section.finish();
}

void read_noise(Section section, NoiseProfile& n) {
  section.real("sigma", n.sigma, kSigma);
  section.real("session_sigma", n.session_sigma, kSigma);
  section.real("drift_per_second", n.drift_per_second, {-1.0, 10.0});
  section.real("drift_probability", n.drift_probability, kProbability);
  section.real("mode_probability", n.mode_probability, kProbability);
  section.real("mode_factor", n.mode_factor, kFactor);
  section.choice("mode_per", n.mode_per, kGrains);
  section.finish();
}

void read_warmup(Section section, WarmupProfile& w) {
  section.real("first_prefill_ms", w.first_prefill_ms, kMs);
  section.real("first_decode_ms", w.first_decode_ms, kMs);
  section.real("shape_cold_ms", w.shape_cold_ms, kMs);
  section.real("factor", w.factor, kFactor);
  section.real("decay", w.decay, {0.0, 1.0});
  section.finish();
}

void read_attribution(Section section, AttributionProfile& a) {
  section.text("device", a.device);
  section.text("backend", a.backend);
  section.text("weight_type", a.weight_type);
  section.text("kv_type", a.kv_type);
  section.text("activation_type", a.activation_type);
  section.text("attention", a.attention);
  section.counts("prefill_nodes", a.prefill_nodes);
  section.counts("decode_nodes", a.decode_nodes);
  section.finish();
}

// Logits exist in the phases that run the model; a nan or a missing token elsewhere would mean nothing.
void check_fault(const std::string& source, const YAML::Node& node, const Fault& fault) {
  if (fault.kind == FaultKind::few_tokens && fault.phase != Phase::decode) {
    refuse(source, node, "few_tokens is a fault of decode alone");
  }
  if (fault.kind == FaultKind::nan && (fault.phase == Phase::load || fault.phase == Phase::attribution)) {
    refuse(source, node, "nan is a fault of prefill, decode or score");
  }
}

std::vector<Fault> read_faults(const std::string& source, const YAML::Node& list) {
  if (!list.IsSequence()) refuse(source, list, "faults must be a list");
  std::vector<Fault> faults;
  for (const auto& node : list) {
    Section section(source, node, "faults");
    Fault fault;
    section.choice("kind", fault.kind, kFaults);
    section.choice("phase", fault.phase, kPhases);
    section.integer("call", fault.call, 1, 1'000'000'000);
    section.real("probability", fault.probability, kProbability);
    section.finish();
    check_fault(source, node, fault);
    faults.push_back(fault);
  }
  return faults;
}

Profile read_profile(const std::string& source, const YAML::Node& root) {
  if (!root.IsMap()) refuse(source, root, "a sim profile is a mapping that begins with 'sim: 1'");
  Section section(source, root, "the profile");
  int version = 0;
  section.integer("sim", version, 1, 1);
  if (version == 0) refuse(source, root, "the key 'sim' (version of the profile format, 1) is missing");
  Profile profile;
  section.text("name", profile.name);
  const auto part = [&](const char* key, auto read, auto& target) {
    if (const YAML::Node node = section.take(key)) read(Section(source, node, key), target);
  };
  part("model", read_model, profile.model);
  part("latency", read_latency, profile.latency);
  part("noise", read_noise, profile.noise);
  part("warmup", read_warmup, profile.warmup);
  part("attribution", read_attribution, profile.attribution);
  part(
      "accuracy",
      [](Section accuracy, AccuracyProfile& target) {
        accuracy.real("perturb", target.perturb, {0.0, 100.0});
        accuracy.finish();
      },
      profile.accuracy);
  if (const YAML::Node faults = section.take("faults")) profile.faults = read_faults(source, faults);
  section.finish();
  return profile;
}

}  // namespace

const char* to_string(Phase phase) {
  for (const auto& [name, value] : kPhases) {
    if (value == phase) return name;
  }
  return "decode";
}

core::Result<Profile> parse_profile(const std::string& text, const std::string& source) {
  try {
    return read_profile(source, YAML::Load(text));
  } catch (const Refused& refused) {
    return fail(refused.error);
  } catch (const YAML::Exception& error) {
    return fail(Error{ErrorKind::invalid_input, fmt::format("not readable as YAML: {}", error.msg),
                      fmt::format("{}:{}", source, error.mark.line + 1),
                      "the keys of a sim profile are in src/engines/sim/README.md"});
  }
}

}  // namespace phasegate::engines::sim
