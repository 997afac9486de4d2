#include "readers/csv.h"

#include "core/sha256.h"
#include "readers/reader_fixture.h"

namespace phasegate::readers {
namespace {

using Rows = std::vector<std::vector<std::string>>;

struct Read {
  Rows rows;
  std::vector<std::int64_t> lines;
  Source source = empty_source();
  std::string error;
};

Read read_csv(std::string_view bytes, std::size_t limit = core::kMaxSourceLineBytes) {
  const Folder folder;
  Read out;
  auto csv = CsvFile::open(folder.write("x.csv", bytes), "x.csv", limit);
  if (!csv) {
    out.error = csv.error().message();
    return out;
  }
  for (;;) {
    const auto more = csv->next(out.source);
    if (!more) {
      out.error = more.error().message();
      return out;
    }
    if (!*more) break;
    auto& row = out.rows.emplace_back();
    for (std::size_t i = 0; i < csv->columns().size(); ++i) row.emplace_back(csv->row().cell(i));
    out.lines.push_back(csv->row().line());
  }
  out.source.files = {{"x.csv", "", bytes.size(), ""}};
  EXPECT_TRUE(csv->finish(out.source).has_value());
  EXPECT_EQ(out.source.files[0].sha256, core::sha256_hex(bytes));
  return out;
}

TEST(Csv, QuotedCellsHoldCommasQuotesAndLineFeeds) {
  const auto read = read_csv("a,b\r\n\"x, \"\"y\"\"\",\"one\r\ntwo\n\"\r\n\n1,2");
  EXPECT_EQ(read.rows, (Rows{{"x, \"y\"", "one\ntwo\n"}, {"1", "2"}}));
  EXPECT_EQ(read.lines, (std::vector<std::int64_t>{2, 6}));
  EXPECT_EQ(read.source.bad_rows, 0);
}

TEST(Csv, EmptyCellsAtAllPlaces) {
  EXPECT_EQ(read_csv("a,b,c\n,,\n\"\",1,\"\"\n").rows, (Rows{{"", "", ""}, {"", "1", ""}}));
}

TEST(Csv, RowsOfAnotherWidthAreBadAndNameTheColumn) {
  const auto read = read_csv("a,b\n1,2\n1\n1,2,3\n3,4\n");
  EXPECT_EQ(read.rows, (Rows{{"1", "2"}, {"3", "4"}}));
  ASSERT_EQ(read.source.bad.size(), 2U);
  EXPECT_EQ(read.source.bad[0].line, 3);
  EXPECT_EQ(read.source.bad[0].key, "b");
  EXPECT_EQ(read.source.bad[0].expected, "2 cells");
  EXPECT_EQ(read.source.bad[0].found, "1");
  EXPECT_EQ(read.source.bad[0].raw, "1");
  EXPECT_EQ(read.source.bad[1].line, 4);
}

TEST(Csv, AQuoteThatNeverEndsCostsOneRow) {
  const auto read = read_csv("a,b\n1,\"2\n3,4\n5,6\n");
  EXPECT_EQ(read.rows, (Rows{{"3", "4"}, {"5", "6"}}));
  EXPECT_EQ(read.lines, (std::vector<std::int64_t>{3, 4}));
  ASSERT_EQ(read.source.bad.size(), 1U);
  EXPECT_EQ(read.source.bad[0].line, 2);
  EXPECT_EQ(read.source.bad[0].raw, "1,\"2");
}

TEST(Csv, AnOpenQuoteThatALaterOneClosesCostsItsOwnRow) {
  const auto read = read_csv("a,b\n1,\"2\n3,4\n5,\"6,7\"\n8,9\n");
  EXPECT_EQ(read.rows, (Rows{{"3", "4"}, {"5", "6,7"}, {"8", "9"}}));
  EXPECT_EQ(read.source.bad_rows, 1);
}

TEST(Csv, AStrayQuoteCostsOneRow) {
  const auto read = read_csv("a,b\n1,\"2\n3,\"x\" y\n5,6\n\"\"7,8\n9,10\n");
  EXPECT_EQ(read.rows, (Rows{{"5", "6"}, {"9", "10"}}));
  EXPECT_EQ(read.source.bad_rows, 3);
  EXPECT_EQ(read.lines, (std::vector<std::int64_t>{4, 6}));
}

TEST(Csv, ARowLongerThanTheLimitIsBadAndTheOthersAreRead) {
  const auto read =
      read_csv("a,b\n1,2\n\"" + std::string(100, 'x') + "\",3\n\"cut\n" + std::string(25, 'y') + ",1\n4,5\n", 30);
  EXPECT_EQ(read.rows, (Rows{{"1", "2"}, {std::string(25, 'y'), "1"}, {"4", "5"}}));
  EXPECT_EQ(read.source.bad_rows, 2);
}

TEST(Csv, ManyOpenQuotesEndWithAnErrorAndNotWithWork) {
  // Each line opens a quote inside which the next one stays open, so each would be read again for every line above it.
  std::string header = "c0";
  for (int i = 1; i < 4000; ++i) header += ",c" + std::to_string(i);
  std::string bytes = header + "\n";
  for (int i = 0; i < 400'000; ++i) bytes += "a\",b,\"c\n";
  const auto read = read_csv(bytes);
  EXPECT_NE(read.error.find("too many quotes that are never closed"), std::string::npos) << read.error;
}

TEST(Csv, HeadersThatMeanNothingAreRefused) {
  EXPECT_NE(read_csv("").error.find("no header"), std::string::npos);
  EXPECT_NE(read_csv("\n \n").error.find("no header"), std::string::npos);
  EXPECT_NE(read_csv("a,b,a\n1,2,3\n").error.find("a: is a column twice"), std::string::npos);
  EXPECT_NE(read_csv("a,\"b\n1,2\n").error.find("header"), std::string::npos);
  EXPECT_NE(read_csv("\xff,b\n1,2\n").error.find("header"), std::string::npos);
  EXPECT_NE(read_csv(std::string(5000, ',') + "\n").error.find("columns"), std::string::npos);
  EXPECT_EQ(read_csv(",a\n0,1\n").rows, (Rows{{"0", "1"}}));  // the index of pandas has no name
}

TEST(Csv, BytesThatAreNoTextAreABadRow) {
  const auto read = read_csv("a\n\xff\nx\n");
  EXPECT_EQ(read.rows, (Rows{{"x"}}));
  ASSERT_EQ(read.source.bad.size(), 1U);
  EXPECT_EQ(read.source.bad[0].raw, "\\xFF");
}

struct Typed {
  std::optional<double> latency;
  std::optional<std::int64_t> tokens;
  std::optional<bool> warm;
  std::string model;
  std::optional<BadRow> bad;
};

Typed read_typed(std::string_view bytes) {
  const Folder folder;
  Source source = empty_source();
  auto csv = CsvFile::open(folder.write("x.csv", bytes), "x.csv").value();
  EXPECT_TRUE(csv.next(source).value());
  auto& row = csv.row();
  Typed out{row.duration("latency_ms"), row.count("tokens"), row.flag("warm"), std::string(row.text("model")), {}};
  if (!row.ok()) out.bad = row.bad();
  return out;
}

TEST(Csv, ValuesAreFoundByNameInAnyOrderOfColumns) {
  for (const char* bytes :
       {"latency_ms,tokens,warm,model\n1.5,64,True,gpt2\n", "model,warm,tokens,latency_ms\ngpt2,1,64.0,1.5\n"}) {
    const auto row = read_typed(bytes);
    EXPECT_EQ(row.latency, 1.5);
    EXPECT_EQ(row.tokens, 64);
    EXPECT_EQ(row.warm, true);
    EXPECT_EQ(row.model, "gpt2");
    EXPECT_FALSE(row.bad.has_value());
  }
}

TEST(Csv, AbsentColumnsAndSpellingsOfNothingAreAbsent) {
  const auto row = read_typed("latency_ms,tokens,model\nNaN,,None\n");
  EXPECT_EQ(row.latency, std::nullopt);
  EXPECT_EQ(row.tokens, std::nullopt);
  EXPECT_EQ(row.warm, std::nullopt);
  EXPECT_EQ(row.model, "");
  EXPECT_FALSE(row.bad.has_value());
}

TEST(Csv, TheFirstFaultOfARowIsTold) {
  const auto row = read_typed("latency_ms,tokens,warm,model\nfast,-1,perhaps,x\n");
  ASSERT_TRUE(row.bad.has_value());
  EXPECT_EQ(row.bad->file, "x.csv");
  EXPECT_EQ(row.bad->line, 2);
  EXPECT_EQ(row.bad->key, "latency_ms");
  EXPECT_EQ(row.bad->expected, "a number");
  EXPECT_EQ(row.bad->found, "\"fast\"");
  EXPECT_EQ(row.bad->raw, "fast,-1,perhaps,x");
  EXPECT_EQ(read_typed("latency_ms\n-1\n").bad->expected, "a number that is not negative");
  EXPECT_EQ(read_typed("tokens\n1.5\n").bad->key, "tokens");
  EXPECT_EQ(read_typed("warm\nperhaps\n").bad->expected, "true or false");
}

TEST(Csv, ATableIsKeptWhole) {
  const Folder folder;
  const std::string bytes = "model,slope\ngpt2,1.5\nbad\n";
  folder.write("analysis/fits.csv", bytes);
  SourceRun run;
  run.root = folder.path();
  run.files = {{"analysis/fits.csv", "table", bytes.size(), ""}};
  Source source = start_source(run, "test");
  ASSERT_TRUE(read_table(run, run.files[0], source).has_value());
  const auto& table = source.tables.at("analysis/fits.csv");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"model", "slope"}));
  EXPECT_EQ(table.rows, (Rows{{"gpt2", "1.5"}}));
  EXPECT_EQ(source.bad_rows, 1);
  EXPECT_EQ(source.files[0].sha256, core::sha256_hex(bytes));
}

}  // namespace
}  // namespace phasegate::readers
