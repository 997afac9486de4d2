#include "engines/llamacpp/vocabulary.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engines/llamacpp/test_models.h"

namespace phasegate::engines::llamacpp {
namespace {

using core::ErrorKind;

TEST(Vocabulary, AModelWithoutTokenizerIsRefusedAndNothingAborts) {
  const auto vocabulary = Vocabulary::load(forged_model().path);
  ASSERT_FALSE(vocabulary);
  EXPECT_EQ(vocabulary.error().kind, ErrorKind::unsupported);
  EXPECT_NE(vocabulary.error().next.find("token ids"), std::string::npos);
}

TEST(Vocabulary, MissingAndBrokenFilesAreErrors) {
  EXPECT_EQ(Vocabulary::load("/nowhere/model.gguf").error().kind, ErrorKind::not_found);
  EXPECT_EQ(Vocabulary::load(write_model("vocabulary_text", "no model").path).error().kind, ErrorKind::invalid_input);
}

TEST(Vocabulary, RealModelTurnsTextIntoIdsAndBack) {
  const char* path = std::getenv("PHASEGATE_TEST_MODEL");
  if (path == nullptr || *path == '\0') GTEST_SKIP() << "no real model: run deps/models.sh";
  const auto vocabulary = Vocabulary::load(path);
  ASSERT_TRUE(vocabulary) << vocabulary.error().message();
  const std::string text = "The first phase reads the whole prompt at once.\n\tÄöü 東京 <|im_start|>";
  const auto tokens = vocabulary->tokenize(text, false);
  ASSERT_TRUE(tokens) << tokens.error().message();
  EXPECT_GT(tokens->size(), 10U);
  for (const TokenId id : *tokens) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, vocabulary->size());
  }
  const auto back = vocabulary->detokenize(*tokens);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, text);
  EXPECT_TRUE(vocabulary->tokenize("", false)->empty());
  EXPECT_FALSE(vocabulary->detokenize(std::vector<TokenId>{vocabulary->size()}));
}

}  // namespace
}  // namespace phasegate::engines::llamacpp
