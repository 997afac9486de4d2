// How long the next call of a simulated session takes. Pure but for its own random streams: the same profile, threads
// and session seed give the same session.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "core/random.h"
#include "core/units.h"
#include "engines/sim/profile.h"

namespace phasegate::engines::sim {

// One session: made at load, one owner, one thread.
class LatencyModel {
 public:
  LatencyModel(const Profile& profile, int threads, std::uint64_t session_seed);

  struct Batch {
    std::int64_t rows = 0;
    std::int64_t tokens = 0;   // of all rows
    std::int64_t longest = 0;  // tokens of the longest row
    double squares = 0.0;      // sum over rows of tokens squared
  };

  // `elapsed`: virtual time since load, for drift. At least 1 ns.
  [[nodiscard]] core::Nanos prefill(const Batch& batch, core::Nanos elapsed);
  // begin_decode opens a call; step gives each of its steps.
  void begin_decode();
  [[nodiscard]] core::Nanos step(std::int64_t context, std::int64_t rows, core::Nanos elapsed);

 private:
  [[nodiscard]] core::Nanos with_noise(double ms, double warmup, double cold_ms, core::Nanos elapsed);
  [[nodiscard]] double draw_mode(Grain grain);
  [[nodiscard]] double warmup(int call) const;

  LatencyProfile latency_;
  NoiseProfile noise_;
  WarmupProfile warmup_;
  double speed_;  // from threads
  core::Random random_;
  double session_factor_;  // session effect and a session's mode
  bool drifts_;
  double call_factor_ = 1.0;
  int prefills_ = 0;
  int decodes_ = 0;
  bool first_step_ = false;
  std::set<std::pair<std::int64_t, std::int64_t>> shapes_;
};

}  // namespace phasegate::engines::sim
