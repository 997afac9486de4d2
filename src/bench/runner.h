// The run: sessions, warm-up, blocks, records. The parent process alone writes the store; everything that an engine
// does wrong in its session (crash, hang, garbage, NaN) becomes a record with a reason, and the run goes on.
// docs/life-of-a-run.md draws it. One thread; the stop flag may be set from a signal handler.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/plan.h"
#include "bench/prompts.h"
#include "core/clock.h"
#include "core/result.h"
#include "engines/engine.h"
#include "evidence/manifest.h"
#include "evidence/store.h"
#include "evidence/thresholds.h"

namespace phasegate::bench {

class SessionLink;  // session_link.h

struct Progress {
  std::int64_t done = 0;        // calls of the plan that have their records
  std::int64_t total = 0;       // calls of the plan, and of rounds that are repeated
  std::optional<double> eta_s;  // from the calls measured so far; null before the first
  int round = 0;
  int rounds = 0;
  std::string doing;  // "warm-up", "measure", "control", "load", "accuracy"
  std::string cell;   // candidate/scenario; empty outside calls
};

// Starts a session; the default starts a process. Tests start a thread with the same messages.
using SessionStarter = std::function<core::Result<std::unique_ptr<SessionLink>>()>;

struct RunOptions {
  std::vector<engines::EngineFactory>
      factories;        // the list of main.cpp; probes are asked here, engines made in the child
  Tokenizer tokenizer;  // absent: random ids
  evidence::Thresholds thresholds = evidence::default_thresholds();
  std::vector<std::string> argv;
  const std::atomic<bool>* stop = nullptr;           // Ctrl-C
  std::function<void(const Progress&)> on_progress;  // called between calls only
  std::optional<double> budget_s;  // wall time for the whole run; what is not reached says budget_spent
  std::filesystem::path self_exe = "/proc/self/exe";
  SessionStarter starter;              // absent: `self_exe session` in a child process
  const core::Clock* clock = nullptr;  // budget, ETA and stamps; absent: the system's
};

struct RunOutcome {
  std::string run_id;
  std::filesystem::path folder;
  std::string state;  // complete | interrupted | provisional
  std::string state_reason;
  std::int64_t calls_done = 0;
  std::int64_t calls_total = 0;
  evidence::Manifest manifest;  // as finished
};

// Errors are faults of the store or of the program itself (disk full, a stop before the first record); what the engines
// do is in the outcome.
[[nodiscard]] core::Result<RunOutcome> execute(const Plan& plan, evidence::Store& store, const RunOptions& options);

// Goes on with a run that was killed or stopped: calls that have their three records are kept, the others run in fresh
// sessions (their names end in "-a2", "-a3" …). In the end each call of the plan has its records exactly once. A run
// whose plan this program would expand otherwise is refused (conflict).
[[nodiscard]] core::Result<RunOutcome> resume(evidence::Store& store, const std::string& run_id,
                                              const RunOptions& options);

// The matrix that a run was made from.
[[nodiscard]] core::Result<Matrix> matrix_of_run(const evidence::Manifest& manifest);

// manifest.sessions: an object, session name -> {
//   "candidate": name, "round": n, "attempt": n, "state": "used" | "drifted" | "failed",
//   "reason": text, "load_ns": n | null,
//   "warmup": [{"scenario": id, "e2e_ns": [n…], "converged": bool, "calls": n}],
//   "control_ns": [n…], "drift": x | null, "repeats_round": n | null }
// A session that drifted stays in the raw data and is not evidence: the round that repeats it has a number of its own.
[[nodiscard]] bool session_counts(const evidence::Manifest& manifest, const std::string& session);

}  // namespace phasegate::bench
