// What a person who approves should stop at. Each risk is a fact of the two policies, not a judgement of the change.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/diff_parts.h"
#include "control/words.h"
#include "evidence/thresholds.h"

namespace phasegate::control {
namespace {

using core::Json;
using evidence::Policy;

class Finder {
 public:
  Finder(const Policy& was, const Policy& is, const PolicyDiff& diff) : was_(was), is_(is), diff_(diff) {
    const auto parsed = evidence::thresholds_from_json(is.thresholds);
    practical_effect_ = (parsed ? *parsed : evidence::default_thresholds()).practical_effect;
  }

  std::vector<Risk> run() {
    if (is_.provisional) add("provisional", "the new policy is PROVISIONAL, NOT FOR POLICY: " + is_.provisional_reason);
    for (const CellChange& cell : diff_.cells) winner(cell);
    for (const CellChange& cell : diff_.cells) cost(cell);
    for (const EnvelopeChange& change : diff_.envelope) envelope(change);
    if (was_.default_safe != is_.default_safe) {
      add("default_safe",
          fmt::format("whatever is not decided goes to {} instead of {}", is_.default_safe, was_.default_safe));
    }
    if (!diff_.boundary.empty()) {
      add("boundary", fmt::format("measured on another machine or stack: {} field(s) differ", diff_.boundary.size()));
    }
    if (!diff_.thresholds.empty()) {
      add("thresholds", "the two were decided by different thresholds, so a change may come from them alone");
    }
    conflicts_inside();
    return std::move(risks_);
  }

 private:
  void add(std::string kind, std::string text) { risks_.push_back({std::move(kind), std::move(text)}); }

  void winner(const CellChange& cell) {
    if (cell.verdict == CellVerdict::winner_lost) {
      const std::string between =
          cell.is->tied.empty() ? cell.is->reason : fmt::format("open between {}", fmt::join(cell.is->tied, " and "));
      add("winner_lost", fmt::format("{}: {} won, now {}; {} serves as default-safe", cell_text(cell),
                                     *cell.was->winner, between, cell.is->served));
    }
    if (cell.verdict == CellVerdict::winner_changed && same_world()) {
      add("conflict",
          fmt::format("{}: inside one boundary {} won by run {} and {} wins by run {}; they contradict each other. The "
                      "newer is not right because it is newer: measure again and decide on all runs together",
                      cell_text(cell), *cell.was->winner, fmt::join(was_.runs, ", "), *cell.is->winner,
                      fmt::join(is_.runs, ", ")));
    }
    if (cell.was && cell.is && cell.was->effect && cell.is->effect &&
        cell.is->effect->sessions < cell.was->effect->sessions) {
      add("fewer_sessions", fmt::format("{}: stands on {} sessions instead of {}", cell_text(cell),
                                        cell.is->effect->sessions, cell.was->effect->sessions));
    }
  }

  void cost(const CellChange& cell) {
    for (const CostChange& change : cell.costs) {
      const auto grown = percent(change.seconds_was, change.seconds_is);
      if (!grown || *grown <= practical_effect_ * 100) continue;
      add("slower", fmt::format("{}: a request of {} takes {:.4g} s with {}, {:.4g} s with {} before ({:+.1f} %)",
                                cell_text(cell), change.scenario, *change.seconds_is, change.is, *change.seconds_was,
                                change.was, *grown));
    }
  }

  void envelope(const EnvelopeChange& change) {
    const std::string name = fmt::format("{} {}", change.tier, evidence::to_string(change.workload));
    const auto text = [](const std::optional<evidence::Bucket>& bucket) {
      return bucket ? bucket_text(*bucket) : std::string("nothing");
    };
    if (change.verdict == EnvelopeVerdict::narrower || change.verdict == EnvelopeVerdict::shifted) {
      add("narrower", fmt::format("{}: measured {} instead of {}; requests outside go to default-safe", name,
                                  text(change.is), text(change.was)));
    }
    if (change.verdict == EnvelopeVerdict::wider) {
      add("wider", fmt::format("{}: measured {} instead of {}; no approved policy served the rest before", name,
                               text(change.is), text(change.was)));
    }
  }

  void conflicts_inside() {
    const Json conflicts = is_.tables.is_object() ? is_.tables.value("conflicts", Json()) : Json();
    if (!conflicts.is_array()) return;
    for (const Json& conflict : conflicts) {
      add("conflict", fmt::format("inside the new policy, {} at {}: {}", conflict.value("kind", "conflict"),
                                  conflict.value("where", ""), conflict.value("detail", "")));
    }
  }

  bool same_world() const { return diff_.boundary.empty() && diff_.candidates.empty(); }

  const Policy& was_;
  const Policy& is_;
  const PolicyDiff& diff_;
  double practical_effect_ = 0;
  std::vector<Risk> risks_;
};

}  // namespace

std::vector<Risk> risks_of(const Policy& was, const Policy& is, const PolicyDiff& diff) {
  return Finder(was, is, diff).run();
}

}  // namespace phasegate::control
