// Discovery itself; that each format's files are known is tested beside the formats.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/limits.h"
#include "readers/format.h"
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
