#include "engines/sim/language.h"

namespace phasegate::engines::sim {

namespace {

// splitmix64's finaliser (Steele, Lea, Flood 2014): every input bit changes about half of the output bits.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

float signed_unit(std::uint64_t bits) { return static_cast<float>(bits >> 40) * 0x1p-23F - 1.0F; }

constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;
constexpr std::uint64_t kErrorStream = 0xD1B54A32D192ED03ULL;

}  // namespace

void Context::feed(std::int32_t token) {
  state_ = mix(state_ + kStep * (static_cast<std::uint64_t>(static_cast<std::uint32_t>(token)) + 1));
}

void Context::logits(std::span<float> out, double perturb) const {
  for (std::size_t id = 0; id < out.size(); ++id) {
    out[id] = kLogitScale * signed_unit(mix(state_ + kStep * (id + 1)));
  }
  if (perturb == 0.0) return;
  const auto error = static_cast<float>(perturb);
  for (std::size_t id = 0; id < out.size(); ++id) {
    out[id] += error * signed_unit(mix((state_ ^ kErrorStream) + kStep * (id + 1)));
  }
}

}  // namespace phasegate::engines::sim
