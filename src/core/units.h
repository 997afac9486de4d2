// Distinct types for ids and quantities, so that a wrong unit does not compile. A Quantity is a value: it copies,
// compares and adds with its own kind only; scaling by a plain number is allowed.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace phasegate::core {

template <class Tag, class Rep>
struct Quantity {
  Rep value{};

  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value + b.value); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value - b.value); }
  friend constexpr Quantity operator*(Quantity a, Rep k) { return Quantity(a.value * k); }
  constexpr Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
};

// Durations and instants are nanoseconds of the steady clock; they become ms only when shown.
using Nanos = Quantity<struct NanosTag, std::int64_t>;
using Instant = Quantity<struct InstantTag, std::int64_t>;
using TokenCount = Quantity<struct TokenCountTag, std::int64_t>;
using UsdPerHour = Quantity<struct UsdPerHourTag, double>;
using Usd = Quantity<struct UsdTag, double>;

[[nodiscard]] constexpr Nanos between(Instant start, Instant stop) { return Nanos(stop.value - start.value); }
[[nodiscard]] constexpr Instant after(Instant start, Nanos duration) { return Instant(start.value + duration.value); }
[[nodiscard]] constexpr double to_ms(Nanos duration) { return static_cast<double>(duration.value) / 1e6; }
[[nodiscard]] constexpr double to_seconds(Nanos duration) { return static_cast<double>(duration.value) / 1e9; }
[[nodiscard]] constexpr Nanos seconds(double s) { return Nanos(static_cast<std::int64_t>(s * 1e9)); }
[[nodiscard]] constexpr Nanos millis(std::int64_t ms) { return Nanos(ms * 1'000'000); }

template <class Tag>
struct Id {
  std::string value;

  Id() = default;
  explicit Id(std::string v) : value(std::move(v)) {}
  friend auto operator<=>(const Id&, const Id&) = default;
  [[nodiscard]] bool empty() const { return value.empty(); }
};

using RunId = Id<struct RunIdTag>;
using CandidateId = Id<struct CandidateIdTag>;  // sha256 of the canonical candidate identity, hex
using PolicyId = Id<struct PolicyIdTag>;        // sha256 of the canonical policy, hex

}  // namespace phasegate::core
