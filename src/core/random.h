// The one random generator of phasegate, named in every artifact that used it: "xoshiro256**/splitmix64".
// (Blackman, Vigna: Scrambled linear pseudorandom number generators, 2018.) The same bytes on every platform and
// standard library: std::shuffle and std::*_distribution are not portable and are not used.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace phasegate::core {

inline constexpr std::string_view kGeneratorName = "xoshiro256**/splitmix64";

class Random {
 public:
  explicit Random(std::uint64_t seed);

  [[nodiscard]] std::uint64_t next();
  [[nodiscard]] double uniform();                          // [0, 1), 53 bits
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);  // [0, bound), unbiased (Lemire 2019); bound > 0
  [[nodiscard]] double normal();                           // mean 0, variance 1 (Box-Muller)

  template <class T>
  void shuffle(std::span<T> items) {  // Fisher-Yates
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_[4];
};

// A seed for one named purpose out of one master seed, so that adding a purpose does not move the others.
[[nodiscard]] std::uint64_t derive_seed(std::uint64_t master, std::string_view purpose);

}  // namespace phasegate::core
