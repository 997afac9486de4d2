// What ran where: ONNX Runtime's own assignment of nodes to execution providers, and its profile of one prefill and one
// decode step, both from a session of their own that nothing is timed in.
#pragma once

#include <string_view>

#include "core/result.h"
#include "engines/engine.h"
#include "engines/onnx/decoder_session.h"
#include "engines/onnx/graph_facts.h"

namespace phasegate::engines::onnx {

// Opens a second session with these options (profile and capacity are its own) and runs it. Errors: as open; timeout or
// aborted when the token fires between its passes; engine when the runtime's evidence is missing.
[[nodiscard]] core::Result<Attribution> attribute(const OrtLibrary& library, DecoderOptions options,
                                                  const GraphFacts& facts, const core::StopToken& stop);

struct ProfiledPhases {
  PhaseAttribution prefill;
  PhaseAttribution decode;
};

// From the text of a profile of exactly two runs, a prefill and then a step. `provider` is the one that was asked for.
[[nodiscard]] core::Result<ProfiledPhases> read_profile(std::string_view text, std::string_view source,
                                                        std::string_view provider);

}  // namespace phasegate::engines::onnx
