#include "policy/card.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include "policy/card_model.h"
#include "policy/card_text.h"
#include "policy/decide.h"
#include "policy/fixture.h"

namespace phasegate::policy {
namespace {

evidence::Policy policy_of(const fixture::RunSpec& spec, bool priced = true) {
  DecideInputs inputs;
  inputs.runs.push_back(fixture::build(spec));
  if (priced) inputs.pricing = *load_pricing(PHASEGATE_SOURCE_DIR "/data/pricing/example.yaml");
  auto policy = decide(inputs);
  EXPECT_TRUE(policy) << policy.error().message();
  return *policy;
}

evidence::Policy demo(bool priced = true) { return policy_of(fixture::demo_run(), priced); }

std::string html(const evidence::Policy& policy) {
  const auto page = render_html(policy);
  EXPECT_TRUE(page) << page.error().message();
  return *page;
}

TEST(CardHtml, IsSelfContainedAndLeadsEachLinkToAnEvidenceRow) {
  const std::string page = html(demo());
  for (const char* outside : {"<script", "http://", "https://", "src=", "@import", "url("}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
  const std::regex link("href=\"#ev-([0-9]+)\"");
  std::set<std::string> targets;
  for (auto at = std::sregex_iterator(page.begin(), page.end(), link); at != std::sregex_iterator(); ++at) {
    targets.insert((*at)[1]);
  }
  EXPECT_GT(targets.size(), 50U);
  for (const std::string& target : targets) {
    EXPECT_NE(page.find("id=\"ev-" + target + "\""), std::string::npos) << target;
  }
}

TEST(CardHtml, SaysWhatTheWhitepaperAsksFor) {
  const std::string page = html(demo());
  for (const char* part : {"Decision matrix",
                           "Decode-heavy",
                           "Prefill-heavy",
                           "Mixed",
                           "Compiler-real evidence",
                           "Warm-up and cold start",
                           "Energy",
                           "no_data",
                           "Cost and capacity",
                           "Measure again when this changes",
                           "Boundary",
                           "Change control",
                           "Quality is not measured here",
                           "Classify",
                           "Route backend",
                           "Warm-up regime",
                           "Measure and audit",
                           "SHADOW PRICE",
                           "prefers-color-scheme:dark",
                           "@media print",
                           "settle"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.find("PROVISIONAL"), std::string::npos);
}

TEST(CardHtml, EscapesWhatComesFromOutside) {
  fixture::RunSpec run = fixture::demo_run();
  run.candidates[0].name = "<b onclick='x'>&\"";
  for (auto& cell : run.cells) {
    if (cell.candidate.starts_with("llamacpp")) cell.candidate = run.candidates[0].name;
  }
  run.cpu = "<script>alert(1)</script>";
  const std::string page = html(policy_of(run));
  EXPECT_EQ(page.find("<b onclick"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;"), std::string::npos);
}

TEST(CardHtml, ProvisionalIsSaidLoudly) {
  fixture::RunSpec run = fixture::demo_run();
  run.state = "provisional";
  run.state_reason = "session r2 drifted by 31 %";
  const evidence::Policy policy = policy_of(run);
  EXPECT_NE(html(policy).find("role=\"alert\""), std::string::npos);
  const auto text = render_terminal(policy, {});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("PROVISIONAL, NOT FOR POLICY"), std::string::npos);
  EXPECT_NE(text->find("drifted by 31 %"), std::string::npos);
}

TEST(CardModel, MoneyWithoutAPriceIsNullWithItsReason) {
  const auto card = make_card(demo(false));
  ASSERT_TRUE(card);
  ASSERT_FALSE(card->tiers.front().costs.empty());
  const CostRow& row = card->tiers.front().costs.front();
  EXPECT_FALSE(row.decode_usd.value);
  EXPECT_EQ(row.decode_usd.note, "no_price");
  EXPECT_TRUE(row.decode_seconds.value);
  EXPECT_NE(card->price.text.find("no_price"), std::string::npos);
}

TEST(CardModel, EachMeasuredFigureNamesRunFileAndKey) {
  const auto card = make_card(demo());
  ASSERT_TRUE(card);
  for (const TierCard& tier : card->tiers) {
    for (const ShapeRow& shape : tier.shapes) {
      for (std::size_t i = 0; i < tier.candidates.size(); ++i) {
        ASSERT_GT(shape.decode[i].evidence, 0);
        const EvidenceRow& row = card->evidence[static_cast<std::size_t>(shape.decode[i].evidence - 1)];
        EXPECT_EQ(row.key, tier.candidates[i] + "/" + shape.scenario + "/decode#tok_s");
        EXPECT_EQ(row.file, "analysis/cells.json");
        EXPECT_EQ(row.sha256.size(), 64U);
        EXPECT_TRUE(shape.decode[i].low && shape.decode[i].high);
      }
    }
  }
}

TEST(CardModel, ClassesAreNamedEvenWhenNothingWasMeasuredForThem) {
  fixture::RunSpec run = fixture::demo_run();
  std::erase_if(run.cells, [](const auto& cell) { return cell.scenario.batch > 1; });
  const auto card = make_card(policy_of(run));
  ASSERT_TRUE(card);
  ASSERT_EQ(card->tiers.front().classes.size(), 3U);
  EXPECT_TRUE(card->tiers.front().classes[1].choices.empty());
  EXPECT_NE(html(policy_of(run)).find("not measured: routes to"), std::string::npos);
}

TEST(CardModel, AChangedTableIsAnErrorNotACrash) {
  evidence::Policy policy = demo();
  policy.tables["cells"] = {
      {{"scenario", "p32-g8-b1"}, {"candidate", "onnx-q8_0-cpu-t2"}, {"tier", "TinyLM-100M"}, {"phase", "decode"}}};
  EXPECT_FALSE(make_card(policy));
  policy.tables = core::Json::object();
  policy.economics = core::Json::object();
  EXPECT_TRUE(make_card(policy));  // nothing to show, and nothing wrong
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(CardTerminal, EachLineHasTheWidthAndNoColourUnlessAsked) {
  for (const int width : {40, 80, 100, 120, 300}) {
    const auto text = render_terminal(demo(), {width, false});
    ASSERT_TRUE(text);
    EXPECT_EQ(text->find('\033'), std::string::npos);
    std::size_t start = 0;
    while (start < text->size()) {
      const std::size_t end = text->find('\n', start);
      EXPECT_EQ(columns(text->substr(start, end - start)), static_cast<std::size_t>(std::clamp(width, 80, 120)))
          << text->substr(start, end - start);
      start = end + 1;
    }
  }
  EXPECT_NE(render_terminal(demo(), {100, true})->find("\033[32m"), std::string::npos);
}

TEST(CardTerminal, HasTheSameAnswersAsTheHtml) {
  const auto text = render_terminal(demo(), {120, false});
  ASSERT_TRUE(text);
  for (const char* part :
       {"Decode-heavy", "Prefill-heavy", "Mixed", "settle", "Energy: no_data", "Quality is not measured",
        "Change control", "Boundary", "traffic → classify → route backend"}) {
    EXPECT_NE(text->find(part), std::string::npos) << part;
  }
}

TEST(CardText, FiguresRangesAndBuckets) {
  EXPECT_EQ(figure_text(70.649), "70.6");
  EXPECT_EQ(figure_text(1234), "1,230");
  EXPECT_EQ(figure_text(999.6), "1,000");
  EXPECT_EQ(figure_text(4'567'000), "4.57 M");
  EXPECT_EQ(figure_text(0.01234), "0.0123");
  EXPECT_EQ(range_text({64, 64}), "64");
  EXPECT_EQ(range_text({64, 512}), "64–512");
  const std::vector<evidence::Bucket> touching = {{{32, 128}, {64, 64}, {1, 1}}, {{128, 512}, {64, 64}, {1, 1}}};
  EXPECT_EQ(buckets_text(touching, 3), "prompt 32–512, gen 64, batch 1");
  const std::vector<evidence::Bucket> apart = {{{32, 32}, {64, 64}, {1, 1}}, {{128, 128}, {64, 64}, {1, 1}}};
  EXPECT_EQ(buckets_text(apart, 1), "prompt 32, gen 64, batch 1; and 1 more buckets");
}

TEST(CardModel, WhatDiffersBetweenCandidatesIsSaid) {
  fixture::RunSpec run = fixture::demo_run();
  EXPECT_EQ(make_card(policy_of(run))->tiers.front().differs.text, "");
  run.candidates[1].attention = "flash";
  EXPECT_NE(make_card(policy_of(run))->tiers.front().differs.text.find("attention (llamacpp-q8_0-cpu-t2 unknown"),
            std::string::npos);
}

TEST(CardModel, OtherLoadOnTheMachineIsOneFlagForARun) {
  fixture::RunSpec run = fixture::demo_run();
  run.cells[0].contended = 0.5;
  run.cells[1].contended = 0.25;
  const auto card = make_card(policy_of(run));
  ASSERT_TRUE(card);
  ASSERT_EQ(card->flags.size(), 1U);
  EXPECT_NE(card->flags.front().text.find("6 of 48 cells"), std::string::npos) << card->flags.front().text;
  EXPECT_NE(card->flags.front().text.find("here 50 %"), std::string::npos) << card->flags.front().text;
}

TEST(CardModel, AnImprovementThatPrecisionCannotExplainIsFlagged) {
  fixture::RunSpec run = fixture::demo_run();
  run.candidates[1].delta = -0.03;
  const auto card = make_card(policy_of(run));
  ASSERT_TRUE(card);
  ASSERT_EQ(card->flags.size(), 1U);
  EXPECT_NE(card->flags.front().text.find("better_than_reference: onnx-q8_0-cpu-t2"), std::string::npos);
}

// Developers look at the card: PHASEGATE_CARD_OUT names the folder, PHASEGATE_CARD_RUN a run instead of the fixture.
TEST(CardHtml, WritesACardToLookAtWhenAsked) {
  const char* folder = std::getenv("PHASEGATE_CARD_OUT");
  if (folder == nullptr) GTEST_SKIP() << "PHASEGATE_CARD_OUT is not set";
  evidence::Policy policy = demo();
  if (const char* run = std::getenv("PHASEGATE_CARD_RUN"); run != nullptr) {
    DecideInputs inputs;
    auto evidence = read_run_evidence(run);
    ASSERT_TRUE(evidence) << evidence.error().message();
    inputs.runs.push_back(std::move(*evidence));
    auto decided = decide(inputs);
    ASSERT_TRUE(decided) << decided.error().message();
    policy = std::move(*decided);
  }
  std::ofstream(std::string(folder) + "/card.html") << html(policy);
  std::ofstream(std::string(folder) + "/card.txt") << *render_terminal(policy, {100, false});
}

}  // namespace
}  // namespace phasegate::policy
