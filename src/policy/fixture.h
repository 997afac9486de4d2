// Invented evidence with a known truth, for the tests of policy: a few lines say how fast who is, and records with
// sessions, warm-up and noise come out, through the same analysis as real ones. Not part of the library.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "policy/decide.h"

namespace phasegate::policy::fixture {

struct CandidateSpec {
  std::string name = {};
  std::string engine = "sim";
  std::string backend = "CPUBackend";
  std::string device = "CPU";
  std::string ran_on = "CPU";  // what the runtime says of the nodes
  std::string weight_type = "q8_0";
  std::string model = "TinyLM-100M";
  std::string attention = {};  // makes two candidates of one engine different
  bool fallback = false;
  bool compile = false;
  std::string compile_grade = "not_requested";
  std::string accuracy = "pass";  // pass | fail | missing
  double delta = 0.001;           // growth of perplexity
  std::string absent = {};        // reason code: never loads, its calls are skipped
};

struct CellSpec {
  std::string candidate = {};
  evidence::Scenario scenario = {};
  double prefill_tok_s = 0;  // all rows together
  double decode_tok_s = 0;
  double session_sd = 0.01;  // of the logarithm
  double call_sd = 0.01;
  double slow_share = 0;   // of the calls
  double slow_factor = 1;  // that they take longer
  double contended = 0;    // share of the steady calls that ran beside other load
  int rounds = -1;         // -1: those of the run
  int crashed_rounds = 0;  // the last ones end in a crash
  std::string crash_reason = "session_crashed";
};

struct RunSpec {
  std::string id = "run-a";
  std::string started = "2026-01-10T10:00:00.000Z";
  std::string finished = "2026-01-10T10:20:00.000Z";
  std::string state = "complete";
  std::string state_reason;
  std::string cpu = "Example CPU";
  std::string set = "S1";
  std::string default_safe;
  bool canonical = true;
  std::string issue;
  int rounds = 5;
  int calls = 4;
  double warmup_ratio = 2;              // first call against steady
  std::vector<int> drifted_rounds;      // sessions that the manifest calls drifted
  std::vector<int> unconverged_rounds;  // sessions whose warm-up did not end
  std::uint64_t seed = 1;
  std::vector<CandidateSpec> candidates;
  std::vector<CellSpec> cells;
};

[[nodiscard]] RunEvidence build(const RunSpec& spec);

// "p64-g64-b1"
[[nodiscard]] evidence::Scenario scenario(const std::string& id);

// Two engines on a small model, as a first run on a small machine looks: a winner for decode, another one for long
// prefill, ties between. What the card is developed against.
[[nodiscard]] RunSpec demo_run();

}  // namespace phasegate::policy::fixture
