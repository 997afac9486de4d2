// numpy's default_rng, number for number: SeedSequence, PCG64 (XSL-RR 128/64) and Generator.integers / random. It is
// here for intervals that somebody published from a bootstrap seeded with default_rng(42), which only the same draws
// reproduce to the last digit. Bootstraps of our own use core::Random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace phasegate::analysis {

inline constexpr std::string_view kNumpyGeneratorName = "numpy.PCG64/SeedSequence";

__extension__ using Uint128 = unsigned __int128;

// A value that one thread owns. Copying it forks the stream.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint64_t seed);  // default_rng(seed)

  [[nodiscard]] std::uint64_t next();    // one raw 64-bit output
  [[nodiscard]] std::uint32_t next32();  // half an output: the low half first, the high half is kept for the next call
  [[nodiscard]] double uniform();        // Generator.random(): [0, 1), 53 bits

  // Generator.integers(0, bound, size=out.size()); bound > 0. The 32-bit half that is left over stays for the next
  // call, as numpy keeps it.
  void integers(std::uint64_t bound, std::span<std::size_t> out);

 private:
  [[nodiscard]] std::uint64_t below64(std::uint64_t bound);
  [[nodiscard]] std::uint32_t below32(std::uint32_t bound);

  Uint128 state_ = 0;
  Uint128 increment_ = 0;
  std::uint32_t kept_ = 0;
  bool has_kept_ = false;
};

}  // namespace phasegate::analysis
