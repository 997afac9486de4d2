// The JSON Schemas of schemas/ (draft 7), compiled in. The strict readers (…_from_json) give the same verdicts and are
// what runs on each record; the schemas are the declaration that others can use, and the tests hold both together.
// What a schema cannot say (a duration that is stop - start) the readers and validation rules add.
#pragma once

#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace phasegate::evidence {

enum class Schema { record, candidate, manifest, plan, policy, validation, observation, import, source, approval };

[[nodiscard]] std::string_view schema_text(Schema schema);

// The first violation: `where` is the key path, `what` the rule. A manifest is checked without its seal. Thread-safe.
[[nodiscard]] core::Status check_schema(Schema schema, const core::Json& document);

}  // namespace phasegate::evidence
