// What the Decision Card says, without how it looks: made once from a policy, rendered to a terminal and to HTML. Every
// number carries the index of the evidence that it came from (1-based; 0 only for words).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "evidence/policy.h"

namespace phasegate::policy {

struct EvidenceRow {
  std::string run;
  std::string file;
  std::string key;
  std::string sha256;  // of records.jsonl for what is computed from records, of the file itself otherwise
  std::string value;
};

struct Figure {
  std::string text;  // "70.6"; "—" when there is none
  std::string note;  // "[69.9, 71.2]", or why there is none
  std::optional<double> value;
  std::optional<double> low;
  std::optional<double> high;
  int evidence = 0;
};

// A sentence whose numbers have one source.
struct Line {
  std::string text;
  int evidence = 0;
};

// One group of buckets with the same answer.
struct Choice {
  std::string where;  // "prompt 32-128, gen 64, batch 1"
  bool winner = false;
  std::string backend;  // the candidate that serves: the winner, else default-safe
  std::string state;    // "winner", or "tie: routes to default-safe"
  std::string why;      // effect, or between whom it is open
  std::string settle;   // what would settle it; empty with a winner
  std::string compile;
  std::string warmup;
  int evidence = 0;
};

struct ClassRow {
  std::string workload;  // "decode_heavy"
  std::string title;     // "Decode-heavy"
  Line condition;        // "gen >= 64 or decode fraction > 0.9"
  std::string objective;
  std::vector<Choice> choices;  // empty: not measured
};

enum class Tone { good, neutral, caution, bad };

struct GateCard {
  std::string title;
  std::string question;
  std::string state;  // "not requested", "open", "closed", "no_data"
  Tone tone = Tone::neutral;
  std::vector<Line> lines;
  int evidence = 0;
};

struct ShapeRow {
  std::string scenario;  // "p128-g64-b1"
  std::string workload;
  int prompt = 0;
  int gen = 0;
  int batch = 1;
  std::vector<Figure> prefill;  // one per candidate of the tier
  std::vector<Figure> decode;
  std::vector<Figure> e2e_ms;
};

struct CostRow {
  std::string scenario;
  std::string workload;
  std::string candidate;
  Figure prefill_seconds;
  Figure decode_seconds;
  Figure prefill_usd;
  Figure decode_usd;
  Figure mix_usd;
  Figure requests_per_s;
  Figure tokens_per_day;
};

struct AccuracyRow {
  std::string candidate;
  std::string status;
  Tone tone = Tone::neutral;
  Figure delta;      // growth of perplexity in %
  Figure agreement;  // %
  std::string reference;
};

// One model: what can be routed to what.
struct TierCard {
  std::string name;
  std::string default_safe;
  std::string default_safe_reason;
  std::vector<std::string> candidates;
  std::vector<ClassRow> classes;
  std::vector<ShapeRow> shapes;
  std::vector<CostRow> costs;
  Line differs;        // types that are not the same in all candidates; empty when they are
  std::string global;  // the winner over declared weights, in words; empty without weights
};

struct CardModel {
  std::string policy_id;
  std::string scope;
  std::string created;
  std::string expires;
  bool provisional = false;
  std::string provisional_reason;
  std::string headline;  // the answer in one sentence
  std::vector<TierCard> tiers;
  std::vector<GateCard> gates;
  std::vector<AccuracyRow> accuracy;
  std::vector<Line> absent;  // planned candidates that never ran
  Line price;                // which price, or that there is none
  std::vector<Line> flags;
  std::vector<std::pair<std::string, std::string>> boundary;
  int boundary_evidence = 0;
  std::vector<std::pair<std::string, std::string>> triggers;  // what changed -> what to run again
  std::vector<Line> runs;
  std::string left_out;
  Line family;  // what the p values are adjusted over
  std::string change_control;
  std::string quality;
  std::vector<EvidenceRow> evidence;
};

// Error (invalid_input) for a policy whose tables are not what decide makes.
[[nodiscard]] core::Result<CardModel> make_card(const evidence::Policy& policy);

}  // namespace phasegate::policy
