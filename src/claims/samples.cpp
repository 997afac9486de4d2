#include "claims/samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phasegate::claims {
namespace {

using evidence::Observation;
using evidence::Regime;
using evidence::Status;

std::optional<double> number(const Observation& row, const char* name) {
  const auto found = row.numbers.find(name);
  return found == row.numbers.end() ? std::nullopt : std::optional(found->second);
}

// How late the request was sent, under the names that the readers give it.
std::optional<double> lateness(const Observation& row) {
  for (const char* name : {"targeted_start_delay_ms", "credit_to_start_ms", "issue_delay_ms"}) {
    if (const auto value = number(row, name)) return value;
  }
  return std::nullopt;
}

std::optional<double> start_of(const Observation& row) {
  return row.started_unix_s ? row.started_unix_s : number(row, "start_time");
}

std::optional<std::int64_t> chunks_of(const Observation& row) {
  if (!row.itl_ms.empty()) return static_cast<std::int64_t>(row.itl_ms.size()) + 1;
  const auto iterations = number(row, "token_iterations");
  return iterations ? std::optional(static_cast<std::int64_t>(*iterations)) : std::nullopt;
}

double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

}  // namespace

std::string Cell::name() const {
  std::string text;
  for (const auto* part : {&backend, &model, &precision, &scenario}) {
    if (!part->empty()) text += (text.empty() ? "" : " / ") + *part;
  }
  return text;
}

void Sighting::see(const Observation& row, const std::string& detail_of_first) {
  if (++count > 1) return;
  where = fmt::format("{}:{}", row.file, row.line);
  detail = detail_of_first;
}

bool Collector::room(std::size_t more) {
  if (kept_ + static_cast<std::int64_t>(more) > kMaxSamples) return false;
  kept_ += static_cast<std::int64_t>(more);
  return true;
}

Cell* Collector::cell_of(const Observation& row) {
  std::string key;
  for (const auto* part : {&row.model, &row.backend, &row.precision, &row.scenario}) key += *part + '\n';
  key += evidence::to_string(row.window);
  const auto found = index_.find(key);
  if (found != index_.end()) return &samples_.cells[found->second];
  if (samples_.cells.size() >= kMaxCells) return nullptr;
  index_.emplace(std::move(key), samples_.cells.size());
  auto& cell = samples_.cells.emplace_back();
  cell.model = row.model;
  cell.backend = row.backend;
  cell.precision = row.precision;
  cell.scenario = row.scenario;
  cell.window = row.window;
  return &cell;
}

void Collector::add_times(const Observation& row, Cell& cell) {
  const auto late = lateness(row);
  if (!room(row.latency_ms.size() + row.ttft_ms.size() + row.itl_ms.size() + 3)) {
    ++samples_.beyond_limits;
    return;
  }
  ++cell.usable;
  const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(cell.latency_ms, row.latency_ms);
  append(cell.ttft_ms, row.ttft_ms);
  append(cell.itl_ms, row.itl_ms);
  if (late) cell.lateness_ms.push_back(*late);
  const bool one = row.latency_ms.size() == 1 && row.ttft_ms.size() == 1;
  if (one && row.generated_tokens.value_or(0) > 1) {
    cell.tpot_ms.push_back((row.latency_ms[0] - row.ttft_ms[0]) / static_cast<double>(*row.generated_tokens - 1));
  }
  if (const auto start = start_of(row)) {
    cell.start_s.push_back(*start);
    const double end = *start + total(row.latency_ms) / 1e3;
    samples_.first_start_s = std::min(samples_.first_start_s.value_or(*start), *start);
    samples_.last_end_s = std::max(samples_.last_end_s.value_or(end), end);
  }
}

void Collector::add_tokens(const Observation& row) {
  samples_.prompt_tokens += row.prompt_tokens.value_or(0);
  if (row.prompt_tokens && prompt_lengths_.size() < 1000) ++prompt_lengths_[*row.prompt_tokens];
  samples_.prompt_shapes = static_cast<std::int64_t>(prompt_lengths_.size());
  if (row.generated_tokens) {
    ++samples_.rows_with_tokens;
    samples_.generated_tokens += *row.generated_tokens;
  }
  samples_.gap_lists = samples_.gap_lists || !row.itl_ms.empty();
  const auto chunks = chunks_of(row);
  if (!chunks || row.generated_tokens.value_or(0) < 2) return;
  ++samples_.chunk_rows;
  samples_.chunks += *chunks;
  samples_.chunk_tokens += *row.generated_tokens;
  if (*chunks != *row.generated_tokens) ++samples_.chunk_rows_unequal;
}

// What cannot be, whatever was measured.
void Collector::look(const Observation& row) {
  for (const double latency : row.latency_ms) {
    if (latency < 0) samples_.negative.see(row, fmt::format("latency {} ms", latency));
    if (latency == 0) samples_.zero.see(row, "latency 0 ms");
  }
  for (const auto* list : {&row.ttft_ms, &row.itl_ms}) {
    for (const double value : *list) {
      if (value < 0) samples_.negative.see(row, fmt::format("{} ms", value));
    }
  }
  const auto server_prompt = number(row, "usage_prompt_tokens");
  if (server_prompt && row.prompt_tokens && *server_prompt != static_cast<double>(*row.prompt_tokens)) {
    samples_.counts_disagree.see(
        row, fmt::format("{} prompt tokens by the client, {:.0f} by the server", *row.prompt_tokens, *server_prompt));
  }
  // llama-bench states its mean in whole ns.
  if (const auto stated = number(row, "avg_ns"); stated && !row.latency_ms.empty()) {
    const double ours = total(row.latency_ms) / static_cast<double>(row.latency_ms.size()) * 1e6;
    if (std::abs(*stated - ours) > 2 + ours * 1e-9) {
      samples_.mean_disagrees.see(row, fmt::format("avg_ns {:.0f}, samples_ns give {:.0f}", *stated, ours));
    }
  }
  if (row.latency_ms.size() != 1) return;
  const double latency = row.latency_ms[0];
  const auto tokens = row.generated_tokens.value_or(0);
  if (latency > 0 && static_cast<double>(tokens + row.prompt_tokens.value_or(0)) / latency * 1e3 > max_tok_s_) {
    samples_.implausible_rate.see(row, fmt::format("{} tokens in {} ms", tokens, latency));
  }
  if (row.ttft_ms.size() != 1) return;
  const double ttft = row.ttft_ms[0];
  // Instants have a resolution, and the sum of many gaps rounds: half a microsecond and a part in 1e9 are no
  // contradiction.
  const double slack = 5e-4 + latency * 1e-9;
  if (ttft > latency + slack)
    samples_.ttft_above_latency.see(row, fmt::format("ttft {} ms, latency {} ms", ttft, latency));
  if (ttft == latency && tokens > 1)
    samples_.ttft_is_latency.see(row, fmt::format("both {} ms, {} tokens", ttft, tokens));
  const double gaps = total(row.itl_ms);
  if (ttft + gaps > latency + slack) {
    samples_.gaps_exceed_latency.see(row,
                                     fmt::format("ttft {:.3f} + gaps {:.3f} > latency {:.3f} ms", ttft, gaps, latency));
  }
}

void Collector::add(const Observation& row) {
  ++samples_.rows;
  Cell* cell = cell_of(row);
  if (cell != nullptr) ++cell->rows;
  if (row.parameters && samples_.parameters.size() < 1000) {
    const auto at = std::lower_bound(samples_.parameters.begin(), samples_.parameters.end(), *row.parameters);
    if (at == samples_.parameters.end() || *at != *row.parameters) samples_.parameters.insert(at, *row.parameters);
  }
  if (row.power) {
    ++samples_.with_power;
    if (row.power->samples < 2) ++samples_.power_below_two;
  }
  if (!row.warmup_ms.empty()) ++samples_.warmup_lists;
  if (row.status == Status::skipped) {
    ++samples_.skipped;
    return;
  }
  if (row.status == Status::error || row.status == Status::timeout || row.status == Status::aborted) {
    ++samples_.failed;
    return;
  }
  if (row.status == Status::degraded || !row.degraded_reasons.empty()) {
    ++samples_.degraded;
    return;
  }
  ++samples_.ok;
  look(row);
  if (row.regime == Regime::cold || row.regime == Regime::warmup) {
    ++(row.regime == Regime::cold ? samples_.cold : samples_.warmup);
    return;
  }
  ++(row.regime ? samples_.steady : samples_.unlabelled);
  add_tokens(row);
  if (cell == nullptr) {
    ++samples_.beyond_limits;
    return;
  }
  add_times(row, *cell);
}

}  // namespace phasegate::claims
