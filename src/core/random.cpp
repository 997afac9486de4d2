#include "core/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace phasegate::core {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) word = splitmix64(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t x = next();
    // The high word of a 64 x 64 bit product by halves: no compiler extension needed.
    const std::uint64_t x_low = x & 0xFFFFFFFFU;
    const std::uint64_t x_high = x >> 32;
    const std::uint64_t b_low = bound & 0xFFFFFFFFU;
    const std::uint64_t b_high = bound >> 32;
    const std::uint64_t middle = x_high * b_low + ((x_low * b_low) >> 32);
    const std::uint64_t carry = (middle & 0xFFFFFFFFU) + x_low * b_high;
    const std::uint64_t high = x_high * b_high + (middle >> 32) + (carry >> 32);
    if (x * bound >= threshold) return high;
  }
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t derive_seed(std::uint64_t master, std::string_view purpose) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ master;  // FNV-1a over the name, then one splitmix step
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return splitmix64(hash);
}

}  // namespace phasegate::core
