#include <cmath>
#include <limits>

#include "core/random.h"
#include "engines/contract/contract_suite.h"

namespace phasegate::engines::contract {

void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

void EngineContract::SetUp() {
  factory_ = GetParam().factory();
  const EngineAvailability availability = factory_.probe();
  if (!availability.present) GTEST_SKIP() << factory_.name << " is absent: " << availability.how_to_get;
  model_ = GetParam().model();
  ASSERT_FALSE(model_.sha256.empty());
  ASSERT_GE(GetParam().placement.max_context, 64);
  ASSERT_GE(GetParam().placement.max_batch, 3);
}

std::unique_ptr<PhaseEngine> EngineContract::fresh() const {
  auto made = factory_.make();
  if (!made) {
    ADD_FAILURE() << made.error().message();
    return nullptr;
  }
  return make_checked(std::move(*made));
}

void EngineContract::load(PhaseEngine& engine) {
  const auto report = engine.load(model_, GetParam().placement, never(engine));
  ASSERT_TRUE(report) << report.error().message();
  facts_ = report->facts;
}

std::vector<TokenId> EngineContract::prompt(std::size_t length, int variant) const {
  core::Random random(core::derive_seed(static_cast<std::uint64_t>(variant), "contract prompt"));
  std::vector<TokenId> ids(length);
  for (TokenId& id : ids) id = static_cast<TokenId>(random.below(static_cast<std::uint64_t>(facts_.n_vocab)));
  return ids;
}

std::vector<float> EngineContract::logits_of(PhaseEngine& engine, const std::vector<TokenId>& tokens) {
  const auto rows = continue_rows(engine, {tokens}, 0);
  return rows.empty() ? std::vector<float>{} : rows.front().logits;
}

std::vector<EngineContract::Continuation> EngineContract::continue_rows(PhaseEngine& engine,
                                                                        const std::vector<std::vector<TokenId>>& rows,
                                                                        int steps) {
  std::vector<Prompt> prompts;
  for (const auto& row : rows) prompts.push_back({row});
  if (const auto status = engine.reset(); !status) ADD_FAILURE() << status.error().message();
  const auto prefill = engine.prefill(prompts, recorder_, never(engine));
  if (!prefill) {
    ADD_FAILURE() << prefill.error().message();
    return {};
  }
  if (steps > 0) {
    const auto decode = engine.decode(steps, recorder_, never(engine));
    if (!decode) {
      ADD_FAILURE() << decode.error().message();
      return {};
    }
  }
  std::vector<Continuation> out(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t step = 0; step <= recorder_.steps(); ++step) {
      out[row].tokens.push_back(recorder_.tokens(step)[row]);
    }
    out[row].logits = copy_logits(engine, static_cast<int>(row));
  }
  return out;
}

std::vector<float> EngineContract::copy_logits(const PhaseEngine& engine, int row) {
  const auto logits = engine.logits(row);
  return {logits.begin(), logits.end()};
}

float EngineContract::max_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size() || a.empty()) return std::numeric_limits<float>::infinity();
  float largest = 0.0F;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::fmax(largest, std::fabs(a[i] - b[i]));
  return largest;
}

}  // namespace phasegate::engines::contract
