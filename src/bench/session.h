// The child's side of a session: one fresh process (a thread in tests), one engine, one model. It reads a command,
// obeys, answers and blocks in read() again: the parent talks to one session at a time, and that is the token that says
// who may run. Nothing spins, so an idle session costs its neighbour nothing.
//
// Frames: 4 bytes little-endian length, then that many bytes of JSON (at most core::kMaxFrameBytes). Commands and
// answers: protocol.h. Whatever is not a frame ends the session.
#pragma once

#include <atomic>
#include <vector>

#include "engines/engine.h"

namespace phasegate::bench {

// The descriptors that the parent hands to `phasegate session`. Standard output is no part of the protocol: a library
// that prints there would break the frames.
inline constexpr int kSessionInput = 3;
inline constexpr int kSessionOutput = 4;

// Serves until `quit` or the end of the input. Returns the exit code: 0, or 2 when the input is not the protocol.
// `stop` ends the call that runs within one step (its answer is then an error of kind aborted).
[[nodiscard]] int run_session(int in_fd, int out_fd, const std::vector<engines::EngineFactory>& factories,
                              const std::atomic<bool>& stop);

// For the hidden command: the same, with SIGTERM as the stop and SIGINT ignored (Ctrl-C reaches the whole foreground
// group; the parent decides what it means).
[[nodiscard]] int run_session(int in_fd, int out_fd, const std::vector<engines::EngineFactory>& factories);

}  // namespace phasegate::bench
