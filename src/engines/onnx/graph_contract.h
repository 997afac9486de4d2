// Whether a loaded session keeps the decoder contract of decoder_session.h, by the names, types and shapes that ONNX
// Runtime itself reports.
#pragma once

#include "core/result.h"
#include "engines/onnx/decoder_session.h"

namespace phasegate::engines::onnx {

// Errors: unsupported, naming the input or output that is missing, extra, or of another type or shape.
[[nodiscard]] core::Result<DecoderShape> check_contract(const Ort::Session& session);

[[nodiscard]] std::string past_name(int layer, bool value);     // "past_key_values.0.key"
[[nodiscard]] std::string present_name(int layer, bool value);  // "present.0.key"

}  // namespace phasegate::engines::onnx
