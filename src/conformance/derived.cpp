#include "conformance/derived.h"

#include <cmath>

#include "core/json.h"

namespace phasegate::conformance {

std::string to_text(const Scalar& value) {
  if (const auto* number = std::get_if<double>(&value)) return core::shortest(*number);
  return std::get<std::string>(value);
}

void DerivedSet::number(const std::string& run, std::string name, double value) {
  if (!std::isfinite(value)) return absent(run, std::move(name), "not_finite");
  runs_[run][std::move(name)] = Derived{Scalar(value), {}};
}

void DerivedSet::number(const std::string& run, std::string name, const std::optional<double>& value,
                        std::string_view reason) {
  if (value) return number(run, std::move(name), *value);
  absent(run, std::move(name), std::string(reason));
}

void DerivedSet::text(const std::string& run, std::string name, std::string value) {
  runs_[run][std::move(name)] = Derived{Scalar(std::move(value)), {}};
}

void DerivedSet::absent(const std::string& run, std::string name, std::string reason) {
  runs_[run][std::move(name)] = Derived{std::nullopt, std::move(reason)};
}

const Derived* DerivedSet::find(const std::string& run, std::string_view name) const {
  const auto at = runs_.find(run);
  if (at == runs_.end()) return nullptr;
  const auto value = at->second.find(name);
  return value == at->second.end() ? nullptr : &value->second;
}

std::optional<double> DerivedSet::number_of(const std::string& run, std::string_view name) const {
  const auto* derived = find(run, name);
  if (derived == nullptr || !derived->value || !std::holds_alternative<double>(*derived->value)) return std::nullopt;
  return std::get<double>(*derived->value);
}

}  // namespace phasegate::conformance
