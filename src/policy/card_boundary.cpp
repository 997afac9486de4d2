#include "policy/card_boundary.h"

#include <fmt/format.h>

#include <array>

namespace phasegate::policy {
namespace {

using core::Json;

constexpr std::array<std::pair<const char*, const char*>, 10> kShown = {{{"cpu_model", "CPU"},
                                                                         {"cpu_cores", "Cores"},
                                                                         {"cpu_governor", "Governor"},
                                                                         {"virtualisation", "Virtualised"},
                                                                         {"gpu", "GPU"},
                                                                         {"driver", "Driver"},
                                                                         {"os", "OS"},
                                                                         {"kernel", "Kernel"},
                                                                         {"libc", "C library"},
                                                                         {"build_type", "phasegate build"}}};

// "2 logical, 2 physical" of {"logical": 2, "physical": 2}: a reader of the card does not want to read JSON.
std::string in_words(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string words;
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      words += fmt::format("{}{} {}", words.empty() ? "" : ", ", inner.is_number() ? in_words(inner) : key,
                           inner.is_number() ? key : in_words(inner));
    }
    return words;
  }
  if (value.is_array()) {
    for (const Json& inner : value) words += (words.empty() ? "" : "; ") + in_words(inner);
    return words;
  }
  return value.dump();
}

std::string environment_value(const Json& entry) {
  const auto value = entry.find("value");
  if (value != entry.end() && !value->is_null()) return in_words(*value);
  const auto reason = entry.find("reason");
  return "null: " + (reason != entry.end() && reason->is_string() ? reason->get<std::string>() : "no reason recorded");
}

std::string candidate_in_words(const evidence::CandidateIdentity& of) {
  return fmt::format("{} {} · {} on {} · weights {} · KV {} · activations {} · {} thread{}", of.engine,
                     of.engine_version, of.backend, of.device, of.weight_type, of.kv_type, of.activation_type,
                     of.threads, of.threads == 1 ? "" : "s");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> boundary_lines(const evidence::Policy& policy) {
  std::vector<std::pair<std::string, std::string>> lines;
  if (const auto environment = policy.tables.find("environment"); environment != policy.tables.end()) {
    for (const auto& [key, label] : kShown) {
      const auto entry = environment->find(key);
      if (entry != environment->end() && entry->is_object()) lines.emplace_back(label, environment_value(*entry));
    }
  }
  for (const evidence::Candidate& candidate : policy.candidates) {
    lines.emplace_back(candidate.name, candidate_in_words(candidate.identity));
  }
  const auto hash = policy.boundary.is_object() ? policy.boundary.find("sha256") : policy.boundary.end();
  const bool known = policy.boundary.is_object() && hash != policy.boundary.end() && hash->is_string();
  lines.emplace_back("Fingerprint", known ? hash->get<std::string>().substr(0, 16) : "unknown");
  return lines;
}

}  // namespace phasegate::policy
