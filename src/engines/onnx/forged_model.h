// Tiny seeded models for this folder's tests, forged once for each process into a folder that is removed at its end.
#pragma once

#include <filesystem>
#include <string>

#include "engines/engine.h"
#include "models/forge.h"

namespace phasegate::engines::onnx {

// The folder of one forge: onnx/ and gguf/ in it. Fails the calling test when forging fails.
[[nodiscard]] std::filesystem::path forged_folder(models::Quant quant);

// onnx/ of it, with the hash of its data file.
[[nodiscard]] ModelRef forged_onnx(models::Quant quant);

// A folder of its own with copies of the forged model, for a test that damages it.
[[nodiscard]] std::filesystem::path copy_of_forged(models::Quant quant, const std::string& name);

}  // namespace phasegate::engines::onnx
