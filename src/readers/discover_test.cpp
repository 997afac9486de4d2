// Discovery itself; that each format's files are known is tested beside the formats.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/limits.h"
#include "core/sha256.h"
#include "readers/format.h"
#include "readers/lacks.h"
#include "readers/reader_fixture.h"

namespace phasegate::readers {
namespace {

bool has_line(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST(Discover, WhatNobodyKnowsIsListedWithTheReason) {
  const Folder folder;
  folder.write("notes.txt", "hello\n");
  folder.write("sub/empty.json", "");
  folder.write("sub/packed.json", "\x1f\x8b\x08");
  folder.write("blob.json", std::string("{\"a\":\0}", 7));
  folder.write(".git/config", "x\n");
  const auto found = discover(folder.path());
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->runs.empty());
  EXPECT_EQ(found->unplaced,
            (std::vector<std::string>{".git: is a hidden folder", "blob.json: is not a text file",
                                      "notes.txt: is of no format that is known here", "sub/empty.json: is empty",
                                      "sub/packed.json: is compressed (gzip): unpack it first"}));
}

TEST(Discover, LinksOutOfTheFolderAreNotFollowed) {
  const Folder outside;
  outside.write("secret.jsonl", "{}\n");
  const Folder folder;
  folder.write("a/x.txt", "hello\n");
  std::filesystem::create_directory_symlink(outside.path(), folder.path() / "out");
  std::filesystem::create_symlink(outside.path() / "secret.jsonl", folder.path() / "file");
  std::filesystem::create_symlink(folder.path() / "none", folder.path() / "broken");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "a/loop");
  const auto found = discover(folder.path());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->unplaced, (std::vector<std::string>{
                                 "a/x.txt: is of no format that is known here", "broken: is a symbolic link to nothing",
                                 "file: is a symbolic link that leaves the folder: not followed",
                                 "out: is a symbolic link that leaves the folder: not followed"}));
}

TEST(Discover, AFolderWhoseNameBeginsAlikeIsOutside) {
  const Folder folder;
  folder.write("data/x.txt", "hello\n");
  folder.write("data2/y.txt", "hello\n");
  std::filesystem::create_symlink(folder.path() / "data2/y.txt", folder.path() / "data/link");
  const auto found = discover(folder.path() / "data");
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(has_line(found->unplaced, "link: is a symbolic link that leaves the folder: not followed"));
}

TEST(Discover, DepthHasALimit) {
  const Folder folder;
  std::string name;
  for (int i = 0; i <= core::kMaxSourceDepth + 1; ++i) name += "d/";
  folder.write(name + "x", "hello\n");
  const auto found = discover(folder.path());
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().message().find("folders deep"), std::string::npos);
}

TEST(Discover, WhatIsNotThereOrNoFileIsAnError) {
  const Folder folder;
  EXPECT_EQ(discover(folder.path() / "none").error().kind, core::ErrorKind::not_found);
  EXPECT_EQ(discover("/dev/null").error().kind, core::ErrorKind::invalid_input);
}

TEST(Discover, OneFileOfNoFormatIsUnplaced) {
  const Folder folder;
  folder.write("other.txt", "hello\n");
  const auto found = discover(folder.write("x.txt", "hello\n"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->unplaced, std::vector<std::string>{"x.txt: is of no format that is known here"});
}

std::string row_of_tr121(const std::string& parameters) {
  return R"({"task_idx": 0, "scenario": "short", "backend": "hf", "backend_kind": "hf", "model": "gpt2", "mode": "prefill",)"
         R"( "status": "ok", "is_warmup": false, "rep": 0, "latency_ms": 12.5, "params_millions_config": )" +
         parameters + "}\n";
}

TEST(Discover, AFileIsReadAloneAmongFilesOfNoRun) {
  const Folder folder;
  folder.write("notes.txt", "hello\n");
  folder.write("other/runs.jsonl", row_of_tr121("1"));
  const auto file = folder.write("renamed.json", row_of_tr121("1"));
  std::filesystem::create_symlink(file, folder.path() / "link");
  for (const auto& path : {file, folder.path() / "link"}) {  // a link that the user names is followed
    const auto found = discover(path);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->runs.size(), 1U) << path;
    ASSERT_EQ(found->runs[0].files.size(), 1U);
    EXPECT_EQ(found->runs[0].files[0].path, "renamed.json");
    EXPECT_EQ(found->runs[0].format, Format::tr121);
    EXPECT_TRUE(found->unplaced.empty());
  }
}

TEST(Read, RowsAreNumberedAndFilesHashed) {
  const Folder folder;
  const std::string bytes = row_of_tr121("1") + "broken\n" + row_of_tr121("2");
  const auto found = discover(folder.write("runs.jsonl", bytes));
  ASSERT_TRUE(found.has_value() && found->runs.size() == 1);
  std::vector<std::int64_t> seen;
  const auto source = read(found->runs[0], [&](evidence::Observation& row) {
    seen.push_back(row.seq);
    return core::Status{};
  });
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(source->rows, 2);
  EXPECT_EQ(source->bad_rows, 1);
  EXPECT_EQ(source->files.at(0).sha256, core::sha256_hex(bytes));
}

TEST(Read, ANumberThatOverflowsInItsUnitIsABadRow) {
  const Folder folder;
  const auto found = discover(folder.write("runs.jsonl", row_of_tr121("1e308") + row_of_tr121("124")));
  ASSERT_TRUE(found.has_value() && found->runs.size() == 1);
  std::vector<evidence::Observation> rows;
  const auto source = read(found->runs[0], [&](evidence::Observation& row) {
    rows.push_back(row);
    return core::Status{};
  });
  ASSERT_TRUE(source.has_value());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].parameters, 124e6);
  ASSERT_EQ(source->bad.size(), 1U);
  EXPECT_EQ(source->bad[0].key, "parameters");
  EXPECT_EQ(source->bad[0].line, 1);
}

TEST(Read, AFileThatChangedAfterItWasFoundIsAnErrorThatNamesIt) {
  const Folder folder;
  const auto file = folder.write("runs.jsonl", row_of_tr121("1"));
  const auto found = discover(folder.path());
  ASSERT_TRUE(found.has_value() && found->runs.size() == 1);
  folder.write("runs.jsonl", row_of_tr121("1") + row_of_tr121("2"));
  const auto source = read(found->runs[0], [](evidence::Observation&) { return core::Status{}; });
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().kind, core::ErrorKind::evidence);
  EXPECT_EQ(source.error().where, file.string());
}

TEST(Read, AFileThatGrowsUnderTheReaderIsAnError) {
  const Folder folder;
  const auto file = folder.write("runs.jsonl", row_of_tr121("1") + row_of_tr121("2"));
  const auto found = discover(folder.path());
  ASSERT_TRUE(found.has_value() && found->runs.size() == 1);
  const auto source = read(found->runs[0], [&](evidence::Observation&) {
    std::ofstream(file, std::ios::app) << row_of_tr121("3");
    return core::Status{};
  });
  ASSERT_FALSE(source.has_value());
  EXPECT_NE(source.error().message().find("was changed while it was read"), std::string::npos);
}

TEST(Read, WhatTheVisitorSaysIsPassedOnAsItIs) {
  const Folder folder;
  const auto found = discover(folder.write("runs.jsonl", row_of_tr121("1")));
  ASSERT_TRUE(found.has_value() && found->runs.size() == 1);
  const auto source = read(found->runs[0], [](evidence::Observation&) -> core::Status {
    return core::fail(core::Error{core::ErrorKind::io, "disk full", "store", {}});
  });
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().message(), "store: disk full");
}

TEST(Lacks, EveryFactThatIsNotStatedIsNamed) {
  Source source = empty_source();
  const auto all = lacks_of(source);
  EXPECT_EQ(all.size(), 16U);  // 15 facts and the environment
  source.facts.seed = 42;
  source.facts.ttft_measured = false;  // stated: no
  for (const auto& lack : lacks_of(source)) EXPECT_TRUE(lack.fact != "seed" && lack.fact != "ttft_measured");
  EXPECT_EQ(lacks_of(source).size(), 14U);
}

TEST(Formats, NamesReadBack) {
  for (int i = 0; i <= static_cast<int>(Format::mlperf_loadgen); ++i) {
    const auto format = static_cast<Format>(i);
    EXPECT_EQ(parse_format(to_string(format)), format);
  }
  EXPECT_EQ(to_string(Format::llama_bench), "llama-bench");
  EXPECT_EQ(parse_format("auto"), std::nullopt);
}

}  // namespace
}  // namespace phasegate::readers
