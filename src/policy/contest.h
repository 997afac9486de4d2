// Every comparison that a policy rests on: two candidates, one measured shape, one objective. All of them are one
// family, so that a policy with many cells does not find winners by having looked often (requirement 69).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/compare.h"
#include "core/result.h"
#include "policy/pool.h"

namespace phasegate::policy {

// How candidate `a` fared against `b`; ratio > 1 means that a is better, whatever the unit of the objective.
struct Contest {
  std::string a;
  std::string b;
  evidence::Scenario scenario;
  evidence::Phase phase = evidence::Phase::prefill;
  analysis::Comparison comparison;
  std::optional<double> p_adjusted;
  analysis::Verdict verdict;
  bool flip = false;      // mean and median name different leaders
  bool conflict = false;  // two runs name different winners
  std::string conflict_detail;

  [[nodiscard]] bool won() const {  // by a
    return verdict.outcome == analysis::Outcome::winner_a && decides();
  }
  [[nodiscard]] bool lost() const { return verdict.outcome == analysis::Outcome::winner_b && decides(); }
  // A flip only matters where there would be a winner: the order of two equals says nothing.
  [[nodiscard]] bool flip_decides() const {
    return flip && (verdict.outcome == analysis::Outcome::winner_a || verdict.outcome == analysis::Outcome::winner_b);
  }
  [[nodiscard]] bool decides() const { return !flip && !conflict; }
};

class Contests {
 public:
  using ShapeKey = std::pair<evidence::Scenario, evidence::Phase>;

  // Candidates that compete with each other, and the shapes at which they do. A tier is a division.
  struct Division {
    std::vector<std::string> names;
    std::vector<ShapeKey> shapes;
  };

  // Compares all pairs of each division at each of its shapes and adjusts the whole by Holm. Errors come from values
  // that are not positive, which validated records do not have.
  [[nodiscard]] static core::Result<Contests> hold(const Pool& pool, const std::vector<Division>& divisions);

  // Seen from `a`; empty when the two were never compared there.
  [[nodiscard]] std::optional<Contest> between(const std::string& a, const std::string& b, const ShapeKey& shape) const;
  [[nodiscard]] std::size_t family() const { return family_; }  // comparisons with a p value
  [[nodiscard]] const std::map<std::tuple<std::string, std::string, ShapeKey>, Contest>& all() const {
    return contests_;
  }

 private:
  void adjust(const analysis::VerdictOptions& rule);

  std::map<std::tuple<std::string, std::string, ShapeKey>, Contest> contests_;  // a < b
  std::size_t family_ = 0;
};

}  // namespace phasegate::policy
