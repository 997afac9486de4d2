// The one file that includes valijson.
#include "evidence/schema.h"

#include <array>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "core/check.h"
#include "evidence/embedded.h"

namespace phasegate::evidence {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// A compiled-in schema that does not compile is a programmer's error; schema_test.cpp loads each.
std::unique_ptr<valijson::Schema> compile(std::string_view text) {
  const auto json = core::parse_json(text, "schema");
  PHASEGATE_CHECK(json.has_value());
  auto schema = std::make_unique<valijson::Schema>();
  valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(*json), *schema);
  return schema;
}

const valijson::Schema& compiled(Schema schema) {
  static const std::array<std::unique_ptr<valijson::Schema>, 10> kCompiled = {
      compile(schema_text(Schema::record)),      compile(schema_text(Schema::candidate)),
      compile(schema_text(Schema::manifest)),    compile(schema_text(Schema::plan)),
      compile(schema_text(Schema::policy)),      compile(schema_text(Schema::validation)),
      compile(schema_text(Schema::observation)), compile(schema_text(Schema::import)),
      compile(schema_text(Schema::source)),      compile(schema_text(Schema::approval))};
  return *kCompiled[static_cast<std::size_t>(schema)];
}

// valijson's context is {"<root>", "[environment]", "[os]"}; ours is "environment.os".
std::string key_path(const std::vector<std::string>& context) {
  std::string path;
  for (std::size_t i = 1; i < context.size(); ++i) {
    std::string part = context[i];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') part = part.substr(1, part.size() - 2);
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (index) {
      path += '[' + part + ']';
    } else {
      path += path.empty() ? part : '.' + part;
    }
  }
  return path;
}

}  // namespace

std::string_view schema_text(Schema schema) {
  switch (schema) {
    case Schema::record: return kRecordSchema;
    case Schema::candidate: return kCandidateSchema;
    case Schema::manifest: return kManifestSchema;
    case Schema::plan: return kPlanSchema;
    case Schema::policy: return kPolicySchema;
    case Schema::validation: return kValidationSchema;
    case Schema::observation: return kObservationSchema;
    case Schema::import: return kImportSchema;
    case Schema::source: return kSourceSchema;
    case Schema::approval: return kApprovalSchema;
  }
  return {};
}

core::Status check_schema(Schema schema, const core::Json& document) {
  try {
    thread_local valijson::Validator validator(valijson::Validator::kStrongTypes);  // keeps its compiled patterns
    valijson::ValidationResults results;
    if (validator.validate(compiled(schema), Adapter(document), &results)) return {};
    valijson::ValidationResults::Error deepest;  // the most specific of the chain that valijson reports
    for (valijson::ValidationResults::Error error; results.popError(error);) {
      if (error.context.size() > deepest.context.size()) deepest = error;
    }
    return core::fail(core::Error{core::ErrorKind::invalid_input, deepest.description, key_path(deepest.context), {}});
  } catch (const std::exception& error) {
    return core::fail(core::ErrorKind::invalid_input, "cannot be checked against its schema: {}", error.what());
  }
}

}  // namespace phasegate::evidence
