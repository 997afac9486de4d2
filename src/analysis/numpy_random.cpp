// PCG64 and SeedSequence as numpy has them: O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
// Algorithms for Random Number Generation", 2014, and its seed_seq_fe. Lemire's bounded draw (2019) with numpy's choice
// of 32 bits for ranges that fit: a different width would read the stream at other places.
#include "analysis/numpy_random.h"

#include <array>
#include <bit>
#include <limits>

#include "core/check.h"

namespace phasegate::analysis {
namespace {

constexpr std::size_t kPoolWords = 4;

constexpr Uint128 wide(std::uint64_t high, std::uint64_t low) { return (static_cast<Uint128>(high) << 64) | low; }
constexpr Uint128 kMultiplier = wide(0x2360ED051FC65DA4U, 0x4385DF649FCCF645U);

// SeedSequence(seed).generate_state(4, uint64).
class SeedSequence {
 public:
  explicit SeedSequence(std::uint64_t seed) {
    const std::array<std::uint32_t, kPoolWords> entropy{static_cast<std::uint32_t>(seed),
                                                        static_cast<std::uint32_t>(seed >> 32), 0, 0};
    for (std::size_t i = 0; i < kPoolWords; ++i) pool_[i] = hashed(entropy[i]);
    for (std::size_t from = 0; from < kPoolWords; ++from) {
      for (std::size_t to = 0; to < kPoolWords; ++to)
        if (from != to) pool_[to] = mixed(pool_[to], hashed(pool_[from]));
    }
  }

  [[nodiscard]] std::array<std::uint64_t, 4> state() const {
    std::uint32_t constant = 0x8b51f9dd;
    std::array<std::uint32_t, 8> words{};
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::uint32_t word = pool_[i % kPoolWords] ^ constant;
      constant *= 0x58f38ded;
      word *= constant;
      words[i] = word ^ (word >> 16);
    }
    std::array<std::uint64_t, 4> state{};
    for (std::size_t i = 0; i < state.size(); ++i)
      state[i] = words[2 * i] | (static_cast<std::uint64_t>(words[2 * i + 1]) << 32);
    return state;
  }

 private:
  std::uint32_t hashed(std::uint32_t value) {
    value ^= constant_;
    constant_ *= 0x931e8875;
    value *= constant_;
    return value ^ (value >> 16);
  }
  static std::uint32_t mixed(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t result = 0xca01f9ddU * x - 0x4973f715U * y;
    return result ^ (result >> 16);
  }

  std::uint32_t constant_ = 0x43b0d7e5;
  std::array<std::uint32_t, kPoolWords> pool_{};
};

}  // namespace

NumpyRandom::NumpyRandom(std::uint64_t seed) {
  const auto words = SeedSequence(seed).state();
  increment_ = (wide(words[2], words[3]) << 1) | 1;
  state_ = increment_;  // one step from 0
  state_ += wide(words[0], words[1]);
  state_ = state_ * kMultiplier + increment_;
}

std::uint64_t NumpyRandom::next() {
  state_ = state_ * kMultiplier + increment_;
  const auto folded = static_cast<std::uint64_t>(state_ >> 64) ^ static_cast<std::uint64_t>(state_);
  return std::rotr(folded, static_cast<int>(state_ >> 122));
}

std::uint32_t NumpyRandom::next32() {
  if (has_kept_) {
    has_kept_ = false;
    return kept_;
  }
  const std::uint64_t both = next();
  kept_ = static_cast<std::uint32_t>(both >> 32);
  has_kept_ = true;
  return static_cast<std::uint32_t>(both);
}

double NumpyRandom::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint32_t NumpyRandom::below32(std::uint32_t bound) {
  std::uint64_t product = static_cast<std::uint64_t>(next32()) * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0U - bound) % bound;  // 2^32 mod bound
    while (static_cast<std::uint32_t>(product) < threshold) product = static_cast<std::uint64_t>(next32()) * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

std::uint64_t NumpyRandom::below64(std::uint64_t bound) {
  Uint128 product = static_cast<Uint128>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (std::uint64_t{0} - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Uint128>(next()) * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

void NumpyRandom::integers(std::uint64_t bound, std::span<std::size_t> out) {
  PHASEGATE_CHECK(bound > 0);
  constexpr std::uint64_t kAll32 = std::uint64_t{1} << 32;
  for (std::size_t& value : out) {
    if (bound == 1) {
      value = 0;  // numpy draws nothing
    } else if (bound < kAll32) {
      value = below32(static_cast<std::uint32_t>(bound));
    } else if (bound == kAll32) {
      value = next32();
    } else {
      value = below64(bound);
    }
  }
}

}  // namespace phasegate::analysis
