// A sealed document holds the sha256 of its own content, and its file is exactly the canonical JSON plus a newline: any
// changed byte is found without another file to compare with. Used for manifest.json.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace phasegate::evidence {

// The text of the file: `document` (an object) with "sha256" added.
[[nodiscard]] core::Result<std::string> seal(core::Json document);

// The document without its "sha256". Error kind evidence when the text is not what `seal` made.
[[nodiscard]] core::Result<core::Json> unseal(std::string_view text, const std::string& source);

}  // namespace phasegate::evidence
