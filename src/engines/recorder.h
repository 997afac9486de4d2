// StepRecorder: the buffers that a measured call writes to. Everything is allocated when it is made; begin, mark and
// step neither allocate, format nor lock (<= 1 us a step at p50 is a bound of this project, bench/recorder.cpp). One
// thread. Reused between calls through begin().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/check.h"
#include "core/units.h"

namespace phasegate::engines {

class StepRecorder {
 public:
  StepRecorder(std::size_t max_steps, std::size_t max_rows)
      : stamps_(max_steps), tokens_(max_rows * (max_steps + 1)), max_rows_(max_rows) {}

  // Starts a new call for `rows` rows: forgets stamps and tokens.
  void begin(std::size_t rows) {
    PHASEGATE_CHECK(rows > 0 && rows <= max_rows_);
    rows_ = rows;
    steps_ = 0;
    has_first_ = false;
  }

  // The prefill's next token of each row.
  void first(std::span<const std::int32_t> tokens) {
    PHASEGATE_CHECK(tokens.size() == rows_);
    for (std::size_t row = 0; row < rows_; ++row) tokens_[row] = tokens[row];
    has_first_ = true;
  }

  // One decode step is over: its instant and the next token of each row.
  void step(core::Instant when, std::span<const std::int32_t> tokens) {
    PHASEGATE_CHECK(steps_ < stamps_.size() && tokens.size() == rows_ && has_first_);
    stamps_[steps_++] = when;
    std::int32_t* next = tokens_.data() + steps_ * rows_;
    for (std::size_t row = 0; row < rows_; ++row) next[row] = tokens[row];
  }

  // Forgets the decode steps and keeps the prefill's tokens: for a second decode from the same prefill.
  void rewind() { steps_ = 0; }

  [[nodiscard]] std::size_t max_steps() const { return stamps_.size(); }
  [[nodiscard]] std::size_t max_rows() const { return max_rows_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }
  [[nodiscard]] bool has_first() const { return has_first_; }
  [[nodiscard]] std::span<const core::Instant> stamps() const { return {stamps_.data(), steps_}; }

  // Tokens chosen by the prefill (index 0) or by step `index` - 1, one for each row.
  [[nodiscard]] std::span<const std::int32_t> tokens(std::size_t index) const {
    PHASEGATE_CHECK(has_first_ && index <= steps_);
    return {tokens_.data() + index * rows_, rows_};
  }
  // The latest chosen tokens.
  [[nodiscard]] std::span<const std::int32_t> tokens() const { return tokens(steps_); }

 private:
  std::vector<core::Instant> stamps_;
  std::vector<std::int32_t> tokens_;
  std::size_t max_rows_;
  std::size_t rows_ = 0;
  std::size_t steps_ = 0;
  bool has_first_ = false;
};

}  // namespace phasegate::engines
