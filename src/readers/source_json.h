// A Source as the two documents of an imported run (evidence/import.h): plan.json, what was read, and source.json, what
// the files say beside their rows. The same files give the same texts wherever they lay.
#pragma once

#include "core/json.h"
#include "core/result.h"
#include "evidence/import.h"
#include "readers/source.h"

namespace phasegate::readers {

[[nodiscard]] core::Json plan_json(
    const Source& source);  // schemas/import.schema.json; hashes as far as read() has them
[[nodiscard]] core::Json source_json(const Source& source);  // schemas/source.schema.json

// Before anything was read: what create_import takes as its intent.
[[nodiscard]] core::Json intent_json(const SourceRun& run);

// All that ImportWriter::finish wants.
[[nodiscard]] evidence::ImportedSource imported_source(const Source& source);

// Facts, tables, documents and bad rows of a run that was imported; rows stay in observations.jsonl. Checked against
// the schema by evidence::read_import_source, which gives `json`.
[[nodiscard]] core::Result<Source> source_from_json(const core::Json& json);

}  // namespace phasegate::readers
