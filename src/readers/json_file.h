// Whole documents of somebody else's: JSON as Python writes it, and YAML, as core::Json. Pure parsing; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/limits.h"
#include "core/result.h"
#include "readers/source.h"

namespace phasegate::readers {

// NaN, Infinity, -Infinity and None outside texts become null. Refused, with line and column: a key twice, nesting
// above core::kMaxJsonDepth, text after the document, what is no UTF-8, and a document whose values would take more
// than max_memory bytes.
[[nodiscard]] core::Result<core::Json> parse_source_json(std::string_view text, const std::string& where,
                                                         std::uint64_t max_memory = core::kMaxSourceDocumentMemory);

// Plain scalars get the types of YAML's core schema (.nan and .inf are null), quoted ones are texts. Refused, with the
// line: a key twice or that is no scalar, nesting above core::kMaxJsonDepth, more than kMaxSourceYamlNodes values
// once aliases are written out.
[[nodiscard]] core::Result<core::Json> parse_source_yaml(std::string_view text, const std::string& where);

// A file of the run, at most kMaxSourceDocumentBytes (YAML: kMaxSourceYamlBytes); its hash goes into `source`.
[[nodiscard]] core::Result<core::Json> read_source_json(const SourceRun& run, const SourceFile& file, Source& source);
[[nodiscard]] core::Result<core::Json> read_source_yaml(const SourceRun& run, const SourceFile& file, Source& source);

}  // namespace phasegate::readers
