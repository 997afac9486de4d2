#include "report/page.h"

#include <gtest/gtest.h>

#include "report/plot.h"
#include "report/text.h"

namespace phasegate::report {
namespace {

Page page_of(Table table, std::vector<PlotSpec> plots = {}) {
  Page page;
  page.kicker = "Run";
  page.title = "r1";
  Section& section = page.sections.emplace_back();
  section.title = "Numbers";
  section.empty = "Nothing here.";
  section.table = std::move(table);
  section.plots = std::move(plots);
  return page;
}

Table two_series() {
  Table table{{{"Shape", false}, {"Backend", false}, {"ms", true}}, {}, "analysis/observed.json"};
  table.rows.push_back({words("s"), words("a"), figure(10, "cells.a.median")});
  table.rows.push_back({words("s"), words("b"), figure(20, "cells.b.median")});
  table.rows.push_back({words("t"), words("a"), figure(std::nullopt, "cells.c.median", "n_below_3")});
  return table;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(PageText, AlignsNumbersAndSaysWhyOneIsMissing) {
  const std::string text = render_text(page_of(two_series()));
  EXPECT_NE(text.find("  Shape  Backend             ms\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  s      a                   10\n"), std::string::npos) << text;
  EXPECT_NE(text.find("— (n_below_3)"), std::string::npos);
  EXPECT_NE(render_text(page_of({{{"Shape", false}}, {}, ""})).find("Nothing here."), std::string::npos);
}

TEST(PageText, LetsNoControlCharacterOfASourceThrough) {
  Table table{{{"Model", false}}, {}, ""};
  table.rows.push_back({words("evil\x1b[2J\nmodel")});
  const std::string text = render_text(page_of(table));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("evil [2J model"), std::string::npos);
}

TEST(PageHtml, EscapesWhatComesFromOutside) {
  Table table{{{"Model", false}, {"ms", true}}, {}, "analysis/observed.json"};
  table.rows.push_back({words("<script>alert(1)</script>"), figure(1, "cells.\"><b>")});
  const std::string html = render_html(page_of(table, {{{0}, {}, 1, "ms", false, {}}}));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("\"><b>"), std::string::npos);
  EXPECT_EQ(html.find("http://"), std::string::npos);
  EXPECT_EQ(html.find("https://"), std::string::npos);
}

TEST(PageHtml, PutsTheTableAboveThePlotAndPlotsItsValuesAlone) {
  const std::string html = render_html(page_of(two_series(), {{{0}, 1, 2, "ms", false, {}}}));
  EXPECT_LT(html.find("<table"), html.find("<figure"));
  EXPECT_EQ(count(html, "<g><title>"), 2U);  // two values, two marks; the missing one is in the table alone
  EXPECT_EQ(count(html, R"(<text class="label")"), 1U);
  EXPECT_NE(html.find(R"(title="analysis/observed.json · cells.a.median")"), std::string::npos);
  EXPECT_NE(html.find("n_below_3"), std::string::npos);
}

TEST(PageHtml, OpensLongTablesOnDemandAndKeepsEveryRow) {
  Table table{{{"Shape", false}, {"ms", true}}, {}, ""};
  for (int i = 0; i < 60; ++i) table.rows.push_back({words("row" + std::to_string(i)), figure(i + 1, "k")});
  const std::string html = render_html(page_of(table, {{{0}, {}, 1, "ms", false, {}}}));
  EXPECT_NE(html.find("36 more rows"), std::string::npos);
  EXPECT_NE(html.find("24 more in the table above"), std::string::npos);
  EXPECT_NE(html.find(">row59<"), std::string::npos);
}

TEST(Plot, WithoutValuesIsNoPicture) {
  EXPECT_TRUE(dot_plot({}, {}).empty());
  EXPECT_TRUE(dot_plot({{"a", {{}}}}, {}).empty());
  PlotOptions logarithmic;
  logarithmic.logarithmic = true;
  EXPECT_TRUE(dot_plot({{"a", {{-1.0, {}, {}, "", ""}}}}, logarithmic).empty());
}

TEST(Plot, DrawsNegativeValuesTheReferenceAndOneValueAlone) {
  PlotOptions options;
  options.reference = 0;
  const std::string svg = dot_plot({{"a", {{-0.5, -1.0, 0.2, "", ""}}}, {"b", {{0.5, {}, {}, "", ""}}}}, options);
  EXPECT_EQ(count(svg, "reference"), 1U);
  EXPECT_EQ(count(svg, "range"), 1U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  PlotOptions logarithmic;
  logarithmic.logarithmic = true;
  const std::string single = dot_plot({{"a", {{5.0, {}, {}, "", ""}}}}, logarithmic);
  EXPECT_EQ(count(single, "<circle"), 1U);
  EXPECT_EQ(single.find("nan"), std::string::npos);
  EXPECT_EQ(single.find("inf"), std::string::npos);
}

TEST(Plot, SpansManyDecadesWithFewTicks) {
  PlotOptions options;
  options.logarithmic = true;
  const std::string svg = dot_plot({{"a", {{1e-9, {}, {}, "", ""}}}, {"b", {{1e12, {}, {}, "", ""}}}}, options);
  EXPECT_LE(count(svg, "class=\"grid\""), 13U);
  EXPECT_GE(count(svg, "class=\"grid\""), 5U);
}

TEST(Figures, ReadAsPeopleReadThem) {
  EXPECT_EQ(figure_text(70.649), "70.6");
  EXPECT_EQ(figure_text(1234), "1,230");
  EXPECT_EQ(figure(std::nullopt, "k", "why").text, "—");
  EXPECT_EQ(escape_html("a<b & \"c\" 'd'"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39;");
}

}  // namespace
}  // namespace phasegate::report
