#include <gtest/gtest.h>

#include "engines/contract/contract_suite.h"
#include "engines/llamacpp/llamacpp_engine.h"
#include "engines/llamacpp/test_models.h"

namespace phasegate::engines::contract {
namespace {

using core::ErrorKind;

std::vector<BadModel> bad_models() {
  const std::string good = llamacpp::bytes_of(llamacpp::forged_model().path);
  std::string unknown = good;
  const std::size_t key = unknown.find("general.architecture");
  unknown.replace(unknown.find("llama", key), 5, "xlama");
  return {
      {"half", llamacpp::write_model("half", good.substr(0, good.size() / 2)), ErrorKind::invalid_input, "half"},
      {"header", llamacpp::write_model("header", good.substr(0, 100)), ErrorKind::invalid_input, "header"},
      {"empty", llamacpp::write_model("empty", ""), ErrorKind::invalid_input, "empty"},
      {"text", llamacpp::write_model("text", "sim: 1\n"), ErrorKind::invalid_input, "text"},
      {"architecture", llamacpp::write_model("xlama", unknown), ErrorKind::unsupported, "xlama"},
  };
}

Subject subject(const std::string& name, std::optional<models::Quant> quant, float batch, float cache) {
  Subject s;
  s.name = name;
  s.factory = llamacpp::factory;
  s.model = [quant] { return llamacpp::forged_model(quant); };
  s.placement.max_context = 96;
  s.placement.max_batch = 4;
  s.bad_models = bad_models;
  s.batch_tolerance = batch;
  s.cache_tolerance = cache;
  return s;
}

}  // namespace

// A step and a pass use other kernels (matrix-vector, matrix-matrix), and keys and values are rounded to f16: sums
// differ in their last bits, up to 1.2e-3 seen in f32. Quantised activations (q8_0) turn such a bit into 1/127 of a
// block's largest value on some CPU variants; with zen4's kernels the same tests give differences of exactly 0.
INSTANTIATE_TEST_SUITE_P(Llamacpp, EngineContract,
                         testing::Values(subject("F32", std::nullopt, 5e-3F, 5e-3F),
                                         subject("Q40", models::Quant::q4_0, 3e-2F, 3e-2F)),
                         subject_name);

}  // namespace phasegate::engines::contract
