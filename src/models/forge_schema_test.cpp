// forge.json is what schemas/forge.schema.json says, for a seed and for a file, with and without safetensors.
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/json.h"
#include "models/forge.h"
#include "models/test_support.h"

namespace phasegate::models {
namespace {

bool fits_schema(const core::Json& document) {
  const std::string text = slurp(std::filesystem::path(PHASEGATE_SOURCE_DIR) / "schemas/forge.schema.json");
  const core::Json schema_json = core::parse_json(text, "forge.schema.json").value();
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  const valijson::adapters::NlohmannJsonAdapter target(document);
  return valijson::Validator().validate(schema, target, nullptr);
}

TEST(ForgeSchema, EveryReportFits) {
  const TempDir dir;
  ForgeOptions options;
  options.seed = 1;
  options.spec = {.layers = 1, .embd = 64, .heads = 2, .kv_heads = 1, .ff = 96, .ctx = 32, .vocab = 64};
  options.quant = Quant::q8_0;
  options.out = dir.path() / "seeded";
  ASSERT_TRUE(forge(options));
  auto report = core::parse_json(slurp(options.out / "forge.json"), "forge.json");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(fits_schema(*report));

  ForgeOptions again;
  again.from = options.out / "gguf/model.gguf";
  again.formats = {Format::gguf};
  again.out = dir.path() / "again";
  ASSERT_TRUE(forge(again));
  EXPECT_TRUE(fits_schema(core::parse_json(slurp(again.out / "forge.json"), "forge.json").value()));

  report->at("weight_set") = "not a hash";
  EXPECT_FALSE(fits_schema(*report));
}

}  // namespace
}  // namespace phasegate::models
