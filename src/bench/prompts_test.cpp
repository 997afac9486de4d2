#include "bench/prompts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace phasegate::bench {
namespace {

using engines::TokenId;

// Words as ids by their length and place: enough to tell places of the text apart.
core::Result<std::vector<TokenId>> letters(std::string_view text) {
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) ids.push_back(static_cast<unsigned char>(text[i]));
  return ids;
}

TEST(Prompts, TheCompiledInTextIsTheOneWhoseHashTheReadmeNames) {
  EXPECT_EQ(default_text_sha256(), "aaa00410fd0049087eebeb4a7490366e2de809d9788b1b4cc432ae64fbea6cb3");
}

TEST(Prompts, RowsAreSlicesOfTheTextThatStartAtDifferentPlaces) {
  const auto source = PromptSource::from_text(default_text(), letters, 1);
  ASSERT_TRUE(source);
  const auto text = letters(default_text()).value();
  std::set<std::vector<TokenId>> seen;
  for (int call = 0; call < 200; ++call) {
    const PromptRows prompts = source->rows(call * 4, 4, 64, 256);
    EXPECT_TRUE(prompts.distinct);
    for (const auto& row : prompts.rows) {
      EXPECT_EQ(row.size(), 64U);
      EXPECT_TRUE(seen.insert(row).second);
    }
  }
  const auto row = source->rows(0, 1, 40, 256).rows[0];
  auto doubled = text;
  doubled.insert(doubled.end(), text.begin(), text.end());
  EXPECT_NE(std::search(doubled.begin(), doubled.end(), row.begin(), row.end()), doubled.end());
}

TEST(Prompts, TheHashIsOfTheIdsAndTheSameIdsGiveTheSameHash) {
  const PromptSource source = PromptSource::random(3);
  EXPECT_EQ(source.rows(5, 2, 16, 100).hash, source.rows(5, 2, 16, 100).hash);
  EXPECT_NE(source.rows(5, 2, 16, 100).hash, source.rows(6, 2, 16, 100).hash);
  EXPECT_NE(source.rows(5, 2, 16, 100).hash, PromptSource::random(4).rows(5, 2, 16, 100).hash);
}

TEST(Prompts, RandomIdsStayInTheVocabulary) {
  const PromptRows prompts = PromptSource::random(1).rows(0, 8, 128, 17);
  for (const auto& row : prompts.rows) {
    EXPECT_TRUE(std::all_of(row.begin(), row.end(), [](TokenId id) { return id >= 0 && id < 17; }));
  }
}

TEST(Prompts, ReplicatedRowsAreFlagged) {
  const auto source = PromptSource::from_text("ababababa", letters, 1);  // 8 ids, period 2
  ASSERT_TRUE(source);
  EXPECT_FALSE(source->rows(0, 3, 4, 256).distinct);
}

TEST(Prompts, ATextThatGivesNothingIsRefused) { EXPECT_FALSE(PromptSource::from_text("", letters, 1)); }

}  // namespace
}  // namespace phasegate::bench
