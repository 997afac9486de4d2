// Seeded models for the tests of this folder, forged once per test program into gtest's temporary folder.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "core/sha256.h"
#include "engines/engine.h"
#include "models/forge.h"

namespace phasegate::engines::llamacpp {

inline ModelRef hashed(const std::string& path) { return {path, core::sha256_file(path).value_or(""), ""}; }

// A tiny llama model of this type; no tokenizer.
inline ModelRef forged_model(std::optional<models::Quant> quant = std::nullopt) {
  static std::map<std::optional<models::Quant>, ModelRef> made;
  if (const auto found = made.find(quant); found != made.end()) return found->second;
  models::ForgeOptions options;
  options.seed = 11;
  options.spec.layers = 2;
  options.spec.vocab = 512;
  options.formats = {models::Format::gguf};
  options.quant = quant;
  options.out = testing::TempDir() + "phasegate_llamacpp_" + std::to_string(getpid()) + "_" +
                (quant ? models::to_string(*quant) : "own");
  const auto report = models::forge(options);
  if (!report) {
    ADD_FAILURE() << report.error().message();
    return {};
  }
  ModelRef model = hashed((options.out / "gguf" / "model.gguf").string());
  model.weight_set = report->weight_set;
  return made[quant] = model;
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline ModelRef write_model(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "phasegate_llamacpp_" + std::to_string(getpid()) + "_" + name + ".gguf";
  std::ofstream(path, std::ios::binary) << bytes;
  return hashed(path);
}

}  // namespace phasegate::engines::llamacpp
